// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The operators of the reference backend, one file per family. Each `prepare` checks that the node can run, converts
// its constants and derives its arithmetic; the function that it returns runs it on any shapes that shape inference
// accepts, without allocating, for as long as the Network lives. Loops index [batch, height, width, channels] directly,
// nothing is packed.

#include <mobilenet/result.h>

#include <cstddef>
#include <functional>
#include <span>

#include "network/network.h"

namespace mobilenet::reference {

struct Operand {
  const std::byte* data = nullptr;
  Shape shape;

  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data);
  }
};

struct Operands {
  std::span<const Operand> inputs;            // in the order of Node::inputs; constants have no data here
  std::byte* data = nullptr;                  // of the output
  Shape shape;                                // of the output
  std::span<std::byte* const> extra_outputs;  // in the order of Node::extra_outputs
  std::int64_t batch = 1;                     // pictures that the network computes at once

  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data);
  }
};

using Operator = std::function<void(const Operands&)>;

// The node's tensors and constants by position.
struct NodeView {
  const Network& network;
  const Parameters& parameters;
  const Node& node;

  bool has(std::size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoTensor; }
  const Tensor& input(std::size_t i) const { return network.tensor(node.inputs[i]); }
  const Tensor& output() const { return network.tensor(node.output); }
  // Of an input that is a constant.
  const Parameter& parameter(std::size_t i) const { return parameters.of(input(i)); }
};

// Whether a node computes with floats or with the quantised integers of its output; an error when its activations
// (inputs 0..activations-1 and the output) are neither all f32 nor all quantised to one integer type, or are constants.
enum class Arithmetic { real, integer };
Result<Arithmetic> arithmetic_of(const NodeView& view, std::size_t activations);

// Calls function(T{}) with the element type of a quantised tensor.
template <class Function>
auto with_integer_type(DataType type, const Function& function) {
  return type == DataType::u8 ? function(std::uint8_t{}) : function(std::int8_t{});
}

// The constant at input `i` as reals; an error unless it is a constant of a numeric type with consistent quantisation.
Result<std::vector<float>> real_constant(const NodeView& view, std::size_t i);

// The activation of a real number.
double activate(Activation activation, double x);

// convolution.cpp
Result<Operator> prepare(const Conv2dOp& op, const NodeView& view);
Result<Operator> prepare(const DepthwiseConv2dOp& op, const NodeView& view);
Result<Operator> prepare(const DenseOp& op, const NodeView& view);
// transpose_convolution.cpp
Result<Operator> prepare(const TransposeConv2dOp& op, const NodeView& view);
// elementwise.cpp
Result<Operator> prepare(const BatchNormOp& op, const NodeView& view);
Result<Operator> prepare(const ActivationOp& op, const NodeView& view);
Result<Operator> prepare(const AddOp& op, const NodeView& view);
Result<Operator> prepare(const UnaryOp& op, const NodeView& view);
// conversion.cpp
Result<Operator> prepare(const QuantizeOp& op, const NodeView& view);
Result<Operator> prepare(const CastOp& op, const NodeView& view);
// broadcast.cpp
Result<Operator> prepare(const BinaryOp& op, const NodeView& view);
// movement.cpp
Result<Operator> prepare(const ConcatOp& op, const NodeView& view);
Result<Operator> prepare(const ReshapeOp& op, const NodeView& view);
Result<Operator> prepare(const PadOp& op, const NodeView& view);
Result<Operator> prepare(const TransposeOp& op, const NodeView& view);
Result<Operator> prepare(const SliceOp& op, const NodeView& view);
Result<Operator> prepare(const TileOp& op, const NodeView& view);
Result<Operator> prepare(const ResizeNearestOp& op, const NodeView& view);
// pooling.cpp
Result<Operator> prepare(const PoolOp& op, const NodeView& view);
Result<Operator> prepare(const GlobalAveragePoolOp& op, const NodeView& view);
// reduction.cpp
Result<Operator> prepare(const ReduceOp& op, const NodeView& view);
// softmax.cpp: rows of the last axis
Result<Operator> prepare(const SoftmaxOp& op, const NodeView& view);
Result<Operator> prepare(const LogSoftmaxOp& op, const NodeView& view);
Result<Operator> prepare(const L2NormalizeOp& op, const NodeView& view);
// answers.cpp
Result<Operator> prepare(const ArgMaxOp& op, const NodeView& view);
Result<Operator> prepare(const DetectionPostProcessOp& op, const NodeView& view);
// resize.cpp
Result<Operator> prepare(const ResizeBilinearOp& op, const NodeView& view);

}  // namespace mobilenet::reference
