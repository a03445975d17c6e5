// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What drawing is made of: how near the borders of a mask are, round corners, lines.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "draw/borders.h"
#include "draw/canvas.h"
#include "draw/corners.h"
#include "draw/drawn.h"

namespace mobilenet::drawing {
namespace {

// The definition, one pixel at a time, until nothing changes: distances in thirds of pixels, 0 beside a border.
std::vector<int> plain_distances(const std::vector<std::uint8_t>& mask, int width, int height) {
  constexpr int kFar = 1 << 20;
  std::vector<int> distances(mask.size(), kFar);
  const auto place = [&](int x, int y) {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  };
  for (bool changes = true; changes;) {
    changes = false;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int v = std::max(y - 1, 0); v <= std::min(y + 1, height - 1); ++v) {
          for (int u = std::max(x - 1, 0); u <= std::min(x + 1, width - 1); ++u) {
            const int step = u != x && v != y ? 4 : 3;
            const bool border = mask[place(u, v)] != mask[place(x, y)];
            const int through = border ? step - 3 : distances[place(u, v)] + step;
            if (through >= distances[place(x, y)]) continue;
            distances[place(x, y)] = through;
            changes = true;
          }
        }
      }
    }
  }
  return distances;
}

TEST(Borders, AreWhereTheDefinitionSays) {
  struct Case {
    const char* name;
    int width, height, one_in;  // pixels of another class: one in so many
  };
  const Case cases[] = {{"one pixel", 1, 1, 1},     {"a row", 97, 1, 20},           {"a column", 1, 97, 20},
                        {"two columns", 2, 50, 10}, {"few borders", 70, 60, 700},   {"many borders", 83, 41, 30},
                        {"noise", 40, 30, 1},       {"no border", 50, 40, 1 << 30}, {"wider than far", 300, 5, 900}};
  Borders borders;  // one for all: nothing of the mask before may be left
  std::mt19937 random(3);
  for (const Case& c : cases) {
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(c.width) * static_cast<std::size_t>(c.height));
    for (std::uint8_t& number : mask)
      number = random() % static_cast<unsigned>(c.one_in) == 0 ? static_cast<std::uint8_t>(random() % 3) : 3;
    if (c.one_in > 1 << 20) std::ranges::fill(mask, std::uint8_t{9});
    const std::vector<int> distances = plain_distances(mask, c.width, c.height);
    for (const int reach : {1, 2, 3, 6, 17, 60, Borders::kMostReach}) {
      SCOPED_TRACE(testing::Message() << c.name << ", reach " << reach);
      borders.begin(mask, c.width, c.height, reach);
      for (int y = c.height - 1; y >= 0; --y) {
        const auto row = borders.row_above();
        ASSERT_EQ(row.size(), static_cast<std::size_t>(c.width));
        for (int x = 0; x < c.width; ++x) {
          const auto place = static_cast<std::size_t>(y * c.width + x);
          ASSERT_EQ(row[static_cast<std::size_t>(x)], std::max(0, 3 * reach - distances[place])) << x << ", " << y;
        }
      }
    }
  }
}

TEST(Corners, CoverAQuarterOfACircle) {
  Corners corners;
  for (const double radius : {0.0, 0.5, 1.0, 1.5, 2.8, 4.4, 9.0, 11.0, 30.7, 108.0}) {
    SCOPED_TRACE(radius);
    const Corner& corner = corners.of(radius);
    EXPECT_EQ(corner.side, std::ceil(radius));
    double covered = 0;
    for (const std::uint16_t cover : corner.cover) {
      EXPECT_LE(cover, 256);
      covered += cover / 256.0;
    }
    const double outside = radius * radius * (1 - std::numbers::pi / 4);
    // Half a level of each pixel on the edge, and what a slice of a sixteenth of a row is off.
    const double tolerance = 0.02 * radius + 0.01;
    EXPECT_NEAR(covered, double{1} * corner.side * corner.side - outside, tolerance);
    for (int y = 0; y < corner.side; ++y)
      for (int x = 0; x < corner.side; ++x) EXPECT_NEAR(corner.at(x, y), corner.at(y, x), 13) << x << ", " << y;
    EXPECT_EQ(corner.at(corner.side, 0), 256);
  }
  EXPECT_EQ(&corners.of(4.4), &corners.of(4.4)) << "made once";
}

TEST(Canvas, LinesAreAsWideAsTheyAre) {
  struct Case {
    const char* name;
    Point from, to;
    double width;
  };
  const Case cases[] = {{"across", {20, 50}, {80, 50}, 4},       {"down", {50, 20}, {50, 80}, 5},
                        {"slanted", {20, 20}, {80, 60}, 6},      {"backwards", {80, 60}, {20, 20}, 6},
                        {"thin", {20.3, 20.7}, {80.1, 33.3}, 1}, {"a dot", {50, 50}, {50, 50}, 8}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Image picture = plain(100, 100, {0, 0, 0});
    const Pixels pixels{100, 100, reinterpret_cast<std::uint8_t*>(picture.pixels().data()), 300};
    Tools tools;
    Canvas(pixels, tools).line(c.from, c.to, c.width, {255, 255, 255});
    double covered = 0;
    for (const std::byte level : picture.pixels()) covered += std::to_integer<int>(level) / (3 * 255.0);
    const double length = std::hypot(c.to.x - c.from.x, c.to.y - c.from.y);
    const double area = length * c.width + std::numbers::pi / 4 * c.width * c.width;
    EXPECT_NEAR(covered, area, 0.05 * area) << "edges are a pixel wide, whatever their slant";
  }
}

TEST(Canvas, NothingOutsideThePictureIsTouched) {
  constexpr int kSide = 20, kAround = 16;
  std::vector<std::uint8_t> memory(std::size_t{3} * (kSide + 2 * kAround) * (kSide + 2 * kAround), 7);
  constexpr std::ptrdiff_t kRow = std::ptrdiff_t{3} * (kSide + 2 * kAround);
  const Pixels pixels{kSide, kSide, memory.data() + kAround * (kRow + 3), kRow};
  Tools tools;
  Canvas canvas(pixels, tools);
  for (const double at : {-40.0, -12.0, 5.0, 15.0, 40.0}) {
    for (const double down : {-40.0, -12.0, 5.0, 15.0, 40.0}) {
      const Box box{at, down, at + 25, down + 25};
      canvas.fill(box, 4, {255, 0, 0});
      canvas.fill_between(box, 5, box.grown(-4), 2, {0, 255, 0}, 0.5);
      canvas.line({at, down}, {at + 30, down - 17}, 5, {0, 0, 255});
      if (can_draw()) canvas.text(at, down, "words", 12, {255, 255, 255});
    }
  }
  int inside = 0;
  for (int y = -kAround; y < kSide + kAround; ++y) {
    for (int x = -kAround; x < kSide + kAround; ++x) {
      const bool is_inside = x >= 0 && x < kSide && y >= 0 && y < kSide;
      const bool is_changed = !std::all_of(pixels.at(x, y), pixels.at(x, y) + 3, [](int level) { return level == 7; });
      inside += is_inside && is_changed ? 1 : 0;
      ASSERT_FALSE(is_changed && !is_inside) << x << ", " << y;
    }
  }
  EXPECT_EQ(inside, kSide * kSide);
}

}  // namespace
}  // namespace mobilenet::drawing
