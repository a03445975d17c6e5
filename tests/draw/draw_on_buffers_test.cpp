// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Drawing on pixels of the caller's: the same picture in every format and with any rows, and nothing else is touched;
// tracks, classes and lines of text.

#include <gtest/gtest.h>
#include <mobilenet/draw.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace mobilenet::drawing {
namespace {

constexpr int kWidth = 320, kHeight = 200;
constexpr std::uint8_t kGap = 77, kAlpha = 9;

// A picture of noise in a format, with gaps between rows or bottom up.
class Canvas320 {
 public:
  Canvas320(PixelFormat format, std::ptrdiff_t gap, bool bottom_up, int width = kWidth, int height = kHeight)
      : pixel_(format == PixelFormat::rgb || format == PixelFormat::bgr ? 3 : 4),
        reversed_(format == PixelFormat::bgr || format == PixelFormat::bgra) {
    const std::ptrdiff_t row = std::ptrdiff_t{width} * pixel_ + gap;
    bytes_.assign(static_cast<std::size_t>(row * height), kGap);
    std::uint8_t* const top = bottom_up ? bytes_.data() + row * (height - 1) : bytes_.data();
    buffer_ = PixelBuffer::packed(top, format, width, height, bottom_up ? -row : row);
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        std::uint8_t* const pixel = at(x, y);
        for (int c = 0; c < 3; ++c) pixel[reversed_ ? 2 - c : c] = static_cast<std::uint8_t>(x * (c + 2) + y * 3);
        if (pixel_ == 4) pixel[3] = kAlpha;
      }
  }
  const PixelBuffer& buffer() const { return buffer_; }
  // Its colours, row by row.
  std::vector<std::uint8_t> rgb() const {
    std::vector<std::uint8_t> all;
    for (int y = 0; y < buffer_.height; ++y)
      for (int x = 0; x < buffer_.width; ++x)
        for (int c = 0; c < 3; ++c) all.push_back(at(x, y)[reversed_ ? 2 - c : c]);
    return all;
  }
  // Whether alpha and what lies between rows are as they were.
  bool rest_is_untouched() const {
    for (int y = 0; y < buffer_.height; ++y) {
      for (int x = 0; x < buffer_.width; ++x)
        if (pixel_ == 4 && at(x, y)[3] != kAlpha) return false;
      const std::uint8_t* const end = at(buffer_.width, y);
      const std::ptrdiff_t gap = std::abs(buffer_.row_bytes) - std::ptrdiff_t{buffer_.width} * pixel_;
      if (std::any_of(end, end + gap, [](std::uint8_t byte) { return byte != kGap; })) return false;
    }
    return true;
  }

 private:
  std::uint8_t* at(int x, int y) const {
    return static_cast<std::uint8_t*>(buffer_.pixels) + y * buffer_.row_bytes + std::ptrdiff_t{x} * pixel_;
  }

  int pixel_;
  bool reversed_;
  std::vector<std::uint8_t> bytes_;
  PixelBuffer buffer_;
};

std::vector<Detection> objects() {
  return {{0, "person", 0.9f, 20, 30, 120, 150},
          {3, "dog", 0.8f, 100, 60, 300, 190},
          {3, "dog", 0.7f, -20, 5, 15, 80},
          {5, "bird", 0.6f, 200, 10, 206, 14}};
}

struct Something {
  const char* name;
  std::function<Result<void>(const PixelBuffer&)> draw_on;
};

std::vector<Something> everything() {
  static const std::vector<std::uint8_t> mask = [] {
    std::vector<std::uint8_t> classes(std::size_t{kWidth} * kHeight);
    for (int y = 0; y < kHeight; ++y)
      for (int x = 0; x < kWidth; ++x)
        classes[static_cast<std::size_t>(y * kWidth + x)] =
            static_cast<std::uint8_t>((x - 100) * (x - 100) + (y - 90) * (y - 90) < 3600 ? 1
                                      : x > 220 && y > 40 && y < 150                     ? 2
                                                                                         : 0);
    return classes;
  }();
  static const std::vector<SegmentClass> parts{{0, "background", 40000}, {1, "person", 11000}, {2, "dog", 10900}};
  static const std::vector<Classification> classes{{281, "tabby", 0.6f}, {285, "Egyptian cat", 0.3f}};
  static const std::vector<Detection> found = objects();
  static const std::vector<Track> tracks{{7, found[0], 3}, {12, found[1], 9}, {107, found[2], 2}};
  return {{"objects", [](const PixelBuffer& p) { return draw(p, found); }},
          {"tracks", [](const PixelBuffer& p) { return draw(p, tracks); }},
          {"mask",
           [](const PixelBuffer& p) {
             return draw(p, Segmentation{kWidth, kHeight, mask, parts, {}});
           }},
          {"classes", [](const PixelBuffer& p) { return draw(p, classes); }},
          {"text", [](const PixelBuffer& p) { return draw_text(p, "24.6 frames/s\n14.3 ms"); }}};
}

TEST(DrawOnBuffers, TheSameInEveryFormatAndWithAnyRows) {
  if (auto can = can_draw(); !can) GTEST_SKIP() << can.error().message;
  for (const Something& thing : everything()) {
    SCOPED_TRACE(thing.name);
    const Canvas320 plain(PixelFormat::rgb, 0, false);
    const std::vector<std::uint8_t> before = plain.rgb();
    ASSERT_TRUE(thing.draw_on(plain.buffer()));
    const std::vector<std::uint8_t> expected = plain.rgb();
    EXPECT_NE(before, expected);
    for (const PixelFormat format : {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra})
      for (const bool bottom_up : {false, true}) {
        const Canvas320 other(format, 13, bottom_up);
        ASSERT_TRUE(thing.draw_on(other.buffer()));
        EXPECT_EQ(other.rgb(), expected);
        EXPECT_TRUE(other.rest_is_untouched());
      }
  }
}

TEST(DrawOnBuffers, AsOnAnImage) {
  if (auto can = can_draw(); !can) GTEST_SKIP() << can.error().message;
  const Canvas320 canvas(PixelFormat::rgb, 0, false);
  Image image = Image::upright(canvas.buffer().view()).value();
  ASSERT_TRUE(draw(canvas.buffer(), objects()));
  ASSERT_TRUE(draw(image, objects()));
  const std::vector<std::uint8_t> drawn = canvas.rgb();
  EXPECT_TRUE(std::equal(drawn.begin(), drawn.end(), reinterpret_cast<const std::uint8_t*>(image.pixels().data())));
}

// The colour of a track goes with its number, not with its class or its place.
TEST(DrawOnBuffers, TracksKeepTheirColour) {
  if (auto can = can_draw(); !can) GTEST_SKIP() << can.error().message;
  const auto edge_of = [](std::int64_t id, int class_index) {
    const Canvas320 canvas(PixelFormat::rgb, 0, false);
    const Track track{id, {class_index, "", std::numeric_limits<float>::quiet_NaN(), 40, 60, 200, 180}, 2};
    EXPECT_TRUE(draw(canvas.buffer(), std::span(&track, 1)));
    const std::vector<std::uint8_t> rgb = canvas.rgb();
    const auto* const pixel = rgb.data() + (std::size_t{179} * kWidth + 120) * 3;  // of the lower line
    return std::vector<std::uint8_t>(pixel, pixel + 3);
  };
  EXPECT_EQ(edge_of(4, 0), edge_of(4, 17));
  EXPECT_NE(edge_of(4, 0), edge_of(5, 0));
}

TEST(DrawOnBuffers, AnySize) {
  if (auto can = can_draw(); !can) GTEST_SKIP() << can.error().message;
  const std::vector<Classification> classes{{1, "a class with a long name that has no room at all", 0.5f}};
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 300}, {300, 2}, {17, 11}, {3840, 2160}}) {
    const Canvas320 canvas(PixelFormat::bgra, 5, true, width, height);
    EXPECT_TRUE(draw(canvas.buffer(), objects()));
    EXPECT_TRUE(draw(canvas.buffer(), classes));
    EXPECT_TRUE(draw_text(canvas.buffer(), "one\ntwo\n\nfour \xff"));
    EXPECT_TRUE(draw_text(canvas.buffer(), ""));
    EXPECT_TRUE(canvas.rest_is_untouched());
  }
}

TEST(DrawOnBuffers, RefusesWhatCannotBeDrawnOn) {
  if (auto can = can_draw(); !can) GTEST_SKIP() << can.error().message;
  const Canvas320 canvas(PixelFormat::rgb, 0, false);
  const auto message = [&](const std::function<void(PixelBuffer&)>& change) {
    PixelBuffer buffer = canvas.buffer();
    change(buffer);
    const auto drawn = draw(buffer, objects());
    return drawn ? std::string("fine") : drawn.error().message;
  };
  EXPECT_EQ(message([](PixelBuffer&) {}), "fine");
  EXPECT_EQ(message([](PixelBuffer& b) { b.format = PixelFormat::nv12; }), "only rgb, bgr, rgba and bgra are drawn on");
  EXPECT_EQ(message([](PixelBuffer& b) { b.width = 0; }), "there are no pixels to draw on: 0x200");
  EXPECT_EQ(message([](PixelBuffer& b) { b.pixels = nullptr; }), "there are no pixels to draw on: 320x200");
  EXPECT_EQ(message([](PixelBuffer& b) { b.row_bytes = 900; }), "rows of 900 bytes do not hold 320 pixels");
}

}  // namespace
}  // namespace mobilenet::drawing
