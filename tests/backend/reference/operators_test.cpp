// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every row of the operator table on the reference backend against a second, independent statement of each operator:
// values are dequantised, computed in double with nothing shared but the shapes, and compared within what rounding to
// the output's integers allows. Bit-exactness is pinned separately, by vectors from the real runtime.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "backend/operator_cases.h"
#include "backend/reference/reference_backend.h"
#include "network/parameter.h"

namespace mobilenet::testing {
namespace {

constexpr std::uint32_t kSeed = 20240229;
// One rounding to float32 per operator (2^-24), and float32 constants; sums themselves are in double.
constexpr double kFloatTolerance = 1e-6;
// Integers: half a step from the last rounding, and up to half a step from the roundings before it (fixed-point
// multipliers of add and rescale, the 11-bit weights of resize, the rounded bounds of relu6).
constexpr double kSteps = 1.01;

// A dense map of real values.
struct Values {
  Shape shape;
  std::vector<double> data;
  double& operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
    return data[static_cast<std::size_t>(((n * shape[1] + y) * shape[2] + x) * shape[3] + c)];
  }
  double operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    return const_cast<Values&>(*this)(n, y, x, c);
  }
  bool inside(std::int64_t y, std::int64_t x) const { return y >= 0 && y < shape[1] && x >= 0 && x < shape[2]; }
};

Values values_of(const Tensor& tensor, const Shape& shape, std::span<const std::byte> bytes) {
  Parameter parameter;
  parameter.type = tensor.type;
  parameter.shape = shape;
  parameter.bytes = bytes;
  Values values{shape, {}};
  for (std::int64_t i = 0; i < shape.elements(); ++i) values.data.push_back(real_value(tensor, parameter, i));
  return values;
}

// What the operators should compute, written from their definitions in network/ops.h.
class Expectation {
 public:
  explicit Expectation(const OperatorModel& model) : model_(model), node_(model.network.nodes[0]) {
    for (std::size_t i = 0; i < model.inputs.size(); ++i)
      inputs_.push_back(values_of(tensor(node_.inputs[i]), model.input_shapes[i], model.inputs[i]));
  }

  Values run(const Shape& output) {
    Values out{output, std::vector<double>(static_cast<std::size_t>(output.elements()))};
    std::visit([&](const auto& op) { compute(op, out); }, node_.op);
    return out;
  }

 private:
  const Tensor& tensor(TensorId id) const { return model_.network.tensor(id); }
  const Parameter& parameter(std::size_t i) const { return model_.parameters.of(tensor(node_.inputs[i])); }
  double constant(std::size_t i, std::int64_t index) const {
    return real_value(tensor(node_.inputs[i]), parameter(i), index);
  }

  static double activate(Activation activation, double x) {
    const double relu6 = std::fmin(std::fmax(x, 0), 6), shifted = std::fmin(std::fmax(x + 3, 0), 6);
    switch (activation) {
      case Activation::none:
        return x;
      case Activation::relu:
        return std::fmax(x, 0);
      case Activation::relu6:
        return relu6;
      case Activation::relu_n1_to_1:
        return std::fmin(std::fmax(x, -1), 1);
      case Activation::relu_0_to_1:
        return std::fmin(std::fmax(x, 0), 1);
      case Activation::hard_swish:
        return x * shifted / 6;
      case Activation::hard_sigmoid:
        return shifted / 6;
      case Activation::sigmoid:
        return 1 / (1 + std::exp(-x));
    }
    return x;
  }

  // Leading padding: SAME from its definition, otherwise as given.
  static std::int64_t leading(const Padding& padding, int given, std::int64_t in, std::int64_t out, int kernel,
                              int stride, int dilation) {
    if (padding.rule == Padding::Rule::explicit_) return given;
    const std::int64_t total = (out - 1) * stride + (kernel - 1) * dilation + 1 - in;
    return total > 0 ? total / 2 : 0;
  }

  // Scatters every input pixel into the windows that cover it: the loops of the reference turned inside out.
  // visit(output y, output x, ky, kx, input y, input x)
  template <class Visit>
  static void for_each_tap(const Window& w, const Shape& in, const Shape& out, const Visit& visit) {
    const std::int64_t top =
        leading(w.padding, w.padding.top, in[1], out[1], w.kernel_height, w.stride_height, w.dilation_height);
    const std::int64_t left =
        leading(w.padding, w.padding.left, in[2], out[2], w.kernel_width, w.stride_width, w.dilation_width);
    for (std::int64_t in_y = 0; in_y < in[1]; ++in_y)
      for (std::int64_t in_x = 0; in_x < in[2]; ++in_x)
        for (int ky = 0; ky < w.kernel_height; ++ky)
          for (int kx = 0; kx < w.kernel_width; ++kx) {
            const std::int64_t from_y = in_y + top - ky * w.dilation_height;
            const std::int64_t from_x = in_x + left - kx * w.dilation_width;
            if (from_y < 0 || from_x < 0 || from_y % w.stride_height != 0 || from_x % w.stride_width != 0) continue;
            const std::int64_t y = from_y / w.stride_height, x = from_x / w.stride_width;
            if (y < out[1] && x < out[2]) visit(y, x, ky, kx, in_y, in_x);
          }
  }

  void convolve(const Window& window, int groups, Activation activation, Values& out) {
    const Values& x = inputs_[0];
    const FilterView filter = *filter_view(parameter(1));
    const std::int64_t per_group = out.shape[3] / groups;
    for (std::int64_t n = 0; n < out.shape[0]; ++n)
      for_each_tap(window, x.shape, out.shape,
                   [&](std::int64_t y, std::int64_t column, int ky, int kx, std::int64_t in_y, std::int64_t in_x) {
                     for (std::int64_t o = 0; o < out.shape[3]; ++o)
                       for (int i = 0; i < filter.inputs; ++i)
                         out(n, y, column, o) += x(n, in_y, in_x, o / per_group * filter.inputs + i) *
                                                 constant(1, filter.offset(static_cast<int>(o), ky, kx, i));
                   });
    finish(activation, out);
  }

  // Bias, whose scale is that of the products where it is an integer, and activation.
  void finish(Activation activation, Values& out) {
    const std::int64_t channels = out.shape[out.shape.rank() - 1];
    for (std::int64_t i = 0; i < out.shape.elements(); ++i) {
      const std::int64_t c = i % channels;
      double bias = 0;
      if (node_.inputs.size() > 2) {
        bias = constant(2, c);
        if (tensor(node_.inputs[2]).type == DataType::i32)
          bias *= static_cast<double>(channel_quantization(tensor(node_.inputs[0]), 0).scale) *
                  static_cast<double>(channel_quantization(tensor(node_.inputs[1]), static_cast<int>(c)).scale);
      }
      double& value = out.data[static_cast<std::size_t>(i)];
      value = activate(activation, value + bias);
    }
  }

  void compute(const Conv2dOp& op, Values& out) { convolve(op.window, op.groups, op.activation, out); }
  void compute(const DepthwiseConv2dOp& op, Values& out) {
    convolve(op.window, static_cast<int>(inputs_[0].shape[3]), op.activation, out);
  }
  void compute(const DenseOp& op, Values& out) {
    const std::int64_t inputs = inputs_[0].shape.elements() / inputs_[0].shape[0];
    for (std::int64_t n = 0; n < out.shape[0]; ++n)
      for (std::int64_t o = 0; o < out.shape[1]; ++o)
        for (std::int64_t i = 0; i < inputs; ++i)
          out.data[static_cast<std::size_t>(n * out.shape[1] + o)] +=
              inputs_[0].data[static_cast<std::size_t>(n * inputs + i)] * constant(1, o * inputs + i);
    finish(op.activation, out);
  }
  void compute(const BatchNormOp& op, Values& out) {
    const std::int64_t channels = out.shape[out.shape.rank() - 1];
    for (std::size_t i = 0; i < out.data.size(); ++i) {
      const auto c = static_cast<std::int64_t>(i) % channels;
      out.data[i] = (inputs_[0].data[i] - constant(3, c)) / std::sqrt(constant(4, c) + op.epsilon) * constant(1, c) +
                    constant(2, c);
    }
  }
  void compute(const ActivationOp& op, Values& out) {
    for (std::size_t i = 0; i < out.data.size(); ++i) out.data[i] = activate(op.activation, inputs_[0].data[i]);
  }
  void compute(const AddOp& op, Values& out) {
    for (std::size_t i = 0; i < out.data.size(); ++i)
      out.data[i] = activate(op.activation, inputs_[0].data[i] + inputs_[1].data[i]);
  }
  static double of_one(const UnaryOp& op, double x) {
    switch (op.kind) {
      case UnaryKind::absolute:
        return std::fabs(x);
      case UnaryKind::elu:
        return x < 0 ? std::exp(x) - 1 : x;
      case UnaryKind::exp:
        return std::exp(x);
      case UnaryKind::leaky_relu:
        return std::fmax(x, 0) + static_cast<double>(op.alpha) * std::fmin(x, 0);
      case UnaryKind::log:
        return std::log(x);
      case UnaryKind::negate:
        return -x;
      case UnaryKind::rsqrt:
        return std::pow(x, -0.5);
      case UnaryKind::sqrt:
        return std::pow(x, 0.5);
      case UnaryKind::square:
        return std::pow(x, 2);
      case UnaryKind::tanh:
        return 1 - 2 / (std::exp(2 * x) + 1);
    }
    return x;
  }
  void compute(const UnaryOp& op, Values& out) {
    for (std::size_t i = 0; i < out.data.size(); ++i) out.data[i] = of_one(op, inputs_[0].data[i]);
  }
  static double of_two(BinaryKind kind, double a, double b) {
    switch (kind) {
      case BinaryKind::add:
        return a + b;
      case BinaryKind::divide:
        return a / b;
      case BinaryKind::maximum:
        return std::fmax(a, b);
      case BinaryKind::minimum:
        return std::fmin(a, b);
      case BinaryKind::multiply:
        return a * b;
      case BinaryKind::power:
        return std::pow(a, b);
      case BinaryKind::prelu:
        return std::fmax(a, 0) + b * std::fmin(a, 0);
      case BinaryKind::squared_difference:
        return a * a - 2 * a * b + b * b;
      case BinaryKind::subtract:
        return a - b;
    }
    return a;
  }
  // Element (n, y, x, c) of an operand, whose extents of 1 are repeated; rank 4 or 2.
  static double repeated(const Values& v, std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
    if (v.shape.rank() == 2) return v.data[static_cast<std::size_t>(y * v.shape[1] + c)];
    return v(n % v.shape[0], y % v.shape[1], x % v.shape[2], c % v.shape[3]);
  }
  void compute(const BinaryOp& op, Values& out) {
    const bool maps = out.shape.rank() == 4;
    const Shape shape = maps ? out.shape : Shape{1, out.shape[0], 1, out.shape[1]};
    std::size_t i = 0;
    for (std::int64_t n = 0; n < shape[0]; ++n)
      for (std::int64_t y = 0; y < shape[1]; ++y)
        for (std::int64_t x = 0; x < shape[2]; ++x)
          for (std::int64_t c = 0; c < shape[3]; ++c)
            out.data[i++] = activate(
                op.activation, of_two(op.kind, repeated(inputs_[0], n, y, x, c), repeated(inputs_[1], n, y, x, c)));
  }
  void compute(const ReduceOp& op, Values& out) {
    std::vector<std::vector<double>> parts(out.data.size());
    const Shape& in = inputs_[0].shape;
    for (std::int64_t i = 0; i < in.elements(); ++i) {
      const std::int64_t at[] = {i / (in[1] * in[2] * in[3]), i / (in[2] * in[3]) % in[1], i / in[3] % in[2],
                                 i % in[3]};
      std::size_t place = 0;
      for (int axis = 0; axis < 4; ++axis)
        if ((op.axes >> axis & 1) == 0)
          place = place * static_cast<std::size_t>(in[axis]) + static_cast<std::size_t>(at[axis]);
      parts[place].push_back(inputs_[0].data[static_cast<std::size_t>(i)]);
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      double sum = 0;
      for (const double part : parts[i]) sum += part;
      switch (op.kind) {
        case ReduceKind::maximum:
          out.data[i] = *std::max_element(parts[i].begin(), parts[i].end());
          break;
        case ReduceKind::mean:
          out.data[i] = sum / static_cast<double>(parts[i].size());
          break;
        case ReduceKind::minimum:
          out.data[i] = *std::min_element(parts[i].begin(), parts[i].end());
          break;
        case ReduceKind::sum:
          out.data[i] = sum;
          break;
      }
    }
  }
  void compute(const L2NormalizeOp&, Values& out) {
    const auto length = static_cast<std::size_t>(out.shape[out.shape.rank() - 1]);
    for (std::size_t i = 0; i < out.data.size(); ++i) {
      double norm = 0;
      for (std::size_t j = i / length * length; j < i / length * length + length; ++j)
        norm = std::hypot(norm, inputs_[0].data[j]);
      out.data[i] = inputs_[0].data[i] / norm;
    }
  }
  void compute(const LogSoftmaxOp&, Values& out) {
    compute(SoftmaxOp{1}, out);
    for (double& value : out.data) value = std::log(value);
  }
  void compute(const CastOp&, Values& out) { out.data = inputs_[0].data; }
  void compute(const TransposeConv2dOp& op, Values& out) {
    const Values& x = inputs_[0];
    const FilterView filter = *filter_view(parameter(1));
    const Window& w = op.window;
    // The leading padding of the convolution that this is the gradient of.
    const std::int64_t top = leading(w.padding, 0, out.shape[1], x.shape[1], w.kernel_height, w.stride_height, 1);
    const std::int64_t left = leading(w.padding, 0, out.shape[2], x.shape[2], w.kernel_width, w.stride_width, 1);
    for (std::int64_t n = 0; n < x.shape[0]; ++n)
      for (std::int64_t y = 0; y < x.shape[1]; ++y)
        for (std::int64_t column = 0; column < x.shape[2]; ++column)
          for (int ky = 0; ky < filter.height; ++ky)
            for (int kx = 0; kx < filter.width; ++kx) {
              const std::int64_t to_y = y * w.stride_height - top + ky, to_x = column * w.stride_width - left + kx;
              if (!out.inside(to_y, to_x)) continue;
              for (int o = 0; o < filter.outputs; ++o)
                for (int i = 0; i < filter.inputs; ++i)
                  out(n, to_y, to_x, o) += x(n, y, column, i) * constant(1, filter.offset(o, ky, kx, i));
            }
    finish(op.activation, out);
  }
  // Element `at` of the output is the one of the input that `position(axis, at)` gives along each axis, if it is there.
  template <class Position>
  void move(Values& out, const Position& position) {
    const Shape &in = inputs_[0].shape, &to = out.shape;
    for (std::int64_t i = 0; i < to.elements(); ++i) {
      std::int64_t at[Shape::kMaxRank] = {}, rest = i, place = 0;
      for (int axis = to.rank() - 1; axis >= 0; rest /= to[axis--]) at[axis] = rest % to[axis];
      bool inside = true;
      for (int axis = 0; axis < in.rank(); ++axis) {
        const std::int64_t along = position(axis, at);
        inside = inside && along >= 0;
        place = place * in[axis] + along;
      }
      if (inside) out.data[static_cast<std::size_t>(i)] = inputs_[0].data[static_cast<std::size_t>(place)];
    }
  }
  void compute(const TransposeOp& op, Values& out) {
    move(out, [&](int axis, const std::int64_t* at) {
      const auto found = std::find(op.order.begin(), op.order.end(), axis);
      return at[found - op.order.begin()];
    });
  }
  void compute(const SliceOp& op, Values& out) {
    move(out, [&](int axis, const std::int64_t* at) { return op.begin[axis] + op.stride[axis] * at[axis]; });
  }
  void compute(const TileOp&, Values& out) {
    move(out, [&](int axis, const std::int64_t* at) {
      std::int64_t along = at[axis];
      while (along >= inputs_[0].shape[axis]) along -= inputs_[0].shape[axis];
      return along;
    });
  }
  void compute(const ResizeNearestOp& op, Values& out) {
    move(out, [&](int axis, const std::int64_t* at) {
      if (axis != 1 && axis != 2) return at[axis];
      const double in = static_cast<double>(inputs_[0].shape[axis]), size = static_cast<double>(out.shape[axis]);
      const double o = static_cast<double>(at[axis]);
      const double source = op.enlargement == Enlargement::align_corners ? std::floor(o * (in - 1) / (size - 1) + 0.5)
                            : op.enlargement == Enlargement::half_pixel_centers ? std::floor((o + 0.5) * in / size)
                                                                                : std::floor(o * in / size);
      return static_cast<std::int64_t>(std::fmin(source, in - 1));
    });
  }
  void compute(const ArgMaxOp&, Values& out) {
    const std::vector<double>& x = inputs_[0].data;
    const auto length = static_cast<std::ptrdiff_t>(x.size() / out.data.size());
    for (std::size_t i = 0; i < out.data.size(); ++i) {
      const auto row = x.begin() + static_cast<std::ptrdiff_t>(i) * length;
      out.data[i] = static_cast<double>(std::max_element(row, row + length) - row);
    }
  }
  void compute(const DetectionPostProcessOp&, Values&) {}  // tests/postprocess states what it is
  void compute(const QuantizeOp&, Values& out) { out.data = inputs_[0].data; }
  void compute(const ReshapeOp&, Values& out) { out.data = inputs_[0].data; }
  void compute(const ConcatOp& op, Values& out) {
    // Walks the output, and finds the input whose part of the axis it is in.
    std::int64_t inner = 1;
    for (int i = op.axis + 1; i < out.shape.rank(); ++i) inner *= out.shape[i];
    for (std::int64_t i = 0; i < out.shape.elements(); ++i) {
      std::int64_t along = i / inner % out.shape[op.axis];
      const std::int64_t outer = i / inner / out.shape[op.axis];
      std::size_t k = 0;
      for (; along >= inputs_[k].shape[op.axis]; ++k) along -= inputs_[k].shape[op.axis];
      const std::int64_t from = (outer * inputs_[k].shape[op.axis] + along) * inner + i % inner;
      out.data[static_cast<std::size_t>(i)] = inputs_[k].data[static_cast<std::size_t>(from)];
    }
  }
  void compute(const PadOp& op, Values& out) {
    std::fill(out.data.begin(), out.data.end(), static_cast<double>(op.value));
    move(out, [&](int axis, const std::int64_t* at) {
      const std::int64_t in = inputs_[0].shape[axis], edge = op.mode == PadMode::symmetric ? 1 : 0;
      std::int64_t along = at[axis] - op.before[axis];
      if (op.mode == PadMode::constant) return along < in ? along : std::int64_t{-1};
      if (along < 0) along = -along - edge;
      if (along >= in) along = 2 * (in - 1) - along + edge;
      return along;
    });
  }
  void compute(const PoolOp& op, Values& out) {
    std::vector<int> counts(out.data.size());
    for (std::int64_t n = 0; n < out.shape[0]; ++n)
      for_each_tap(op.window, inputs_[0].shape, out.shape,
                   [&](std::int64_t y, std::int64_t x, int, int, std::int64_t in_y, std::int64_t in_x) {
                     for (std::int64_t c = 0; c < out.shape[3]; ++c) {
                       double& value = out(n, y, x, c);
                       int& count = counts[static_cast<std::size_t>(&value - out.data.data())];
                       const double next = inputs_[0](n, in_y, in_x, c);
                       value = op.kind == PoolKind::average ? value + next : count == 0 ? next : std::fmax(value, next);
                       ++count;
                     }
                   });
    for (std::size_t i = 0; i < out.data.size(); ++i)
      out.data[i] = activate(op.activation, op.kind == PoolKind::average ? out.data[i] / counts[i] : out.data[i]);
  }
  void compute(const GlobalAveragePoolOp&, Values& out) {
    const Shape& in = inputs_[0].shape;
    for (std::int64_t i = 0; i < in.elements(); ++i)
      out.data[static_cast<std::size_t>(i / (in[1] * in[2] * in[3]) * in[3] + i % in[3])] +=
          inputs_[0].data[static_cast<std::size_t>(i)] / static_cast<double>(in[1] * in[2]);
  }
  void compute(const SoftmaxOp& op, Values& out) {
    const auto length = static_cast<std::size_t>(out.shape[out.shape.rank() - 1]);
    for (std::size_t start = 0; start < out.data.size(); start += length) {
      double total = 0;
      for (std::size_t i = start; i < start + length; ++i)
        total += out.data[i] = std::exp(inputs_[0].data[i] * static_cast<double>(op.beta));
      for (std::size_t i = start; i < start + length; ++i) out.data[i] /= total;
    }
  }
  void compute(const ResizeBilinearOp& op, Values& out) {
    const auto position = [&](std::int64_t i, std::int64_t in, std::int64_t size) {
      const double o = static_cast<double>(i), from = static_cast<double>(in), to = static_cast<double>(size);
      if (op.enlargement == Enlargement::align_corners && size > 1) return o * (from - 1) / (to - 1);
      const double source =
          op.enlargement == Enlargement::half_pixel_centers ? (o + 0.5) * from / to - 0.5 : o * from / to;
      return std::fmin(std::fmax(source, 0), from - 1);
    };
    const Values& x = inputs_[0];
    for (std::int64_t n = 0; n < out.shape[0]; ++n)
      for (std::int64_t oy = 0; oy < out.shape[1]; ++oy)
        for (std::int64_t ox = 0; ox < out.shape[2]; ++ox)
          for (std::int64_t c = 0; c < out.shape[3]; ++c) {
            const double y = position(oy, x.shape[1], out.shape[1]), column = position(ox, x.shape[2], out.shape[2]);
            // A tent over the four neighbours.
            for (std::int64_t in_y = 0; in_y < x.shape[1]; ++in_y)
              for (std::int64_t in_x = 0; in_x < x.shape[2]; ++in_x)
                out(n, oy, ox, c) += x(n, in_y, in_x, c) * std::fmax(0, 1 - std::abs(y - static_cast<double>(in_y))) *
                                     std::fmax(0, 1 - std::abs(column - static_cast<double>(in_x)));
          }
  }

  const OperatorModel& model_;
  const Node& node_;
  std::vector<Values> inputs_;
};

class OperatorTable : public ::testing::TestWithParam<OperatorCase> {};

TEST_P(OperatorTable, MatchesItsDefinition) {
  const OperatorCase& c = GetParam();
  SCOPED_TRACE(c.name + ", seed " + std::to_string(kSeed));
  const OperatorModel model = make_model(c, kSeed);
  const auto outputs = run_on(reference_backend(), model);
  ASSERT_TRUE(outputs) << outputs.error().message;
  const OperatorOutput& output = (*outputs)[0];
  const Tensor& tensor = model.network.tensor(model.network.outputs[0]);
  const Values expected = Expectation(model).run(output.shape);
  const Values got = values_of(tensor, output.shape, output.bytes);

  double largest = 0;
  for (const double value : expected.data) largest = std::max(largest, std::abs(value));
  double tolerance = kFloatTolerance * largest, low = -HUGE_VAL, high = HUGE_VAL;
  if (std::holds_alternative<ArgMaxOp>(c.op)) {
    tolerance = 0;
  } else if (is_integer(c.numbers)) {
    const ChannelQuantization q = channel_quantization(tensor, 0);
    const double scale = static_cast<double>(q.scale);
    tolerance = kSteps * scale;
    low = ((tensor.type == DataType::u8 ? 0 : -128) - q.zero_point) * scale;
    high = ((tensor.type == DataType::u8 ? 255 : 127) - q.zero_point) * scale;
  }
  std::set<double> distinct;
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    ASSERT_NEAR(got.data[i], std::fmin(std::fmax(expected.data[i], low), high), tolerance) << "element " << i;
    distinct.insert(got.data[i]);
  }
  // A case whose output is constant would hide every mistake.
  if (expected.data.size() > 8) {
    EXPECT_GT(distinct.size(), 4u);
  }
}

std::string test_name(const ::testing::TestParamInfo<OperatorCase>& row) {
  std::string name = row.param.name;
  for (char& letter : name)
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
  return name;
}
std::vector<OperatorCase> cases_defined_here() {
  std::vector<OperatorCase> cases = operator_cases();
  std::erase_if(cases, [](const OperatorCase& c) { return std::holds_alternative<DetectionPostProcessOp>(c.op); });
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Reference, OperatorTable, ::testing::ValuesIn(cases_defined_here()), test_name);

TEST(OperatorTableItself, ItsDetectorsFindSomething) {
  for (const OperatorCase& c : operator_cases()) {
    if (!std::holds_alternative<DetectionPostProcessOp>(c.op)) continue;
    const auto outputs = run_on(reference_backend(), make_model(c, kSeed));
    ASSERT_TRUE(outputs) << c.name << ": " << outputs.error().message;
    ASSERT_EQ(outputs->size(), 4u) << c.name;
    float counts[2];
    ASSERT_EQ((*outputs)[3].bytes.size(), sizeof counts) << c.name;
    std::memcpy(counts, (*outputs)[3].bytes.data(), sizeof counts);
    for (const float count : counts) EXPECT_GT(count, 0) << c.name;
  }
}

TEST(OperatorTableItself, HasUniqueNames) {
  std::set<std::string> names;
  for (const OperatorCase& c : operator_cases()) EXPECT_TRUE(names.insert(c.name).second) << c.name;
  EXPECT_GT(names.size(), 300u);
}

}  // namespace
}  // namespace mobilenet::testing
