// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The operators of a network as plain structs in a variant. A new one is a struct here, a case in shape inference, one
// file in each backend and a row in the table of test cases; the compiler lists the places (switches have no default).
//
// Activations are [batch, height, width, channels] unless said otherwise. Quantisation lives on the tensors: an
// operator whose input and output tensors are quantised computes in exact integers as TensorFlow Lite does, in XNNPACK
// or in a kernel of its own.

#include <mobilenet/layers.h>

#include <array>
#include <variant>

#include "network/shape.h"
#include "spec/detection_spec.h"

namespace mobilenet {

struct Padding {
  enum class Rule {
    same,      // TensorFlow's SAME, from the run-time size: total = max((ceil(in / s) - 1) s + (k - 1) d + 1 - in, 0),
               // top = left = total / 2 rounded down
    explicit_  // the four numbers below
  };
  Rule rule = Rule::explicit_;
  int top = 0, left = 0, bottom = 0, right = 0;
};

struct Window {
  int kernel_height = 1, kernel_width = 1;
  int stride_height = 1, stride_width = 1;
  int dilation_height = 1, dilation_width = 1;
  Padding padding;
};

// inputs: x, weight (logical [outputs, kh, kw, inputs / groups]), optional bias [outputs]
struct Conv2dOp {
  Window window;
  int groups = 1;
  Activation activation = Activation::none;
};

// inputs: x, weight (logical [channels * multiplier, kh, kw, 1]), optional bias. Output channel c reads input channel
// c / multiplier.
struct DepthwiseConv2dOp {
  Window window;
  int multiplier = 1;
  Activation activation = Activation::none;
};

// inputs: x, weight (logical [outputs, kh, kw, inputs]), optional bias. The gradient of a convolution of `window` over
// an output of height x width: input pixel y reaches the output pixels y stride - pad + 0..kernel. Where `height` is 0,
// the output is input x stride (rule same) or all that is reached.
struct TransposeConv2dOp {
  Window window;
  int height = 0, width = 0;
  Activation activation = Activation::none;
};

// Whether the windows of neighbours do not touch, for which the runtime has arithmetic of its own in integers.
inline bool leaves_gaps(const TransposeConv2dOp& op) {
  const Window& w = op.window;
  return w.padding.rule == Padding::Rule::same &&
         (w.kernel_height < w.stride_height || w.kernel_width < w.stride_width);
}

// inputs: x (flattened to [batch, inputs]), weight (logical [outputs, 1, 1, inputs]), optional bias; output [batch,
// outputs]
struct DenseOp {
  Activation activation = Activation::none;
};

// inputs: x, gamma, beta, mean, variance, each [channels]; y = (x - mean) / sqrt(variance + epsilon) * gamma + beta
struct BatchNormOp {
  double epsilon = 1e-3;
};

struct ActivationOp {
  Activation activation = Activation::relu6;
};

// What becomes of one number. leaky_relu: x < 0 gives alpha x; elu: x < 0 gives exp(x) - 1.
enum class UnaryKind { absolute, elu, exp, leaky_relu, log, negate, rsqrt, sqrt, square, tanh };

struct UnaryOp {
  UnaryKind kind = UnaryKind::absolute;
  float alpha = 0;  // of leaky_relu
};

// What becomes of two numbers. prelu: a where a >= 0, else a b.
enum class BinaryKind { add, divide, maximum, minimum, multiply, power, prelu, squared_difference, subtract };

// inputs: a, b, one of which may be a constant. Their axes are aligned at the last one, and what has an extent of 1 is
// repeated, as NumPy does: a row of channels, a gate of one pixel, one number.
struct BinaryOp {
  BinaryKind kind = BinaryKind::multiply;
  Activation activation = Activation::none;
};

// inputs: a, b of one shape
struct AddOp {
  Activation activation = Activation::none;
};

// inputs: any number, equal in all axes but `axis` (of the output's rank; the first only for a single picture)
struct ConcatOp {
  int axis = 3;
};

enum class PoolKind { average, max };  // average divides by the pixels inside the picture, as TensorFlow does

struct PoolOp {
  PoolKind kind = PoolKind::average;
  Window window;
  Activation activation = Activation::none;
};

// Mean over height and width. Output [batch, channels], or [batch, 1, 1, channels].
struct GlobalAveragePoolOp {
  bool keep_axes = true;
};

enum class ReduceKind { maximum, mean, minimum, sum };

// Over the axes of a set, bit i of `axes` for axis i; they stay with an extent of 1 where `keep_axes`.
struct ReduceOp {
  ReduceKind kind = ReduceKind::mean;
  unsigned axes = 0;
  bool keep_axes = true;
};

// x / sqrt(the sum of squares along the last axis)
struct L2NormalizeOp {};

// `shape` as stored: axis 0 is the batch where it is 1; at most one axis is -1.
struct ReshapeOp {
  Shape shape;
};

// Over the last axis: exp(beta x) / sum exp(beta x)
struct SoftmaxOp {
  float beta = 1;
};

// Over the last axis: x - log(sum exp(x))
struct LogSoftmaxOp {};

// To height x width; where `height` is 0, to the height and width of a second input (whose values are not read).
struct ResizeBilinearOp {
  int height = 0, width = 0;
  Enlargement enlargement = Enlargement::top_left;
};

// The same values under the output tensor's type and quantisation: float to integer, integer to float, or from one
// scale to another.
struct QuantizeOp {};

// The same numbers under the output's type, without any scale: integers of argmax as floats or bytes, bytes of a
// picture as floats. Floats lose their fraction; what an integer type cannot hold has no defined value.
struct CastOp {};

// To height x width: along an axis, the pixel that TensorFlow Lite takes (movement.h).
struct ResizeNearestOp {
  int height = 0, width = 0;
  Enlargement enlargement = Enlargement::top_left;
  bool fixed_point = false;  // the scale has 16 bits of fraction: for bytes, with top_left
};

// constant: `value` around the input, zero by default; reflect: its elements mirrored without the edge; symmetric: with
// the edge. `before` and `after` have the input's rank; an integer network stores the value under the output's scale.
enum class PadMode { constant, reflect, symmetric };

struct PadOp {
  Shape before, after;
  PadMode mode = PadMode::constant;
  float value = 0;
};
// Zeros around height and width.
PadOp pad_of_map(int top, int left, int bottom, int right);

// Output axis i is input axis order[i].
struct TransposeOp {
  std::array<int, Shape::kMaxRank> order{0, 1, 2, 3, 4, 5};
};

// Along each axis `count` elements from `begin` on, `stride` apart, which may be negative; as many as there are where
// `count` is kAll. All three have the input's rank.
struct SliceOp {
  static constexpr std::int64_t kAll = -1;
  Shape begin, stride, count;
};

// The input, repeated along each axis.
struct TileOp {
  Shape repeats;
};

// The index of the largest element along the last axis, the lowest of equal ones. Output i32 or i64, without that axis.
struct ArgMaxOp {};

// inputs: boxes [batch, anchors, 4], scores [batch, anchors, columns], anchors [anchors, 4] (a constant). Outputs
// float: boxes [batch, max, 4] as top, left, bottom, right; then Node::extra_outputs: classes [batch, max], scores
// [batch, max], count [batch]. Unused rows are zero.
struct DetectionPostProcessOp {
  DetectionSpec spec;
};

using Op = std::variant<Conv2dOp, DepthwiseConv2dOp, TransposeConv2dOp, DenseOp, BatchNormOp, ActivationOp, UnaryOp,
                        AddOp, BinaryOp, ConcatOp, PoolOp, GlobalAveragePoolOp, ReduceOp, L2NormalizeOp, ReshapeOp,
                        SoftmaxOp, LogSoftmaxOp, ResizeBilinearOp, ResizeNearestOp, QuantizeOp, CastOp, PadOp,
                        TransposeOp, SliceOp, TileOp, ArgMaxOp, DetectionPostProcessOp>;

// "convolution", "depthwise", ...: for messages and profiles.
std::string_view kind_of(const Op& op);

}  // namespace mobilenet
