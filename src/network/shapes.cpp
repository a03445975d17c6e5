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
#include "network/quantized_reduction.h"

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
  Inference(const Network& network, const Parameters& parameters) : network_(network), parameters_(parameters) {}

  Result<void> start(std::span<const Shape> inputs) {
    grow();
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
    if (!inputs.empty() && inputs[0].rank() > 0) batch_ = inputs[0][0] / stored_batch(network_);
    for (std::size_t i = 0; i < inputs.size() && network_.fixed_size; ++i)
      if (const Shape& stored = tensor(network_.inputs[i]).shape;
          stored.rank() > 0 && (inputs[i].rank() == 0 || inputs[i][0] != batch_ * stored[0]))
        return failure(ErrorCode::invalid_argument, "input ", name(network_.inputs[i]), " is ", to_string(inputs[i]),
                       ", expected multiples of the file's ", to_string(stored));
    return {};
  }

  Result<void> advance() {
    grow();
    for (; nodes_ < network_.nodes.size(); ++nodes_) {
      const Node& node = network_.nodes[nodes_];
      auto shape = std::visit([&](const auto& op) { return infer(op, node); }, node.op);
      if (!shape) return mobilenet::at(node.name, std::move(shape).error());
      for (const std::int64_t axis : shape->axes())
        if (axis <= 0)
          return failure(ErrorCode::invalid_argument, node.name, ": the input ", to_string(in(node, 0)),
                         " is too small, the output would be ", to_string(*shape));
      MOBILENET_CHECK(limit(*shape, node.name));
      at(node.output) = *shape;
    }
    return {};
  }

  std::size_t nodes() const { return nodes_; }
  const Shape& of(TensorId id) const { return shapes_[static_cast<std::size_t>(id)]; }
  std::vector<Shape> take() && { return std::move(shapes_); }

 private:
  // The network may have more tensors than it had.
  void grow() {
    const std::size_t known = shapes_.size();
    shapes_.resize(network_.tensors.size());
    for (std::size_t i = known; i < shapes_.size(); ++i)
      if (network_.tensors[i].is_constant()) shapes_[i] = parameter_of(static_cast<TensorId>(i)).shape;
  }

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
    const DataType type = tensor(node.inputs[0]).type;
    const std::int64_t largest = type == DataType::i16 ? 32768 : 255;
    if (type == DataType::f32 || pixels <= std::numeric_limits<std::int32_t>::max() / largest) return {};
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

  Result<Shape> infer(const UnaryOp&, const Node& node) { return in(node, 0); }

  // What an axis of the pictures of a batch would be mixed with.
  Result<void> check_single(const char* what) const {
    if (batch_ == 1) return {};
    return failure(ErrorCode::unsupported, what, " of a batch of ", batch_, " pictures: give one at a time");
  }

  Result<Shape> infer(const BinaryOp&, const Node& node) {
    const Shape &a = in(node, 0), &b = in(node, 1);
    // The first axis counts pictures, which a constant has only where it is the same for all of them.
    const auto mixes = [](const Shape& constant, const Shape& x) {
      return constant.rank() > x.rank() || (constant.rank() == x.rank() && x.rank() > 0 && constant[0] != 1);
    };
    bool apart = a.rank() == b.rank() && (a.rank() == 0 || a[0] == b[0]);
    if (tensor(node.inputs[0]).is_constant()) apart = !mixes(a, b);
    if (tensor(node.inputs[1]).is_constant()) apart = !mixes(b, a);
    if (!apart) MOBILENET_CHECK(check_single("operands with different first axes"));
    const std::optional<Shape> shape = broadcast(a, b);
    if (!shape)
      return failure(ErrorCode::bad_format, "cannot compute ", kind_of(node.op), " of ", to_string(a), " and ",
                     to_string(b));
    return *shape;
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
    if (op.axis < 0 || op.axis >= shape.rank())
      return failure(ErrorCode::bad_format, "concatenation along axis ", op.axis, " of ", to_string(shape));
    if (op.axis == 0) MOBILENET_CHECK(check_single("concatenation along the first axis"));
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

  Result<Shape> infer(const CastOp&, const Node& node) { return in(node, 0); }

  // Of an operator that says something about every axis of its input.
  Result<void> check_rank(const Shape& numbers, const Shape& x) const {
    if (numbers.rank() == x.rank() && x.rank() > 0) return {};
    return failure(ErrorCode::bad_format, "says something about ", numbers.rank(), " axes of ", to_string(x));
  }

  Result<Shape> infer(const PadOp& op, const Node& node) {
    Shape shape = in(node, 0);
    MOBILENET_CHECK(check_rank(op.before, shape));
    MOBILENET_CHECK(check_rank(op.after, shape));
    for (int i = 0; i < shape.rank(); ++i) {
      // A mirror shows each element once.
      const std::int64_t most = op.mode == PadMode::constant    ? kMaxWindow
                                : op.mode == PadMode::symmetric ? shape[i]
                                                                : shape[i] - 1;
      for (const std::int64_t number : {op.before[i], op.after[i]})
        if (number < 0 || number > most)
          return failure(ErrorCode::bad_format, "padding axis ", i, " of ", to_string(shape), " by ", number,
                         " is impossible");
      if (i == 0 && op.before[0] + op.after[0] != 0) MOBILENET_CHECK(check_single("padding along the first axis"));
      shape[i] += op.before[i] + op.after[i];
    }
    return shape;
  }

  Result<Shape> infer(const TransposeOp& op, const Node& node) {
    const Shape& x = in(node, 0);
    Shape shape;
    unsigned seen = 0;
    for (int i = 0; i < x.rank(); ++i) {
      const int axis = op.order[static_cast<std::size_t>(i)];
      if (axis < 0 || axis >= x.rank() || (seen & 1u << axis) != 0)
        return failure(ErrorCode::bad_format, "transposes axis ", axis, " of ", to_string(x));
      seen |= 1u << axis;
      shape.push_back(x[axis]);
    }
    if (x.rank() > 0 && op.order[0] != 0) MOBILENET_CHECK(check_single("a transposition of the first axis"));
    return shape;
  }

  Result<Shape> infer(const SliceOp& op, const Node& node) {
    const Shape& x = in(node, 0);
    for (const Shape* numbers : {&op.begin, &op.stride, &op.count}) MOBILENET_CHECK(check_rank(*numbers, x));
    Shape shape;
    for (int i = 0; i < x.rank(); ++i) {
      const std::int64_t begin = op.begin[i], stride = op.stride[i];
      if (begin < 0 || begin >= x[i] || stride == 0 || std::abs(stride) > kMaxWindow)
        return failure(ErrorCode::bad_format, "takes axis ", i, " of ", to_string(x), " from ", begin, " in steps of ",
                       stride);
      const std::int64_t most = stride > 0 ? (x[i] - begin + stride - 1) / stride : begin / -stride + 1;
      const std::int64_t count = op.count[i] == SliceOp::kAll ? most : op.count[i];
      if (count < 1 || count > most)
        return failure(ErrorCode::bad_format, "takes ", count, " of axis ", i, " of ", to_string(x), " from ", begin,
                       " in steps of ", stride);
      shape.push_back(count);
    }
    const bool whole = op.begin[0] == 0 && op.stride[0] == 1 && op.count[0] == SliceOp::kAll;
    if (!whole) MOBILENET_CHECK(check_single("a part of the first axis"));
    return shape;
  }

  Result<Shape> infer(const TileOp& op, const Node& node) {
    Shape shape = in(node, 0);
    MOBILENET_CHECK(check_rank(op.repeats, shape));
    for (int i = 0; i < shape.rank(); ++i) {
      if (op.repeats[i] < 1 || op.repeats[i] > kMaxElements / shape[i])
        return failure(ErrorCode::bad_format, "repeats ", to_string(shape), " ", op.repeats[i], " times");
      shape[i] *= op.repeats[i];
    }
    if (op.repeats[0] != 1) MOBILENET_CHECK(check_single("repetition along the first axis"));
    return shape;
  }

  Result<Shape> infer(const ReduceOp& op, const Node& node) {
    const Shape& x = in(node, 0);
    if (op.axes >> x.rank() != 0)
      return failure(ErrorCode::bad_format, "reduces an axis that ", to_string(x), " lacks");
    if ((op.axes & 1u) != 0) MOBILENET_CHECK(check_single("a reduction along the first axis"));
    Shape shape;
    std::int64_t reduced = 1;
    for (int i = 0; i < x.rank(); ++i) {
      const bool over = (op.axes & 1u << i) != 0;
      if (over) reduced *= x[i];
      if (!over || op.keep_axes) shape.push_back(over ? 1 : x[i]);
    }
    if (shape.rank() == 0) return failure(ErrorCode::unsupported, "a reduction to a single number");
    if (op.kind == ReduceKind::mean || op.kind == ReduceKind::sum) MOBILENET_CHECK(check_average(node, reduced));
    return shape;
  }

  Result<Shape> infer(const L2NormalizeOp&, const Node& node) {
    const Shape& x = in(node, 0);
    if (x.rank() > 0 && is_quantized(tensor(node.inputs[0])) && x[x.rank() - 1] > L2Arithmetic::kMaxElements)
      return failure(ErrorCode::unsupported, "cannot add ", x[x.rank() - 1], " squares in 32-bit integers");
    return rows(node, "normalisation");
  }
  Result<Shape> infer(const LogSoftmaxOp&, const Node& node) { return rows(node, "log softmax"); }
  Result<Shape> rows(const Node& node, const char* what) {
    const Shape& x = in(node, 0);
    if (x.rank() < 1) return failure(ErrorCode::bad_format, what, " of a scalar");
    MOBILENET_CHECK(check_apart(x, what));
    return x;
  }

  Result<Shape> infer(const ResizeNearestOp& op, const Node& node) {
    MOBILENET_CHECK(needs_map(node));
    return Shape{in(node, 0)[0], op.height, op.width, in(node, 0)[3]};
  }

  Result<Shape> infer(const TransposeConv2dOp& op, const Node& node) {
    MOBILENET_CHECK(needs_map(node));
    const Window& w = op.window;
    MOBILENET_CHECK(check(w));
    if (w.dilation_height != 1 || w.dilation_width != 1)
      return failure(ErrorCode::unsupported, "a transposed convolution with holes");
    const Shape& x = in(node, 0);
    MOBILENET_TRY(const FilterView view, filter(node, w, x[3]));
    MOBILENET_CHECK(check_vector(node, 2, "bias", view.outputs));
    const bool same = w.padding.rule == Padding::Rule::same;
    const auto reached = [&](std::int64_t input, int stride, int kernel) {
      return same ? input * stride : (input - 1) * stride + kernel;
    };
    Shape shape{x[0], op.height, op.width, view.outputs};
    if (op.height == 0) {
      shape[1] = reached(x[1], w.stride_height, w.kernel_height);
      shape[2] = reached(x[2], w.stride_width, w.kernel_width);
    }
    // As many as a convolution of the output would have made pixels of the input.
    if (shape[1] > kMaxElements || shape[2] > kMaxElements || window_height(w, shape[1]).output != x[1] ||
        window_width(w, shape[2]).output != x[2])
      return failure(ErrorCode::bad_format, "cannot make ", to_string(shape), " of ", to_string(x), " in steps of ",
                     w.stride_height, "x", w.stride_width);
    return shape;
  }

  const Network& network_;
  const Parameters& parameters_;
  std::vector<Shape> shapes_;
  std::size_t nodes_ = 0;  // whose shapes are known
  std::int64_t batch_ = 1;
};

}  // namespace

PadOp pad_of_map(int top, int left, int bottom, int right) {
  return {.before = {0, top, left, 0}, .after = {0, bottom, right, 0}};
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const Shape &longer = a.rank() >= b.rank() ? a : b, &shorter = a.rank() >= b.rank() ? b : a;
  Shape shape = longer;
  const int missing = longer.rank() - shorter.rank();
  for (int i = 0; i < shorter.rank(); ++i) {
    std::int64_t& axis = shape[missing + i];
    if (axis != shorter[i] && axis != 1 && shorter[i] != 1) return std::nullopt;
    if (axis == 1) axis = shorter[i];
  }
  return shape;
}

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
  Inference inference(network, parameters);
  MOBILENET_CHECK(inference.start(input_shapes));
  MOBILENET_CHECK(inference.advance());
  return std::move(inference).take();
}

struct ShapeInference::State : Inference {
  using Inference::Inference;
};

ShapeInference::ShapeInference(const Network& network, const Parameters& parameters)
    : state_(std::make_unique<State>(network, parameters)) {}
ShapeInference::~ShapeInference() = default;
Result<void> ShapeInference::start(std::span<const Shape> input_shapes) { return state_->start(input_shapes); }
Result<void> ShapeInference::advance() { return state_->advance(); }
std::size_t ShapeInference::nodes() const { return state_->nodes(); }
const Shape& ShapeInference::of(TensorId tensor) const { return state_->of(tensor); }

}  // namespace mobilenet
