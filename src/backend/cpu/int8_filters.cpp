// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/int8_filters.h"

#include <string>
#include <vector>

#include "backend/cpu/int8_steps.h"
#include "base/error.h"
#include "network/parameter.h"

namespace mobilenet::cpu {
namespace {

const Parameter& parameter_of(const StepSource& source, TensorId id) {
  return source.parameters.values[static_cast<std::size_t>(source.tensor(id).parameter)];
}

// One depth of a filter: where its weight is, or nowhere (it multiplies what does not count).
struct Tap {
  bool used = false;
  int y = 0, x = 0, input = 0;
};

// The order of depths that `use` asks for.
std::vector<Tap> taps_of(const FilterView& view, FilterUse use, const FilterLayout& layout) {
  std::vector<Tap> taps;
  switch (use) {
    case FilterUse::matmul:
    case FilterUse::depthwise:
      for (int y = 0; y < view.height; ++y)
        for (int x = 0; x < view.width; ++x)
          for (int i = 0; i < view.inputs; ++i) taps.push_back({true, y, x, i});
      break;
    case FilterUse::depthwise_columns:
      for (int x = 0; x < view.width; ++x)
        for (int y = 0; y < (view.height + layout.group - 1) / layout.group * layout.group; ++y)
          taps.push_back({y < view.height, y, x, 0});
      break;
  }
  return taps;
}

class Packer {
 public:
  Packer(const StepSource& source, const Node& node, const FilterView& view, const ConvolutionArithmetic& arithmetic,
         const FilterLayout& layout)
      : view_(view), arithmetic_(arithmetic), layout_(layout) {
    if (node.inputs.size() > 2 && node.inputs[2] != kNoTensor) bias_ = &parameter_of(source, node.inputs[2]);
    input_zero_ = to_unsigned(source.tensor(node.inputs[0]).type, arithmetic.input_zero_point);
  }

  AlignedBuffer pack(const std::vector<Tap>& taps, const PackedFilters& shape) const {
    const std::size_t blocks = static_cast<std::size_t>((shape.channels + layout_.block - 1) / layout_.block);
    AlignedBuffer buffer(blocks * shape.block_bytes);
    for (int channel = 0; channel < shape.channels; ++channel) {
      std::byte* block = buffer.data() + static_cast<std::size_t>(channel / layout_.block) * shape.block_bytes;
      const auto position = static_cast<std::size_t>(position_in_block(layout_, channel % layout_.block));
      // int32 wraps around, as the sums themselves may.
      std::uint32_t bias = bias_ ? static_cast<std::uint32_t>(stored_integer(*bias_, channel)) : 0;
      std::byte* weights = block + 2 * static_cast<std::size_t>(layout_.block) * sizeof(std::int32_t);
      for (std::size_t depth = 0; depth < taps.size(); ++depth) {
        if (!taps[depth].used) continue;
        const std::int32_t weight = centred(channel, taps[depth]);
        bias -= static_cast<std::uint32_t>(weight * input_zero_);
        const std::size_t group = depth / static_cast<std::size_t>(layout_.group);
        const std::size_t index =
            (group * static_cast<std::size_t>(layout_.block) + position) * static_cast<std::size_t>(layout_.group) +
            depth % static_cast<std::size_t>(layout_.group);
        if (layout_.group == 2)
          reinterpret_cast<std::int16_t*>(weights)[index] = static_cast<std::int16_t>(weight);
        else
          reinterpret_cast<std::int8_t*>(weights)[index] = static_cast<std::int8_t>(weight + shape.shift);
      }
      reinterpret_cast<std::uint32_t*>(block)[position] = bias;
      reinterpret_cast<float*>(block)[static_cast<std::size_t>(layout_.block) + position] =
          arithmetic_.scales[static_cast<std::size_t>(channel)];
    }
    return buffer;
  }

 private:
  std::int32_t centred(int channel, const Tap& tap) const {
    return stored_integer(*view_.parameter, view_.offset(channel, tap.y, tap.x, tap.input)) -
           arithmetic_.weight_zero_point;
  }

  const FilterView& view_;
  const ConvolutionArithmetic& arithmetic_;
  const FilterLayout& layout_;
  const Parameter* bias_ = nullptr;
  std::int32_t input_zero_ = 0;
};

}  // namespace

Result<QuantizedFilters> quantized_filters(const StepSource& source, const Node& node, Activation activation,
                                           FilterUse use, const FilterLayout& layout) {
  const Tensor& input = source.tensor(node.inputs[0]);
  const Tensor& weight = source.tensor(node.inputs[1]);
  const Tensor& output = source.tensor(node.output);
  if (weight.parameter < 0) return failure(ErrorCode::unsupported, "its weight is not a constant");
  if (node.inputs.size() > 2 && node.inputs[2] != kNoTensor) {
    const Tensor& bias = source.tensor(node.inputs[2]);
    if (bias.parameter < 0 || bias.type != DataType::i32)
      return failure(ErrorCode::unsupported, "its bias is not a constant of i32");
  }
  MOBILENET_TRY(const FilterView view, filter_view(parameter_of(source, node.inputs[1])));
  MOBILENET_TRY(const ConvolutionArithmetic arithmetic,
                convolution_arithmetic(input, weight, output, activation, view.outputs));

  const std::vector<Tap> taps = taps_of(view, use, layout);
  QuantizedFilters result;
  PackedFilters& filters = result.filters;
  filters.channels = view.outputs;
  filters.depth = static_cast<int>(taps.size());
  filters.shift = layout.group == 4 && weight.type == DataType::u8 ? arithmetic.weight_zero_point - 128 : 0;
  // Bias, scale and every group take four bytes a channel each.
  filters.block_bytes =
      static_cast<std::size_t>(layout.block) * 4 *
      (2 + (taps.size() + static_cast<std::size_t>(layout.group) - 1) / static_cast<std::size_t>(layout.group));
  const std::string key = "int8 " + std::to_string(node.output) + ' ' + std::to_string(static_cast<int>(use)) + ' ' +
                          std::to_string(layout.block) + ' ' + std::to_string(layout.interleave) + ' ' +
                          std::to_string(layout.group);
  result.memory =
      source.packed.get(key, [&] { return Packer(source, node, view, arithmetic, layout).pack(taps, filters); });
  filters.blocks = result.memory->data();
  result.input_flip = flip_of(input.type);
  result.padding = static_cast<std::uint8_t>(to_unsigned(input.type, arithmetic.input_zero_point) ^ result.input_flip);
  result.to_byte = byte_output(output.type, arithmetic.output_zero_point, arithmetic.range);
  return result;
}

}  // namespace mobilenet::cpu
