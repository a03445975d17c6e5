// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures of one colour, objects and masks to be drawn on them, and where something was drawn.

#include <gtest/gtest.h>
#include <mobilenet/draw.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "draw/palette.h"

#define NEEDS_DRAWING() \
  if (auto can = can_draw(); !can) GTEST_SKIP() << can.error().message

namespace mobilenet::drawing {

inline constexpr Colour kGrey{90, 100, 110};
inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

inline Image plain(int width, int height, Colour colour = kGrey) {
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  Image picture(std::make_unique<std::byte[]>(3 * pixels), width, height, Orientation::upright);
  for (std::size_t i = 0; i < pixels; ++i) {
    const auto pixel = picture.pixels().subspan(3 * i, 3);
    pixel[0] = std::byte{colour.red}, pixel[1] = std::byte{colour.green}, pixel[2] = std::byte{colour.blue};
  }
  return picture;
}

inline const std::uint8_t* pixel_of(const Image& picture, int x, int y) {
  return static_cast<const std::uint8_t*>(picture.view().planes[0]) + 3 * (std::ptrdiff_t{y} * picture.width() + x);
}

inline Colour at(const Image& picture, int x, int y) {
  const std::uint8_t* pixel = pixel_of(picture, x, y);
  return {pixel[0], pixel[1], pixel[2]};
}

inline Detection box(int class_index, float left, float top, float right, float bottom, std::string_view label = "cat",
                     float score = 0.9f) {
  return {class_index, label, score, left, top, right, bottom};
}

struct Extent {
  int left = 0, top = 0, right = 0, bottom = 0;
  bool empty() const { return right == 0; }
};

// Around all pixels that `belongs` says yes to.
template <class Predicate>
Extent extent_of(const Image& picture, Predicate belongs) {
  Extent found{picture.width(), picture.height(), 0, 0};
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) {
      if (!belongs(at(picture, x, y))) continue;
      found = {std::min(found.left, x), std::min(found.top, y), std::max(found.right, x + 1),
               std::max(found.bottom, y + 1)};
    }
  }
  return found;
}

inline Extent changed(const Image& picture) {
  return extent_of(picture, [](Colour colour) { return colour != kGrey; });
}

// A mask with what the classes need: regions are given by a function of x and y.
struct Mask {
  std::vector<std::uint8_t> pixels;
  std::vector<SegmentClass> classes;
  Segmentation segmentation;

  template <class ClassAt>
  Mask(int width, int height, std::span<const std::string_view> labels, ClassAt class_at) {
    std::vector<std::int64_t> counts(256);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        pixels.push_back(static_cast<std::uint8_t>(class_at(x, y)));
        ++counts[pixels.back()];
      }
    }
    for (int i = 0; i < 256; ++i) {
      const auto number = static_cast<std::size_t>(i);
      if (counts[number] == 0) continue;
      classes.push_back({i, number < labels.size() ? labels[number] : std::string_view(), counts[number]});
    }
    std::ranges::stable_sort(classes, std::ranges::greater(), &SegmentClass::pixels);
    segmentation = {width, height, pixels, classes, {}};
  }
};

inline constexpr std::string_view kLabels[] = {"background", "aeroplane", "bicycle"};

}  // namespace mobilenet::drawing
