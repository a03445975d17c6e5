// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The extent of a tensor: up to six axes, outermost first. Activations are NHWC.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

namespace mobilenet {

class Shape {
 public:
  static constexpr int kMaxRank = 6;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> axes) {
    for (const std::int64_t axis : axes) push_back(axis);
  }

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return axes_[static_cast<std::size_t>(axis)]; }
  std::int64_t& operator[](int axis) { return axes_[static_cast<std::size_t>(axis)]; }
  void push_back(std::int64_t axis) { axes_[static_cast<std::size_t>(rank_++)] = axis; }  // rank < kMaxRank
  std::int64_t elements() const {
    std::int64_t product = 1;
    for (const std::int64_t axis : axes()) product *= axis;
    return product;
  }
  std::span<const std::int64_t> axes() const { return {axes_.data(), static_cast<std::size_t>(rank_)}; }
  bool operator==(const Shape& other) const {
    if (rank_ != other.rank_) return false;
    for (int i = 0; i < rank_; ++i)
      if ((*this)[i] != other[i]) return false;
    return true;
  }

 private:
  std::array<std::int64_t, kMaxRank> axes_{};
  int rank_ = 0;
};

// Of two operands whose axes are aligned at the last one and whose extents of 1 are repeated; none where they do not
// fit.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);

// "1x224x224x3"; "scalar" without axes.
std::string to_string(const Shape& shape);

}  // namespace mobilenet
