// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the rows of make_quantized_golden.py are made of.

#include <cstdint>

#include "network/network.h"

namespace mobilenet::testing {

struct Scale {
  float scale;
  std::int32_t zero_point;
};

inline Tensor tensor_of(DataType type, Scale scale) {
  Tensor tensor;
  tensor.name = "t";
  tensor.type = type;
  tensor.quantization = Quantization{{scale.scale}, {scale.zero_point}, 0};
  return tensor;
}

// FNV-1a
class Hash {
 public:
  void add(std::int32_t stored) { value_ = (value_ ^ static_cast<std::uint8_t>(stored)) * 0x100000001b3u; }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace mobilenet::testing
