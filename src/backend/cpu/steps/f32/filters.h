// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The constants of a float convolution, depthwise convolution or dense layer with what follows it in its step: batch
// norm multiplied into the weights in double precision, everything in the order that a kernel reads.

#include <memory>
#include <optional>
#include <vector>

#include "backend/cpu/kernels/f32_gemm.h"
#include "backend/cpu/program/step.h"
#include "network/parameter.h"

namespace mobilenet::cpu {

// A step read as head [+ batch norm] [+ activation], or head [+ batch norm] + add [+ activation]; in front of it may be
// a concatenation with a repeated pixel.
struct FusedGroup {
  const Node* concat = nullptr;
  const Node* head = nullptr;
  int head_index = 0;
  const Node* batch_norm = nullptr;
  int batch_norm_index = -1;
  TensorId residual = kNoTensor;
  Activation activation = Activation::none;  // the last thing that happens
};
Result<FusedGroup> fused_group(const StepSource& source);

// The head's weight. Fails where weight, bias or the batch norm's statistics are no constants.
Result<FilterView> checked_view(const StepSource& source, const FusedGroup& group);

// Weight and bias of the head, folded. Large: made only to be packed.
struct FoldedFilter {
  FoldedFilter() = default;
  FoldedFilter(FoldedFilter&&) = default;
  FoldedFilter(const FoldedFilter&) = delete;  // `values` may lie inside
  FoldedFilter& operator=(const FoldedFilter&) = delete;

  FilterView view;
  std::vector<float> converted;   // what is not stored as floats
  const float* values = nullptr;  // as stored: there, or in the file's bytes
  std::vector<double> factors;    // per output
  std::vector<float> bias;        // per output

  float weight(int o, int y, int x, int i) const {
    float folded = 0;
    return *weights(o, y, x, i, 1, &folded);
  }
  // Of the inputs i..i + count: in place where nothing is folded in and they lie together, else in `folded`.
  const float* weights(int o, int y, int x, int i, int count, float* folded) const {
    const float* from = values + view.offset(o, y, x, i);
    const double factor = factors[static_cast<std::size_t>(o)];
    if (factor == 1 && view.input_stride == 1) return from;
    for (int k = 0; k < count; ++k, from += view.input_stride)
      folded[k] = static_cast<float>(static_cast<double>(*from) * factor);
    return folded;
  }
};
FoldedFilter folded_filter(const StepSource& source, const FusedGroup& group, const FilterView& view);

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

// Factor and shift per channel that do the same as a batch norm.
struct ChannelScale {
  std::vector<double> factors, shifts;
};
ChannelScale channel_scale(const StepSource& source, const Node& batch_norm);

// A constant of the network as floats.
std::vector<float> constant_values(const StepSource& source, TensorId id);

}  // namespace mobilenet::cpu
