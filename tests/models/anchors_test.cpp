// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "models/anchors.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mobilenet {
namespace {

// Anchors are stored as floats of numbers below 1.
constexpr double kTolerance = 1e-6;

void expect_box(const AnchorBox& box, double y, double x, double height, double width) {
  EXPECT_NEAR(box.y, y, kTolerance);
  EXPECT_NEAR(box.x, x, kTolerance);
  EXPECT_NEAR(box.height, height, kTolerance);
  EXPECT_NEAR(box.width, width, kTolerance);
}

TEST(Anchors, MapByMapRowByRowCellByCellShapeByShape) {
  const std::vector<std::vector<AnchorShape>> shapes{{{0.1f, 0.2f}, {0.3f, 0.4f}}, {{0.5f, 0.6f}}};
  const AnchorGrid grids[] = {{2, 3}, {1, 1}};
  const std::vector<AnchorBox> boxes = generate_anchors(shapes, grids);
  ASSERT_EQ(boxes.size(), 2u * 3u * 2u + 1u);
  expect_box(boxes[0], 0.25, 1 / 6.0, 0.1, 0.2);
  expect_box(boxes[1], 0.25, 1 / 6.0, 0.3, 0.4);
  expect_box(boxes[2], 0.25, 0.5, 0.1, 0.2);
  expect_box(boxes[6], 0.75, 1 / 6.0, 0.1, 0.2);
  expect_box(boxes[12], 0.5, 0.5, 0.5, 0.6);
}

TEST(Anchors, AsManyGridsAsShapes) {
  const std::vector<std::vector<AnchorShape>> shapes{{{0.1f, 0.2f}}};
  const AnchorGrid grids[] = {{2, 3}, {1, 1}};
  EXPECT_TRUE(generate_anchors(shapes, grids).empty());
  EXPECT_TRUE(generate_anchors({}, {}).empty());
}

// SSD MobileNet at 300x300: 1917 anchors; scales 0.2, 0.35, 0.5, 0.65, 0.8, 0.95.
TEST(Anchors, SixMapsOfTheMultipleGridGenerator) {
  const auto shapes = multiple_grid_shapes(6);
  ASSERT_EQ(shapes.size(), 6u);
  const AnchorGrid grids[] = {{19, 19}, {10, 10}, {5, 5}, {3, 3}, {2, 2}, {1, 1}};
  const std::vector<AnchorBox> boxes = generate_anchors(shapes, grids);
  ASSERT_EQ(boxes.size(), 1917u);
  expect_box(boxes[0], 0.5 / 19, 0.5 / 19, 0.1, 0.1);
  expect_box(boxes[1], 0.5 / 19, 0.5 / 19, 0.2 / std::sqrt(2.0), 0.2 * std::sqrt(2.0));
  expect_box(boxes[2], 0.5 / 19, 0.5 / 19, 0.2 * std::sqrt(2.0), 0.2 / std::sqrt(2.0));
  const std::size_t second = 19 * 19 * 3;
  expect_box(boxes[second], 0.05, 0.05, 0.35, 0.35);
  expect_box(boxes[second + 3], 0.05, 0.05, 0.35 / std::sqrt(3.0), 0.35 * std::sqrt(3.0));
  // A third is 0.3333 in the framework's own defaults.
  expect_box(boxes[second + 4], 0.05, 0.05, 0.35 / std::sqrt(0.3333), 0.35 * std::sqrt(0.3333));
  expect_box(boxes[second + 5], 0.05, 0.05, std::sqrt(0.35 * 0.5), std::sqrt(0.35 * 0.5));
  expect_box(boxes[1916], 0.5, 0.5, std::sqrt(0.95), std::sqrt(0.95));
}

TEST(Anchors, OneMapAndNone) {
  const auto one = multiple_grid_shapes(1);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].size(), 3u);
  EXPECT_NEAR(one[0][1].width, 0.2 * std::sqrt(2.0), kTolerance);
  EXPECT_TRUE(multiple_grid_shapes(0).empty());
}

TEST(Anchors, PriorBoxes) {
  const double ratios[] = {2, 3};
  const std::vector<AnchorShape> shapes = prior_box_shapes(105, 150, ratios);
  ASSERT_EQ(shapes.size(), 6u);
  const auto expect_shape = [&](std::size_t i, double height, double width) {
    EXPECT_NEAR(shapes[i].height / 300, height, kTolerance) << i;
    EXPECT_NEAR(shapes[i].width / 300, width, kTolerance) << i;
  };
  expect_shape(0, 0.35, 0.35);
  expect_shape(1, std::sqrt(105.0 * 150) / 300, std::sqrt(105.0 * 150) / 300);
  expect_shape(2, 0.35 / std::sqrt(2.0), 0.35 * std::sqrt(2.0));  // wide
  expect_shape(3, 0.35 * std::sqrt(2.0), 0.35 / std::sqrt(2.0));  // tall
  expect_shape(4, 0.35 / std::sqrt(3.0), 0.35 * std::sqrt(3.0));
  expect_shape(5, 0.35 * std::sqrt(3.0), 0.35 / std::sqrt(3.0));
  EXPECT_EQ(prior_box_shapes(60, 0, {}).size(), 1u) << "no maximum size";
}

TEST(Anchors, UnitsAtAnyInputSize) {
  const std::vector<std::vector<AnchorShape>> shapes{{{20, 40}}};
  struct Case {
    const char* name;
    AnchorUnit unit;
    int height, width;
    AnchorShape expected;
  };
  const Case cases[] = {{"sides", AnchorUnit::sides, 64, 128, {20, 40}},
                        {"shorter side of a square", AnchorUnit::shorter_side, 64, 64, {20, 40}},
                        {"shorter side, wide", AnchorUnit::shorter_side, 64, 128, {20, 20}},
                        {"shorter side, tall", AnchorUnit::shorter_side, 160, 80, {10, 40}},
                        {"pixels", AnchorUnit::pixel, 40, 400, {0.5f, 0.1f}}};
  for (const Case& c : cases) EXPECT_EQ(in_sides(shapes, c.unit, c.height, c.width)[0][0], c.expected) << c.name;
}

}  // namespace
}  // namespace mobilenet
