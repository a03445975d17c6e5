// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the readers of single operators share: an operator with its tensors looked up, and the two steps that each of
// them takes, operands in, node out. One function for each kind of operator; operators.cpp lists them.

#include <mobilenet/result.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/quoted.h"
#include "formats/tflite/tensor_table.h"
#include "formats/tflite/tflite_generated.h"
#include "network/network.h"

namespace mobilenet::tflite {

// Tensors by their index in the file; -1: an optional input that is absent.
struct Call {
  const schema::Operator* stored = nullptr;
  schema::BuiltinOperator code = schema::BuiltinOperator::ADD;
  std::vector<int> inputs;
  int output = -1;
  std::vector<int> extra_outputs;  // after the first

  bool has(std::size_t input) const { return input < inputs.size() && inputs[input] >= 0; }
  // Null when the operator has none, or those of another kind.
  template <class Options>
  const Options* options() const {
    return stored->builtin_options_as<Options>();
  }
};

class OperatorReader {
 public:
  OperatorReader(TensorTable& tensors, Network& network) : tensors_(tensors), network_(network) {}

  // weighted_operators.cpp
  Result<void> convolution(const Call& call);
  Result<void> depthwise(const Call& call);
  Result<void> fully_connected(const Call& call);
  // shape_operators.cpp
  Result<void> pool(const Call& call);
  Result<void> mean(const Call& call);
  Result<void> concatenation(const Call& call);
  Result<void> reshape(const Call& call);
  Result<void> squeeze(const Call& call);
  Result<void> resize_bilinear(const Call& call);
  Result<void> pad(const Call& call);
  Result<void> extents(const Call& call);
  // elementwise_operators.cpp
  Result<void> add(const Call& call);
  Result<void> multiply(const Call& call);
  Result<void> subtract(const Call& call);
  Result<void> softmax(const Call& call);
  Result<void> activation(const Call& call);
  Result<void> quantize(const Call& call);
  Result<void> dequantize(const Call& call);
  // answer_operators.cpp
  Result<void> arg_max(const Call& call);
  Result<void> detection_post_process(const Call& call);
  Result<void> left_out_decoder(const Call& call);

 private:
  const Tensor& tensor(TensorId id) const { return tensors_.tensor(id); }
  const Shape& shape(TensorId id) const { return tensors_.tensor(id).shape; }

  // The first `count` inputs, all of one type, as activations.
  Result<std::vector<TensorId>> activations(const Call& call, std::size_t count);
  // A constant input that is part of the options.
  Result<std::vector<std::int64_t>> integers(const Call& call, std::size_t input) const;
  // x, weight and perhaps bias in one of the combinations of types that are computed.
  Result<std::vector<TensorId>> weighted(const Call& call, WeightLayout layout, int channel_axis);
  // x * c, x + c, x - c or c - x.
  Result<void> scale_and_shift(const Call& call, schema::FusedActivation activation);
  // Defines the output and adds the node; `append` demands the type of the first input.
  Result<void> append(const Call& call, Op op, std::vector<TensorId> inputs);
  Result<void> append_node(Op op, std::vector<TensorId> inputs, TensorId output);

  TensorTable& tensors_;
  Network& network_;
};

Result<Activation> activation_of(schema::FusedActivation activation);

inline Error missing_options() { return failure(ErrorCode::bad_format, "its options are missing"); }

// Strides and padding; the kernel and its dilation are the caller's.
template <class Options>
Result<Window> window_of(const Options& options) {
  Window window;
  window.stride_height = options.stride_h();
  window.stride_width = options.stride_w();
  switch (options.padding()) {
    case schema::PaddingRule::SAME:
      window.padding.rule = Padding::Rule::same;
      return window;
    case schema::PaddingRule::VALID:
      return window;
  }
  return failure(ErrorCode::bad_format, "its padding rule ", static_cast<int>(options.padding()), " is unknown");
}

}  // namespace mobilenet::tflite
