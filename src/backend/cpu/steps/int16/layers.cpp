// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Convolution, depthwise and dense layers, pools: what looks through a window.

#include <algorithm>
#include <vector>

#include "backend/cpu/steps/int16/steps.h"
#include "backend/cpu/steps/transposed.h"
#include "backend/cpu/steps/windows.h"
#include "base/error.h"
#include "network/fixed_convolution.h"
#include "network/quantized_int16.h"

namespace mobilenet::cpu {
namespace {

// A row of the output a thread at a time; a pixel's sums lie in the scratch.
template <class Layer>
struct LayerStep {
  Layer layer;
  std::shared_ptr<const AlignedBuffer> weights;  // as pack_taps() leaves them
  std::vector<std::int64_t> bias;
  Int16ConvolutionArithmetic convolution;
  Int16DenseArithmetic dense;  // in its place where it has factors
  bool wide_bias = true;
  Place input, output;

  std::size_t scratch_bytes() const { return bias.size() * sizeof(std::int64_t); }

  void run(RunContext& context) const {
    const auto& g = layer.geometry;
    const auto pixel_elements = static_cast<std::int64_t>(bias.size());
    const auto* const in = reinterpret_cast<const std::int16_t*>(context.at(input));
    context.for_each(static_cast<std::size_t>(g.batch * g.output_height), [&](std::size_t index) {
      const auto line = static_cast<std::int64_t>(index);
      const std::int16_t* const image = in + line / g.output_height * layer.image_elements();
      auto* out = reinterpret_cast<std::int16_t*>(context.at(output)) + line * g.output_width * pixel_elements;
      auto* const sums = reinterpret_cast<std::int64_t*>(context.scratch);
      for (std::int64_t x = 0; x < g.output_width; ++x) {
        std::copy(bias.begin(), bias.end(), sums);
        layer.gather(image, line % g.output_height, x, weights->as<std::int8_t>(), sums,
                     [](std::int16_t stored) { return stored; });
        for (std::size_t o = 0; o < bias.size(); ++o) *out++ = static_cast<std::int16_t>(finished(sums[o], o));
      }
    });
  }

  std::int32_t finished(std::int64_t sum, std::size_t o) const {
    if (dense.factors.empty()) return int16_convolution_element(convolution.factors[o], sum, convolution.range);
    if (wide_bias) return int16_dense_wide_element(dense.factors[o], sum, dense.range);
    return int16_dense_element(dense.factors[o], static_cast<std::int32_t>(sum), dense.range);
  }
};

struct PoolStep {
  WindowGeometry geometry;
  PoolKind kind = PoolKind::average;
  IntegerRange range;
  Place input, output;

  void run(RunContext& context) const {
    const WindowGeometry& g = geometry;
    context.for_each(static_cast<std::size_t>(g.batch * g.output_height), [&](std::size_t index) {
      const auto line = static_cast<std::int64_t>(index);
      const std::int64_t channels = g.output_channels;
      const auto* const image = reinterpret_cast<const std::int16_t*>(context.at(input)) +
                                line / g.output_height * g.input_height * g.input_width * channels;
      auto* out = reinterpret_cast<std::int16_t*>(context.at(output)) + line * g.output_width * channels;
      const std::int64_t top = line % g.output_height * g.stride_height - g.pad_top;
      const std::int64_t y_begin = std::max<std::int64_t>(top, 0),
                         y_end = std::min(top + g.kernel_height, g.input_height);
      for (std::int64_t x = 0; x < g.output_width; ++x) {
        const std::int64_t left = x * g.stride_width - g.pad_left;
        const std::int64_t x_begin = std::max<std::int64_t>(left, 0),
                           x_end = std::min(left + g.kernel_width, g.input_width);
        const auto count = static_cast<std::int32_t>(std::max<std::int64_t>(y_end - y_begin, 0) *
                                                     std::max<std::int64_t>(x_end - x_begin, 0));
        for (std::int64_t c = 0; c < channels; ++c) {
          std::int32_t sum = 0, most = kInt16Range.low;
          for (std::int64_t y = y_begin; y < y_end; ++y)
            for (std::int64_t column = x_begin; column < x_end; ++column) {
              const std::int32_t value = image[(y * g.input_width + column) * channels + c];
              sum += value, most = std::max(most, value);
            }
          const std::int32_t value = count <= 0 ? 0 : kind == PoolKind::average ? average_element(sum, count) : most;
          *out++ = static_cast<std::int16_t>(range.clamp(value));
        }
      }
    });
  }
};

struct MeanStep {
  std::int64_t pixels = 1, channels = 1, rows = 1;
  FixedPoint factor;
  Place input, output;

  void run(RunContext& context) const {
    context.for_each(static_cast<std::size_t>(rows), [&](std::size_t index) {
      const auto row = static_cast<std::int64_t>(index);
      const auto* const x = reinterpret_cast<const std::int16_t*>(context.at(input)) +
                            row / channels * pixels * channels + row % channels;
      std::int64_t sum = 0;
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel) sum += x[pixel * channels];
      reinterpret_cast<std::int16_t*>(context.at(output))[row] =
          static_cast<std::int16_t>(int16_mean_element(factor, sum));
    });
  }
};

template <class Layer>
Result<CompiledStep> layer_step(const StepSource& source, const Node& node, Layer layer, const FilterView& view) {
  const Tensor &input = source.tensor(node.inputs[0]), &weight = source.tensor(node.inputs[1]);
  const Tensor& output = source.tensor(node.output);
  LayerStep<Layer> step;
  step.layer = std::move(layer);
  step.bias.assign(static_cast<std::size_t>(view.outputs), 0);
  const TensorId bias = node.inputs.size() > 2 ? node.inputs[2] : kNoTensor;
  if (bias != kNoTensor) {
    if (!source.tensor(bias).is_constant()) return failure(ErrorCode::unsupported, "its bias is not a constant");
    MOBILENET_TRY(step.bias, int16_bias(source.parameter(bias)));
  }
  step.wide_bias = bias != kNoTensor && source.tensor(bias).type == DataType::i64;
  const Activation activation = fused_activation(node.op);
  if (weight.shape.rank() == 2) {  // a dense layer, of every row of a map too
    const Int16Bias kind = step.wide_bias ? Int16Bias::i64 : Int16Bias::none_or_i32;
    MOBILENET_TRY(step.dense, int16_dense_arithmetic(input, weight, output, activation, view.outputs, kind));
  } else {
    if (bias != kNoTensor && !step.wide_bias)
      return failure(ErrorCode::unsupported, "16-bit activations need a bias of i64");
    MOBILENET_TRY(step.convolution, int16_convolution_arithmetic(input, weight, output, activation, view.outputs));
  }
  const PackKey key{.kind = PackKey::Kind::taps, .type = DataType::i8, .weight = node.inputs[1]};
  const auto bytes = static_cast<std::size_t>(view.parameter->shape.elements());
  MOBILENET_TRY(step.weights, source.pack(key, bytes, [&](AlignedBuffer& buffer) {
    pack_taps(view, buffer.as<std::int8_t>(),
              [&](std::int64_t at) { return static_cast<std::int8_t>(stored_integer(*view.parameter, at)); });
  }));
  step.input = source.place(node.inputs[0]);
  step.output = source.place(node.output);
  const std::size_t scratch = step.scratch_bytes();
  return step_of(std::move(step), scratch);
}

}  // namespace

Result<CompiledStep> compile_int16_layer(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Tensor& weight = source.tensor(node.inputs[1]);
  if (!weight.is_constant() || weight.type != DataType::i8)
    return failure(ErrorCode::unsupported, "16-bit activations need a constant weight of i8");
  MOBILENET_TRY(const FilterView view, filter_view(source.parameter(node.inputs[1])));
  if (const auto* transposed = std::get_if<TransposeConv2dOp>(&node.op))
    return layer_step(source, node, TransposedLayer{transposed_geometry(source, node, *transposed)}, view);
  return layer_step(source, node, WindowLayer{layer_geometry(source, node, view), channel_groups(node.op, view)}, view);
}

Result<CompiledStep> compile_int16_pool(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Tensor &input = source.tensor(node.inputs[0]), &output = source.tensor(node.output);
  const Place from = source.place(node.inputs[0]), to = source.place(node.output);
  if (const auto* pool = std::get_if<PoolOp>(&node.op)) {
    MOBILENET_TRY(const float in_scale, int16_scale(input));
    MOBILENET_TRY(const float out_scale, int16_scale(output));
    if (in_scale != out_scale)
      return failure(ErrorCode::unsupported, "pooling to another scale has no form in 16 bits");
    if (pool->window.dilation_height != 1 || pool->window.dilation_width != 1)
      return failure(ErrorCode::unsupported, "pooling with holes has no integer form");
    return step_of(PoolStep{window_geometry(source, node, pool->window), pool->kind,
                            int16_activation_range(pool->activation, out_scale), from, to});
  }
  const Shape& shape = source.shape(node.inputs[0]);
  MeanStep mean{shape[1] * shape[2], shape[3], shape[0] * shape[3], {}, from, to};
  MOBILENET_TRY(mean.factor, int16_mean_factor(input, output, mean.pixels));
  return step_of(std::move(mean));
}

}  // namespace mobilenet::cpu
