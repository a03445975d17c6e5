// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The constants of a float convolution, depthwise convolution or dense layer with what follows it in its step, in the
// order that a kernel reads.

#include <memory>

#include "backend/cpu/kernels/f32_gemm.h"
#include "backend/cpu/program/step.h"
#include "network/parameter.h"
#include "plan/folded_layer.h"

namespace mobilenet::cpu {

// [groups][panels][packed depth][panel columns], an element as the layout says, of depth = kernel height x width x
// inputs; then the bias as [groups][panels][panel columns] of float.
struct PackedMatrix {
  std::shared_ptr<const AlignedBuffer> memory;
  const float* weights = nullptr;
  const float* bias = nullptr;
  int depth = 0, packed_depth = 0, columns = 0, panels = 0;  // of one group
};
Result<PackedMatrix> packed_matrix(const StepSource& source, const FusedGroup& group, const FilterView& view,
                                   int groups, const PanelLayout& layout);

// [blocks of `lanes` channels][bias, then kernel height x width taps][lanes] of `type`, f32 or f16; with zeros for
// channels up to a multiple of kBf16Channels.
struct PackedDepthwise {
  std::shared_ptr<const AlignedBuffer> memory;
  const void* packed = nullptr;
};
Result<PackedDepthwise> packed_depthwise(const StepSource& source, const FusedGroup& group, int lanes, DataType type);

}  // namespace mobilenet::cpu
