// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Shape inference: what every tensor looks like for given inputs, and every check that can be made before running.

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/quoted.h"
#include "network/network.h"
#include "network/parameter.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet {
namespace {

constexpr std::int64_t kMaxElements = std::numeric_limits<std::int32_t>::max();
constexpr int kMaxWindow = 1 << 16;          // keeps every product of extents within 64 bits
constexpr std::int64_t kMaxReach = 1 << 20;  // of a window with its dilation: kernels count pixels in int

WindowExtent extent(Padding::Rule rule, int before, int after, int kernel, int stride, int dilation,
                    std::int64_t input) {
  const std::int64_t reach = static_cast<std::int64_t>(kernel - 1) * dilation + 1;
  if (rule == Padding::Rule::same) {
    const std::int64_t output = (input + stride - 1) / stride;
    const std::int64_t total = std::max<std::int64_t>(0, (output - 1) * stride + reach - input);
    return {output, total / 2};
  }
  const std::int64_t padded = input + before + after;
  return {padded < reach ? 0 : (padded - reach) / stride + 1, before};
}

class Inference {
 public:
  Inference(const Network& network, const Parameters& parameters) : network_(network), parameters_(parameters) {
    shapes_.resize(network.tensors.size());
    for (std::size_t i = 0; i < shapes_.size(); ++i)
      if (network.tensors[i].is_constant()) shapes_[i] = parameter_of(static_cast<TensorId>(i)).shape;
  }

  Result<std::vector<Shape>> run(std::span<const Shape> inputs) {
    if (inputs.size() != network_.inputs.size())
      return failure(ErrorCode::invalid_argument, "the network has ", network_.inputs.size(), " inputs, got ",
                     inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      for (const std::int64_t axis : inputs[i].axes())
        if (axis <= 0 || axis > kMaxElements)
          return failure(ErrorCode::invalid_argument, "input ", name(network_.inputs[i]), ": impossible shape ",
                         to_string(inputs[i]));
      MOBILENET_CHECK(limit(inputs[i], name(network_.inputs[i])));
      at(network_.inputs[i]) = inputs[i];
    }
    if (!inputs.empty() && inputs[0].rank() > 0) batch_ = inputs[0][0];
    for (const Node& node : network_.nodes) {
      auto shape = std::visit([&](const auto& op) { return infer(op, node); }, node.op);
      if (!shape) return mobilenet::at(node.name, std::move(shape).error());
      for (const std::int64_t axis : shape->axes())
        if (axis <= 0)
          return failure(ErrorCode::invalid_argument, node.name, ": the input ", to_string(in(node, 0)),
                         " is too small, the output would be ", to_string(*shape));
      MOBILENET_CHECK(limit(*shape, node.name));
      at(node.output) = *shape;
    }
    return std::move(shapes_);
  }

 private:
  static Result<void> limit(const Shape& shape, const std::string& where) {
    std::int64_t product = 1;
    for (const std::int64_t axis : shape.axes()) {
      if (axis > kMaxElements / std::max<std::int64_t>(product, 1))
        return failure(ErrorCode::out_of_memory, where, ": a tensor of ", to_string(shape), " is too large");
      product *= axis;
    }
    return {};
  }

  Shape& at(TensorId id) { return shapes_[static_cast<std::size_t>(id)]; }
  const Tensor& tensor(TensorId id) const { return network_.tensor(id); }
  std::string name(TensorId id) const { return quoted(tensor(id).name); }
  const Parameter& parameter_of(TensorId id) const { return parameters_.of(tensor(id)); }
  static bool has(const Node& node, std::size_t i) { return i < node.inputs.size() && node.inputs[i] != kNoTensor; }
  const Shape& in(const Node& node, std::size_t i) { return at(node.inputs[i]); }

  Result<void> needs_map(const Node& node) {
    if (in(node, 0).rank() != 4)
      return failure(ErrorCode::bad_format, "input is ", to_string(in(node, 0)),
                     ", expected batch x height x width x channels");
    return {};
  }

  static Result<void> check(const Window& w) {
    for (const int number :
         {w.kernel_height, w.kernel_width, w.stride_height, w.stride_width, w.dilation_height, w.dilation_width})
      if (number < 1 || number > kMaxWindow)
        return failure(ErrorCode::bad_format, "kernel ", w.kernel_height, "x", w.kernel_width, ", stride ",
                       w.stride_height, "x", w.stride_width, ", dilation ", w.dilation_height, "x", w.dilation_width,
                       " is impossible");
    for (const int number : {w.padding.top, w.padding.left, w.padding.bottom, w.padding.right})
      if (number < 0 || number > kMaxWindow)
        return failure(ErrorCode::bad_format, "padding of ", number, " pixels is impossible");
    const std::int64_t height = std::int64_t{w.kernel_height} * w.dilation_height;
    const std::int64_t width = std::int64_t{w.kernel_width} * w.dilation_width;
    if (height > kMaxReach || width > kMaxReach)
      return failure(ErrorCode::unsupported, "a window of ", height, "x", width, " pixels is too large");
    return {};
  }

  // An average of quantised integers is a sum in 32 bits, divided.
  Result<void> check_average(const Node& node, std::int64_t pixels) {
    if (!is_quantized(tensor(node.inputs[0])) || pixels <= std::numeric_limits<std::int32_t>::max() / 255) return {};
    return failure(ErrorCode::unsupported, "cannot average ", pixels, " pixels in 32-bit integers");
  }

  Result<void> check_vector(const Node& node, std::size_t i, const char* what, std::int64_t channels) {
    if (!has(node, i)) return {};
    if (in(node, i).elements() != channels)
      return failure(ErrorCode::bad_format, what, " is ", to_string(in(node, i)), ", expected ", channels);
    return {};
  }

  // The weight of a convolution against its window and input channels.
  Result<FilterView> filter(const Node& node, const Window& window, std::int64_t inputs) {
    const Tensor& tensor = network_.tensor(node.inputs[1]);
    if (!tensor.is_constant()) return failure(ErrorCode::unsupported, "its weight is not a constant");
    MOBILENET_TRY(const FilterView view, filter_view(parameter_of(node.inputs[1])));
    if (view.height != window.kernel_height || view.width != window.kernel_width || view.inputs != inputs)
      return failure(ErrorCode::bad_format, "weight is ", view.outputs, "x", view.height, "x", view.width, "x",
                     view.inputs, ", expected ", view.outputs, "x", window.kernel_height, "x", window.kernel_width, "x",
                     inputs);
    return view;
  }

  Shape windowed(const Shape& input, const Window& window, std::int64_t channels) {
    return {input[0], window_height(window, input[1]).output, window_width(window, input[2]).output, channels};
  }

  Result<Shape> infer(const Conv2dOp& op, const Node& node) {
    MOBILENET_CHECK(needs_map(node));
    MOBILENET_CHECK(check(op.window));
    const std::int64_t channels = in(node, 0)[3];
    if (op.groups < 1 || channels % op.groups != 0)
      return failure(ErrorCode::bad_format, channels, " channels do not divide into ", op.groups, " groups");
    MOBILENET_TRY(const FilterView view, filter(node, op.window, channels / op.groups));
    if (view.outputs % op.groups != 0)
      return failure(ErrorCode::bad_format, view.outputs, " outputs do not divide into ", op.groups, " groups");
    MOBILENET_CHECK(check_vector(node, 2, "bias", view.outputs));
    return windowed(in(node, 0), op.window, view.outputs);
  }

  Result<Shape> infer(const DepthwiseConv2dOp& op, const Node& node) {
    MOBILENET_CHECK(needs_map(node));
    MOBILENET_CHECK(check(op.window));
    MOBILENET_TRY(const FilterView view, filter(node, op.window, 1));
    if (op.multiplier < 1 || view.outputs != in(node, 0)[3] * op.multiplier)
      return failure(ErrorCode::bad_format, "depthwise weight has ", view.outputs, " channels, expected ",
                     in(node, 0)[3], " x ", op.multiplier);
    MOBILENET_CHECK(check_vector(node, 2, "bias", view.outputs));
    return windowed(in(node, 0), op.window, view.outputs);
  }

  Result<Shape> infer(const DenseOp&, const Node& node) {
    const Shape& x = in(node, 0);
    if (x.rank() < 1) return failure(ErrorCode::bad_format, "input is a scalar");
    MOBILENET_TRY(const FilterView view, filter(node, Window{}, x.elements() / x[0]));
    MOBILENET_CHECK(check_vector(node, 2, "bias", view.outputs));
    return Shape{x[0], view.outputs};
  }

  // What works along the last axis would reach over the pictures of a batch where that is the only one.
  Result<void> check_apart(const Shape& x, const char* operation) const {
    if (x.rank() > 1 || batch_ == 1) return {};
    return failure(ErrorCode::unsupported, operation, " over the ", batch_, " pictures of a batch: give one at a time");
  }

  Result<Shape> infer(const BatchNormOp&, const Node& node) {
    const Shape& x = in(node, 0);
    if (x.rank() < 1) return failure(ErrorCode::bad_format, "input is a scalar");
    MOBILENET_CHECK(check_apart(x, "batch norm"));
    for (std::size_t i = 1; i < 5; ++i) {
      if (!has(node, i)) return failure(ErrorCode::bad_format, "batch norm needs gamma, beta, mean and variance");
      MOBILENET_CHECK(check_vector(node, i, "batch norm", x[x.rank() - 1]));
    }
    return x;
  }

  Result<Shape> infer(const ActivationOp&, const Node& node) { return in(node, 0); }

  Result<Shape> infer(const AddOp&, const Node& node) {
    if (!(in(node, 0) == in(node, 1)))
      return failure(ErrorCode::bad_format, "cannot add ", to_string(in(node, 0)), " and ", to_string(in(node, 1)));
    return in(node, 0);
  }

  Result<Shape> infer(const MulOp&, const Node& node) {
    const Shape &a = in(node, 0), &b = in(node, 1);
    if (!(a == b) && !(a.rank() == 4 && b == Shape{a[0], 1, 1, a[3]}))
      return failure(ErrorCode::bad_format, "cannot multiply ", to_string(a), " by ", to_string(b));
    return a;
  }

  Result<Shape> infer(const ArgMaxOp&, const Node& node) {
    const Shape& x = in(node, 0);
    if (x.rank() < 2) return failure(ErrorCode::bad_format, "argmax of ", to_string(x));
    Shape shape;
    for (int i = 0; i + 1 < x.rank(); ++i) shape.push_back(x[i]);
    return shape;
  }

  Result<Shape> infer(const DetectionPostProcessOp& op, const Node& node) {
    const Shape &boxes = in(node, 0), &scores = in(node, 1), &anchors = in(node, 2);
    const std::int64_t columns = op.spec.classes + (op.spec.background_column ? 1 : 0);
    if (boxes.rank() != 3 || boxes[2] != 4 || !(anchors == Shape{boxes[1], 4}) ||
        !(scores == Shape{boxes[0], boxes[1], columns}))
      return failure(ErrorCode::bad_format, "boxes ", to_string(boxes), ", scores ", to_string(scores), " and anchors ",
                     to_string(anchors), " do not fit ", op.spec.classes, " classes",
                     op.spec.background_column ? " and a background column" : "");
    if (node.extra_outputs.size() != 3) return failure(ErrorCode::bad_format, "needs four outputs");
    const SuppressionSpec& suppression = op.spec.suppression;
    const std::int64_t batch = boxes[0],
                       most = std::int64_t{suppression.max_detections} * suppression.max_classes_per_anchor;
    if (most < 1) return failure(ErrorCode::bad_format, "at most ", most, " detections");
    at(node.extra_outputs[0]) = at(node.extra_outputs[1]) = {batch, most};
    at(node.extra_outputs[2]) = {batch};
    return Shape{batch, most, 4};
  }

  Result<Shape> infer(const ConcatOp& op, const Node& node) {
    Shape shape = in(node, 0);
    if (op.axis < 1 || op.axis >= shape.rank())
      return failure(ErrorCode::unsupported, "concatenation along axis ", op.axis, " of ", to_string(shape));
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const Shape& next = in(node, i);
      Shape aligned = next;
      if (next.rank() == shape.rank()) aligned[op.axis] = shape[op.axis];
      if (!(aligned == shape))
        return failure(ErrorCode::bad_format, "cannot join ", to_string(shape), " and ", to_string(next),
                       " along axis ", op.axis);
      shape[op.axis] += next[op.axis];
    }
    return shape;
  }

  Result<Shape> infer(const PoolOp& op, const Node& node) {
    MOBILENET_CHECK(needs_map(node));
    MOBILENET_CHECK(check(op.window));
    const Shape& x = in(node, 0);
    if (op.kind == PoolKind::average)
      MOBILENET_CHECK(check_average(node, std::min<std::int64_t>(op.window.kernel_height, x[1]) *
                                              std::min<std::int64_t>(op.window.kernel_width, x[2])));
    return windowed(x, op.window, x[3]);
  }

  Result<Shape> infer(const GlobalAveragePoolOp& op, const Node& node) {
    MOBILENET_CHECK(needs_map(node));
    const Shape& x = in(node, 0);
    MOBILENET_CHECK(check_average(node, x[1] * x[2]));
    return op.keep_axes ? Shape{x[0], 1, 1, x[3]} : Shape{x[0], x[3]};
  }

  Result<Shape> infer(const ReshapeOp& op, const Node& node) {
    const Shape& x = in(node, 0);
    Shape shape = op.shape;
    if (shape.rank() == 0) return failure(ErrorCode::unsupported, "reshape to a scalar");
    // Graph files say what becomes of one picture. That of a batch is one after the other, also where the first axis
    // is made of a picture's own elements.
    const std::int64_t elements = x.elements() / batch_;
    std::int64_t known = 1;
    int open = -1;
    for (int i = 0; i < shape.rank(); ++i) {
      if (shape[i] == -1 && open < 0) {
        open = i;
      } else if (shape[i] <= 0 || shape[i] > kMaxElements || known > kMaxElements / shape[i]) {
        return failure(ErrorCode::bad_format, "cannot reshape ", to_string(x), " to ", to_string(op.shape));
      } else {
        known *= shape[i];
      }
    }
    if (open >= 0 && elements % known == 0) shape[open] = elements / known;
    shape[0] *= batch_;
    if (shape.elements() != x.elements())
      return failure(ErrorCode::bad_format, "cannot reshape ", to_string(x), " to ", to_string(op.shape));
    return shape;
  }

  Result<Shape> infer(const SoftmaxOp& op, const Node& node) {
    if (!std::isfinite(op.beta)) return failure(ErrorCode::bad_format, "softmax with a beta of ", op.beta);
    const Shape& x = in(node, 0);
    if (x.rank() < 1) return failure(ErrorCode::bad_format, "softmax of a scalar");
    MOBILENET_CHECK(check_apart(x, "softmax"));
    return x;
  }

  Result<Shape> infer(const ResizeBilinearOp& op, const Node& node) {
    MOBILENET_CHECK(needs_map(node));
    const Shape& x = in(node, 0);
    if (op.height == 0 && has(node, 1)) {
      const Shape& like = in(node, 1);
      if (like.rank() != 4) return failure(ErrorCode::bad_format, "resize to the size of ", to_string(like));
      return Shape{x[0], like[1], like[2], x[3]};
    }
    return Shape{x[0], op.height, op.width, x[3]};
  }

  Result<Shape> infer(const QuantizeOp&, const Node& node) { return in(node, 0); }

  Result<Shape> infer(const PadOp& op, const Node& node) {
    MOBILENET_CHECK(needs_map(node));
    for (const int number : {op.top, op.left, op.bottom, op.right})
      if (number < 0 || number > kMaxWindow)
        return failure(ErrorCode::bad_format, "padding of ", number, " pixels is impossible");
    const Shape& x = in(node, 0);
    return Shape{x[0], x[1] + op.top + op.bottom, x[2] + op.left + op.right, x[3]};
  }

  const Network& network_;
  const Parameters& parameters_;
  std::vector<Shape> shapes_;
  std::int64_t batch_ = 1;
};

}  // namespace

WindowExtent window_height(const Window& w, std::int64_t input) {
  return extent(w.padding.rule, w.padding.top, w.padding.bottom, w.kernel_height, w.stride_height, w.dilation_height,
                input);
}

WindowExtent window_width(const Window& w, std::int64_t input) {
  return extent(w.padding.rule, w.padding.left, w.padding.right, w.kernel_width, w.stride_width, w.dilation_width,
                input);
}

Result<std::vector<Shape>> infer_shapes(const Network& network, const Parameters& parameters,
                                        std::span<const Shape> input_shapes) {
  return Inference(network, parameters).run(input_shapes);
}

}  // namespace mobilenet
