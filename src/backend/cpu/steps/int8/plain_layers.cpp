// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Layers of bytes as plain loops: transposed convolutions, and layers that no kernel rounds as the runtime does (those
// with weights of 4 bits).

#include <algorithm>

#include "backend/cpu/steps/int8/filters.h"
#include "backend/cpu/steps/int8/steps.h"
#include "backend/cpu/steps/transposed.h"
#include "backend/cpu/steps/windows.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

// A row of the output a thread at a time; a pixel's sums lie in the scratch, and wrap around.
template <class Layer>
struct PlainStep {
  Layer layer;
  PlainFilters filters;
  Place input, output;

  void run(RunContext& context) const {
    const auto& g = layer.geometry;
    const auto pixel_bytes = static_cast<std::int64_t>(filters.bias.size());
    const auto number = [flip = filters.flip, zero = filters.input_zero](std::uint8_t byte) {
      return static_cast<std::int16_t>((byte ^ flip) - zero);
    };
    context.for_each(static_cast<std::size_t>(g.batch * g.output_height), [&](std::size_t index) {
      const auto row = static_cast<std::int64_t>(index);
      const std::uint8_t* const image = bytes_at(context, input) + row / g.output_height * layer.image_elements();
      std::uint8_t* out = bytes_at(context, output) + row * g.output_width * pixel_bytes;
      auto* const sums = reinterpret_cast<std::uint32_t*>(context.scratch);
      for (std::int64_t x = 0; x < g.output_width; ++x) {
        std::copy(filters.bias.begin(), filters.bias.end(), sums);
        layer.gather(image, row % g.output_height, x, filters.weights->as<std::int16_t>(), sums, number);
        for (std::size_t o = 0; o < filters.bias.size(); ++o)
          *out++ = static_cast<std::uint8_t>(filters.arithmetic.element(static_cast<std::int32_t>(sums[o]), o));
      }
    });
  }
};

template <class Layer>
Result<CompiledStep> plain_step(const StepSource& source, const Node& node, Layer layer, const FilterView& view) {
  PlainStep<Layer> step;
  step.layer = std::move(layer);
  MOBILENET_TRY(step.filters, plain_filters(source, node, view));
  step.input = source.place(node.inputs[0]);
  step.output = source.place(node.output);
  const std::size_t scratch = step.filters.bias.size() * sizeof(std::uint32_t);
  return step_of(std::move(step), scratch);
}

Result<FilterView> constant_filter(const StepSource& source, const Node& node) {
  if (!source.tensor(node.inputs[1]).is_constant())
    return failure(ErrorCode::unsupported, "its weight is not a constant");
  return filter_view(source.parameter(node.inputs[1]));
}

}  // namespace

Result<CompiledStep> compile_int8_transposed(const StepSource& source, const Node& node, const TransposeConv2dOp& op) {
  MOBILENET_TRY(const FilterView view, constant_filter(source, node));
  return plain_step(source, node, TransposedLayer{transposed_geometry(source, node, op)}, view);
}

Result<CompiledStep> compile_int8_fixed_layer(const StepSource& source, const Node& node) {
  MOBILENET_TRY(const FilterView view, constant_filter(source, node));
  return plain_step(source, node, WindowLayer{layer_geometry(source, node, view), channel_groups(node.op, view)}, view);
}

}  // namespace mobilenet::cpu
