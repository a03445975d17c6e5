// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Operators that only move elements: along every axis of the output, which position of the input it shows.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "network/ops.h"

namespace mobilenet {

// A position of the output that shows nothing of the input.
inline constexpr std::int64_t kNowhere = -1;

// The axis of the input that axis `axis` of the output walks along.
inline int input_axis(const TransposeOp& op, int axis) { return op.order[static_cast<std::size_t>(axis)]; }
template <class Moving>
int input_axis(const Moving&, int axis) {
  return axis;
}

// The position along it, `in` and `out` being the extents along both.
inline std::int64_t input_position(const TransposeOp&, int, std::int64_t position, std::int64_t, std::int64_t) {
  return position;
}
inline std::int64_t input_position(const SliceOp& op, int axis, std::int64_t position, std::int64_t, std::int64_t) {
  return op.begin[axis] + position * op.stride[axis];
}
inline std::int64_t input_position(const TileOp&, int, std::int64_t position, std::int64_t in, std::int64_t) {
  return position % in;
}
inline std::int64_t input_position(const PadOp& op, int axis, std::int64_t position, std::int64_t in, std::int64_t) {
  const std::int64_t inside = position - op.before[axis];
  if (inside >= 0 && inside < in) return inside;
  switch (op.mode) {
    case PadMode::constant:
      return kNowhere;
    case PadMode::reflect:
      return inside < 0 ? -inside : 2 * in - 2 - inside;
    case PadMode::symmetric:
      return inside < 0 ? -inside - 1 : 2 * in - 1 - inside;
  }
  return kNowhere;
}
// In the precision of the runtime, whose products decide which pixel is nearest.
inline std::int64_t input_position(const ResizeNearestOp& op, int axis, std::int64_t position, std::int64_t in,
                                   std::int64_t out) {
  if (axis != 1 && axis != 2) return position;
  if (op.fixed_point) return std::min((position * ((in << 16) / out + 1)) >> 16, in - 1);
  const bool aligned = op.enlargement == Enlargement::align_corners, corners = aligned && out > 1;
  const float scale = static_cast<float>(corners ? in - 1 : in) / static_cast<float>(corners ? out - 1 : out);
  const float place =
      (static_cast<float>(position) + (op.enlargement == Enlargement::half_pixel_centers ? 0.5f : 0.0f)) * scale;
  const auto nearest = static_cast<std::int64_t>(aligned ? std::round(place) : std::floor(place));
  return std::clamp<std::int64_t>(nearest, 0, in - 1);
}

}  // namespace mobilenet
