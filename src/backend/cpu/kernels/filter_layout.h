// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// In which order a kernel reads the numbers of its packed filters. Every kernel that wants filters has one.

#include <compare>

namespace mobilenet::cpu {

// The order of the numbers that make one output.
enum class DepthOrder {
  rows,    // height, width, input channel
  columns  // width, then height filled up to kColumnRows; depthwise only
};
inline constexpr int kColumnRows = 4;

// Blocks of `block` output channels; in each, groups of `group` consecutive depths of every channel. Within a block the
// channels lie as the accumulators hold them: `interleave` vectors whose 128-bit lanes alternate, so that narrowing two
// vectors into one lane by lane gives the channels back in order.
struct FilterLayout {
  int block = 1;
  int interleave = 1;
  int group = 1;
  DepthOrder order = DepthOrder::rows;
  int group_multiple = 1;  // the groups are filled up with zeros to a multiple of this
  // The kernel reads rows of signed bytes, 128 less than the unsigned ones: what that takes from a sum is in the bias.
  bool signed_rows = false;

  bool of_bytes() const { return group >= 4; }  // else of int16
  int group_bytes() const { return of_bytes() ? group : 2 * group; }

  // Of one channel.
  int groups(int depth) const {
    const int needed = (depth + group - 1) / group;
    return (needed + group_multiple - 1) / group_multiple * group_multiple;
  }
  auto operator<=>(const FilterLayout&) const = default;
};

// Where channel c of a block lies.
constexpr int position_in_block(const FilterLayout& layout, int c) {
  const int lane = c / (4 * layout.interleave);
  const int vector = c / 4 % layout.interleave;
  return vector * (layout.block / layout.interleave) + lane * 4 + c % 4;
}

}  // namespace mobilenet::cpu
