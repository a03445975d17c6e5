// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/kernel_set.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <string>

#include "backend/cpu/kernels/cpu_features.h"
#include "backend/cpu/kernels/targets.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

// The pointer, or null where this build leaves out the target: another processor's, or, with -march=..., what that
// machine never needs.
#if HWY_TARGETS & HWY_AVX3
#define MOBILENET_AVX3(pointer) pointer
#else
#define MOBILENET_AVX3(pointer) nullptr
#endif
#if HWY_TARGETS & HWY_AVX2
#define MOBILENET_AVX2(pointer) pointer
#else
#define MOBILENET_AVX2(pointer) nullptr
#endif
#if HWY_TARGETS & HWY_SSE4
#define MOBILENET_SSE4(pointer) pointer
#else
#define MOBILENET_SSE4(pointer) nullptr
#endif
#if HWY_TARGETS & HWY_SCALAR
#define MOBILENET_SCALAR(pointer) pointer
#else
#define MOBILENET_SCALAR(pointer) nullptr
#endif
#if HWY_TARGETS & HWY_NEON
#define MOBILENET_NEON(pointer) pointer
#else
#define MOBILENET_NEON(pointer) nullptr
#endif

// Every column of a target that Highway compiles all kernels for.
#define MOBILENET_COLUMNS(IF_COMPILED, target)                                                                \
  .f32_gemm = IF_COMPILED(&target::kF32Gemm), .f32_depthwise = IF_COMPILED(&target::kF32Depthwise),           \
  .f32_elementwise = IF_COMPILED(&target::kF32Elementwise), .int8_matmul = IF_COMPILED(&target::kInt8Matmul), \
  .int8_depthwise = IF_COMPILED(&target::kInt8Depthwise), .int8_elementwise = IF_COMPILED(&target::kInt8Elementwise)

// Best first. What has no kernels yet has no row; theirs will stand where the comments are.
constexpr KernelSet kBestFirst[] = {
    // amx: int8_matmul with TDPBUSD, a bf16 column with TDPBF16PS
    // avx512_fp16, avx512_bf16: their columns
    {.isa = "avx512_vnni",
     .runs_here = MOBILENET_AVX3(&has_avx512_vnni),
     .int8_matmul = MOBILENET_AVX3(&kInt8MatmulVnni),
     .int8_depthwise_3x3 = MOBILENET_AVX3(&kInt8Depthwise3x3Vnni)},
    {.isa = "avx512", .runs_here = MOBILENET_AVX3(&has_avx512), MOBILENET_COLUMNS(MOBILENET_AVX3, N_AVX3)},
    // avx_vnni: int8_matmul with 256-bit VPDPBUSD
    {.isa = "avx2", .runs_here = MOBILENET_AVX2(&has_avx2), MOBILENET_COLUMNS(MOBILENET_AVX2, N_AVX2)},
    {.isa = "sse4", .runs_here = MOBILENET_SSE4(&has_sse4), MOBILENET_COLUMNS(MOBILENET_SSE4, N_SSE4)},
    {.isa = "sse2", .runs_here = MOBILENET_SCALAR(&has_sse2), MOBILENET_COLUMNS(MOBILENET_SCALAR, N_SCALAR)},
    // neon_dot, neon_fp16: int8_matmul with UDOT, a column of f16
    {.isa = "neon", .runs_here = MOBILENET_NEON(&has_neon), MOBILENET_COLUMNS(MOBILENET_NEON, N_NEON)},
};

struct RunnableKernels {
  std::array<KernelSet, std::size(kBestFirst)> sets;  // no vector: to ask needs no memory
  std::array<std::string_view, std::size(kBestFirst)> isas;
  std::size_t count = 0;
};

RunnableKernels find_runnable() {
  RunnableKernels found;
  const KernelSet* last = nullptr;
  for (const KernelSet& row : kBestFirst) {
    if (row.runs_here == nullptr) continue;
    last = &row;
    if (row.runs_here()) found.sets[found.count++] = row;
  }
  // A build for a newer machine than this one would have stopped at its first instruction; keep the promise anyway.
  if (found.count == 0) found.sets[found.count++] = *last;
  for (std::size_t i = found.count - 1; i-- > 0;) fill_columns(found.sets[i], found.sets[i + 1]);
  for (std::size_t i = 0; i < found.count; ++i) found.isas[i] = found.sets[i].isa;
  return found;
}

const RunnableKernels& runnable() {
  static const RunnableKernels found = find_runnable();
  return found;
}

}  // namespace

void fill_columns(KernelSet& row, const KernelSet& next) {
  const auto fill = [&](auto column) {
    if (row.*column == nullptr) row.*column = next.*column;
  };
  fill(&KernelSet::f32_gemm);
  fill(&KernelSet::f32_depthwise);
  fill(&KernelSet::f32_elementwise);
  fill(&KernelSet::int8_matmul);
  fill(&KernelSet::int8_depthwise);
  fill(&KernelSet::int8_depthwise_3x3);
  fill(&KernelSet::int8_elementwise);
}

std::span<const KernelSet> runnable_kernels() { return std::span(runnable().sets).first(runnable().count); }
std::span<const std::string_view> runnable_isas() { return std::span(runnable().isas).first(runnable().count); }

Result<const KernelSet*> pick_kernels() {
  const std::span<const KernelSet> sets = runnable_kernels();
  const char* forced = std::getenv("MOBILENET_CPU_ISA");
  if (forced == nullptr || *forced == '\0') return &sets.front();
  for (const KernelSet& set : sets)
    if (set.isa == forced) return &set;
  std::string choices;
  for (const KernelSet& set : sets) choices.append(choices.empty() ? "" : ", ").append(set.isa);
  for (const KernelSet& set : kBestFirst)
    if (set.isa == forced)
      return failure(ErrorCode::unsupported, "MOBILENET_CPU_ISA=", forced, " cannot run on this machine, which runs ",
                     choices);
  return failure(ErrorCode::invalid_argument, "MOBILENET_CPU_ISA=", forced,
                 " is not an instruction set; this machine runs ", choices);
}

}  // namespace mobilenet::cpu
