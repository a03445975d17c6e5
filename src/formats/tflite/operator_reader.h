// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the readers of single operators share: an operator with its tensors looked up, and the two steps that each of
// them takes, operands in, node out. One function for each kind of operator; operators.cpp lists them.

#include <mobilenet/result.h>

#include <array>
#include <cstddef>
#include <optional>
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
  Result<void> transpose_convolution(const Call& call);
  Result<void> fully_connected(const Call& call);
  // dilated_operators.cpp
  Result<void> space_to_batch(const Call& call);
  Result<void> batch_to_space(const Call& call);
  // shape_operators.cpp
  Result<void> pool(const Call& call);
  template <ReduceKind kKind>
  Result<void> reduce(const Call& call) {
    return reduce(call, kKind);
  }
  Result<void> concatenation(const Call& call);
  Result<void> reshape(const Call& call);
  Result<void> squeeze(const Call& call);
  Result<void> expand_dims(const Call& call);
  Result<void> resize_bilinear(const Call& call);
  Result<void> resize_nearest(const Call& call);
  // extents.cpp
  // Whether a few numbers are computed from shapes, which extents() does while the file is read.
  bool computes_extents(const Call& call) const;
  Result<void> extents(const Call& call);
  // movement_operators.cpp
  Result<void> pad(const Call& call);
  Result<void> transpose(const Call& call);
  Result<void> slice(const Call& call);
  Result<void> strided_slice(const Call& call);
  Result<void> reverse(const Call& call);
  Result<void> split(const Call& call);
  Result<void> unpack(const Call& call);
  Result<void> pack(const Call& call);
  Result<void> gather(const Call& call);
  Result<void> tile(const Call& call);
  Result<void> broadcast_to(const Call& call);
  Result<void> space_to_depth(const Call& call);
  Result<void> depth_to_space(const Call& call);
  // elementwise_operators.cpp
  Result<void> add(const Call& call);
  Result<void> multiply(const Call& call);
  Result<void> subtract(const Call& call);
  Result<void> divide(const Call& call);
  template <BinaryKind kKind>
  Result<void> binary(const Call& call) {  // those that fuse no activation
    return binary(call, kKind, schema::FusedActivation::NONE);
  }
  template <UnaryKind kKind>
  Result<void> unary(const Call& call) {
    return unary(call, UnaryOp{.kind = kKind});
  }
  Result<void> leaky_relu(const Call& call);
  Result<void> softmax(const Call& call);
  Result<void> rows(const Call& call);
  template <Activation kActivation>
  Result<void> activation(const Call& call) {
    return activation(call, kActivation);
  }
  Result<void> quantize(const Call& call);
  Result<void> dequantize(const Call& call);
  Result<void> cast(const Call& call);
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
  Result<std::array<int, 2>> new_size(const Call& call) const;
  template <class Op, class Options>
  Result<Op> resize(const Call& call) const;
  // An axis that the options give as one constant integer, counted from the front.
  Result<int> axis(const Call& call, std::size_t input, int rank) const;
  Result<void> reduce(const Call& call, ReduceKind kind);
  Result<void> unary(const Call& call, const UnaryOp& op);
  Result<void> activation(const Call& call, Activation activation);
  bool adds_finely(const Call& call) const;
  // Two operands, one of which may be a constant.
  Result<void> binary(const Call& call, BinaryKind kind, schema::FusedActivation activation);
  // Whether x * c, x / c, x + c, x - c or c - x is one of floats, c having one number or one for each channel.
  bool scales_and_shifts(const Call& call) const;
  Result<void> scale_and_shift(const Call& call, schema::FusedActivation activation);
  // What a convolution reads between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND waits for the latter.
  bool waits_for_space(const Call& call) const;
  Result<void> wait_for_space(const Call& call);
  // The tensor `like` under a shape and a name of its own, between two nodes of one operator.
  Result<TensorId> between(TensorId like, const Shape& shape, const char* suffix);
  // x under another shape: x itself where it has that.
  Result<TensorId> reshaped(TensorId x, const Shape& shape, const char* suffix);
  // Defines the output and adds the node; `append` demands the type of the first input.
  Result<void> append(const Call& call, Op op, std::vector<TensorId> inputs);
  Result<void> append_node(Op op, std::vector<TensorId> inputs, TensorId output);

  TensorTable& tensors_;
  Network& network_;
  const Spread* spread_ = nullptr;  // that the convolution which is read now takes into its window
};

// What SPACE_TO_BATCH_ND makes: the pixels of a picture spread over a batch of pictures of every block_height-th row
// and block_width-th column. A convolution of those is one with holes of the picture itself.
struct Spread {
  int source = -1;  // the picture
  int block_height = 1, block_width = 1;
  int top = 0, left = 0, bottom = 0, right = 0;  // zeros around the picture
  std::optional<Call> convolution = {};          // that has read it
};

// What the window of a convolution becomes that reads the picture itself.
Result<void> spread_window(const Spread& spread, Window& window);

inline constexpr std::int64_t kMaxExtent = 1 << 16;  // of a picture's side, of padding, of a step along an axis

// Whether bit `bit` of one of the format's masks is.
inline bool is_set(int mask, int bit) { return (static_cast<unsigned>(mask) >> bit & 1u) != 0; }

// An axis of the format counts from the end where it is negative.
inline std::int64_t from_front(std::int64_t axis, int rank) { return axis < 0 ? axis + rank : axis; }

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
