// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/bf16_gemm.h"

// The tiles of the float product, with VDPBF16PS in the place of its multiplication: twice the products an instruction
// (AMD Zen 5). Highway 1.0 has no target with these instructions, so they are written down: of this file only the
// table is used elsewhere, and only where the machine has them.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels/bf16_gemm.cpp"
// The order of these headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/kernels/gemm-inl.h"
// clang-format on

#if HWY_TARGET == HWY_AVX3
HWY_BEFORE_NAMESPACE();
namespace mobilenet::cpu::HWY_NAMESPACE {
namespace {

struct PairProduct : RowByRow<PairProduct> {
  static HWY_INLINE void add(V& sum, V a, V b) { asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(b.raw), "v"(a.raw)); }
};

// 32 floats to as many bf16.
HWY_INLINE __m512i rounded(V low, V high) {
  __m512i pairs;
  asm("vcvtne2ps2bf16 %2, %1, %0" : "=v"(pairs) : "v"(high.raw), "v"(low.raw));
  return pairs;
}

}  // namespace

// Declared for one target only: who has these instructions has AVX-512.
void round_rows(const GemmProblem& problem, int begin, int end) {
  const std::size_t row_bytes = bf16_row_bytes(problem.depth);
  std::byte* out = problem.scratch;
  for (int r = begin; r < end; ++r, out += row_bytes) {
    const float* from = problem.a + r * problem.a_stride;
    int k = 0;
    for (; k + 2 * kLanes <= problem.depth; k += 2 * kLanes)
      _mm512_store_si512(out + 2 * k, rounded(hn::LoadU(kD, from + k), hn::LoadU(kD, from + k + kLanes)));
    if (k == problem.depth) continue;
    const int left = problem.depth - k;
    const V low = load_first(from + k, std::min(left, kLanes));
    const V high = left > kLanes ? load_first(from + k + kLanes, left - kLanes) : hn::Zero(kD);
    _mm512_store_si512(out + 2 * k, rounded(low, high));
  }
}

namespace {

constexpr PanelLayout kLayout = kBf16Panels;
using Product = PairProduct;
#include "backend/cpu/kernels/bf16_rows-inl.h"

}  // namespace

const GemmKernels kBf16Gemm{.tile_rows = kTileRows,
                            .layout = kLayout,
                            .scratch_bytes = &bf16_scratch_bytes,
                            .rows_first = &bf16_rows_first,
                            .panels_first = &bf16_panels_first};

}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // AVX-512

#if HWY_ONCE
namespace mobilenet::cpu {

std::size_t bf16_row_bytes(int depth) {
  const std::size_t bytes = (static_cast<std::size_t>(depth) + 31) / 32 * 64;
  // Rows that are a multiple of 4096 bytes apart share one set of a first-level cache.
  return bytes % 1024 == 0 ? bytes + 64 : bytes;
}

std::size_t bf16_scratch_bytes(int rows, int depth) {
  return (static_cast<std::size_t>(rows) + 31) / 32 * 32 * bf16_row_bytes(depth);
}

void round_rows_to_bf16([[maybe_unused]] const GemmProblem& problem, [[maybe_unused]] int begin,
                        [[maybe_unused]] int end) {
#if HWY_TARGETS & HWY_AVX3
  N_AVX3::round_rows(problem, begin, end);
#endif
}

}  // namespace mobilenet::cpu
#endif
