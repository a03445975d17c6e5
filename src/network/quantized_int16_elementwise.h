// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The arithmetic of 16-bit operators on single numbers and on pairs of them, equal bit for bit to TensorFlow Lite. See
// quantized_int16.h and quantized_elementwise.h, some of whose formulas hold here too; tests/network pins it.

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "network/quantized_elementwise.h"
#include "network/quantized_int16.h"

namespace mobilenet {

// --- Two numbers ---------------------------------------------------------------------------------------------------
struct Int16SumElement {
  Int16SumArithmetic sum;
  std::int32_t operator()(std::int32_t a, std::int32_t b) const { return int16_sum_element(sum, a, b); }
};
struct Int16ProductElement {
  Int16ProductArithmetic product;
  std::int32_t operator()(std::int32_t a, std::int32_t b) const { return int16_product_element(product, a, b); }
};

using Int16BinaryArithmetic =
    std::variant<Int16SumElement, Int16ProductElement, QuotientElement, MinimumElement, MaximumElement, PreluElement>;
// Fails when the kind has no form in 16 bits, or when the scales are too far apart. The slopes of prelu are i8, like
// weights; everything else is i16.
Result<Int16BinaryArithmetic> int16_binary_arithmetic(BinaryKind kind, const Tensor& a, const Tensor& b,
                                                      const Tensor& output, Activation activation);

// --- One number ----------------------------------------------------------------------------------------------------
// Output integer by input integer.
class Int16Table {
 public:
  Int16Table() = default;
  // From function(stored) of every stored integer.
  template <class Function>
  explicit Int16Table(const Function& function) {
    std::vector<std::int16_t> values;
    values.reserve(std::size_t{1} << 16);
    for (std::int32_t stored = kInt16Range.low; stored <= kInt16Range.high; ++stored)
      values.push_back(static_cast<std::int16_t>(function(stored)));
    values_ = std::make_shared<const std::vector<std::int16_t>>(std::move(values));
  }
  std::int16_t operator()(std::int32_t stored) const {
    return (*values_)[static_cast<std::size_t>(stored - kInt16Range.low)];
  }

 private:
  std::shared_ptr<const std::vector<std::int16_t>> values_;
};
// Fails for what the runtime has no 16 bits for. What it refuses to compute is nearby, as in unary_table.
Result<Int16Table> int16_unary_table(const UnaryOp& op, const Tensor& input, const Tensor& output);

}  // namespace mobilenet
