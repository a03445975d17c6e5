// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A Step that is a convolution, depthwise convolution or dense layer in floats with what follows it, read as one layer:
// batch norm multiplied into the weights in double precision.

#include <vector>

#include "network/parameter.h"
#include "plan/grouping.h"

namespace mobilenet {

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
Result<FusedGroup> fused_group(const Network& network, const Step& step);
// The optional bias of a convolution, depthwise convolution or dense layer.
TensorId bias_of(const Node& head);

// The head's weight. Fails where weight, bias or the batch norm's statistics are no constants.
Result<FilterView> checked_view(const Network& network, const Parameters& parameters, const FusedGroup& group);

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
FoldedFilter folded_filter(const Network& network, const Parameters& parameters, const FusedGroup& group,
                           const FilterView& view);

// Factor and shift per channel that do the same as a batch norm.
struct ChannelScale {
  std::vector<double> factors, shifts;
};
ChannelScale channel_scale(const Network& network, const Parameters& parameters, const Node& batch_norm);

// A constant of the network as floats.
std::vector<float> constant_values(const Network& network, const Parameters& parameters, TensorId id);

}  // namespace mobilenet
