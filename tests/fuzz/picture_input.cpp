// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// One picture, of bytes, of floats or of NV12, in two layouts (format, padding of rows, bottom up, orientation),
// through any rules of preprocessing: the same bytes for the network.

#include "preprocess/picture_input.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "fuzz/fuzz.h"
#include "pictures/upright_pixels.h"
#include "support/choices.h"
#include "support/stored_place.h"

using namespace mobilenet;
using testing::Choices;
using testing::stored_place;

namespace {

struct Picture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;
  bool grey = false;  // all three channels are one
};

Picture random_picture(Choices& choices) {
  Picture picture{choices.between(1, 40), choices.between(1, 40), {}, choices.one_in(4)};
  Choices numbers(choices.word());
  for (int i = 0; i < picture.width * picture.height; ++i) {
    const std::uint8_t grey = numbers.byte();
    for (int c = 0; c < 3; ++c) picture.rgb.push_back(picture.grey ? grey : numbers.byte());
  }
  return picture;
}

void put_pixel(std::byte* place, PixelFormat format, const std::uint8_t* rgb) {
  const bool blue_first = format == PixelFormat::bgr || format == PixelFormat::bgra;
  const std::size_t channels = format == PixelFormat::grey ? 1 : 3;
  for (std::size_t c = 0; c < channels; ++c) place[blue_first ? 2 - c : c] = static_cast<std::byte>(rgb[c]);
}

// Stored so that nothing lies behind the last pixel.
struct Stored {
  std::vector<std::unique_ptr<std::byte[]>> planes;
  ImageView view;
};

struct Layout {
  PixelFormat format = PixelFormat::rgb;
  Orientation orientation = Orientation::upright;
  std::size_t padding = 0;  // bytes behind every row
  bool bottom_up = false;
};

Layout random_layout(const Picture& picture, Choices& choices) {
  Layout layout{static_cast<PixelFormat>(choices.below(6)), static_cast<Orientation>(choices.between(1, 8)),
                sizeof(float) * choices.below(4), choices.one_in(3)};
  if (layout.format == PixelFormat::grey && !picture.grey) layout.format = PixelFormat::bgr;
  return layout;
}

Stored store(const Picture& picture, const Layout& layout) {
  Stored stored;
  ImageView& view = stored.view;
  view.orientation = layout.orientation;
  view.format = layout.format;
  const bool turned = view.orientation >= Orientation::transpose;
  view.width = turned ? picture.height : picture.width;
  view.height = turned ? picture.width : picture.height;
  const std::size_t pixel = static_cast<std::size_t>(plane_form(view.format, 1, 1, 0).pixel_bytes),
                    width = static_cast<std::size_t>(view.width);
  const std::size_t row = pixel * width + layout.padding;
  const std::size_t above = row * static_cast<std::size_t>(view.height - 1), bytes = above + pixel * width;
  const bool bottom_up = layout.bottom_up, floats = view.format == PixelFormat::rgb_float_planes;
  for (std::size_t plane = 0; plane < (floats ? 3u : 1u); ++plane) {
    stored.planes.emplace_back(new std::byte[bytes]);
    std::byte* begin = stored.planes.back().get();
    std::memset(begin, 0xcd, bytes);
    view.planes[plane] = begin + (bottom_up ? above : 0);
    view.row_bytes[plane] = bottom_up ? -static_cast<std::ptrdiff_t>(row) : static_cast<std::ptrdiff_t>(row);
  }
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x) {
      const auto [stored_x, stored_y] = stored_place(view.orientation, x, y, view.width, view.height);
      const std::uint8_t* rgb = &picture.rgb[static_cast<std::size_t>(y * picture.width + x) * 3];
      const std::size_t row_above = static_cast<std::size_t>(bottom_up ? view.height - 1 - stored_y : stored_y);
      const std::size_t at = row * row_above + pixel * static_cast<std::size_t>(stored_x);
      for (std::size_t plane = 0; plane < stored.planes.size(); ++plane) {
        const float value = static_cast<float>(rgb[plane]) / 255.0f;
        if (floats)
          std::memcpy(stored.planes[plane].get() + at, &value, sizeof value);
        else
          put_pixel(stored.planes[plane].get() + at, view.format, rgb);
      }
    }
  return stored;
}

// Upright: luma, and two bytes of colours for every pixel of them.
struct Video {
  PixelFormat format;  // the plainest of those that have as many
  int width = 0, height = 0;
  std::vector<std::uint8_t> planes[2];
};

Video random_video(Choices& choices) {
  Video video{choices.pick({PixelFormat::nv12, PixelFormat::nv16, PixelFormat::i444}),
              choices.between(1, 40),
              choices.between(1, 40),
              {}};
  Choices numbers(choices.word());
  for (std::size_t p = 0; p < 2; ++p) {
    const PlaneForm form = plane_form(video.format, video.width, video.height, p);
    for (int i = 0; i < form.width * form.height * (p == 0 ? 1 : 2); ++i) video.planes[p].push_back(numbers.byte());
  }
  return video;
}

// In a format that has as many pixels of colours.
Stored store(const Video& video, const Layout& layout, PixelFormat format) {
  Stored stored;
  ImageView& view = stored.view;
  view.format = format;
  view.orientation = layout.orientation;
  const bool turned = view.orientation >= Orientation::transpose;
  view.width = turned ? video.height : video.width;
  view.height = turned ? video.width : video.height;
  for (std::size_t p = 0; p < plane_count(format); ++p) {
    const PlaneForm form = plane_form(format, view.width, view.height, p);
    const int width = turned ? form.height : form.width, height = turned ? form.width : form.height;
    const auto pixel = static_cast<std::size_t>(form.pixel_bytes);
    const std::size_t packed = pixel * static_cast<std::size_t>(form.width), row = packed + layout.padding;
    const std::size_t above = row * static_cast<std::size_t>(form.height - 1);
    std::byte* const begin = stored.planes.emplace_back(new std::byte[above + packed]).get();
    std::memset(begin, 0xcd, above + packed);
    view.planes[p] = begin + (layout.bottom_up ? above : 0);
    view.row_bytes[p] = layout.bottom_up ? -static_cast<std::ptrdiff_t>(row) : static_cast<std::ptrdiff_t>(row);
    const bool both = p == 1 && plane_count(format) == 2;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        const auto [column, line] = stored_place(view.orientation, x, y, form.width, form.height);
        const auto line_above = static_cast<std::size_t>(layout.bottom_up ? form.height - 1 - line : line);
        std::byte* const to = begin + row * line_above + pixel * static_cast<std::size_t>(column);
        const auto place = static_cast<std::size_t>(y * width + x);
        const std::uint8_t* const colours = video.planes[1].data() + 2 * place;
        if (p == 0) to[form.offsets[0]] = std::byte{video.planes[0][place]};
        if (p > 0) to[form.offsets[0]] = std::byte{colours[p - 1]};
        if (both) to[form.offsets[1]] = std::byte{colours[1]};
      }
  }
  return stored;
}

PreprocessSpec random_spec(Choices& choices) {
  PreprocessSpec spec;
  spec.mode = static_cast<ResizeMode>(choices.below(8));
  spec.filter = static_cast<ResizeFilter>(choices.below(9));
  spec.resampler = static_cast<Resampler>(choices.below(2));
  spec.rounding = static_cast<CropRounding>(choices.below(2));
  spec.crop_fraction = choices.pick({0.875, 1.0, 0.5, 0.01, 1e-9, choices.real(0.01, 1)});
  if (choices.one_in(2)) {
    spec.base_height = choices.between(1, 30), spec.base_width = choices.between(1, 30);
    spec.resize_height = choices.between(1, 40), spec.resize_width = choices.between(1, 40);
    if (choices.one_in(2)) spec.longest_edge = choices.between(1, 60);
  }
  spec.swap_red_blue = choices.one_in(2);
  return spec;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices(std::span(data, size));
  const Picture picture = random_picture(choices);
  const PreprocessSpec spec = random_spec(choices);
  const int height = choices.between(1, 24), width = choices.between(1, 24);
  auto input = PictureInput::create(spec, height, width, InputElements{DataType::f32});
  if (!fuzz::succeeds(input)) return 0;
  const std::size_t count = static_cast<std::size_t>(height * width) * 3;
  const auto numbers_of = [&](const ImageView& view) {
    std::vector<float> numbers(count, -12345.0f);
    if (!fuzz::succeeds(input->run(view, numbers.data()))) numbers.clear();
    return numbers;
  };
  if (choices.one_in(3)) {
    const Video video = random_video(choices);
    const PixelFormat format =
        video.format == PixelFormat::nv12
            ? choices.pick({PixelFormat::nv12, PixelFormat::nv21, PixelFormat::i420, PixelFormat::p010})
        : video.format == PixelFormat::nv16 && choices.one_in(2) ? PixelFormat::i422
                                                                 : video.format;
    Layout layout = random_layout(picture, choices);
    // A quarter turn would make colours that are halved side by side those that are halved one above the other.
    if (video.format == PixelFormat::nv16 && layout.orientation >= Orientation::transpose)
      layout.orientation = Orientation::rotate_180;
    // A quarter turn exchanges the passes of Pillow's filters, which round and bound their sums: it is plain, too,
    // then.
    Layout plain_layout;
    if (layout.orientation >= Orientation::transpose) plain_layout.orientation = Orientation::transpose;
    Stored plain = store(video, plain_layout, video.format), stored = store(video, layout, format);
    plain.view.matrix = stored.view.matrix = static_cast<ColourMatrix>(choices.below(3));
    plain.view.range = stored.view.range = static_cast<ColourRange>(choices.below(2));
    const std::vector<float> numbers = numbers_of(plain.view);
    fuzz::expect(numbers == numbers_of(stored.view),
                 "a picture of luma and colours that is stored in another way: other numbers");
    fuzz::expect(std::find(numbers.begin(), numbers.end(), -12345.0f) == numbers.end(), "a number was not written");
    return 0;
  }
  // Floats are resized as floats, bytes as bytes.
  const Layout layout = random_layout(picture, choices);
  const bool floats = layout.format == PixelFormat::rgb_float_planes;
  const Stored plain_picture = store(picture, {floats ? layout.format : PixelFormat::rgb});
  const Stored stored = store(picture, layout);
  const std::vector<float> plain = numbers_of(plain_picture.view);
  if (plain != numbers_of(stored.view))
    fuzz::find("pixel format " + std::to_string(static_cast<int>(layout.format)) + ", orientation " +
               std::to_string(static_cast<int>(layout.orientation)) + ": other numbers for the network");
  fuzz::expect(std::find(plain.begin(), plain.end(), -12345.0f) == plain.end(), "a number was not written");
  return 0;
}
