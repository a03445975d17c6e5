// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "search/query.h"

#include <algorithm>
#include <cmath>

#include "base/half.h"

namespace mobilenet {
namespace {

constexpr float kUnit = 0x1p-24f;  // the relative error of a float operation

}  // namespace

Queries::Queries(std::size_t most, std::size_t stride)
    : stride_(stride),
      floats_(most * stride * sizeof(float)),
      codes_(most * stride * sizeof(std::int16_t)),
      bounds_(most) {}

bool Queries::add(std::span<const float> vector) {
  double squares = 0;
  for (const float value : vector) squares += static_cast<double>(value) * static_cast<double>(value);
  const double length = std::sqrt(squares);
  if (!(length > 0) || !std::isfinite(length)) return false;
  float* const out = floats_.as<float>() + count_ * stride_;
  for (std::size_t i = 0; i < stride_; ++i)
    out[i] = i < vector.size() ? static_cast<float>(static_cast<double>(vector[i]) / length) : 0.0f;
  encode(count_++);
  return true;
}

void Queries::add_row(const std::uint16_t* row) {
  float* const out = floats_.as<float>() + count_ * stride_;
  for (std::size_t i = 0; i < stride_; ++i) out[i] = half_to_float(row[i]);
  encode(count_++);
}

void Queries::encode(std::size_t query) {
  const float* const q = floats(query);
  double largest = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < stride_; ++i) {
    const double value = std::abs(static_cast<double>(q[i]));
    largest = std::max(largest, value);
    sum += value;
    squares += value * value;
  }
  // The largest code fits into 16 bits, and the sum of all products with codes of a row into 32, whichever these are.
  constexpr double kMostOfOne = 32767, kMostOfAll = 0x1p31 * 0.99 / kLargestCode;
  const double scale = std::max(largest / kMostOfOne, sum / kMostOfAll);
  std::int16_t* const codes = codes_.as<std::int16_t>() + query * stride_;
  double errors = 0;
  for (std::size_t i = 0; i < stride_; ++i) {
    const double code = std::nearbyint(static_cast<double>(q[i]) / scale);
    codes[i] = static_cast<std::int16_t>(code);
    const double error = static_cast<double>(q[i]) - code * scale;
    errors += error * error;
  }
  constexpr double kUp = 1 + 1e-6;  // of what is rounded to floats here
  bounds_[query] = {static_cast<float>(scale), static_cast<float>(kUp * std::sqrt(squares)),
                    static_cast<float>(kUp * std::sqrt(errors))};
}

void Queries::bound(std::size_t query, const RowCodes& rows, std::size_t first, std::size_t count,
                    const std::int32_t* products, float* upper) const {
  const Bound& q = bounds_[query];
  // What the exact similarity loses by rounding, which adds `stride` products, and this bound itself.
  const float rounding = (static_cast<float>(stride_) + 32) * kUnit * q.norm * rows.largest_norm;
  const float of_error = q.norm + q.error, of_all = q.error * rows.largest_norm + rounding;
  const float* const scales = rows.scales.data() + first;
  const float* const errors = rows.errors.data() + first;
  for (std::size_t i = 0; i < count; ++i)
    upper[i] = q.scale * scales[i] * static_cast<float>(products[i]) + of_error * errors[i] + of_all;
}

}  // namespace mobilenet
