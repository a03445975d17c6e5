// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The tint and the outline of every class, and the legend where it hides the least.

#include <mobilenet/draw.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/background_label.h"
#include "base/caught.h"
#include "base/error.h"
#include "draw/canvas.h"
#include "draw/caption.h"
#include "draw/palette.h"
#include "draw/panel.h"
#include "draw/pixels.h"
#include "draw/proportions.h"

namespace mobilenet::drawing {
namespace {

bool is_background(const SegmentClass& entry) {
  return entry.index == 0 && (entry.label.empty() || mobilenet::is_background(entry.label));
}

// For each class number: the colour it is tinted with, and whether it is.
struct Tints {
  std::array<Colour, 256> colours;
  std::array<bool, 256> drawn;
};

Tints tints_of(const Segmentation& segmentation) {
  Tints tints;
  tints.drawn.fill(true);
  for (int i = 0; i < 256; ++i) tints.colours[static_cast<std::size_t>(i)] = class_colour(i);
  for (const SegmentClass& entry : segmentation.classes) {
    if (is_background(entry)) tints.drawn[0] = false;
  }
  return tints;
}

// Of a part of a mask, for each pixel three times its distance to the nearest pixel of another class, less 3: 0 beside
// a border, far beyond reach. Steps of 3 and 4 approximate straight and diagonal ones; a round of them for each pixel
// of reach, in loops that compilers turn into vectors, takes a fifth of the two passes in turn that would find them
// all. The picture's own edge is no border.
class BorderDistances {
 public:
  static constexpr std::uint8_t kFar = 200;  // a step more is still a byte

  explicit BorderDistances(int reach) : reach_(reach) {}

  // Of columns left .. right of rows top .. bottom of a mask with rows of `mask_width`.
  void find(const std::uint8_t* mask, std::ptrdiff_t mask_width, int left, int top, int right, int bottom) {
    left_ = left, top_ = top, width_ = right - left, stride_ = width_ + 2;
    height_ = bottom - top;
    // With a frame around it that is the same class again, and far from all borders.
    const auto cells = static_cast<std::size_t>(stride_) * static_cast<std::size_t>(height_ + 2);
    classes_.resize(cells);
    distances_.assign(cells, kFar);
    nearer_.assign(cells, kFar);
    for (int y = -1; y <= height_; ++y) {
      const std::uint8_t* const row = mask + (top + std::clamp(y, 0, height_ - 1)) * mask_width + left;
      std::uint8_t* const copy = classes_.data() + (y + 1) * stride_;
      std::copy_n(row, width_, copy + 1);
      copy[0] = row[0], copy[width_ + 1] = row[width_ - 1];
    }
    for (int y = 0; y < height_; ++y) begin_row(row_at(classes_, y), row_at(distances_, y));
    for (int round = 0; round < reach_; ++round) {
      for (int y = 0; y < height_; ++y) approach_row(row_at(distances_, y), row_at(nearer_, y));
      distances_.swap(nearer_);
    }
  }

  std::uint8_t at(int x, int y) const {
    return distances_[static_cast<std::size_t>((y - top_ + 1) * stride_ + x - left_ + 1)];
  }

 private:
  std::uint8_t* row_at(std::vector<std::uint8_t>& cells, int y) const { return cells.data() + (y + 1) * stride_ + 1; }

  // 0 where a straight neighbour is of another class, 1 where a diagonal one is.
  void begin_row(const std::uint8_t* classes, std::uint8_t* distances) const {
    const std::uint8_t *const above = classes - stride_, *const below = classes + stride_;
    for (int x = 0; x < width_; ++x) {
      const std::uint8_t own = classes[x];
      const int straight = (classes[x - 1] ^ own) | (classes[x + 1] ^ own) | (above[x] ^ own) | (below[x] ^ own);
      const int diagonal = (above[x - 1] ^ own) | (above[x + 1] ^ own) | (below[x - 1] ^ own) | (below[x + 1] ^ own);
      distances[x] = straight != 0 ? 0 : diagonal != 0 ? 1 : kFar;
    }
  }

  // A step from all neighbours. Distances do not lead through borders, beside which they are 0.
  void approach_row(const std::uint8_t* from, std::uint8_t* to) const {
    const std::uint8_t *const above = from - stride_, *const below = from + stride_;
    for (int x = 0; x < width_; ++x) {
      const std::uint8_t straight = std::min(std::min(from[x - 1], from[x + 1]), std::min(above[x], below[x]));
      const std::uint8_t diagonal =
          std::min(std::min(above[x - 1], above[x + 1]), std::min(below[x - 1], below[x + 1]));
      const auto step = static_cast<std::uint8_t>(straight + 3), across = static_cast<std::uint8_t>(diagonal + 4);
      to[x] = std::min(from[x], std::min(step, across));
    }
  }

  int reach_, left_ = 0, top_ = 0, width_ = 0, height_ = 0;
  std::ptrdiff_t stride_ = 0;
  std::vector<std::uint8_t> classes_, distances_, nearer_;
};

// Squares of the mask, and those near which classes meet.
class Tiles {
 public:
  static constexpr int kSide = 16;  // pixels; of 8 to 64 the fastest on masks of things

  Tiles(std::span<const std::uint8_t> mask, int width, int height)
      : across_((width + kSide - 1) / kSide), down_((height + kSide - 1) / kSide) {
    std::vector<std::uint8_t> borders(static_cast<std::size_t>(across_) * static_cast<std::size_t>(down_));
    for (int y = 0; y < height; ++y) {
      const std::uint8_t* const row = mask.data() + y * std::ptrdiff_t{width};
      const std::uint8_t* const below = y + 1 < height ? row + width : row;
      for (int tile = 0; tile < across_; ++tile) {
        const int left = tile * kSide, right = std::min(left + kSide, width);
        int differs = 0;
        // Diagonal neighbours differ only where straight ones do.
        for (int x = left; x < right; ++x) differs |= row[x] ^ below[x];
        for (int x = left; x < std::min(right, width - 1); ++x) differs |= row[x] ^ row[x + 1];
        borders[place(tile, y / kSide)] |= static_cast<std::uint8_t>(differs);
      }
    }
    near_.resize(borders.size());
    for (int y = 0; y < down_; ++y)
      for (int x = 0; x < across_; ++x)
        for (int v = std::max(y - 1, 0); v <= std::min(y + 1, down_ - 1); ++v)
          for (int u = std::max(x - 1, 0); u <= std::min(x + 1, across_ - 1); ++u)
            near_[place(x, y)] |= static_cast<std::uint8_t>(borders[place(u, v)] != 0);
  }

  int across() const { return across_; }
  int down() const { return down_; }
  bool near(int x, int y) const { return near_[place(x, y)] != 0; }

 private:
  std::size_t place(int x, int y) const { return static_cast<std::size_t>(y * std::ptrdiff_t{across_} + x); }

  int across_, down_;
  std::vector<std::uint8_t> near_;
};

// Tints; outlines of `line` pixels on the inner side of each region, which fade within one pixel; and a shade around
// them where nothing is tinted. Far from borders, which is nearly everywhere, runs of a class are tinted alike.
class Tinter {
 public:
  Tinter(const Pixels& picture, std::span<const std::uint8_t> mask, const Tints& tints, int line)
      : picture_(picture),
        mask_(mask),
        tints_(tints),
        shade_(3 * shade_width(line)),
        reach_(line + shade_width(line)),
        distances_(reach_) {
    for (int i = 0; i < 256; ++i) {
      const double covered = std::clamp((3.0 * line - i) / 3, 0.0, 1.0);
      weights_[static_cast<std::size_t>(i)] =
          static_cast<int>(std::lround(256 * (kMaskOpacity + (1 - kMaskOpacity) * covered)));
    }
    std::fill(weights_.begin() + BorderDistances::kFar, weights_.end(),
              static_cast<int>(std::lround(256 * kMaskOpacity)));
  }

  void run() {
    const Tiles tiles(mask_, picture_.width, picture_.height);
    const bool fits = reach_ <= Tiles::kSide;  // in pictures of up to some 20,000 pixels a side
    for (int y = 0; y < tiles.down(); ++y) {
      const int top = y * Tiles::kSide, bottom = std::min(top + Tiles::kSide, picture_.height);
      // Neighbours that are alike go together.
      const auto is_near = [&](int x) { return !fits || tiles.near(x, y); };
      for (int x = 0; x < tiles.across();) {
        const int begin = x;
        const bool near = is_near(begin);
        const std::uint8_t number = class_at(begin * Tiles::kSide, top);
        while (x < tiles.across() && is_near(x) == near && (near || class_at(x * Tiles::kSide, top) == number)) ++x;
        const int left = begin * Tiles::kSide, right = std::min(x * Tiles::kSide, picture_.width);
        if (near)
          near_borders(left, top, right, bottom);
        else if (tints_.drawn[number])
          Brush(picture_, tints_.colours[number], weights_[255]).fill(left, top, right, bottom);
      }
    }
  }

 private:
  std::uint8_t class_at(int x, int y) const {
    return mask_[static_cast<std::size_t>(y * std::ptrdiff_t{picture_.width} + x)];
  }

  void near_borders(int left, int top, int right, int bottom) {
    distances_.find(mask_.data(), picture_.width, std::max(left - reach_, 0), std::max(top - reach_, 0),
                    std::min(right + reach_, picture_.width), std::min(bottom + reach_, picture_.height));
    const int shade_weight = static_cast<int>(std::lround(256 * kShadeOpacity));
    for (int y = top; y < bottom; ++y) {
      std::uint8_t* pixel = picture_.at(left, y);
      for (int x = left; x < right; ++x, pixel += picture_.pixel_bytes) {
        const std::uint8_t number = class_at(x, y), distance = distances_.at(x, y);
        if (tints_.drawn[number])
          blend(picture_, pixel, tints_.colours[number], weights_[distance]);
        else if (distance < shade_)
          blend(picture_, pixel, {}, shade_weight);
      }
    }
  }

  const Pixels& picture_;
  std::span<const std::uint8_t> mask_;
  const Tints& tints_;
  int shade_, reach_;               // in thirds of pixels; in pixels, from where a border shows
  std::array<int, 256> weights_{};  // of the colour, by distance
  BorderDistances distances_;
};

std::string share_text(std::int64_t pixels, double all) {
  const double percent = 100 * static_cast<double>(pixels) / all;
  return percent > 0 && percent < 0.1 ? "<0.1 %" : decimal(percent, 1) + " %";
}

// Where the panel hides the least of what was found: the four corners, the lower left first.
Box quietest_corner(const Pixels& picture, const Segmentation& segmentation, const Tints& tints, double width,
                    double height, double margin) {
  const double right = picture.width - margin - width, bottom = picture.height - margin - height;
  const std::array<Box, 4> corners{{{margin, bottom, margin + width, bottom + height},
                                    {right, bottom, right + width, bottom + height},
                                    {margin, margin, margin + width, margin + height},
                                    {right, margin, right + width, margin + height}}};
  const auto hidden = [&](const Box& box) {
    std::int64_t count = 0;
    for (int y = static_cast<int>(box.top); y < static_cast<int>(box.bottom); ++y) {
      const auto row = segmentation.mask.subspan(static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width));
      for (int x = static_cast<int>(box.left); x < static_cast<int>(box.right); ++x) {
        count += tints.drawn[row[static_cast<std::size_t>(x)]] ? 1 : 0;
      }
    }
    return count;
  };
  return *std::ranges::min_element(corners, {}, hidden);
}

Panel lay_out_legend(const Pixels& picture, const Segmentation& segmentation, const Tints& tints) {
  const double all = double{1} * picture.width * picture.height;
  std::vector<PanelRow> rows;
  for (const SegmentClass& entry : segmentation.classes) {
    if (is_background(entry) || entry.pixels <= 0) continue;
    rows.push_back({class_colour(entry.index), class_caption(entry.index, entry.label), share_text(entry.pixels, all)});
  }
  return lay_out_panel(picture, std::move(rows), [&](double width, double height, double margin) {
    return quietest_corner(picture, segmentation, tints, width, height, margin);
  });
}

Result<void> draw_classes(const Pixels& picture, const Segmentation& segmentation) {
  const std::size_t pixels = static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
  if (segmentation.width != picture.width || segmentation.height != picture.height ||
      segmentation.mask.size() != pixels) {
    return failure(ErrorCode::invalid_argument, "the mask of ", segmentation.width, "x", segmentation.height,
                   " pixels is not of the picture's size, ", picture.width, "x", picture.height);
  }
  const Tints tints = tints_of(segmentation);
  Tinter(picture, segmentation.mask, tints, line_width(picture.width, picture.height)).run();
  return draw_panel(picture, lay_out_legend(picture, segmentation, tints));
}

}  // namespace
}  // namespace mobilenet::drawing

mobilenet::Result<void> mobilenet::draw(const PixelBuffer& picture, const Segmentation& segmentation) try {
  MOBILENET_CHECK(can_draw());
  MOBILENET_TRY(const drawing::Pixels pixels, drawing::pixels_of(picture));
  return drawing::draw_classes(pixels, segmentation);
} catch (...) {
  return caught("drawing classes");
}

mobilenet::Result<void> mobilenet::draw(Image& picture, const Segmentation& segmentation) try {
  MOBILENET_CHECK(can_draw());
  MOBILENET_TRY(const drawing::Pixels pixels, drawing::upright_pixels(picture));
  return drawing::draw_classes(pixels, segmentation);
} catch (...) {
  return caught("drawing classes");
}
