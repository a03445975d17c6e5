// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What layers with 16-bit activations make of their constants and sums, beside quantized_int16.h.

#include <vector>

#include "base/error.h"
#include "network/parameter.h"
#include "network/quantized_int16.h"

namespace mobilenet {

// A bias of i64 or i32.
inline Result<std::vector<std::int64_t>> int16_bias(const Parameter& bias) {
  if (bias.type != DataType::i64 && bias.type != DataType::i32)
    return failure(ErrorCode::unsupported, "a bias of ", name_of(bias.type), " with 16-bit activations");
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < bias.shape.elements(); ++i)
    values.push_back(int16_bounded_bias(stored_wide_integer(bias, i)));
  return values;
}

inline std::int32_t int16_mean_element(FixedPoint factor, std::int64_t sum) {
  return kInt16Range.clamp(multiply_rounded_twice(static_cast<std::int32_t>(sum), factor, Halves::away_from_zero));
}

}  // namespace mobilenet
