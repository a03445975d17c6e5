// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How near each pixel of a mask is to where its class ends: outlines are drawn by it. Whole rows at a time, in bytes,
// so that compilers make vectors of all of it; the time depends on the size alone.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mobilenet::drawing {

// Nearness of a pixel is 3 * reach less three times its distance to the nearest pixel of another class, plus 3: 3 *
// reach beside a border, 0 where no border is nearer than `reach` pixels. Steps of 3 and 4 approximate straight and
// diagonal ones. The picture's own edge is no border.
class Borders {
 public:
  static constexpr int kMostReach = 85;  // three times as much is a byte

  // Looks at the whole mask, [height][width], in the order of its rows.
  void begin(std::span<const std::uint8_t> mask, int width, int height, int reach);
  // Then the nearness in each row, [width], from the last row to the first; valid until the next.
  std::span<const std::uint8_t> row_above();

 private:
  std::uint8_t* row(int y) { return nearness_.data() + (y + 1) * stride_ + kPadding; }
  void find_seeds(const std::uint8_t* mask, int y);
  void spread_sideways(std::uint8_t* row);

  static constexpr std::ptrdiff_t kPadding = 64;  // zeros beside rows; no step is longer

  int width_ = 0, height_ = 0, reach_ = 0, next_ = 0;
  std::ptrdiff_t stride_ = 0;
  std::vector<std::uint8_t> nearness_;  // rows with padding, and one of zeros above and below
  std::vector<std::uint8_t> spread_;    // a row with padding
};

}  // namespace mobilenet::drawing
