// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The loops over feature vectors. Rows are padded with zeros to a multiple of kRowElements numbers, so that no loop has
// a tail. Sums of codes are integers: the same with every instruction set, in any order.

#include <cstddef>
#include <cstdint>
#include <span>

#include "simd/kernel_rows.h"
#include "simd/per_target.h"

namespace mobilenet {

inline constexpr std::size_t kRowElements = 64;
inline constexpr std::size_t kMostElements = 16384;  // of a row
inline constexpr std::size_t kTileQueries = 4;       // that share the reading of a row

// Real number = scale * code; the codes of a row are those whose largest is +-kLargestCode.
inline constexpr int kLargestCode = 127;

struct RowMeasures {
  float scale;  // of the codes
  float error;  // at least the length of row - scale * codes
  float norm;   // at least the length of the row; NaN or 2^16 and more where one of its numbers is not finite
};

// Queries and rows one after the other, each `stride` numbers long.
struct CodeProduct {
  const std::int16_t* queries;
  std::size_t query_count;  // 1 to kTileQueries
  const std::int8_t* codes;
  std::size_t row_count;
  std::size_t stride;  // a multiple of kRowElements
  std::int32_t* sums;  // sums[query * sums_stride + row]
  std::size_t sums_stride;
};

struct VectorKernels {
  // The scalar product of every query with every row. No partial sum may exceed 32 bits: QueryCodes sees to it.
  void (*multiply)(const CodeProduct& product);
  // The scalar product with a row of halves, in floats. Same numbers, same order of additions, same result.
  float (*dot)(const float* query, const std::uint16_t* row, std::size_t stride);
  // A row of halves as codes.
  RowMeasures (*encode)(const std::uint16_t* row, std::size_t stride, std::int8_t* codes);
};

MOBILENET_PER_TARGET(VectorKernels, kVector)

// The rows that this machine runs, best first.
std::span<const KernelRow<VectorKernels>> runnable_vector_kernels();
// The best of them, or what MOBILENET_CPU_ISA names.
const VectorKernels& vector_kernels();

}  // namespace mobilenet
