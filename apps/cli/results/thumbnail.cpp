// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/results/thumbnail.h"

#include <mobilenet/draw.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "cli/results/drawings.h"

namespace mobilenet::cli {
namespace {

// The first of the stored rows or columns that belong to the small one.
int first_of(int small, int from, int to) { return static_cast<int>(std::int64_t{small} * from / to); }

}  // namespace

Result<Image> make_thumbnail(const Image& picture) {
  const ImageView view = picture.view();
  const int longer = std::max(view.width, view.height);
  const auto small = [longer](int side) {
    return longer <= kThumbnailSide ? side
                                    : std::max(1, static_cast<int>(std::int64_t{side} * kThumbnailSide / longer));
  };
  const int width = small(view.width), height = small(view.height);
  auto pixels = std::make_unique<std::byte[]>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(width) * 3);
  std::byte* out = pixels.get();
  for (int y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), 0);
    const int top = first_of(y, view.height, height);
    const int bottom = std::max(top + 1, first_of(y + 1, view.height, height));
    for (int row = top; row < bottom; ++row) {
      const auto* from = static_cast<const std::uint8_t*>(view.planes[0]) + view.row_bytes[0] * row;
      for (int x = 0; x < width; ++x) {
        const int left = first_of(x, view.width, width);
        const int right = std::max(left + 1, first_of(x + 1, view.width, width));
        std::uint32_t red = 0, green = 0, blue = 0;
        for (const std::uint8_t* p = from + std::ptrdiff_t{3} * left; p < from + std::ptrdiff_t{3} * right; p += 3)
          red += p[0], green += p[1], blue += p[2];
        std::uint64_t* const sum = &sums[static_cast<std::size_t>(x) * 3];
        sum[0] += red, sum[1] += green, sum[2] += blue;
      }
    }
    for (int x = 0; x < width; ++x) {
      const int columns = std::max(1, first_of(x + 1, view.width, width) - first_of(x, view.width, width));
      const auto count = static_cast<std::uint64_t>(columns) * static_cast<std::uint64_t>(bottom - top);
      for (std::size_t c = 0; c < 3; ++c)
        *out++ = static_cast<std::byte>((sums[static_cast<std::size_t>(x) * 3 + c] + count / 2) / count);
    }
  }
  return Image(std::move(pixels), width, height, view.orientation).upright();
}

Result<void> draw_small(Image& thumbnail, const PictureAnswer& answer) {
  PictureAnswer small;
  small.classes = answer.classes;
  const float scale = static_cast<float>(thumbnail.width()) / static_cast<float>(std::max(answer.width, 1));
  for (Detection d : answer.detections) {
    d.left *= scale, d.top *= scale, d.right *= scale, d.bottom *= scale;
    small.detections.push_back(d);
  }
  if (answer.mask == nullptr) return draw_answer(thumbnail, small);
  Segmentation mask = *answer.mask;
  std::vector<std::uint8_t> numbers;
  for (int y = 0; y < thumbnail.height(); ++y) {
    const auto row = static_cast<std::size_t>(first_of(y, mask.height, thumbnail.height()));
    for (int x = 0; x < thumbnail.width(); ++x) {
      const auto column = static_cast<std::size_t>(first_of(x, mask.width, thumbnail.width()));
      numbers.push_back(answer.mask->mask[row * static_cast<std::size_t>(mask.width) + column]);
    }
  }
  std::vector<SegmentClass> classes;
  for (SegmentClass c : answer.mask->classes) {
    c.pixels = std::count(numbers.begin(), numbers.end(), static_cast<std::uint8_t>(c.index));
    if (c.pixels > 0) classes.push_back(c);
  }
  mask.width = thumbnail.width(), mask.height = thumbnail.height();
  mask.mask = numbers;
  mask.classes = classes;
  mask.probabilities = {};
  return draw(thumbnail, mask);
}

}  // namespace mobilenet::cli
