// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Network: the operators as the source framework has them, in the order they run, never rewritten in place.
// Parameters: the constants, as views of the file's own bytes and types.

#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "network/ops.h"
#include "network/shape.h"

namespace mobilenet {

using TensorId = int;
inline constexpr TensorId kNoTensor = -1;

// real = scale * (stored - zero_point). One entry: the whole tensor; more: one per index of `axis`.
struct Quantization {
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;  // as many as scales
  int axis = 0;                           // of the stored shape
};

// How a convolution's weight lies in memory; parameter.h reads all of them through one view.
enum class WeightLayout {
  none,  // a vector, or anything that is not a convolution's weight
  ohwi,  // TensorFlow Lite convolution
  oihw,  // PyTorch convolution; depthwise is [channels, 1, kh, kw]
  hwc,   // TensorFlow Lite depthwise, [1, kh, kw, channels]
  oi,    // dense
};

struct Parameter {
  std::string name;
  DataType type = DataType::f32;
  Shape shape;
  WeightLayout layout = WeightLayout::none;
  std::span<const std::byte> bytes;  // exactly shape.elements() elements; possibly unaligned
};

struct Tensor {
  std::string name;
  DataType type = DataType::f32;
  Shape shape;  // activations: as in the file, batch 1; rank 0 where the file does not say
  std::optional<Quantization> quantization;
  int parameter = -1;  // index into Parameters::values; -1: an activation
  bool int4 = false;   // a constant whose source has 4 bits a number, i8 here: layers of bytes round by other rules

  bool is_constant() const { return parameter >= 0; }
};

struct Parameters {
  std::vector<Parameter> values;
  std::vector<std::shared_ptr<const void>> owners;  // keep the bytes alive

  const Parameter& value(int index) const { return values[static_cast<std::size_t>(index)]; }
  Parameter& value(int index) { return values[static_cast<std::size_t>(index)]; }
  const Parameter& of(const Tensor& constant) const { return value(constant.parameter); }
};

struct Node {
  std::string name;  // for messages: "block3/expand" or the file's own
  Op op;
  std::vector<TensorId> inputs;  // kNoTensor: an optional input that is absent
  TensorId output = kNoTensor;
  std::vector<TensorId> extra_outputs{};  // after the first; only detection post-processing has any
};

// A public name for a tensor: "block3/expand", "hidden_4".
struct Layer {
  std::string name;
  TensorId tensor = kNoTensor;
};

struct Network {
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;  // every node after those whose outputs it reads
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  std::vector<Layer> layers;   // canonical names, in order
  std::vector<Layer> aliases;  // accepted too, not listed
  // Where answers are read besides the outputs: raw boxes and scores of a detector (before decoding), logits of a
  // segmenter (before they are enlarged), the row of a classifier where it is not the first output. kNoTensor in
  // networks of other kinds.
  TensorId boxes = kNoTensor, scores = kNoTensor, mask_logits = kNoTensor, class_row = kNoTensor;
  // Of a detector whose anchors are generated: one tensor per feature map that has the map's height and width.
  std::vector<TensorId> anchor_maps;
  bool fixed_size = false;  // height and width of the inputs are part of the network (graph files)

  const Tensor& tensor(TensorId id) const { return tensors[static_cast<std::size_t>(id)]; }
  Tensor& tensor(TensorId id) { return tensors[static_cast<std::size_t>(id)]; }
  const Node& node(int index) const { return nodes[static_cast<std::size_t>(index)]; }
  bool is_constant(TensorId id) const { return id != kNoTensor && tensor(id).is_constant(); }
  // A tensor that a run computes or is given; neither a constant nor absent.
  bool is_activation(TensorId id) const { return id != kNoTensor && !tensor(id).is_constant(); }

  // By layer name, alias or exact tensor name of an activation; kNoTensor when there is none.
  TensorId find(std::string_view name) const;
  // The node whose first output is `tensor`; null for inputs and constants.
  const Node* producer(TensorId tensor) const;
};

// The output that a classifier's answers are read from.
inline TensorId class_row(const Network& network) {
  return network.class_row != kNoTensor ? network.class_row : network.outputs[0];
}

// The first axis of a graph file's first input: 1, but where the file fixes another batch. Batches are multiples of it.
inline std::int64_t stored_batch(const Network& network) {
  const Shape& shape = network.tensor(network.inputs[0]).shape;
  return network.fixed_size && shape.rank() > 0 ? std::max<std::int64_t>(shape[0], 1) : 1;
}

// The shape of every tensor for the given input shapes (in the order of Network::inputs). Checks ranks, channels and
// window sizes, and that nothing exceeds 2^31 elements; the message names the node and the shapes.
Result<std::vector<Shape>> infer_shapes(const Network& network, const Parameters& parameters,
                                        std::span<const Shape> input_shapes);

inline const Shape& shape_of(std::span<const Shape> shapes, TensorId id) {
  return shapes[static_cast<std::size_t>(id)];
}

// The same, node by node, while a reader adds nodes: so that it knows the shapes of what they make.
class ShapeInference {
 public:
  // Both outlive this.
  ShapeInference(const Network& network, const Parameters& parameters);
  ~ShapeInference();

  Result<void> start(std::span<const Shape> input_shapes);
  // Of all nodes that were added since.
  Result<void> advance();
  std::size_t nodes() const;  // that were looked at
  const Shape& of(TensorId tensor) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Output extent and leading padding of a window along one axis.
struct WindowExtent {
  std::int64_t output = 0;
  std::int64_t pad_before = 0;
};
WindowExtent window_height(const Window& window, std::int64_t input_height);
WindowExtent window_width(const Window& window, std::int64_t input_width);

}  // namespace mobilenet
