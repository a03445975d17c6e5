// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// CastOp: the stored numbers of one type under another.

#include <mobilenet/tensor.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace mobilenet {

// Integers wrap into narrower types; floats lose their fraction, and what an integer type cannot hold becomes the
// nearest that it can, a NaN the largest.
template <class To, class From>
To cast_number(From x) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(x)) return std::numeric_limits<To>::max();
    const From beyond = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    if (x >= beyond) return std::numeric_limits<To>::max();
    if (x <= static_cast<From>(std::numeric_limits<To>::lowest())) return std::numeric_limits<To>::lowest();
    return static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

// visit(From{}, To{}) with the element types of two tensors; false where one is no type that CastOp knows.
template <class Visit>
bool with_number_type(DataType type, const Visit& visit) {
  switch (type) {
    case DataType::f32:
      return visit(float{}), true;
    case DataType::u8:
      return visit(std::uint8_t{}), true;
    case DataType::i8:
      return visit(std::int8_t{}), true;
    case DataType::i32:
      return visit(std::int32_t{}), true;
    case DataType::i64:
      return visit(std::int64_t{}), true;
    case DataType::f16:
    case DataType::i16:
    case DataType::boolean:
      break;
  }
  return false;
}
template <class Visit>
bool with_number_types(DataType from, DataType to, const Visit& visit) {
  bool known = false;
  with_number_type(from, [&](auto x) { known = with_number_type(to, [&](auto y) { visit(x, y); }); });
  return known;
}

}  // namespace mobilenet
