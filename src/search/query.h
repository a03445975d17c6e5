// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Queries as the kernels want them, and how similar to one a row can be at most, from its codes alone.
//
// Row x = s c + e, with codes c and an error e whose length is known; query q = t k + f, likewise. Then
//   q x = s t (k c) + s (f c) + q e,   |s (f c) + q e| <= |f| (|x| + |e|) + |q| |e|
// so a row that this upper bound leaves below the worst neighbour so far need not be looked at in halves.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "search/index_state.h"

namespace mobilenet {

class Queries {
 public:
  Queries(std::size_t most, std::size_t stride);

  void clear() { count_ = 0; }
  // Of any length but 0; false where that is 0 or no number. Keeps it 1 long.
  bool add(std::span<const float> vector);
  // A row of an index as it is.
  void add_row(const std::uint16_t* row);

  std::size_t count() const { return count_; }
  const float* floats(std::size_t query) const { return floats_.as<float>() + query * stride_; }
  const std::int16_t* codes(std::size_t query) const { return codes_.as<std::int16_t>() + query * stride_; }

  // upper[i] >= the similarity of row first + i, i < count, from the products of codes.
  void bound(std::size_t query, const RowCodes& rows, std::size_t first, std::size_t count,
             const std::int32_t* products, float* upper) const;

 private:
  void encode(std::size_t query);

  std::size_t stride_;
  std::size_t count_ = 0;
  AlignedBuffer floats_, codes_;
  struct Bound {
    float scale = 0;  // t
    float norm = 0;   // at least |q|
    float error = 0;  // at least |f|
  };
  std::vector<Bound> bounds_;
};

// Rows that are multiplied before their bounds are looked at: the codes of 1280 numbers each are 160 KB, which stay in
// the second-level cache while more queries come by.
inline constexpr std::size_t kBlockRows = 128;

}  // namespace mobilenet
