// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the files of integer arithmetic share: the types of an operator's two ends, tables of all bytes, and the
// sentence that refuses a tensor.

#include "network/quantized_arithmetic.h"

namespace mobilenet {

// "tensor "x" (u8) WHAT"
Error quantization_error(const Tensor& tensor, const char* what);

struct TypePair {
  AffineType input, output;
};
Result<TypePair> type_pair(const Tensor& input, const Tensor& output);
// Fails when one is u8 and the other i8.
Result<TypePair> equal_type_pair(const Tensor& input, const Tensor& output);

// Fills a table from stored input integer to stored output integer.
template <class Function>
ByteTable fill_table(const AffineType& input, const Function& function) {
  ByteTable table;
  const IntegerRange range = type_range(input.type);
  for (std::int32_t stored = range.low; stored <= range.high; ++stored)
    table[static_cast<std::uint8_t>(stored)] = static_cast<std::uint8_t>(function(stored));
  return table;
}

}  // namespace mobilenet
