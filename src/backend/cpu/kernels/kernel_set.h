// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// All kernels in one list: a row per instruction set, best first, and a column per family of kernels. A row says only
// what it does better: where it leaves a column empty, the next row that this machine runs fills it. A new instruction
// set is its kernel files, what has_...() asks of the machine, and one row.

#include <mobilenet/device.h>
#include <mobilenet/result.h>

#include <span>
#include <string_view>

#include "backend/cpu/kernels/arg_max.h"
#include "backend/cpu/kernels/bf16_gemm.h"
#include "backend/cpu/kernels/f16_depthwise.h"
#include "backend/cpu/kernels/f32_depthwise.h"
#include "backend/cpu/kernels/f32_elementwise.h"
#include "backend/cpu/kernels/f32_gemm.h"
#include "backend/cpu/kernels/int8.h"
#include "backend/cpu/kernels/int8_resize.h"

namespace mobilenet::cpu {

struct KernelSet {
  std::string_view isa;           // its name, as MOBILENET_CPU_ISA takes it
  bool (*runs_here)() = nullptr;  // null: this build has no code for it
  const GemmKernels* f32_gemm = nullptr;
  const GemmKernels* bf16_gemm = nullptr;    // null to the end of the list: the machine does not multiply bf16
  const GemmKernels* bf16x3_gemm = nullptr;  // null to the end of the list: nothing that is faster than f32_gemm
  const PatchKernels* f32_patches = nullptr;
  const DepthwiseKernels* f32_depthwise = nullptr;
  const DepthwiseKernels* f16_depthwise = nullptr;  // for who has bf16_gemm; null to the end of the list: none
  const ElementwiseKernels* f32_elementwise = nullptr;
  const Int8MatmulKernels* int8_matmul = nullptr;
  const Int8DepthwiseKernels* int8_depthwise = nullptr;
  const Int8DepthwiseKernels* int8_depthwise_3x3 = nullptr;  // null to the end of the list: none but the general one
  const Int8ElementwiseKernels* int8_elementwise = nullptr;
  const Int8ResizeKernels* int8_resize = nullptr;
  const ArgMaxKernels* arg_max = nullptr;
};

// What multiplies floats, `depth` of them for a sum, in a program of this precision; with a backend's choice of
// precision there is such a kernel.
const GemmKernels& products_of_floats(const KernelSet& kernels, Precision precision, int depth);

// Fills the empty columns of `row` from `next`.
void fill_columns(KernelSet& row, const KernelSet& next);

// The rows that this machine runs, best first and filled; never empty.
std::span<const KernelSet> runnable_kernels();
// Their names.
std::span<const std::string_view> runnable_isas();

// The best, or those that MOBILENET_CPU_ISA names; an error when that name is unknown or cannot run here.
Result<const KernelSet*> pick_kernels();

}  // namespace mobilenet::cpu
