// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/bf16_gemm.h"

// The matrix product with BFMMLA of ARM's BF16: two rows of four bf16 times four weights of two columns into 2 x 2
// floats, four times the products of an instruction of floats. Rows are copied in pairs, four numbers of each in turn.

#include <algorithm>

#include "simd/targets.h"

#if MOBILENET_COMPILES_NEON_EXTENSIONS
#include <hwy/highway.h>

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+bf16")
#include "backend/cpu/kernels/gemm-inl.h"

namespace mobilenet::cpu::HWY_NAMESPACE {
namespace {

constexpr PanelLayout kLayout{.columns = kPanelColumns, .group = 4};

HWY_INLINE bfloat16x8_t load_bf16(const float* from) { return vld1q_bf16(reinterpret_cast<const bfloat16_t*>(from)); }

struct Product {
  static constexpr int kRowStep = 2;

  // The depth of `rows` is in groups, in a single run.
  template <int kRows, int kVectors>
  static HWY_INLINE void multiply(const TileRows& rows, const float* HWY_RESTRICT b, const float* HWY_RESTRICT bias,
                                  const TileEnds& ends, V (&sums)[kRows][kVectors]) {
    constexpr int kRowPairs = (kRows + 1) / 2, kColumnPairs = 2 * kVectors;
    constexpr int kGroupFloats = 4;  // two groups of bf16, in elements of a or b
    float32x4_t blocks[kRowPairs][kColumnPairs];
    MOBILENET_UNROLL
    for (int p = 0; p < kRowPairs; ++p) {
      MOBILENET_UNROLL
      for (int c = 0; c < kColumnPairs; ++c)
        blocks[p][c] = vcombine_f32(vld1_f32(bias + 2 * c), vld1_f32(bias + 2 * c));
    }
    const float* next = ends.next;
    const float* HWY_RESTRICT a = rows.first;
    for (int k = 0; k < rows.depth; ++k, a += kGroupFloats, b += 2 * kPanelColumns, next += 2 * ends.next_step) {
      __builtin_prefetch(next, 0, 2);
      bfloat16x8_t weights[kColumnPairs];
      MOBILENET_UNROLL
      for (int c = 0; c < kColumnPairs; ++c) weights[c] = load_bf16(b + c * kGroupFloats);
      MOBILENET_UNROLL
      for (int p = 0; p < kRowPairs; ++p) {
        const bfloat16x8_t pair = load_bf16(a + 2 * p * rows.stride);
        MOBILENET_UNROLL
        for (int c = 0; c < kColumnPairs; ++c) blocks[p][c] = vbfmmlaq_f32(blocks[p][c], pair, weights[c]);
      }
    }
    MOBILENET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      MOBILENET_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const auto left = vreinterpretq_f64_f32(blocks[r / 2][2 * v]);
        const auto right = vreinterpretq_f64_f32(blocks[r / 2][2 * v + 1]);
        sums[r][v] = V(vreinterpretq_f32_f64(r % 2 == 0 ? vzip1q_f64(left, right) : vzip2q_f64(left, right)));
      }
    }
  }
};

// Eight numbers of a row; zeros where it ends.
HWY_INLINE bfloat16x8_t rounded(const float* from, int count) {
  constexpr int kBoth = 2 * kLanes;
  const V low = count >= kLanes ? hn::LoadU(kD, from) : load_first(from, count);
  const V high = count >= kBoth   ? hn::LoadU(kD, from + kLanes)
                 : count > kLanes ? load_first(from + kLanes, count - kLanes)
                                  : hn::Zero(kD);
  return vcvtq_high_bf16_f32(vcvtq_low_bf16_f32(low.raw), high.raw);
}

// Rows begin..end in pairs; a last one without another is its own.
void round_rows(const GemmProblem& problem, int begin, int end) {
  const std::size_t row_bytes = bf16_row_bytes(problem.depth);
  const std::ptrdiff_t stride =
      problem.a_is_bf16 ? static_cast<std::ptrdiff_t>(row_bytes / sizeof(float)) : problem.a_stride;
  std::byte* out = problem.scratch;
  for (int r = begin; r < end; r += 2, out += 2 * row_bytes) {
    const float* const first = problem.a + r * stride;
    const float* const second = r + 1 < end ? first + stride : first;
    auto* to = reinterpret_cast<double*>(out);
    for (int k = 0; k < problem.depth; k += 2 * kLanes, to += 4) {
      const int left = problem.depth - k;
      const auto above =
          vreinterpretq_f64_bf16(problem.a_is_bf16 ? load_bf16(first + k / 2) : rounded(first + k, left));
      const auto below =
          vreinterpretq_f64_bf16(problem.a_is_bf16 ? load_bf16(second + k / 2) : rounded(second + k, left));
      vst1q_f64(to, vzip1q_f64(above, below));
      vst1q_f64(to + 2, vzip2q_f64(above, below));
    }
  }
}

#include "backend/cpu/kernels/bf16_rows-inl.h"

}  // namespace
}  // namespace mobilenet::cpu::HWY_NAMESPACE

namespace mobilenet::cpu {

const GemmKernels kBf16GemmNeon{.tile_rows = HWY_NAMESPACE::kTileRows,
                                .layout = HWY_NAMESPACE::kLayout,
                                .scratch_bytes = &bf16_scratch_bytes,
                                .rows_first = &HWY_NAMESPACE::bf16_rows_first,
                                .panels_first = &HWY_NAMESPACE::bf16_panels_first};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // BF16
