// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Decisions for tests that make things up: from a seed, or from the bytes of a fuzzer, which can then change one
// decision and keep the others. Behind the end of the bytes every decision is the first possible one.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <span>

namespace mobilenet::testing {

class Choices {
 public:
  explicit Choices(std::uint64_t seed) : state_(seed) {}
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes), from_bytes_(true) {}

  // False when all bytes are used; a seed never ends.
  bool more() const { return !from_bytes_ || !bytes_.empty(); }

  std::uint32_t below(std::uint32_t bound) {
    if (bound <= 1) return 0;
    return bound <= 256 ? byte() % bound : bits(bound <= 65536 ? 2 : 4) % bound;
  }
  int between(int low, int high) { return low + static_cast<int>(below(static_cast<std::uint32_t>(high - low + 1))); }
  bool one_in(std::uint32_t count) { return below(count) == count - 1; }  // unlikely once the bytes are used
  double real(double low, double high) { return low + (high - low) * (bits(3) / 16777216.0); }
  template <class T>
  T pick(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<std::uint32_t>(values.size()))];
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(bits(1)); }
  std::uint32_t word() { return bits(4); }

  // Any float at all, the extremes often.
  float hostile_float() {
    constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
    constexpr std::array kExtremes{0.0f,       -0.0f,   1.0f,     -1.0f,  kNan,   -kNan,        kInfinity,
                                   -kInfinity, 1e38f,   -1e38f,   1e-38f, 1e-45f, 88.8f,        -104.0f,
                                   1e10f,      0x1p31f, -0x1p31f, 255.0f, 1e-8f,  3.4028235e38f};
    const std::uint32_t kind = below(64);
    if (kind < kExtremes.size()) return kExtremes[kind];
    if (kind < kExtremes.size() + 12) return std::bit_cast<float>(word());
    return static_cast<float>(static_cast<std::int8_t>(byte())) / 32;
  }

 private:
  std::uint32_t bits(int count) {
    std::uint32_t value = 0;
    if (from_bytes_) {
      for (; count > 0 && !bytes_.empty(); --count, bytes_ = bytes_.subspan(1)) value = value << 8 | bytes_.front();
      return value;
    }
    state_ += 0x9e3779b97f4a7c15u;  // the generator splitmix64
    std::uint64_t mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    mixed ^= mixed >> 31;
    return static_cast<std::uint32_t>(mixed >> (64 - 8 * count));
  }

  std::uint64_t state_ = 0;
  std::span<const std::uint8_t> bytes_;
  bool from_bytes_ = false;
};

}  // namespace mobilenet::testing
