// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the rows of make_quantized_golden.py are made of.

#include <cstddef>
#include <cstdint>
#include <vector>

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
  void add(DataType type, std::int32_t stored) {
    add(stored);
    if (type == DataType::i16) add(stored >> 8);
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

// The numbers of drawn() in make_int16_golden.py: the ends of their types, and -2048..2047 for a bias.
enum class Drawn { i16, i8, u8, int4, bias };
inline std::vector<std::int32_t> drawn(Drawn what, std::uint32_t state, std::size_t count) {
  std::vector<std::int32_t> numbers(count);
  for (std::int32_t& number : numbers) {
    state = state * 1664525u + 1013904223u;
    switch (what) {
      case Drawn::i16:
        number = static_cast<std::int16_t>(state >> 16);
        break;
      case Drawn::i8:
        number = static_cast<std::int8_t>(state >> 24);
        break;
      case Drawn::u8:
        number = static_cast<std::uint8_t>(state >> 24);
        break;
      case Drawn::int4:
        number = static_cast<std::int32_t>((state >> 28) ^ 8) - 8;
        break;
      case Drawn::bias:
        number = static_cast<std::int32_t>(state >> 20) - 2048;
        break;
    }
  }
  return numbers;
}
inline Drawn drawn_of(DataType type) {
  return type == DataType::i16 ? Drawn::i16 : type == DataType::u8 ? Drawn::u8 : Drawn::i8;
}

}  // namespace mobilenet::testing
