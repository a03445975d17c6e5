// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Convolution, depthwise convolution and dense layers: a depthwise convolution has one group per channel,
// a dense layer is a 1x1 convolution of one pixel. Integer sums wrap at 32 bits, as in every runtime: this file is
// compiled with -fwrapv.
#include <algorithm>

#include "backend/reference/operators.h"
#include "backend/reference/windows.h"
#include "base/error.h"
#include "base/quoted.h"
#include "network/fixed_convolution.h"
#include "network/parameter.h"

namespace mobilenet::reference {
namespace {

// Constants of one layer. The weight is [height][width][inputs of one group][outputs].
template <class Weight, class Bias>
struct Layer {
  Window window;
  int outputs = 0;
  int inputs = 0;  // of one group
  int groups = 1;
  std::vector<Weight> weight;
  std::vector<Bias> bias;

  bool channel_by_channel() const { return inputs == 1 && groups == outputs; }
};

// What the caller's window, groups and activation are, for all three operators.
struct LayerOptions {
  Window window;
  Activation activation = Activation::none;
  bool dense = false;
  int groups = 1;
};

// Outputs whose sums are taken side by side: one after the other, each addition would wait for the one before.
constexpr int kOutputsAtOnce = 64;

// out[pixel][o] = finish of sum over taps inside the picture and inputs i of its group of multiply(x[tap][i],
// weight[tap][i][o]). finish(first, count, sums, out) does outputs first..first + count - 1.
template <class Sum, class Weight, class Bias, class X, class Out, class Multiply, class Finish>
void convolve(const Layer<Weight, Bias>& layer, const Shape& in, const X* x, const Shape& out, Out* result,
              const Multiply& multiply, const Finish& finish) {
  const Window& window = layer.window;
  const int outputs_per_group = layer.outputs / layer.groups;
  for_each_window(window, in, out, [&](const WindowPlace& place) {
    for (int first = 0, count = 0; first < layer.outputs; first += count) {
      const int group = first / outputs_per_group;
      count = std::min(kOutputsAtOnce, (group + 1) * outputs_per_group - first);
      Sum sums[kOutputsAtOnce] = {};
      for (std::int64_t ky = place.rows.begin; ky < place.rows.end; ++ky)
        for (std::int64_t kx = place.columns.begin; kx < place.columns.end; ++kx) {
          const X* from = x + place.pixel(ky, kx) * in[3] + static_cast<std::int64_t>(group) * layer.inputs;
          const std::int64_t tap = ky * window.kernel_width + kx;
          const Weight* weight = layer.weight.data() + tap * layer.inputs * layer.outputs + first;
          for (int i = 0; i < layer.inputs; ++i, weight += layer.outputs)
            for (int o = 0; o < count; ++o) sums[o] += multiply(from[i], weight[o]);
        }
      finish(first, count, sums, result);
      result += count;
    }
  });
}

// The same where every channel is a group of its own: each reads its own input.
template <class Sum, class Weight, class Bias, class X, class Out, class Multiply, class Finish>
void convolve_channels(const Layer<Weight, Bias>& layer, const Shape& in, const X* x, const Shape& out, Out* result,
                       const Multiply& multiply, const Finish& finish) {
  const Window& window = layer.window;
  for_each_window(window, in, out, [&](const WindowPlace& place) {
    for (int first = 0; first < layer.outputs; first += kOutputsAtOnce) {
      const int count = std::min(kOutputsAtOnce, layer.outputs - first);
      Sum sums[kOutputsAtOnce] = {};
      for (std::int64_t ky = place.rows.begin; ky < place.rows.end; ++ky)
        for (std::int64_t kx = place.columns.begin; kx < place.columns.end; ++kx) {
          const X* from = x + place.pixel(ky, kx) * in[3] + first;
          const std::int64_t tap = ky * window.kernel_width + kx;
          const Weight* weight = layer.weight.data() + tap * layer.outputs + first;
          for (int c = 0; c < count; ++c) sums[c] += multiply(from[c], weight[c]);
        }
      finish(first, count, sums, result);
      result += count;
    }
  });
}

template <class Sum, class Weight, class Bias, class X, class Out, class Multiply, class Finish>
void run_layer(const Layer<Weight, Bias>& layer, const Shape& in, const X* x, const Shape& out, Out* result,
               const Multiply& multiply, const Finish& finish) {
  if (layer.channel_by_channel())
    convolve_channels<Sum>(layer, in, x, out, result, multiply, finish);
  else
    convolve<Sum>(layer, in, x, out, result, multiply, finish);
}

template <class Weight, class Bias, class Read>
Layer<Weight, Bias> make_layer(const FilterView& filter, const LayerOptions& options, const Read& read) {
  Layer<Weight, Bias> layer;
  layer.window = options.window;
  layer.outputs = filter.outputs;
  layer.inputs = filter.inputs;
  layer.groups = options.groups;
  layer.weight.reserve(static_cast<std::size_t>(filter.parameter->shape.elements()));
  for (int y = 0; y < filter.height; ++y)
    for (int x = 0; x < filter.width; ++x)
      for (int i = 0; i < filter.inputs; ++i)
        for (int o = 0; o < filter.outputs; ++o) layer.weight.push_back(read(filter.offset(o, y, x, i)));
  layer.bias.assign(static_cast<std::size_t>(filter.outputs), 0);
  return layer;
}

// A dense layer sees each picture as one pixel.
Shape as_pixel(const Shape& shape) { return {shape[0], 1, 1, shape.elements() / shape[0]}; }

Result<Operator> prepare_real(const LayerOptions& options, const NodeView& view, const FilterView& filter) {
  MOBILENET_TRY(const std::vector<float> values, real_constant(view, 1));
  auto layer = make_layer<float, float>(filter, options,
                                        [&](std::int64_t offset) { return values[static_cast<std::size_t>(offset)]; });
  if (view.has(2)) {
    MOBILENET_TRY(layer.bias, real_constant(view, 2));
    if (layer.bias.size() != static_cast<std::size_t>(filter.outputs))
      return failure(ErrorCode::bad_format, "bias has ", layer.bias.size(), " values, expected ", filter.outputs);
  }
  return Operator([layer = std::move(layer), options](const Operands& operands) {
    const Operand& x = operands.inputs[0];
    run_layer<double>(
        layer, options.dense ? as_pixel(x.shape) : x.shape, x.as<float>(),
        options.dense ? as_pixel(operands.shape) : operands.shape, operands.as<float>(),
        [](float a, float b) { return static_cast<double>(a) * static_cast<double>(b); },
        [&](int first, int count, const double* sums, float* result) {
          const float* const bias = layer.bias.data() + first;
          for (int o = 0; o < count; ++o) {
            const double biased = sums[o] + static_cast<double>(bias[o]);
            result[o] = static_cast<float>(activate(options.activation, biased));
          }
        });
  });
}

// The axis of the stored weight that counts output channels.
int output_axis(WeightLayout layout) { return layout == WeightLayout::hwc ? 3 : 0; }

Result<Operator> prepare_integer(const LayerOptions& options, const NodeView& view, const FilterView& filter) {
  const Tensor& weight = view.input(1);
  MOBILENET_TRY(LayerArithmetic arithmetic,
                layer_arithmetic(view.node.op, view.input(0), weight, view.output(), filter.outputs));
  if (weight.quantization->scales.size() > 1 && weight.quantization->axis != output_axis(view.parameter(1).layout))
    return failure(ErrorCode::unsupported, "weight ", quoted(weight.name), " is quantised along axis ",
                   weight.quantization->axis);
  // Differences of two bytes need nine bits and a sign.
  auto layer = make_layer<std::int16_t, std::int32_t>(filter, options, [&](std::int64_t offset) {
    return static_cast<std::int16_t>(stored_integer(view.parameter(1), offset) - arithmetic.common.weight_zero_point);
  });
  if (view.has(2)) {
    const Tensor& bias = view.input(2);
    if (!bias.is_constant() || bias.type != DataType::i32 ||
        view.parameter(2).shape.elements() != static_cast<std::int64_t>(filter.outputs))
      return failure(ErrorCode::unsupported, "bias ", quoted(bias.name), " (", name_of(bias.type),
                     ") must be an i32 constant of ", filter.outputs, " values");
    for (int o = 0; o < filter.outputs; ++o)
      layer.bias[static_cast<std::size_t>(o)] = stored_integer(view.parameter(2), o);
  }
  return with_integer_type(view.output().type, [&](auto element) {
    using T = decltype(element);
    return Operator([layer = std::move(layer), arithmetic = std::move(arithmetic), options](const Operands& operands) {
      const Operand& x = operands.inputs[0];
      run_layer<std::int32_t>(
          layer, options.dense ? as_pixel(x.shape) : x.shape, x.as<T>(),
          options.dense ? as_pixel(operands.shape) : operands.shape, operands.as<T>(),
          [zero_point = arithmetic.common.input_zero_point](T a, std::int16_t b) {
            return static_cast<std::int16_t>(a - zero_point) * b;
          },
          [&](int first, int count, const std::int32_t* sums, T* result) {
            // Bytes may alias anything; only into memory of its own is this loop turned into vector instructions,
            // and it is half the time of the first blocks.
            T stored[kOutputsAtOnce];
            const std::int32_t* const bias = layer.bias.data() + first;
            const ConvolutionArithmetic& common = arithmetic.common;
            const float* const scales = common.scales.data() + first;
            if (arithmetic.fixed) {
              for (int o = 0; o < count; ++o)
                stored[o] = static_cast<T>(fixed_convolution_element(*arithmetic.fixed, sums[o] + bias[o], first + o));
            } else {
              for (int o = 0; o < count; ++o)
                stored[o] =
                    static_cast<T>(requantize(sums[o] + bias[o], scales[o], common.output_zero_point, common.range));
            }
            std::copy_n(stored, count, result);
          });
    });
  });
}

Result<Operator> prepare_layer(LayerOptions options, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (!view.has(1) || !view.input(1).is_constant())
    return failure(ErrorCode::unsupported, "its weight is not a constant");
  MOBILENET_TRY(const FilterView filter, filter_view(view.parameter(1)));
  if (options.groups < 1 || filter.outputs % options.groups != 0)
    return failure(ErrorCode::bad_format, filter.outputs, " outputs do not divide into ", options.groups, " groups");
  return arithmetic == Arithmetic::real ? prepare_real(options, view, filter) : prepare_integer(options, view, filter);
}

}  // namespace

Result<Operator> prepare(const Conv2dOp& op, const NodeView& view) {
  return prepare_layer({.window = op.window, .activation = op.activation, .groups = op.groups}, view);
}

Result<Operator> prepare(const DepthwiseConv2dOp& op, const NodeView& view) {
  if (!view.has(1) || !view.input(1).is_constant())
    return failure(ErrorCode::unsupported, "its weight is not a constant");
  MOBILENET_TRY(const FilterView filter, filter_view(view.parameter(1)));
  if (op.multiplier < 1 || filter.outputs % op.multiplier != 0)
    return failure(ErrorCode::bad_format, filter.outputs, " outputs are no multiple of ", op.multiplier);
  return prepare_layer({.window = op.window, .activation = op.activation, .groups = filter.outputs / op.multiplier},
                       view);
}

Result<Operator> prepare(const DenseOp& op, const NodeView& view) {
  return prepare_layer({.window = {}, .activation = op.activation, .dense = true}, view);
}

}  // namespace mobilenet::reference
