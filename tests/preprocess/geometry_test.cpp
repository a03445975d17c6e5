// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Where crops and windows lie, against the sources' own formulas, worked out by hand.

#include "preprocess/geometry.h"

#include <gtest/gtest.h>

#include <limits>
#include <ostream>

namespace mobilenet {

void PrintTo(const AxisGeometry& axis, std::ostream* out) {
  *out << "crop " << axis.crop_begin << '+' << axis.crop_size << " to " << axis.resized << ", window "
       << axis.window_begin << '+' << axis.window_size << " at " << axis.output_begin;
}

namespace {

PreprocessSpec mode(ResizeMode mode, double fraction = 0.875) {
  PreprocessSpec spec;
  spec.mode = mode;
  spec.crop_fraction = fraction;
  return spec;
}

PreprocessSpec edge(int shortest_edge, int crop_size, CropRounding rounding) {
  PreprocessSpec spec;
  spec.mode = ResizeMode::shortest_edge;
  spec.resize_height = spec.resize_width = shortest_edge;
  spec.base_height = spec.base_width = crop_size;
  spec.rounding = rounding;
  return spec;
}

PreprocessSpec resize(ResizeMode mode, int height, int width, CropRounding rounding) {
  PreprocessSpec spec;
  spec.mode = mode;
  spec.resize_height = height;
  spec.resize_width = width;
  spec.rounding = rounding;
  return spec;
}

PreprocessSpec limited(PreprocessSpec spec, int longest_edge) {
  spec.longest_edge = longest_edge;
  return spec;
}

struct GeometryCase {
  const char* name;
  PreprocessSpec spec;
  PictureSize picture;
  PictureSize input;
  AxisGeometry columns;
  AxisGeometry rows;
};

const GeometryCase kGeometryCases[] = {
    {"square crop, side truncated, odd margin",
     mode(ResizeMode::crop),
     {1280, 721},
     {224, 224},
     {325, 630, 224, 0, 224, 0},
     {45, 630, 224, 0, 224, 0}},
    {"square crop of one pixel", mode(ResizeMode::crop), {1, 9}, {8, 8}, {0, 1, 8, 0, 8, 0}, {4, 1, 8, 0, 8, 0}},
    {"square crop of everything", mode(ResizeMode::crop, 1.0), {5, 4}, {8, 8}, {0, 4, 8, 0, 8, 0}, {0, 4, 8, 0, 8, 0}},
    {"central crop keeps the aspect ratio",
     mode(ResizeMode::central_crop),
     {1280, 727},
     {224, 224},
     {80, 1120, 224, 0, 224, 0},
     {45, 637, 224, 0, 224, 0}},
    {"central crop of a tiny picture",
     mode(ResizeMode::central_crop),
     {1, 3},
     {8, 8},
     {0, 1, 8, 0, 8, 0},
     {0, 3, 8, 0, 8, 0}},
    {"shorter side is the height, longer side truncated",
     edge(256, 224, CropRounding::half_even),
     {1280, 719},
     {224, 224},
     {0, 1280, 455, 116, 224, 0},
     {0, 719, 256, 16, 224, 0}},  // 455.74; 231 / 2 = 115.5, to even 116
    {"the same margin rounded down",
     edge(256, 224, CropRounding::down),
     {1280, 719},
     {224, 224},
     {0, 1280, 455, 115, 224, 0},
     {0, 719, 256, 16, 224, 0}},
    {"half to even goes down too",
     edge(256, 224, CropRounding::half_even),
     {720, 1277},
     {224, 224},
     {0, 720, 256, 16, 224, 0},
     {0, 1277, 454, 115, 224, 0}},
    {"margin 1.5 becomes 2",
     edge(227, 224, CropRounding::half_even),
     {10, 10},
     {224, 224},
     {0, 10, 227, 2, 224, 0},
     {0, 10, 227, 2, 224, 0}},
    {"margin 0.5 becomes 0",
     edge(225, 224, CropRounding::half_even),
     {10, 10},
     {224, 224},
     {0, 10, 225, 0, 224, 0},
     {0, 10, 225, 0, 224, 0}},
    {"edge smaller than the crop: padded, the odd pixel last",
     edge(5, 8, CropRounding::down),
     {10, 20},
     {8, 8},
     {0, 10, 5, 0, 5, 1},
     {0, 20, 10, 1, 8, 0}},
    {"padded by torchvision's rule",
     edge(5, 8, CropRounding::half_even),
     {20, 10},
     {8, 8},
     {0, 20, 10, 1, 8, 0},
     {0, 10, 5, 0, 5, 1}},
    {"another input size scales the edge",
     edge(256, 224, CropRounding::down),
     {100, 100},
     {192, 192},
     {0, 100, 219, 13, 192, 0},
     {0, 100, 219, 13, 192, 0}},
    {"an input that is not square is covered",
     edge(32, 32, CropRounding::down),
     {100, 100},
     {64, 32},
     {0, 100, 64, 0, 64, 0},
     {0, 100, 64, 16, 32, 0}},
    {"squash", mode(ResizeMode::squash), {3, 500}, {300, 200}, {0, 3, 300, 0, 300, 0}, {0, 500, 200, 0, 200, 0}},
    {"pad a wide picture at the bottom",
     mode(ResizeMode::pad),
     {640, 427},
     {513, 513},
     {0, 640, 513, 0, 513, 0},
     {0, 427, 342, 0, 342, 0}},
    {"pad a tall picture at the right",
     mode(ResizeMode::pad),
     {427, 640},
     {513, 513},
     {0, 427, 342, 0, 342, 0},
     {0, 640, 513, 0, 513, 0}},
    {"pad a line to at least one pixel",
     mode(ResizeMode::pad),
     {5000, 1},
     {64, 64},
     {0, 5000, 64, 0, 64, 0},
     {0, 1, 1, 0, 1, 0}},
    {"the whole centre in the proportions of a tall input",
     mode(ResizeMode::crop, 1.0),
     {100, 60},
     {32, 64},
     {35, 30, 32, 0, 32, 0},
     {0, 60, 64, 0, 64, 0}},
    {"a part of it", mode(ResizeMode::crop), {60, 100}, {64, 32}, {4, 52, 64, 0, 64, 0}, {37, 26, 32, 0, 32, 0}},
    {"a tiny part is one pixel",
     mode(ResizeMode::crop, 1e-17),
     {60, 100},
     {8, 8},
     {29, 1, 8, 0, 8, 0},
     {49, 1, 8, 0, 8, 0}},
    {"a tiny central crop is not empty",
     mode(ResizeMode::central_crop, 1e-17),
     {60, 101},
     {8, 8},
     {29, 2, 8, 0, 8, 0},
     {50, 1, 8, 0, 8, 0}},
    {"a crop that is no square",
     edge(64, 0, CropRounding::down),
     {96, 64},
     {64, 48},
     {0, 96, 96, 16, 64, 0},
     {0, 64, 64, 8, 48, 0}},
    {"the longer side stays below its limit",
     limited(edge(256, 0, CropRounding::down), 300),
     {1000, 500},
     {224, 224},
     {0, 1000, 300, 38, 224, 0},
     {0, 500, 150, 0, 150, 37}},
    {"a limit that is not met",
     limited(edge(256, 0, CropRounding::down), 300),
     {500, 500},
     {224, 224},
     {0, 500, 256, 16, 224, 0},
     {0, 500, 256, 16, 224, 0}},
    {"bars above and below, the odd pixel last",
     mode(ResizeMode::fit),
     {100, 49},
     {64, 64},
     {0, 100, 64, 0, 64, 0},
     {0, 49, 31, 0, 31, 16}},
    {"bars left and right of a tall picture",
     mode(ResizeMode::fit),
     {49, 100},
     {64, 48},
     {0, 49, 24, 0, 24, 20},
     {0, 100, 48, 0, 48, 0}},
    {"a border cut by the crop",
     resize(ResizeMode::fit, 256, 256, CropRounding::half_even),
     {100, 50},
     {224, 224},
     {0, 100, 256, 16, 224, 0},
     {0, 50, 128, 0, 128, 48}},
    {"cover rounds to the nearest",
     resize(ResizeMode::cover, 73, 54, CropRounding::half_even),
     {100, 77},
     {48, 64},
     {0, 100, 95, 24, 48, 0},
     {0, 77, 73, 4, 64, 0}},
    {"squash, then the centre",
     resize(ResizeMode::squash, 73, 73, CropRounding::half_even),
     {96, 64},
     {64, 64},
     {0, 96, 73, 4, 64, 0},
     {0, 64, 73, 4, 64, 0}},
    {"no resizing at all", mode(ResizeMode::keep), {96, 50}, {64, 64}, {0, 96, 96, 16, 64, 0}, {0, 50, 50, 0, 50, 7}},
};

TEST(Geometry, Cases) {
  for (const GeometryCase& test : kGeometryCases) {
    const Result<Geometry> geometry = plan_geometry(test.spec, test.picture, test.input);
    ASSERT_TRUE(geometry) << test.name << ": " << geometry.error().message;
    EXPECT_EQ(geometry->columns, test.columns) << test.name;
    EXPECT_EQ(geometry->rows, test.rows) << test.name;
  }
}

// Whatever the picture, everything lies inside of everything.
TEST(Geometry, WindowsLieInsideTheirCropsAndInputs) {
  const PreprocessSpec specs[] = {mode(ResizeMode::crop),
                                  mode(ResizeMode::crop, 1e-9),
                                  mode(ResizeMode::central_crop),
                                  mode(ResizeMode::central_crop, 1e-9),
                                  mode(ResizeMode::squash),
                                  mode(ResizeMode::pad),
                                  mode(ResizeMode::fit),
                                  mode(ResizeMode::cover),
                                  mode(ResizeMode::keep),
                                  limited(edge(36, 32, CropRounding::down), 50),
                                  edge(36, 32, CropRounding::down),
                                  edge(7, 32, CropRounding::half_even)};
  for (const PreprocessSpec& spec : specs)
    for (int width = 1; width < 60; width += 3)
      for (int height = 1; height < 900; height = height * 3 / 2 + 1)
        for (const PictureSize input : {PictureSize{1, 1}, PictureSize{32, 32}, PictureSize{17, 31}}) {
          const Geometry geometry = plan_geometry(spec, {width, height}, input).value();
          for (const auto& [axis, size, side] :
               {std::tuple{geometry.columns, width, input.width}, std::tuple{geometry.rows, height, input.height}}) {
            EXPECT_GE(axis.crop_begin, 0);
            EXPECT_GE(axis.crop_size, 1);
            EXPECT_LE(axis.crop_begin + axis.crop_size, size);
            EXPECT_GE(axis.window_begin, 0);
            EXPECT_GE(axis.window_size, 1);
            EXPECT_LE(axis.window_begin + axis.window_size, axis.resized);
            EXPECT_GE(axis.output_begin, 0);
            EXPECT_LE(axis.output_begin + axis.window_size, side);
          }
        }
}

TEST(Geometry, AnEndlessLineIsRefused) {
  const int endless = std::numeric_limits<int>::max();
  EXPECT_FALSE(plan_geometry(edge(256, 224, CropRounding::down), {1, endless}, {224, 224}));
  EXPECT_TRUE(plan_geometry(mode(ResizeMode::squash), {1, endless}, {224, 224}));
  EXPECT_TRUE(plan_geometry(mode(ResizeMode::crop), {endless, endless}, {224, 224}));
}

}  // namespace
}  // namespace mobilenet
