// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Detections and masks drawn on pictures: the right colours in the right places, on every size, whatever the boxes and
// the labels are.

#include <gtest/gtest.h>
#include <mobilenet/draw.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "draw/caption.h"
#include "draw/drawn.h"
#include "draw/letters.h"
#include "draw/palette.h"
#include "draw/proportions.h"

namespace mobilenet::drawing {
namespace {

TEST(Palette, ClassesDiffer) {
  for (int a = 0; a < 100; ++a) {
    for (int b = 0; b < a; ++b) EXPECT_NE(class_colour(a), class_colour(b)) << a << " and " << b;
  }
  EXPECT_EQ(class_colour(3), class_colour(103));
  EXPECT_EQ(class_colour(-1), class_colour(std::numeric_limits<int>::min()));
  class_colour(std::numeric_limits<int>::max());
}

TEST(Palette, NeighboursAreFarApart) {
  for (int i = 1; i < 100; ++i) {
    const Colour a = class_colour(i - 1), b = class_colour(i);
    EXPECT_GE(std::abs(a.red - b.red) + std::abs(a.green - b.green) + std::abs(a.blue - b.blue), 90) << i;
  }
}

TEST(Palette, TextContrasts) {
  EXPECT_EQ(readable_on({255, 255, 255}), (Colour{0, 0, 0}));
  EXPECT_EQ(readable_on({255, 190, 0}), (Colour{0, 0, 0}));
  EXPECT_EQ(readable_on({0, 0, 0}), (Colour{255, 255, 255}));
  EXPECT_EQ(readable_on({60, 60, 160}), (Colour{255, 255, 255}));
}

TEST(DrawDetections, FrameAndPlateWhereTheBoxIs) {
  NEEDS_DRAWING();
  Image picture = plain(640, 480);
  const Detection found[] = {box(3, 200.4f, 150.2f, 400.3f, 350.9f)};
  ASSERT_TRUE(draw(picture, found));
  const Colour colour = class_colour(3);
  // The middles of the four edges, on the rounded coordinates.
  EXPECT_EQ(at(picture, 200, 250), colour);
  EXPECT_EQ(at(picture, 400, 250), colour);
  EXPECT_EQ(at(picture, 300, 150), colour);
  EXPECT_EQ(at(picture, 300, 351), colour);
  EXPECT_EQ(at(picture, 300, 250), kGrey) << "inside";
  EXPECT_EQ(at(picture, 180, 250), kGrey) << "left of it";
  EXPECT_EQ(at(picture, 300, 370), kGrey) << "below it";
  // The plate stands on the frame's upper left corner.
  EXPECT_EQ(at(picture, 203, 140), colour);
  EXPECT_EQ(at(picture, 203, 110), kGrey) << "above the plate";
  const Extent letters = extent_of(picture, [&](Colour c) { return c == readable_on(colour); });
  EXPECT_GE(letters.left, 199);
  EXPECT_GE(letters.top, 125);
  EXPECT_LE(letters.bottom, 150);
  EXPECT_GT(letters.right - letters.left, 30);
}

TEST(DrawDetections, LineWidthFollowsThePicture) {
  EXPECT_EQ(line_width(1, 1), 1);
  EXPECT_EQ(line_width(64, 64), 1);
  EXPECT_EQ(line_width(640, 480), 2);
  EXPECT_EQ(line_width(1920, 1080), 6);
  EXPECT_EQ(line_width(8000, 8000), 29);
  EXPECT_EQ(line_width(100000, 3), 1);
  NEEDS_DRAWING();
  Image picture = plain(1920, 1080);
  const Detection found[] = {box(0, 500, 300, 900, 700)};
  ASSERT_TRUE(draw(picture, found));
  int wide = 0;
  for (int x = 450; x < 550; ++x) wide += at(picture, x, 500) == class_colour(0);
  EXPECT_EQ(wide, 6);
}

TEST(DrawDetections, EverythingStaysInsideThePicture) {
  NEEDS_DRAWING();
  const std::string accents = "caf\xc3\xa9 \xce\xb1\xce\xb2 \xd0\xba\xd0\xbe\xd1\x82";
  const std::string wide(200, 'W');
  struct Case {
    const char* name;
    Detection found;
  };
  const Case cases[] = {
      {"at the top", box(1, 100, 0, 200, 50)},
      {"at the bottom", box(1, 100, 430, 200, 480)},
      {"at the right", box(1, 630, 200, 640, 250, "refrigerator")},
      {"the whole picture", box(1, 0, 0, 640, 480)},
      {"far larger than the picture", box(1, -1e30f, -1e30f, 1e30f, 1e30f)},
      {"partly outside", box(1, -50, -50, 60, 60)},
      {"200 letters", box(1, 300, 200, 320, 220, wide)},
      {"not ASCII", box(1, 300, 200, 320, 220, accents)},
      {"of no size", box(1, 300, 200, 300, 200)},
      {"of no size in the last corner", box(1, 639.9f, 479.9f, 639.9f, 479.9f)},
      {"no label", box(1, 300, 200, 320, 220, "")},
      {"no score", box(1, 300, 200, 320, 220, "cat", kNan)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Image picture = plain(640, 480);
    ASSERT_TRUE(draw(picture, {&c.found, 1}));
    const Colour colour = class_colour(1);
    const Extent drawn = extent_of(picture, [&](Colour found) { return found == colour; });
    EXPECT_FALSE(drawn.empty());
    // The plate is whole: as high as letters, wherever the box is.
    EXPECT_GE(drawn.bottom - drawn.top, 18);
    const Extent letters = extent_of(picture, [&](Colour found) { return found == readable_on(colour); });
    EXPECT_FALSE(letters.empty());
    EXPECT_GE(letters.left, 3);
    EXPECT_LE(letters.right, 637);
    EXPECT_GE(letters.top, 2);
    EXPECT_LE(letters.bottom, 478);
  }
}

TEST(DrawDetections, NothingToSeeChangesNothing) {
  NEEDS_DRAWING();
  const Detection cases[] = {
      box(1, kNan, 10, 50, 50), box(1, 10, kNan, 50, 50),       box(1, 10, 10, kInfinity, 50),
      box(1, 10, 10, 50, kNan), box(1, -kInfinity, 10, 50, 50), box(1, 50, 10, 10, 50),
      box(1, 10, 50, 50, 10),   box(1, -100, 10, -50, 50),      box(1, 10, 300, 50, 400),
      box(1, 200, 10, 250, 50), box(1, 10, -100, 50, -1),       box(1, -1e30f, 10, -1e29f, 50),
  };
  Image picture = plain(200, 150);
  ASSERT_TRUE(draw(picture, cases));
  EXPECT_TRUE(changed(picture).empty());
  ASSERT_TRUE(draw(picture, std::span<const Detection>()));
  EXPECT_TRUE(changed(picture).empty());
}

TEST(DrawDetections, EverySize) {
  NEEDS_DRAWING();
  struct Case {
    const char* name;
    int width, height;
  };
  const Case cases[] = {{"one pixel", 1, 1}, {"icon", 16, 16},        {"thumbnail", 64, 48}, {"flat", 3000, 5},
                        {"thin", 5, 3000},   {"very wide", 40000, 9}, {"large", 2500, 2100}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Image picture = plain(c.width, c.height);
    const Detection found[] = {box(0, 0, 0, static_cast<float>(c.width), static_cast<float>(c.height))};
    ASSERT_TRUE(draw(picture, found));
    for (const int x : {0, c.width / 2, c.width - 1}) {
      if (c.width > 16 && x != c.width / 2) continue;  // rounded corners
      EXPECT_EQ(at(picture, x, c.height - 1), class_colour(0)) << x;
    }
    EXPECT_EQ(at(picture, c.width - 1, c.height / 2), class_colour(0));
  }
}

// The same wherever it is.
TEST(DrawDetections, PlacesMakeNoDifference) {
  NEEDS_DRAWING();
  constexpr int kShift = 700;
  Image first = plain(2048, 1536), second = plain(2048, 1536);
  const Detection here[] = {box(5, 300, 400, 700, 800, "a label to compare")};
  const Detection there[] = {box(5, 300 + kShift, 400, 700 + kShift, 800, "a label to compare")};
  ASSERT_TRUE(draw(first, here));
  ASSERT_TRUE(draw(second, there));
  for (int y = 300; y < 900; ++y) {
    ASSERT_TRUE(std::equal(pixel_of(first, 250, y), pixel_of(first, 800, y), pixel_of(second, 250 + kShift, y))) << y;
  }
}

TEST(DrawDetections, TheBestIsOnTop) {
  NEEDS_DRAWING();
  const Detection low = box(0, 100, 100, 300, 300, "cat", 0.5f), high = box(1, 100, 100, 300, 300, "dog", 0.8f);
  for (const auto& order : {std::vector{low, high}, std::vector{high, low}}) {
    Image picture = plain(640, 480);
    ASSERT_TRUE(draw(picture, order));
    EXPECT_EQ(at(picture, 100, 200), class_colour(1));
    EXPECT_EQ(at(picture, 103, 90), class_colour(1)) << "the plate above";
    EXPECT_EQ(at(picture, 103, 104), class_colour(0)) << "the plate of the other, inside";
  }
}

TEST(DrawDetections, ACrowdDoesNotCoverThePicture) {
  NEEDS_DRAWING();
  std::vector<Detection> crowd;
  for (int i = 0; i < 3000; ++i) {
    const auto x = static_cast<float>(i * 37 % 600), y = static_cast<float>(i * 53 % 440);
    crowd.push_back(box(i % 90, x, y, x + 30, y + 30, "person"));
  }
  Image picture = plain(640, 480);
  EXPECT_TRUE(draw(picture, crowd));
}

// Pixels of a colour, in the rows top .. bottom.
int count_of(const Image& picture, Colour colour, int top, int bottom) {
  int count = 0;
  for (int y = top; y < bottom; ++y)
    for (int x = 0; x < picture.width(); ++x) count += at(picture, x, y) == colour ? 1 : 0;
  return count;
}

TEST(DrawDetections, ObjectsOfAClassHaveShadesOfItsColour) {
  NEEDS_DRAWING();
  Image picture = plain(640, 480);
  const Detection found[] = {box(2, 100, 100, 200, 200, "cat", 0.5f), box(2, 300, 100, 400, 200, "cat", 0.8f),
                             box(3, 500, 100, 600, 200, "dog", 0.1f)};
  ASSERT_TRUE(draw(picture, found));
  EXPECT_EQ(at(picture, 300, 150), class_colour(2)) << "the best has the class's own";
  EXPECT_EQ(at(picture, 100, 150), instance_colour(2, 1));
  EXPECT_EQ(at(picture, 103, 95), instance_colour(2, 1)) << "its plate too";
  EXPECT_EQ(at(picture, 500, 150), class_colour(3));
  for (std::size_t i = 1; i < 5; ++i) EXPECT_NE(instance_colour(2, i), instance_colour(2, i - 1)) << i;
}

TEST(DrawDetections, WhereNamesHaveNoRoomThereIsThePlaceAmongTheAnswers) {
  NEEDS_DRAWING();
  const Detection found[] = {box(0, 4, 20, 40, 60, "umbrella", 0.9f), box(1, 20, 25, 60, 62, "umbrella", 0.8f),
                             box(2, 44, 2, 62, 30, "umbrella", 0.7f)};
  Image small = plain(64, 64), large = plain(640, 480);
  ASSERT_TRUE(draw(small, found));
  ASSERT_TRUE(draw(large, found));
  const auto plate = [](const Image& picture, int index) {
    int widest = 0;  // of the rows, the one with most of the colour: a plate is filled
    for (int y = 0; y < picture.height(); ++y)
      widest = std::max(widest, count_of(picture, class_colour(index), y, y + 1));
    return widest;
  };
  EXPECT_GT(count_of(small, class_colour(0), 0, 64), 200) << "the best has its name";
  for (const int index : {1, 2}) {
    const int pixels = count_of(small, class_colour(index), 0, 64);
    EXPECT_GT(pixels, 100) << "a number is there: more than a frame";
    EXPECT_LT(pixels, 350) << "but no name, whose plate alone has 600";
    EXPECT_GT(plate(large, index), 50) << "there is room for names";
  }
}

TEST(DrawDetections, LongNamesAreShortened) {
  NEEDS_DRAWING();
  Image picture = plain(640, 480);
  const std::string name(100, 'x');
  const Detection found[] = {box(1, 100, 200, 300, 300, name)};
  ASSERT_TRUE(draw(picture, found));
  const Extent drawn = extent_of(picture, [](Colour colour) { return colour == class_colour(1); });
  EXPECT_GT(drawn.right - drawn.left, 250);
  EXPECT_LT(drawn.right - drawn.left, 320) << "0.4 of the picture, the score and the margins";
}

TEST(DrawDetections, LettersWithoutAFontBecomeTheNumberOfTheClass) {
  NEEDS_DRAWING();
  const auto caption = [](std::string_view label) {
    Letters letters;
    std::string words;
    append_class(words, 7, label, letters, 14);
    return words;
  };
  EXPECT_EQ(caption("caf\xc3\xa9 \xce\xb1\xe2\x80\x8d\xef\xb8\x8f"), "caf\xc3\xa9 \xce\xb1\xe2\x80\x8d\xef\xb8\x8f");
  EXPECT_EQ(caption("cat \xf4\x8f\xbf\xbd"), "class 7") << "U+10FFFD is nobody's letter";
  EXPECT_EQ(caption(""), "class 7");
}

TEST(DrawDetections, LabelsOfAnyBytes) {
  NEEDS_DRAWING();
  const std::string every_byte = [] {
    std::string text;
    for (int i = 0; i < 256; ++i) text += static_cast<char>(i);
    return text;
  }();
  const std::string long_label(1 << 20, 'x');
  for (const std::string_view label :
       {std::string_view(every_byte), std::string_view("\xff\xfe"), std::string_view("a\nb\tc"),
        std::string_view("\0", 1), std::string_view(long_label), std::string_view("\xf0\x9f\x90\xb1")}) {
    Image picture = plain(320, 240);
    const Detection found[] = {box(2, 50, 50, 100, 100, label)};
    ASSERT_TRUE(draw(picture, found)) << label.substr(0, 20);
    EXPECT_FALSE(changed(picture).empty());
  }
}

// Boxes are those of the picture as a viewer sees it, whatever its pixels are stored like.
TEST(DrawDetections, ATurnedPictureIsTurnedUpright) {
  NEEDS_DRAWING();
  Image turned = plain(480, 640), upright = plain(640, 480);
  turned.set_orientation(Orientation::rotate_90);
  const Detection found[] = {box(3, 200, 150, 400, 350)};
  ASSERT_TRUE(draw(turned, found));
  ASSERT_TRUE(draw(upright, found));
  EXPECT_EQ(turned.orientation(), Orientation::upright);
  EXPECT_EQ(turned.width(), 640);
  EXPECT_TRUE(std::ranges::equal(turned.pixels(), upright.pixels()));
}

TEST(DrawDetections, ThreadsDrawWhatOneDraws) {
  NEEDS_DRAWING();
  const Detection found[] = {box(3, 20, 50, 200, 150, "caf\xc3\xa9 \xe7\x8c\xab"), box(4, 60, 80, 90, 140, "dog")};
  Image expected = plain(320, 200);
  ASSERT_TRUE(draw(expected, found));
  std::vector<std::thread> threads;
  std::array<bool, 4> same{};
  for (bool& one : same) {
    threads.emplace_back([&] {
      one = true;
      for (int i = 0; i < 5; ++i) {
        Image picture = plain(320, 200);
        one = one && draw(picture, found) && std::ranges::equal(picture.pixels(), expected.pixels());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const bool one : same) EXPECT_TRUE(one);
}

Colour half(Colour a, Colour b) {
  const auto mean = [](int x, int y) { return static_cast<std::uint8_t>((x + y + 1) / 2); };
  return {mean(a.red, b.red), mean(a.green, b.green), mean(a.blue, b.blue)};
}

TEST(DrawSegmentation, TintsOutlinesAndShade) {
  NEEDS_DRAWING();
  // A square of class 1 whose right half is class 2.
  const Mask mask(640, 480, kLabels, [](int x, int y) {
    return x < 100 || x >= 300 || y < 100 || y >= 300 ? 0 : x < 200 ? 1 : 2;
  });
  Image picture = plain(640, 480);
  ASSERT_TRUE(draw(picture, mask.segmentation));
  EXPECT_EQ(at(picture, 150, 200), half(kGrey, class_colour(1)));
  EXPECT_EQ(at(picture, 250, 200), half(kGrey, class_colour(2)));
  EXPECT_EQ(at(picture, 50, 200), kGrey) << "background is not tinted";
  EXPECT_EQ(at(picture, 100, 200), class_colour(1)) << "outline";
  EXPECT_EQ(at(picture, 101, 200), class_colour(1)) << "two pixels wide";
  EXPECT_EQ(at(picture, 102, 200), half(kGrey, class_colour(1)));
  EXPECT_EQ(at(picture, 199, 200), class_colour(1)) << "between two classes";
  EXPECT_EQ(at(picture, 200, 200), class_colour(2));
  const Colour shaded = at(picture, 99, 200);
  EXPECT_NEAR(shaded.green, kGrey.green * (1 - kShadeOpacity), 1);
  EXPECT_EQ(at(picture, 98, 200), kGrey);
}

TEST(DrawSegmentation, WhatCountsAsBackground) {
  NEEDS_DRAWING();
  struct Case {
    const char* name;
    std::string_view label;
    bool tinted;
  };
  const Case cases[] = {{"no name", "", false},
                        {"named", "background", false},
                        {"capital letter", "Background", false},
                        {"named as in other lists", "__background__", false},
                        {"class 0 of a file without background", "road", true}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Mask mask(200, 100, {&c.label, 1}, [](int, int) { return 0; });
    Image picture = plain(200, 100);
    ASSERT_TRUE(draw(picture, mask.segmentation));
    EXPECT_EQ(at(picture, 100, 5), c.tinted ? half(kGrey, class_colour(0)) : kGrey);
    EXPECT_EQ(changed(picture).empty(), !c.tinted);
  }
}

TEST(DrawSegmentation, LegendHidesTheLeast) {
  NEEDS_DRAWING();
  // Everything but the upper right corner is class 1: the legend goes there.
  const Mask mask(640, 480, kLabels, [](int x, int y) { return x >= 320 && y < 240 ? 0 : 1; });
  Image picture = plain(640, 480);
  ASSERT_TRUE(draw(picture, mask.segmentation));
  const Colour swatch = class_colour(1);
  int found = 0;
  for (int y = 5; y < 230; ++y) {
    for (int x = 330; x < 635; ++x) found += at(picture, x, y) == swatch;
  }
  EXPECT_GT(found, 60) << "the swatch";
  EXPECT_EQ(at(picture, 639, 3), kGrey) << "a margin";
}

TEST(DrawSegmentation, EverySize) {
  NEEDS_DRAWING();
  struct Case {
    const char* name;
    int width, height;
  };
  const Case cases[] = {{"one pixel", 1, 1}, {"icon", 16, 16},         {"thumbnail", 64, 48}, {"flat", 3000, 5},
                        {"thin", 5, 3000},   {"very wide", 40000, 40}, {"large", 4000, 3000}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Mask every_class(c.width, c.height, kLabels, [](int x, int y) { return (x / 3 + y / 2 * 7) % 256; });
    Image picture = plain(c.width, c.height);
    EXPECT_TRUE(draw(picture, every_class.segmentation));
  }
}

TEST(DrawSegmentation, RefusesAMaskOfAnotherSize) {
  NEEDS_DRAWING();
  const Mask mask(64, 48, kLabels, [](int, int) { return 1; });
  Image picture = plain(48, 64);
  const auto drawn = draw(picture, mask.segmentation);
  ASSERT_FALSE(drawn);
  EXPECT_EQ(drawn.error().message, "the mask of 64x48 pixels is not of the picture's size, 48x64");
  Segmentation truncated = mask.segmentation;
  truncated.mask = truncated.mask.first(100);
  Image fitting = plain(64, 48);
  EXPECT_FALSE(draw(fitting, truncated));
}

}  // namespace
}  // namespace mobilenet::drawing
