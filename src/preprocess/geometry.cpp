// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/geometry.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/error.h"

namespace mobilenet {
namespace {

AxisGeometry whole_axis(int begin, int size, int resized) { return {begin, size, resized, 0, resized, 0}; }

// Both sides of the picture scaled so that they cover `target`, the shorter exactly, the longer truncated.
struct Covering {
  std::int64_t width;
  std::int64_t height;
};

Covering cover(PictureSize picture, std::int64_t target_width, std::int64_t target_height) {
  const std::int64_t width = picture.width, height = picture.height;
  if (width * target_height >= height * target_width) return {target_height * width / height, target_height};
  return {target_width, target_width * height / width};
}

// Where a centred window of `window` pixels begins on `size` pixels; negative where it sticks out.
int centre(int size, int window, CropRounding rounding) {
  const int margin = size - window;
  const int half = margin / 2;  // towards zero: a window that sticks out has the odd pixel at its end
  const bool up = rounding == CropRounding::half_even && margin > 0 && margin % 2 == 1 && half % 2 == 1;
  return up ? half + 1 : half;
}

AxisGeometry centred_axis(int size, int resized, int input, CropRounding rounding) {
  const int begin = centre(resized, input, rounding);
  AxisGeometry axis{0, size, resized, std::max(begin, 0), std::min(resized, input), std::max(-begin, 0)};
  return axis;
}

// TF-slim's central_crop: the same margin on both sides, truncated.
AxisGeometry central_axis(int size, double fraction, int input) {
  const int margin = static_cast<int>((size - size * fraction) / 2);
  return whole_axis(margin, size - 2 * margin, input);
}

}  // namespace

Result<Geometry> plan_geometry(const PreprocessSpec& spec, PictureSize picture, PictureSize input) {
  switch (spec.mode) {
    case ResizeMode::crop_square: {
      const int shorter = std::min(picture.width, picture.height);
      const int side = std::max(1, static_cast<int>(spec.crop_fraction * shorter));
      return Geometry{whole_axis((picture.width - side) / 2, side, input.width),
                      whole_axis((picture.height - side) / 2, side, input.height)};
    }
    case ResizeMode::central_crop:
      return Geometry{central_axis(picture.width, spec.crop_fraction, input.width),
                      central_axis(picture.height, spec.crop_fraction, input.height)};
    case ResizeMode::shortest_edge_crop: {
      // The edge belongs to the default input size; other sizes keep the ratio.
      const auto scaled_edge = [&](int side) {
        return std::max<std::int64_t>(1, std::int64_t{side} * spec.shortest_edge / spec.crop_size);
      };
      const Covering resized = cover(picture, scaled_edge(input.width), scaled_edge(input.height));
      if (std::max(resized.width, resized.height) > std::numeric_limits<int>::max())
        return failure(ErrorCode::invalid_argument, "a picture of ", picture.width, "x", picture.height,
                       " pixels is too elongated: with the shorter side at ", spec.shortest_edge, " it would become ",
                       resized.width, "x", resized.height);
      return Geometry{centred_axis(picture.width, static_cast<int>(resized.width), input.width, spec.rounding),
                      centred_axis(picture.height, static_cast<int>(resized.height), input.height, spec.rounding)};
    }
    case ResizeMode::squash:
      return Geometry{whole_axis(0, picture.width, input.width), whole_axis(0, picture.height, input.height)};
    case ResizeMode::pad: {
      const std::int64_t width = picture.width, height = picture.height;
      std::int64_t resized_width = input.width, resized_height = input.height;
      if (width * input.height >= height * input.width)
        resized_height = std::max<std::int64_t>(1, height * input.width / width);
      else
        resized_width = std::max<std::int64_t>(1, width * input.height / height);
      return Geometry{whole_axis(0, picture.width, static_cast<int>(resized_width)),
                      whole_axis(0, picture.height, static_cast<int>(resized_height))};
    }
  }
  return failure(ErrorCode::invalid_argument, "the preprocessing has no such way to resize");
}

}  // namespace mobilenet
