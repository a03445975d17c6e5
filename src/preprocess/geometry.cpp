// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/geometry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/error.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

// A size that may not be one of pixels yet.
struct Extent {
  std::int64_t width = 0, height = 0;
};

AxisGeometry whole_axis(int begin, int size, int resized) { return {begin, size, resized, 0, resized, 0}; }

// Where a centred window of `window` pixels begins on `size` pixels; negative where it sticks out.
int centre(int size, int window, CropRounding rounding) {
  const int margin = size - window;
  const int half = margin / 2;  // towards zero: a window that sticks out has the odd pixel at its end
  const bool up = rounding == CropRounding::half_even && margin > 0 && margin % 2 == 1 && half % 2 == 1;
  return up ? half + 1 : half;
}

AxisGeometry centred_axis(int size, int resized, int input, CropRounding rounding) {
  const int begin = centre(resized, input, rounding);
  return {0, size, resized, std::max(begin, 0), std::min(resized, input), std::max(-begin, 0)};
}

// The largest part of the picture in the input's proportions.
Extent largest_part(PictureSize picture, PictureSize input) {
  const std::int64_t width = picture.width, height = picture.height;
  if (width * input.height >= height * input.width) return {height * input.width / input.height, height};
  return {width, width * input.height / input.width};
}

AxisGeometry cropped_axis(int size, std::int64_t part, double fraction, int input) {
  const int side = std::max(1, static_cast<int>(fraction * static_cast<double>(part)));
  return whole_axis((size - side) / 2, side, input);
}

// TF-slim's central_crop: the same margin on both sides, truncated.
AxisGeometry central_axis(int size, double fraction, int input) {
  const int margin = std::min(static_cast<int>((size - size * fraction) / 2), (size - 1) / 2);
  return whole_axis(margin, size - 2 * margin, input);
}

// A size of the spec for this input.
std::int64_t scaled(int size, int base, int input) {
  if (size == 0) return input;
  if (base == 0) return size;
  return std::max<std::int64_t>(1, std::int64_t{size} * input / base);
}

// Both sides scaled so that they cover `target`, the one exactly, the other truncated.
Extent cover_truncated(PictureSize picture, Extent target) {
  const std::int64_t width = picture.width, height = picture.height;
  if (width * target.height >= height * target.width) return {target.height * width / height, target.height};
  return {target.width, target.width * height / width};
}

// The shorter side to that of `target` unless the longer one then passes the limit, which counts first.
Extent shortest_edge(PictureSize picture, Extent target, std::int64_t limit) {
  const Extent free = cover_truncated(picture, target);
  const std::int64_t shorter = std::min(picture.width, picture.height),
                     longer = std::max(picture.width, picture.height);
  if (limit == 0 || longer * std::min(target.width, target.height) <= limit * shorter) return free;
  const double exact = static_cast<double>(limit) * static_cast<double>(shorter) / static_cast<double>(longer);
  const auto edge = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::nearbyint(exact)));
  if (edge == shorter) return {picture.width, picture.height};
  const double exact_along = exact * static_cast<double>(longer) / static_cast<double>(shorter);
  const auto along = std::max<std::int64_t>(1, static_cast<std::int64_t>(exact_along));
  return picture.width < picture.height ? Extent{edge, along} : Extent{along, edge};
}

// Both sides divided by one ratio, then rounded.
Extent divided(PictureSize picture, double ratio) {
  const auto side = [&](int size) { return std::max<std::int64_t>(1, std::llrint(std::min(size / ratio, 1e18))); };
  return {side(picture.width), side(picture.height)};
}

// What the whole picture becomes, of the modes that resize all of it.
Extent resized_extent(const PreprocessSpec& spec, PictureSize picture, PictureSize input) {
  const Extent target{scaled(spec.resize_width, spec.base_width, input.width),
                      scaled(spec.resize_height, spec.base_height, input.height)};
  const double across = static_cast<double>(picture.width) / static_cast<double>(target.width);
  const double down = static_cast<double>(picture.height) / static_cast<double>(target.height);
  switch (spec.mode) {
    case ResizeMode::shortest_edge:
      return shortest_edge(picture, target,
                           spec.longest_edge == 0 ? 0 : scaled(spec.longest_edge, spec.base_height, input.height));
    case ResizeMode::cover:
      return divided(picture, std::min(across, down));
    case ResizeMode::fit:
      return divided(picture, std::max(across, down));
    case ResizeMode::squash:
      return target;
    case ResizeMode::keep:
    case ResizeMode::crop:
    case ResizeMode::central_crop:
    case ResizeMode::pad:
      break;
  }
  return {picture.width, picture.height};
}

Geometry padded(PictureSize picture, PictureSize input) {
  const std::int64_t width = picture.width, height = picture.height;
  std::int64_t resized_width = input.width, resized_height = input.height;
  if (width * input.height >= height * input.width)
    resized_height = std::max<std::int64_t>(1, height * input.width / width);
  else
    resized_width = std::max<std::int64_t>(1, width * input.height / height);
  return {whole_axis(0, picture.width, static_cast<int>(resized_width)),
          whole_axis(0, picture.height, static_cast<int>(resized_height))};
}

}  // namespace

Result<Geometry> plan_geometry(const PreprocessSpec& spec, PictureSize picture, PictureSize input) {
  switch (spec.mode) {
    case ResizeMode::crop: {
      const Extent part = largest_part(picture, input);
      return Geometry{cropped_axis(picture.width, part.width, spec.crop_fraction, input.width),
                      cropped_axis(picture.height, part.height, spec.crop_fraction, input.height)};
    }
    case ResizeMode::central_crop:
      return Geometry{central_axis(picture.width, spec.crop_fraction, input.width),
                      central_axis(picture.height, spec.crop_fraction, input.height)};
    case ResizeMode::pad:
      return padded(picture, input);
    case ResizeMode::shortest_edge:
    case ResizeMode::cover:
    case ResizeMode::fit:
    case ResizeMode::squash:
    case ResizeMode::keep: {
      const Extent resized = resized_extent(spec, picture, input);
      MOBILENET_TRY(const PictureSize window, network_input_size(spec, picture, input));
      if (std::max(resized.width, resized.height) > std::numeric_limits<int>::max())
        return failure(ErrorCode::invalid_argument, "a picture of ", picture.width, "x", picture.height,
                       " pixels is too elongated: resized it would become ", resized.width, "x", resized.height);
      return Geometry{centred_axis(picture.width, static_cast<int>(resized.width), window.width, spec.rounding),
                      centred_axis(picture.height, static_cast<int>(resized.height), window.height, spec.rounding)};
    }
  }
  return failure(ErrorCode::invalid_argument, "the preprocessing has no such way to resize");
}

Result<PictureSize> network_input_size(const PreprocessSpec& spec, PictureSize picture, PictureSize input) {
  if (spec.input_size == InputSize::fixed) return input;
  const Extent resized = resized_extent(spec, picture, input);
  if (resized.width > kMostPixels || resized.height > kMostPixels)
    return failure(ErrorCode::invalid_argument, "a picture of ", picture.width, "x", picture.height,
                   " pixels would become an input of ", resized.width, "x", resized.height, ", at most ", kMostPixels,
                   " a side are possible; the model's preprocessing does not crop");
  return PictureSize{static_cast<int>(resized.width), static_cast<int>(resized.height)};
}

Geometry plane_geometry(const Geometry& geometry, PictureSize picture, PictureSize plane) {
  const auto scaled = [](AxisGeometry axis, std::int64_t from, std::int64_t to) {
    // In pixels of the plane, times `from`: exact.
    const std::int64_t begin = axis.crop_begin * to, end = (std::int64_t{axis.crop_begin} + axis.crop_size) * to;
    const std::int64_t first = begin / from, last = (end + from - 1) / from;
    axis.crop_begin = static_cast<int>(first);
    axis.crop_size = static_cast<int>(last - first);
    axis.lead = static_cast<double>(begin - first * from) / static_cast<double>(from);
    axis.trail = static_cast<double>(last * from - end) / static_cast<double>(from);
    return axis;
  };
  return {scaled(geometry.columns, picture.width, plane.width), scaled(geometry.rows, picture.height, plane.height)};
}

}  // namespace mobilenet
