// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Painter: the same picture in any kind of buffer and at any time, nothing touched beside it; tracks, trails, plates of
// classes, lines of text; what is refused.

#include <gtest/gtest.h>
#include <mobilenet/draw.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "draw/drawn.h"
#include "draw/palette.h"
#include "draw/proportions.h"
#include "support/allocation_counter.h"

namespace mobilenet::drawing {
namespace {

constexpr std::uint8_t kPadding = 0x5a, kAlpha = 0xa5;

PixelBuffer buffer_of(Image& picture) {
  return PixelBuffer::packed(picture.pixels().data(), PixelFormat::rgb, picture.width(), picture.height());
}

Painter painter_with(int trail = 0) { return Painter::create({.trail = trail}).value(); }

// All kinds of answers over each other, for a picture of this size; they move from frame to frame.
class Everything {
 public:
  Everything(int width, int height, int frame = 0)
      : mask_(width, height, kLabels, [=](int x, int y) { return ((x + 5 * frame) / 40 + y / 30) % 3; }) {
    const auto w = static_cast<float>(width), h = static_cast<float>(height), moved = 3.0f * static_cast<float>(frame);
    objects_ = {box(1, 0.1f * w + moved, 0.2f * h, 0.4f * w + moved, 0.6f * h, "dog"),
                box(2, -9, 0.5f * h, 0.3f * w, h + 9, "cat", 0.4f + 0.007f * moved),
                box(1, 0.5f * w, 0.1f * h, 0.9f * w - moved, 0.5f * h, "caf\xc3\xa9 \xce\xb1", 0.3f)};
    tracks_ = {{1, box(1, 0.2f * w, 0.3f * h, 0.5f * w, 0.9f * h), 9},
               {7, box(4, 0.6f * w, 0.6f * h - moved, w, h - moved, "bird"), 2}};
  }

  void draw_with(Painter& painter, const PixelBuffer& picture) const {
    ASSERT_TRUE(painter.draw(picture, mask_.segmentation));
    ASSERT_TRUE(painter.draw(picture, objects_));
    ASSERT_TRUE(painter.draw(picture, tracks_));
    ASSERT_TRUE(painter.draw(picture, classes_));
    ASSERT_TRUE(painter.draw_text(picture, "25.0 frames/s\n12 ms"));
  }

 private:
  Mask mask_;
  std::vector<Detection> objects_;
  std::vector<Track> tracks_;
  std::vector<Classification> classes_ = {{3, "tabby", 0.5f}, {-1, "", 0.25f}};
};

Image noise(int width, int height) {
  Image picture = plain(width, height);
  std::mt19937 random(5);
  for (std::byte& level : picture.pixels()) level = static_cast<std::byte>(random());
  return picture;
}

// A picture in memory of a caller's own, with padding around its rows.
struct Buffer {
  std::vector<std::uint8_t> memory;
  PixelBuffer pixels;
  int red = 0, pixel_bytes = 3;

  Buffer(const Image& from, PixelFormat format, int padding, bool bottom_up) {
    red = format == PixelFormat::bgr || format == PixelFormat::bgra ? 2 : 0;
    pixel_bytes = format == PixelFormat::rgba || format == PixelFormat::bgra ? 4 : 3;
    const std::ptrdiff_t row = std::ptrdiff_t{from.width()} * pixel_bytes + padding;
    memory.assign(static_cast<std::size_t>(row * from.height()), kPadding);
    std::uint8_t* const top = memory.data() + (bottom_up ? row * (from.height() - 1) : 0);
    pixels = {top, bottom_up ? -row : row, from.width(), from.height(), format};
    for (int y = 0; y < from.height(); ++y) {
      for (int x = 0; x < from.width(); ++x) {
        const Colour colour = at(from, x, y);
        std::uint8_t* const pixel = place(x, y);
        pixel[red] = colour.red, pixel[1] = colour.green, pixel[2 - red] = colour.blue;
        if (pixel_bytes == 4) pixel[3] = kAlpha;
      }
    }
  }

  std::uint8_t* place(int x, int y) const {
    return static_cast<std::uint8_t*>(pixels.pixels) + y * pixels.row_bytes + std::ptrdiff_t{x} * pixel_bytes;
  }
  Colour colour(int x, int y) const { return {place(x, y)[red], place(x, y)[1], place(x, y)[2 - red]}; }
};

TEST(Painter, DrawsTheSameInEveryBuffer) {
  NEEDS_DRAWING();
  struct Case {
    const char* name;
    PixelFormat format;
    int padding;
    bool bottom_up;
  };
  const Case cases[] = {{"rgb", PixelFormat::rgb, 0, false},
                        {"rgb, padded", PixelFormat::rgb, 13, false},
                        {"rgb, bottom up", PixelFormat::rgb, 0, true},
                        {"bgr", PixelFormat::bgr, 0, false},
                        {"bgr, bottom up and padded", PixelFormat::bgr, 5, true},
                        {"rgba", PixelFormat::rgba, 0, false},
                        {"bgra", PixelFormat::bgra, 0, false},
                        {"bgra, bottom up and padded", PixelFormat::bgra, 8, true}};
  constexpr int kWidth = 371, kHeight = 243;
  const Everything everything(kWidth, kHeight);
  const Image before = noise(kWidth, kHeight);
  Image expected = noise(kWidth, kHeight);
  Painter first = painter_with();
  everything.draw_with(first, buffer_of(expected));
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Buffer buffer(before, c.format, c.padding, c.bottom_up);
    Painter painter = painter_with();
    everything.draw_with(painter, buffer.pixels);
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        ASSERT_EQ(buffer.colour(x, y), at(expected, x, y)) << x << ", " << y;
        if (buffer.pixel_bytes == 3) continue;
        ASSERT_EQ(buffer.place(x, y)[3], kAlpha) << x << ", " << y;
      }
      const std::uint8_t* const end = buffer.place(kWidth, y);
      ASSERT_TRUE(std::all_of(end, end + c.padding, [](int byte) { return byte == kPadding; })) << y;
    }
  }
}

TEST(Painter, DrawsOnBuffersWhatDrawDrawsOnPictures) {
  NEEDS_DRAWING();
  const Mask mask(320, 200, kLabels, [](int x, int y) { return x / 50 + y / 70; });
  const Detection objects[] = {box(3, 20, 50, 200, 150), box(4, 60, 80, 90, 140, "dog")};
  const Classification classes[] = {{3, "tabby", 0.5f}};
  Painter painter = painter_with();
  const auto compare = [&](const auto& answer) {
    Image picture = noise(320, 200), pixels = noise(320, 200), once = noise(320, 200);
    ASSERT_TRUE(draw(picture, answer));
    ASSERT_TRUE(painter.draw(buffer_of(pixels), answer));
    ASSERT_TRUE(draw(buffer_of(once), answer));
    EXPECT_TRUE(std::ranges::equal(picture.pixels(), pixels.pixels()));
    EXPECT_TRUE(std::ranges::equal(picture.pixels(), once.pixels()));
    EXPECT_FALSE(std::ranges::equal(picture.pixels(), noise(320, 200).pixels())) << "something is drawn";
  };
  compare(std::span<const Detection>(objects));
  compare(std::span<const Classification>(classes));
  compare(mask.segmentation);
}

TEST(Painter, WhatItDrewBeforeMakesNoDifference) {
  NEEDS_DRAWING();
  constexpr std::array<int, 2> kSizes[] = {{640, 480}, {33, 57}, {640, 480}, {1280, 300}, {1, 1}, {200, 200}};
  Painter used = painter_with();
  for (const auto& [width, height] : kSizes) {
    SCOPED_TRACE(::testing::Message() << width << " x " << height);
    Painter fresh = painter_with();
    const Everything everything(width, height);
    Image expected = noise(width, height), found = noise(width, height);
    everything.draw_with(fresh, buffer_of(expected));
    everything.draw_with(used, buffer_of(found));
    EXPECT_TRUE(std::ranges::equal(expected.pixels(), found.pixels()));
  }
}

TEST(Painter, FramesLikeThoseBeforeAllocateNothing) {
  NEEDS_DRAWING();
  std::vector<Everything> frames;
  for (int frame = 0; frame < 6; ++frame) frames.emplace_back(640, 480, frame);
  Image picture = noise(640, 480);
  Painter painter = painter_with(20);
  const PixelBuffer pixels = buffer_of(picture);
  for (const Everything& frame : frames) frame.draw_with(painter, pixels);
  testing::start_counting_allocations();
  for (const Everything& frame : frames) frame.draw_with(painter, pixels);
  EXPECT_EQ(testing::stop_counting_allocations(), 0);
}

// Each buffer ends where its pixels end, so that sanitizers see what is touched beyond.
TEST(Painter, EverySize) {
  NEEDS_DRAWING();
  constexpr std::array<int, 2> kSizes[] = {{1, 1},    {1, 40},   {40, 1},  {2, 2},       {7, 5},      {16, 16},
                                           {15, 300}, {300, 15}, {64, 48}, {1920, 1080}, {3840, 2160}};
  Painter painter = painter_with(3);
  for (const auto& [width, height] : kSizes) {
    for (const PixelFormat format : {PixelFormat::rgb, PixelFormat::bgra}) {
      SCOPED_TRACE(::testing::Message() << width << " x " << height);
      if (width > 2000 && format != PixelFormat::rgb) continue;
      Buffer buffer(plain(width, height), format, 0, height % 2 == 1);
      Everything(width, height).draw_with(painter, buffer.pixels);
    }
  }
}

Track track(std::int64_t id, float left, float top, float score = 0.9f, int class_index = 2) {
  return {id, box(class_index, left, top, left + 100, top + 100, "cat", score), 5};
}

TEST(PainterTracks, HaveTheColourOfTheirNumberWhateverTheirScoreAndClass) {
  NEEDS_DRAWING();
  Painter painter = painter_with();
  const Track cases[][2] = {{track(4, 100, 100), track(9, 400, 200)},
                            {track(9, 400, 200, 0.95f, 1), track(4, 100, 100, 0.1f, 7)},
                            {track(104, 100, 100), track(209, 400, 200)}};
  for (const auto& tracks : cases) {
    Image picture = plain(640, 480);
    ASSERT_TRUE(painter.draw(buffer_of(picture), tracks));
    EXPECT_EQ(at(picture, 100, 150), class_colour(4)) << "edge";
    EXPECT_EQ(at(picture, 103, 95), class_colour(4)) << "plate";
    EXPECT_EQ(at(picture, 400, 250), class_colour(9));
  }
  Image picture = plain(640, 480);
  const Track hostile[] = {track(std::numeric_limits<std::int64_t>::min(), 100, 100),
                           track(std::numeric_limits<std::int64_t>::max(), 300, 100), track(0, 500, 100)};
  ASSERT_TRUE(painter.draw(buffer_of(picture), hostile));
  EXPECT_FALSE(changed(picture).empty());
}

TEST(PainterTracks, OlderOnesAreOnTop) {
  NEEDS_DRAWING();
  Painter painter = painter_with();
  for (const float score : {0.2f, 0.8f}) {
    Image picture = plain(640, 480);
    const Track tracks[] = {track(1, 200, 200, score), track(2, 200, 200, 1 - score)};
    ASSERT_TRUE(painter.draw(buffer_of(picture), tracks));
    EXPECT_EQ(at(picture, 200, 250), class_colour(1));
  }
}

TEST(PainterTracks, PlatesShowTheNumber) {
  NEEDS_DRAWING();
  const auto plate_width = [](const auto& answers, Colour colour) {
    Image picture = plain(640, 480);
    draw(buffer_of(picture), answers).value();
    // A row of the plate above the frame.
    int width = 0;
    for (int x = 0; x < 640; ++x) width += at(picture, x, 195) == colour ? 1 : 0;
    return width;
  };
  const Track small[] = {track(5, 200, 200)}, large[] = {track(500'005, 200, 200)};
  const int object = plate_width(std::span<const Detection>(&small[0].object, 1), class_colour(2));
  const int with_number = plate_width(std::span<const Track>(small), class_colour(5));
  EXPECT_GT(with_number, object + 10);
  EXPECT_GT(plate_width(std::span<const Track>(large), class_colour(5)), with_number + 20);
}

// A track on its way from left to right.
class Walk {
 public:
  explicit Walk(int trail) : painter_(painter_with(trail)) {}

  Image step(float left, bool seen = true, int width = 640) {
    Image picture = plain(width, 480);
    const Track tracks[] = {track(3, left, 200)};
    painter_.draw(buffer_of(picture), std::span(tracks, seen ? 1 : 0)).value();
    return picture;
  }
  // Old parts of a trail are thin: half of a pixel is covered.
  static bool is_trail(const Image& picture, int x) {
    return 2 * (at(picture, x, 250).green - kGrey.green) > class_colour(3).green - kGrey.green;
  }

 private:
  Painter painter_;
};

TEST(PainterTrails, LeadFromWhereTracksWere) {
  NEEDS_DRAWING();
  Walk with(10), without(0);
  for (int i = 0; i < 5; ++i)
    with.step(20.0f + 50 * static_cast<float>(i)), without.step(20.0f + 50 * static_cast<float>(i));
  const Image seen = with.step(300), plain_one = without.step(300);
  // Centres were at 70, 120 ... 270, and the box begins at 300.
  for (const int x : {80, 145, 220, 280}) {
    EXPECT_TRUE(Walk::is_trail(seen, x)) << x;
    EXPECT_FALSE(Walk::is_trail(plain_one, x)) << x;
  }
  EXPECT_EQ(at(seen, 60, 250), kGrey) << "before its beginning";
}

TEST(PainterTrails, AreShort) {
  NEEDS_DRAWING();
  Walk walk(2);
  for (int i = 0; i < 5; ++i) walk.step(20.0f + 50 * static_cast<float>(i));
  const Image seen = walk.step(300);  // centres of the two frames before: 220, 270
  EXPECT_TRUE(Walk::is_trail(seen, 230));
  EXPECT_EQ(at(seen, 210, 250), kGrey);
}

TEST(PainterTrails, EndWithTheirTrackAndWithThePicturesSize) {
  NEEDS_DRAWING();
  Walk gap(10), gone(3), resized(10);
  gap.step(20), gap.step(20, false);
  EXPECT_TRUE(Walk::is_trail(gap.step(300), 200)) << "one frame without it";
  gone.step(20);
  for (int i = 0; i < 4; ++i) gone.step(20, false);
  EXPECT_EQ(at(gone.step(300), 200, 250), kGrey) << "longer than the trail";
  resized.step(20, true, 640);
  EXPECT_EQ(at(resized.step(300, true, 800), 200, 250), kGrey) << "in another picture";
}

TEST(PainterTrails, AreOfALengthThatIsAllowed) {
  NEEDS_DRAWING();
  EXPECT_TRUE(Painter::create({.trail = Painter::kLongestTrail}));
  for (const int trail : {-1, Painter::kLongestTrail + 1, std::numeric_limits<int>::min()}) {
    const auto painter = Painter::create({.trail = trail});
    ASSERT_FALSE(painter);
    EXPECT_EQ(painter.error().message, "a trail of " + std::to_string(trail) + " frames is not one of 0 to 1000");
  }
}

TEST(PainterTrails, OfThousandsOfTracks) {
  NEEDS_DRAWING();
  Painter painter = painter_with(5);
  Image picture = plain(640, 480);
  std::vector<Track> tracks;
  for (int i = 0; i < 3000; ++i)
    tracks.push_back(track(5'000 - i, static_cast<float>(i * 37 % 600), static_cast<float>(i * 53 % 440)));
  for (int frame = 0; frame < 2; ++frame) {
    for (Track& one : tracks) one.object.left += 3;
    EXPECT_TRUE(painter.draw(buffer_of(picture), tracks));
  }
}

// One of four corners, of 640 x 480, in the lower left of which class 1 covers so many columns.
class LegendOfAVideo {
 public:
  std::string corner(int covered) {
    const Mask mask(640, 480, kLabels, [=](int x, int y) {
      return (x < covered && y >= 240) || (x >= 280 && x < 360 && y < 200) ? 1 : 0;
    });
    Image picture = plain(640, 480);
    painter_.draw(buffer_of(picture), mask.segmentation).value();
    // White letters; a swatch has the colour of what it is beside.
    const Extent letters = extent_of(picture, [](Colour c) { return c == Colour{255, 255, 255}; });
    return std::string(letters.top < 240 ? "upper " : "lower ") + (letters.left < 320 ? "left" : "right");
  }
  void draw_of_another_size() {
    const Mask mask(320, 240, kLabels, [](int x, int) { return x > 200 ? 1 : 0; });
    Image picture = plain(320, 240);
    painter_.draw(buffer_of(picture), mask.segmentation).value();
  }

 private:
  Painter painter_ = painter_with();
};

TEST(PainterLegend, StaysWhereItIsUntilItHidesMuch) {
  NEEDS_DRAWING();
  EXPECT_EQ(LegendOfAVideo().corner(20), "lower right") << "where it hides the least";
  LegendOfAVideo legend;
  EXPECT_EQ(legend.corner(0), "lower left");
  EXPECT_EQ(legend.corner(20), "lower left") << "a little is hidden";
  EXPECT_EQ(legend.corner(200), "lower right") << "all of it would be";
  EXPECT_EQ(legend.corner(0), "lower right") << "what was hidden has gone";
  legend.draw_of_another_size();
  EXPECT_EQ(legend.corner(0), "lower left") << "another video";
}

TEST(PainterClasses, StandInTheUpperLeft) {
  NEEDS_DRAWING();
  std::vector<Classification> classes;
  for (int i = 0; i < 8; ++i) classes.push_back({i, "Egyptian cat", 0.1f * static_cast<float>(i)});
  const auto extent = [&](std::size_t count) {
    Image picture = plain(640, 480);
    draw(picture, std::span(classes).first(count)).value();
    return changed(picture);
  };
  EXPECT_TRUE(extent(0).empty());
  const Extent one = extent(1), five = extent(5), eight = extent(8);
  EXPECT_GT(one.left, 2);
  EXPECT_EQ(one.left, one.top) << "the same margin";
  EXPECT_LT(one.right, 320);
  EXPECT_GT(five.bottom - five.top, 4 * (one.bottom - one.top) - 4 * 6);
  EXPECT_LT(five.bottom, 240);
  EXPECT_EQ(eight.bottom, five.bottom) << "no more than five";
}

TEST(PainterText, StandsInTheUpperRight) {
  NEEDS_DRAWING();
  Painter painter = painter_with();
  const auto extent = [&](std::string_view lines, int width = 640, int height = 480) {
    Image picture = plain(width, height);
    painter.draw_text(buffer_of(picture), lines).value();
    return changed(picture);
  };
  EXPECT_TRUE(extent("").empty());
  const Extent one = extent("24.6 frames/s"), two = extent("24.6 frames/s\n14.3 ms"), last = extent("24.6 frames/s\n");
  EXPECT_EQ(640 - one.right, one.top) << "the same margin";
  EXPECT_GT(one.left, 400);
  EXPECT_GT(two.bottom, one.bottom + 10);
  EXPECT_EQ(two.left, one.left) << "as wide as the longest";
  EXPECT_EQ(last.bottom, one.bottom) << "an end of a line begins no other";

  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "line\n";
  EXPECT_LE(extent(many).bottom, 480 * 0.6 + 8);
  const std::string wide(100'000, 'W');
  EXPECT_GT(extent(wide).left, 300) << "long lines are shortened";
  for (const std::string_view hostile : {std::string_view("\xff\xfe\n\0\x01", 5), std::string_view("\n\n\n"),
                                         std::string_view("\xf0\x9f\x90\xb1 \xe7\x8c\xab")}) {
    EXPECT_FALSE(extent(hostile).empty());
  }
  EXPECT_TRUE(extent("no room", 12, 12).empty());
}

TEST(Painter, RefusesWhatCannotBeDrawnOn) {
  NEEDS_DRAWING();
  std::vector<std::uint8_t> memory(1000, kPadding);
  struct Case {
    const char* name;
    PixelBuffer pixels;
    std::string_view message;
  };
  constexpr std::string_view kFormat = "only rgb, bgr, rgba and bgra are drawn on";
  const Case cases[] = {
      {"grey", {memory.data(), 10, 10, 10, PixelFormat::grey}, kFormat},
      {"luma and colours", {memory.data(), 10, 10, 10, PixelFormat::nv12}, kFormat},
      {"floats", {memory.data(), 40, 10, 10, PixelFormat::rgb_float_planes}, kFormat},
      {"no format", {memory.data(), 40, 10, 10, static_cast<PixelFormat>(200)}, kFormat},
      {"no columns", {memory.data(), 30, 0, 10, PixelFormat::rgb}, "there are no pixels to draw on: 0x10"},
      {"no rows", {memory.data(), 30, 10, 0, PixelFormat::rgb}, "there are no pixels to draw on: 10x0"},
      {"less than none", {memory.data(), 30, -10, -10, PixelFormat::rgb}, "there are no pixels to draw on: -10x-10"},
      {"no memory", {nullptr, 30, 10, 10, PixelFormat::rgb}, "there are no pixels to draw on: 10x10"},
      {"short rows", {memory.data(), 29, 10, 10, PixelFormat::rgb}, "rows of 29 bytes do not hold 10 pixels"},
      {"short rows of four", {memory.data(), 39, 10, 10, PixelFormat::bgra}, "rows of 39 bytes do not hold 10 pixels"},
      {"short rows upwards", {memory.data(), -29, 10, 10, PixelFormat::rgb}, "rows of -29 bytes do not hold 10 pixels"},
      {"rows of nothing", {memory.data(), 0, 10, 10, PixelFormat::rgb}, "rows of 0 bytes do not hold 10 pixels"},
      {"the longest rows of all",
       {memory.data(), std::numeric_limits<std::ptrdiff_t>::min(), 10, 10, PixelFormat::rgb},
       "rows of -9223372036854775808 bytes do not hold 10 pixels"},
  };
  Painter painter = painter_with();
  const Detection objects[] = {box(1, 0, 0, 10, 10)};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    for (const auto& drawn :
         {painter.draw(c.pixels, objects), painter.draw_text(c.pixels, "a"), draw(c.pixels, objects),
          painter.draw(c.pixels, Segmentation{}), painter.draw(c.pixels, std::span<const Classification>())}) {
      ASSERT_FALSE(drawn);
      EXPECT_EQ(drawn.error().code, ErrorCode::invalid_argument);
      EXPECT_EQ(drawn.error().message, c.message);
    }
  }
  EXPECT_EQ(std::ranges::count(memory, kPadding), 1000) << "nothing is touched";
  const PixelBuffer one_row{memory.data(), 0, 10, 1, PixelFormat::rgb};
  EXPECT_TRUE(painter.draw(one_row, objects)) << "the length of a single row is never used";
}

TEST(Painter, RefusesAMaskOfAnotherSize) {
  NEEDS_DRAWING();
  const Mask mask(64, 48, kLabels, [](int, int) { return 1; });
  Painter painter = painter_with();
  Image turned = plain(48, 64), fitting = plain(64, 48);
  EXPECT_FALSE(painter.draw(buffer_of(turned), mask.segmentation));
  Segmentation truncated = mask.segmentation;
  truncated.mask = truncated.mask.first(100);
  EXPECT_FALSE(painter.draw(buffer_of(fitting), truncated));
  EXPECT_TRUE(changed(turned).empty());
  EXPECT_TRUE(changed(fitting).empty());
  // Classes that the mask has not, and those that it has untold.
  Segmentation untold = mask.segmentation;
  const SegmentClass wrong[] = {{std::numeric_limits<int>::max(), "none", std::numeric_limits<std::int64_t>::max()},
                                {-5, "", -1}};
  untold.classes = wrong;
  EXPECT_TRUE(painter.draw(buffer_of(fitting), untold));
}

}  // namespace
}  // namespace mobilenet::drawing
