// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/reference/int16.h"

#include <algorithm>

#include "backend/reference/windows.h"
#include "base/error.h"
#include "base/quoted.h"
#include "network/parameter.h"
#include "network/quantized_int16_elementwise.h"

namespace mobilenet::reference {
namespace {

// Weights [height][width][inputs of a group][outputs] of 8 bits, and the bias as 64 bits.
struct Layer {
  Window window;
  int outputs = 0, inputs = 0, groups = 1;
  std::vector<std::int64_t> weight, bias;
  bool wide_bias = false;  // stored in 64 bits
};

Result<Layer> layer_of(const NodeView& view, const Window& window, int groups) {
  if (!view.has(1) || !view.input(1).is_constant() || view.input(1).type != DataType::i8)
    return failure(ErrorCode::unsupported, "16-bit activations need a constant weight of i8");
  MOBILENET_TRY(const FilterView filter, filter_view(view.parameter(1)));
  if (groups < 1 || filter.outputs % groups != 0)
    return failure(ErrorCode::bad_format, filter.outputs, " outputs do not divide into ", groups, " groups");
  Layer layer{window, filter.outputs, filter.inputs, groups, {}, {}};
  for (int y = 0; y < filter.height; ++y)
    for (int x = 0; x < filter.width; ++x)
      for (int i = 0; i < filter.inputs; ++i)
        for (int o = 0; o < filter.outputs; ++o)
          layer.weight.push_back(stored_integer(view.parameter(1), filter.offset(o, y, x, i)));
  layer.bias.assign(static_cast<std::size_t>(filter.outputs), 0);
  if (!view.has(2)) return layer;
  const Tensor& bias = view.input(2);
  if (!bias.is_constant() || view.parameter(2).shape.elements() != static_cast<std::int64_t>(filter.outputs))
    return failure(ErrorCode::unsupported, "bias ", quoted(bias.name), " must be a constant of ", filter.outputs,
                   " values");
  MOBILENET_TRY(layer.bias, int16_bias(view.parameter(2)));
  layer.wide_bias = bias.type == DataType::i64;
  return layer;
}

// finish(sum with bias, output channel) for every output.
template <class Finish>
Operator convolution(Layer layer, const Finish& finish, bool dense = false) {
  return [layer = std::move(layer), finish, dense](const Operands& operands) {
    const auto pixel = [](const Shape& shape) { return Shape{shape[0], 1, 1, shape.elements() / shape[0]}; };
    const Shape in = dense ? pixel(operands.inputs[0].shape) : operands.inputs[0].shape;
    const Shape out = dense ? pixel(operands.shape) : operands.shape;
    const auto* x = operands.inputs[0].as<std::int16_t>();
    auto* result = operands.as<std::int16_t>();
    const int outputs_per_group = layer.outputs / layer.groups;
    for_each_window(layer.window, in, out, [&](const WindowPlace& place) {
      for (int o = 0; o < layer.outputs; ++o) {
        std::int64_t sum = layer.bias[static_cast<std::size_t>(o)];
        for (std::int64_t ky = place.rows.begin; ky < place.rows.end; ++ky)
          for (std::int64_t kx = place.columns.begin; kx < place.columns.end; ++kx)
            for (int i = 0; i < layer.inputs; ++i) {
              const std::int64_t tap = (ky * layer.window.kernel_width + kx) * layer.inputs + i;
              const std::int64_t channel = std::int64_t{o / outputs_per_group} * layer.inputs + i;
              sum += x[place.pixel(ky, kx) * in[3] + channel] *
                     layer.weight[static_cast<std::size_t>(tap * layer.outputs + o)];
            }
        *result++ = static_cast<std::int16_t>(finish(sum, static_cast<std::size_t>(o)));
      }
    });
  };
}

Result<Operator> windowed(const NodeView& view, const Window& window, int groups, Activation activation) {
  MOBILENET_TRY(Layer layer, layer_of(view, window, groups));
  if (view.has(2) && !layer.wide_bias) return failure(ErrorCode::unsupported, "16-bit activations need a bias of i64");
  MOBILENET_TRY(const Int16ConvolutionArithmetic arithmetic,
                int16_convolution_arithmetic(view.input(0), view.input(1), view.output(), activation, layer.outputs));
  return convolution(std::move(layer), [arithmetic](std::int64_t sum, std::size_t o) {
    return int16_convolution_element(arithmetic.factors[o], sum, arithmetic.range);
  });
}

// compute(x) for every element.
template <class From, class To, class Compute>
Operator each(const Compute& compute) {
  return [compute](const Operands& operands) {
    const auto* x = operands.inputs[0].as<From>();
    auto* out = operands.as<To>();
    const std::int64_t elements = operands.shape.elements();
    for (std::int64_t i = 0; i < elements; ++i) out[i] = static_cast<To>(compute(x[i]));
  };
}

struct Prepare {
  const NodeView& view;

  template <class Op>
  Result<Operator> operator()(const Op& op) const {
    return failure(ErrorCode::unsupported, kind_of(op), " has no form in 16 bits");
  }
  Result<Operator> operator()(const Conv2dOp& op) const {
    const bool of_rows = view.has(1) && view.input(1).shape.rank() == 2;  // a dense layer of every row of a map
    return of_rows ? dense(op.activation, false) : windowed(view, op.window, op.groups, op.activation);
  }
  Result<Operator> operator()(const DepthwiseConv2dOp& op) const {
    const std::int64_t channels = view.input(1).shape.rank() == 4 ? view.input(1).shape[3] : 0;
    if (op.multiplier < 1) return failure(ErrorCode::bad_format, "a multiplier of ", op.multiplier);
    return windowed(view, op.window, static_cast<int>(channels / op.multiplier), op.activation);
  }
  Result<Operator> operator()(const DenseOp& op) const { return dense(op.activation, true); }
  Result<Operator> dense(Activation activation, bool of_pictures) const {
    MOBILENET_TRY(Layer layer, layer_of(view, {}, 1));
    const Int16Bias bias = layer.wide_bias ? Int16Bias::i64 : Int16Bias::none_or_i32;
    MOBILENET_TRY(const Int16DenseArithmetic dense,
                  int16_dense_arithmetic(view.input(0), view.input(1), view.output(), activation, layer.outputs, bias));
    return convolution(
        std::move(layer),
        [dense, bias](std::int64_t sum, std::size_t o) {
          return bias == Int16Bias::i64
                     ? int16_dense_wide_element(dense.factors[o], sum, dense.range)
                     : int16_dense_element(dense.factors[o], static_cast<std::int32_t>(sum), dense.range);
        },
        of_pictures);
  }
  Result<Operator> operator()(const AddOp& op) const { return prepare(BinaryOp{BinaryKind::add, op.activation}, view); }
  Result<Operator> operator()(const ActivationOp& op) const {
    if (op.activation == Activation::sigmoid) {
      MOBILENET_TRY(const Int16SigmoidArithmetic sigmoid, int16_sigmoid_arithmetic(view.input(0), view.output()));
      return each<std::int16_t, std::int16_t>([sigmoid](std::int32_t x) { return int16_sigmoid_element(sigmoid, x); });
    }
    return rescale(op.activation);
  }
  Result<Operator> operator()(const UnaryOp& op) const {
    MOBILENET_TRY(const Int16Table table, int16_unary_table(op, view.input(0), view.output()));
    return each<std::int16_t, std::int16_t>(table);
  }
  Result<Operator> operator()(const QuantizeOp&) const {
    const Tensor &input = view.input(0), &output = view.output();
    if (input.type == DataType::f32) {
      MOBILENET_TRY(const float scale, int16_scale(output));
      return each<float, std::int16_t>(
          [inverse = 1.0f / scale](float x) { return quantize(x, inverse, 0, kInt16Range); });
    }
    if (output.type == DataType::f32) {
      MOBILENET_TRY(const float scale, int16_scale(input));
      return each<std::int16_t, float>([scale](std::int16_t x) { return static_cast<float>(x) * scale; });
    }
    return rescale(Activation::none);
  }
  Result<Operator> rescale(Activation activation) const {
    MOBILENET_TRY(const Int16RescaleArithmetic rescale,
                  int16_rescale_arithmetic(view.input(0), view.output(), activation));
    const auto compute = [rescale](std::int32_t x) { return int16_rescale_element(rescale, x); };
    const DataType from = view.input(0).type, to = view.output().type;
    if (from == DataType::i8) return each<std::int8_t, std::int16_t>(compute);
    if (from == DataType::u8) return each<std::uint8_t, std::int16_t>(compute);
    if (to == DataType::i8) return each<std::int16_t, std::int8_t>(compute);
    return each<std::int16_t, std::int16_t>(compute);
  }
  Result<Operator> operator()(const SoftmaxOp& op) const {
    MOBILENET_TRY(const Int16SoftmaxArithmetic softmax,
                  int16_softmax_arithmetic(view.input(0), view.output(), op.beta));
    return Operator([softmax](const Operands& operands) {
      const std::int64_t length = operands.shape[operands.shape.rank() - 1], elements = operands.shape.elements();
      for (std::int64_t start = 0; start < elements; start += length) {
        const auto* x = operands.inputs[0].as<std::int16_t>() + start;
        const std::int32_t top = *std::max_element(x, x + length);
        std::int64_t total = 0;
        for (std::int64_t i = 0; i < length; ++i) total += int16_exponential(softmax, x[i] - top);
        const Int16SoftmaxFactor factor = int16_softmax_factor(softmax, total);
        for (std::int64_t i = 0; i < length; ++i)
          operands.as<std::int16_t>()[start + i] =
              static_cast<std::int16_t>(int16_softmax_element(int16_exponential(softmax, x[i] - top), factor));
      }
    });
  }
  Result<Operator> operator()(const PoolOp& op) const {
    MOBILENET_TRY(const float from, int16_scale(view.input(0)));
    MOBILENET_TRY(const float to, int16_scale(view.output()));
    if (from != to) return failure(ErrorCode::unsupported, "pooling to another scale has no form in 16 bits");
    const IntegerRange range = int16_activation_range(op.activation, to);
    return Operator([op, range](const Operands& operands) {
      const Shape &in = operands.inputs[0].shape, &out = operands.shape;
      const auto* x = operands.inputs[0].as<std::int16_t>();
      auto* result = operands.as<std::int16_t>();
      for_each_window(op.window, in, out, [&](const WindowPlace& place) {
        for (std::int64_t c = 0; c < out[3]; ++c) {
          std::int32_t sum = 0, count = 0, most = kInt16Range.low;
          for (std::int64_t ky = place.rows.begin; ky < place.rows.end; ++ky)
            for (std::int64_t kx = place.columns.begin; kx < place.columns.end; ++kx) {
              const std::int32_t value = x[place.pixel(ky, kx) * in[3] + c];
              sum += value, ++count, most = std::max(most, value);
            }
          const bool average = op.kind == PoolKind::average;
          const std::int32_t value = count == 0 ? 0 : average ? average_element(sum, count) : most;
          *result++ = static_cast<std::int16_t>(range.clamp(value));
        }
      });
    });
  }
  Result<Operator> operator()(const GlobalAveragePoolOp&) const {
    const Tensor &input = view.input(0), &output = view.output();
    if (auto factor = int16_mean_factor(input, output, 1); !factor) return std::move(factor).error();
    return Operator([&input, &output](const Operands& operands) {
      const Shape& in = operands.inputs[0].shape;
      const auto* x = operands.inputs[0].as<std::int16_t>();
      const std::int64_t pixels = in[1] * in[2];
      const auto factor = int16_mean_factor(input, output, pixels);
      for (std::int64_t i = 0; i < in[0] * in[3]; ++i) {
        std::int64_t sum = 0;
        for (std::int64_t pixel = 0; pixel < pixels; ++pixel)
          sum += x[(i / in[3] * pixels + pixel) * in[3] + i % in[3]];
        operands.as<std::int16_t>()[i] = static_cast<std::int16_t>(int16_mean_element(*factor, sum));
      }
    });
  }
  Result<Operator> operator()(const ConcatOp& op) const {
    return Operator([axis = op.axis](const Operands& operands) {
      auto* out = operands.as<std::int16_t>();
      std::int64_t runs = 1;
      for (int i = 0; i < axis; ++i) runs *= operands.shape[i];
      for (std::int64_t run = 0; run < runs; ++run)
        for (const Operand& input : operands.inputs) {
          const std::int64_t length = input.shape.elements() / runs;
          out = std::copy_n(input.as<std::int16_t>() + run * length, length, out);
        }
    });
  }
};

}  // namespace

bool computes_int16(const NodeView& view) {
  const Op& op = view.node.op;
  if (std::holds_alternative<ReshapeOp>(op) || std::holds_alternative<TransposeOp>(op) ||
      std::holds_alternative<SliceOp>(op) || std::holds_alternative<TileOp>(op) ||
      std::holds_alternative<ResizeNearestOp>(op) || std::holds_alternative<CastOp>(op) ||
      std::holds_alternative<PadOp>(op) || std::holds_alternative<BinaryOp>(op) ||
      std::holds_alternative<ReduceOp>(op) || std::holds_alternative<ResizeBilinearOp>(op) ||
      std::holds_alternative<TransposeConv2dOp>(op))
    return false;  // operators whose own files know 16 bits
  if (view.output().type == DataType::i16) return true;
  return view.has(0) && view.input(0).type == DataType::i16;
}

Result<Operator> prepare_int16(const NodeView& view) {
  for (std::size_t i = 0; i < view.node.inputs.size() && !std::holds_alternative<QuantizeOp>(view.node.op); ++i) {
    if (!view.has(i) || view.input(i).is_constant()) continue;
    if (view.input(i).type != DataType::i16 || view.output().type != DataType::i16)
      return failure(ErrorCode::unsupported, "input ", quoted(view.input(i).name), " is ", name_of(view.input(i).type),
                     ", output ", quoted(view.output().name), " is ", name_of(view.output().type));
  }
  return std::visit(Prepare{view}, view.node.op);
}

}  // namespace mobilenet::reference
