// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/kernel_set.h"

#include <array>
#include <cstddef>
#include <iterator>
#include <string>

#include "base/error.h"
#include "simd/compiled_rows.h"
#include "simd/kernel_rows.h"

namespace mobilenet::cpu {
namespace {

// Every column of a target that Highway compiles all kernels for.
#define MOBILENET_COLUMNS(IF_COMPILED, target)                                                                    \
  .f32_gemm = IF_COMPILED(&target::kF32Gemm), .f32_patches = IF_COMPILED(&target::kF32Patches),                   \
  .f32_depthwise = IF_COMPILED(&target::kF32Depthwise), .f32_elementwise = IF_COMPILED(&target::kF32Elementwise), \
  .int8_matmul = IF_COMPILED(&target::kInt8Matmul), .int8_depthwise = IF_COMPILED(&target::kInt8Depthwise),       \
  .int8_elementwise = IF_COMPILED(&target::kInt8Elementwise), .int8_resize = IF_COMPILED(&target::kInt8Resize),   \
  .arg_max = IF_COMPILED(&target::kArgMax)

// Best first. A row that says nothing but its name is for kernels that are still to be written: no machine runs it.
constexpr KernelSet kBestFirst[] = {
    {.isa = "amx",
     .runs_here = MOBILENET_AVX3(&has_amx),
     .bf16_gemm = MOBILENET_AVX3(&kBf16GemmAmx),
     .bf16x3_gemm = MOBILENET_AVX3(&kBf16x3GemmAmx),
     .int8_matmul = MOBILENET_AVX3(&kInt8MatmulAmx)},
    {.isa = "avx512_fp16",
     .runs_here = MOBILENET_AVX512_FP16(&has_avx512_fp16),
     .f16_depthwise = MOBILENET_AVX512_FP16(&kF16DepthwiseFp16)},
    {.isa = "avx512_bf16",
     .runs_here = MOBILENET_AVX3(&has_avx512_bf16),
     .bf16_gemm = MOBILENET_AVX3(&N_AVX3::kBf16Gemm),
     .f16_depthwise = MOBILENET_AVX3(&kF16Depthwise)},
    {.isa = "avx512_vnni",
     .runs_here = MOBILENET_AVX3(&has_avx512_vnni),
     .int8_matmul = MOBILENET_AVX3(&kInt8MatmulVnni),
     .int8_depthwise_3x3 = MOBILENET_AVX3(&kInt8Depthwise3x3Vnni)},
    {.isa = "avx512", .runs_here = MOBILENET_AVX3(&has_avx512), MOBILENET_COLUMNS(MOBILENET_AVX3, N_AVX3)},
    {.isa = "avx_vnni",
     .runs_here = MOBILENET_AVX2(&has_avx_vnni),
     .int8_matmul = MOBILENET_AVX2(&kInt8MatmulAvxVnni),
     .int8_depthwise_3x3 = MOBILENET_AVX2(&kInt8Depthwise3x3AvxVnni)},
    {.isa = "avx2", .runs_here = MOBILENET_AVX2(&has_avx2), MOBILENET_COLUMNS(MOBILENET_AVX2, N_AVX2)},
    {.isa = "sse4", .runs_here = MOBILENET_SSE4(&has_sse4), MOBILENET_COLUMNS(MOBILENET_SSE4, N_SSE4)},
    {.isa = "sse2", .runs_here = MOBILENET_SCALAR(&has_sse2), MOBILENET_COLUMNS(MOBILENET_SCALAR, N_SCALAR)},
    {.isa = "neon_fp16",
     .runs_here = MOBILENET_NEON_EXTENSION(&has_neon_fp16),
     .f16_depthwise = MOBILENET_NEON_EXTENSION(&kF16DepthwiseNeonFp16)},
    {.isa = "neon_bf16",
     .runs_here = MOBILENET_NEON_EXTENSION(&has_neon_bf16),
     .bf16_gemm = MOBILENET_NEON_EXTENSION(&kBf16GemmNeon),
     .f16_depthwise = MOBILENET_NEON_EXTENSION(&kF16DepthwiseNeon)},
    {.isa = "neon_i8mm",
     .runs_here = MOBILENET_NEON_EXTENSION(&has_neon_i8mm),
     .int8_matmul = MOBILENET_NEON_EXTENSION(&kInt8MatmulI8mm)},
    {.isa = "neon_dot",
     .runs_here = MOBILENET_NEON_EXTENSION(&has_neon_dot),
     .int8_matmul = MOBILENET_NEON_EXTENSION(&kInt8MatmulDot),
     .int8_depthwise_3x3 = MOBILENET_NEON_EXTENSION(&kInt8Depthwise3x3Dot)},
    {.isa = "neon", .runs_here = MOBILENET_NEON(&has_neon), MOBILENET_COLUMNS(MOBILENET_NEON, N_NEON)},
};

// Sums of fewer products than this stay in float. In bf16 they take little of the time (0.09 of V2's 1.94 ms on an AMD
// Zen 5), and what a stem rounds, every layer behind it sees (V1 0.25, before the inside of blocks was kept in halves,
// gave the best class of f32 for 245 of 250 pictures, for 242 with its stem in bf16). With V2's narrow maps of 16 and
// 24 channels in bf16, too, 6 % faster there, a detector finds 99 of the 103 objects of f32 instead of 102. In bf16x3
// they are no faster.
constexpr int kLeastBf16Depth = 32;

struct Runnable {
  RunnableRows<KernelSet, std::size(kBestFirst)> sets = find_runnable(kBestFirst);
  std::array<std::string_view, std::size(kBestFirst)> isas;
};

Runnable find_filled() {
  Runnable found;
  for (std::size_t i = found.sets.count - 1; i-- > 0;) fill_columns(found.sets.rows[i], found.sets.rows[i + 1]);
  for (std::size_t i = 0; i < found.sets.count; ++i) found.isas[i] = found.sets.rows[i].isa;
  return found;
}

const Runnable& runnable() {
  static const Runnable found = find_filled();
  return found;
}

}  // namespace

const GemmKernels& products_of_floats(const KernelSet& kernels, Precision precision, int depth) {
  const GemmKernels* of_bf16 = nullptr;
  if (precision == Precision::bf16) of_bf16 = kernels.bf16_gemm;
  if (precision == Precision::bf16x3) of_bf16 = kernels.bf16x3_gemm;
  return of_bf16 != nullptr && depth >= kLeastBf16Depth ? *of_bf16 : *kernels.f32_gemm;
}

void fill_columns(KernelSet& row, const KernelSet& next) {
  const auto fill = [&](auto column) {
    if (row.*column == nullptr) row.*column = next.*column;
  };
  fill(&KernelSet::f32_gemm);
  fill(&KernelSet::bf16_gemm);
  fill(&KernelSet::bf16x3_gemm);
  fill(&KernelSet::f32_patches);
  fill(&KernelSet::f16_depthwise);
  fill(&KernelSet::f32_depthwise);
  fill(&KernelSet::f32_elementwise);
  fill(&KernelSet::int8_matmul);
  fill(&KernelSet::int8_depthwise);
  fill(&KernelSet::int8_depthwise_3x3);
  fill(&KernelSet::int8_elementwise);
  fill(&KernelSet::int8_resize);
  fill(&KernelSet::arg_max);
}

std::span<const KernelSet> runnable_kernels() { return runnable().sets.all(); }
std::span<const std::string_view> runnable_isas() { return std::span(runnable().isas).first(runnable().sets.count); }

Result<const KernelSet*> pick_kernels() {
  const std::span<const KernelSet> sets = runnable_kernels();
  const std::string_view forced = forced_isa();
  if (forced.empty()) return &sets.front();
  if (const KernelSet* const set = row_of(sets, forced)) return set;
  std::string choices;
  for (const KernelSet& set : sets) choices.append(choices.empty() ? "" : ", ").append(set.isa);
  if (row_of<KernelSet>(kBestFirst, forced) != nullptr)
    return failure(ErrorCode::unsupported, "MOBILENET_CPU_ISA=", forced, " cannot run on this machine, which runs ",
                   choices);
  return failure(ErrorCode::invalid_argument, "MOBILENET_CPU_ISA=", forced,
                 " is not an instruction set; this machine runs ", choices);
}

}  // namespace mobilenet::cpu
