// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/borders.h"

#include <algorithm>

namespace mobilenet::drawing {
namespace {

// 0 where it would be less.
std::uint8_t less(std::uint8_t nearness, std::uint8_t by) {
  return static_cast<std::uint8_t>(std::max(nearness, by) - by);
}

// `row` and the one before it, one pixel on.
void spread_down(const std::uint8_t* before, std::uint8_t* row, int width) {
  for (int x = 0; x < width; ++x) {
    const std::uint8_t straight = less(before[x], 3);
    const std::uint8_t diagonal = less(std::max(before[x - 1], before[x + 1]), 4);
    row[x] = std::max(row[x], std::max(straight, diagonal));
  }
}

}  // namespace

// Nearness of pixels beside others of another class.
void Borders::find_seeds(const std::uint8_t* mask, int y) {
  const int width = width_;  // here, because bytes that are written might otherwise be it
  const std::uint8_t* const here = mask + std::ptrdiff_t{y} * width;
  const std::uint8_t* const above = y > 0 ? here - width : here;
  const std::uint8_t* const below = y + 1 < height_ ? here + width : here;
  std::uint8_t* const seeds = row(y);
  const auto beside = static_cast<std::uint8_t>(3 * reach_), diagonal = static_cast<std::uint8_t>(beside - 1);
  const auto seed = [&](int x, int left, int right) -> std::uint8_t {
    const std::uint8_t own = here[x];
    const auto straight =
        static_cast<std::uint8_t>((own ^ here[left]) | (own ^ here[right]) | (own ^ above[x]) | (own ^ below[x]));
    const auto corners = static_cast<std::uint8_t>((own ^ above[left]) | (own ^ above[right]) | (own ^ below[left]) |
                                                   (own ^ below[right]));
    const std::uint8_t near_corner = corners != 0 ? diagonal : std::uint8_t{0};
    return straight != 0 ? beside : near_corner;
  };
  if (width == 1) {
    seeds[0] = seed(0, 0, 0);
    return;
  }
  seeds[0] = seed(0, 0, 1);
  for (int x = 1; x < width - 1; ++x) seeds[x] = seed(x, x - 1, x + 1);
  seeds[width - 1] = seed(width - 1, width - 2, width - 1);
}

// Steps of 1, 2, 4 ... pixels together reach as far as single ones.
void Borders::spread_sideways(std::uint8_t* row) {
  const int width = width_;
  std::uint8_t* from = row;
  std::uint8_t* to = spread_.data() + kPadding;
  for (int step = 1; step < reach_; step *= 2) {
    const auto cost = static_cast<std::uint8_t>(3 * step);
    for (int x = 0; x < width; ++x) to[x] = std::max(from[x], less(std::max(from[x - step], from[x + step]), cost));
    std::swap(from, to);
  }
  if (from != row) std::copy_n(from, width, row);
}

void Borders::begin(std::span<const std::uint8_t> mask, int width, int height, int reach) {
  width_ = width, height_ = height, next_ = height, reach_ = std::clamp(reach, 1, kMostReach);
  const std::ptrdiff_t stride = width + 2 * kPadding;
  const auto cells = static_cast<std::size_t>(stride) * (static_cast<std::size_t>(height) + 2);
  if (stride != stride_ || cells != nearness_.size()) {
    nearness_.assign(cells, 0);
    spread_.assign(static_cast<std::size_t>(stride), 0);
    stride_ = stride;
  }
  // A way from a border to a pixel may go sideways first, then up or down.
  for (int y = 0; y < height; ++y) {
    find_seeds(mask.data(), y);
    spread_sideways(row(y));
    spread_down(row(y - 1), row(y), width);
  }
}

std::span<const std::uint8_t> Borders::row_above() {
  --next_;
  spread_down(row(next_ + 1), row(next_), width_);
  return {row(next_), static_cast<std::size_t>(width_)};
}

}  // namespace mobilenet::drawing
