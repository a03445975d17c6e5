// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/int8/filters.h"

#include <algorithm>
#include <cstring>

#include "backend/cpu/steps/int8/steps.h"
#include "backend/cpu/steps/taps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

// kNoTensor where there is none.
Result<TensorId> bias_of(const StepSource& source, const Node& node) {
  const TensorId bias = node.inputs.size() > 2 ? node.inputs[2] : kNoTensor;
  if (bias != kNoTensor && (!source.tensor(bias).is_constant() || source.tensor(bias).type != DataType::i32))
    return failure(ErrorCode::unsupported, "its bias is not a constant of i32");
  return bias;
}

// One depth of a filter: where its weight is, or nowhere (it multiplies what does not count).
struct Tap {
  bool used = false;
  int y = 0, x = 0, input = 0;
};

std::vector<Tap> taps_of(const FilterView& view, DepthOrder order) {
  std::vector<Tap> taps;
  switch (order) {
    case DepthOrder::rows:
      for (int y = 0; y < view.height; ++y)
        for (int x = 0; x < view.width; ++x)
          for (int i = 0; i < view.inputs; ++i) taps.push_back({true, y, x, i});
      break;
    case DepthOrder::columns:
      for (int x = 0; x < view.width; ++x)
        for (int y = 0; y < kColumnRows; ++y) taps.push_back({y < view.height, y, x, 0});
      break;
  }
  return taps;
}

class Packer {
 public:
  // `bias`: null where there is none.
  Packer(const FilterView& view, const Parameter* bias, std::int32_t input_zero,
         const ConvolutionArithmetic& arithmetic, const FilterLayout& layout)
      : view_(view), bias_(bias), input_zero_(input_zero), arithmetic_(arithmetic), layout_(layout) {}

  void pack(const std::vector<Tap>& taps, const PackedFilters& shape, AlignedBuffer& buffer) const {
    const bool adjacent = are_adjacent();
    const bool repeats = layout_.order == DepthOrder::columns && layout_.block % shape.channels == 0;
    for (int place = 0; place < (repeats ? layout_.block : shape.channels); ++place) {
      const int channel = place % shape.channels;
      std::byte* block = buffer.data() + static_cast<std::size_t>(place / layout_.block) * shape.block_bytes;
      const auto position = static_cast<std::size_t>(position_in_block(layout_, place % layout_.block));
      // int32 wraps around, as the sums themselves may.
      std::uint32_t bias = bias_ ? static_cast<std::uint32_t>(stored_integer(*bias_, channel)) : 0;
      std::byte* weights = block + 2 * static_cast<std::size_t>(layout_.block) * sizeof(std::int32_t);
      const std::uint32_t sum = adjacent ? pack_adjacent(channel, taps.size(), shape.shift, position, weights)
                                         : pack_each(channel, taps, shape, position, block, weights);
      reinterpret_cast<std::uint32_t*>(block)[position] = bias - sum * static_cast<std::uint32_t>(input_zero_);
      reinterpret_cast<float*>(block)[static_cast<std::size_t>(layout_.block) + position] =
          arithmetic_.scales[static_cast<std::size_t>(channel)];
    }
  }

 private:
  // Returns the sum of the weights, as do those below.
  std::uint32_t pack_each(int channel, const std::vector<Tap>& taps, const PackedFilters& shape, std::size_t position,
                          std::byte* block, std::byte* weights) const {
    const auto group = static_cast<std::size_t>(layout_.group), channels = static_cast<std::size_t>(layout_.block);
    // Groups of a channel lie apart by those of the block's other channels. Counted, not divided: a division for each
    // weight was a fifth of the time.
    std::size_t index = position * group, in_group = 0;
    const auto step = [&] {
      ++index;
      if (++in_group == group) in_group = 0, index += group * (channels - 1);
    };
    std::uint32_t sum = 0;
    for (std::size_t depth = 0; depth < taps.size(); ++depth, step()) {
      if (!taps[depth].used) continue;
      const std::int32_t weight = centred(channel, taps[depth]);
      sum += static_cast<std::uint32_t>(weight);
      if (layout_.order == DepthOrder::columns)
        store_with_excess(block, shape.block_bytes, weights, index, weight);
      else if (layout_.of_bytes())
        reinterpret_cast<std::int8_t*>(weights)[index] = static_cast<std::int8_t>(weight + shape.shift);
      else
        reinterpret_cast<std::int16_t*>(weights)[index] = static_cast<std::int16_t>(weight);
    }
    return sum;
  }

  // Whether the weights of a channel are stored one after the other, in the order of a filter of bytes.
  bool are_adjacent() const {
    const DataType type = view_.parameter->type;
    return layout_.order == DepthOrder::rows && layout_.of_bytes() && (type == DataType::u8 || type == DataType::i8) &&
           view_.input_stride == 1 && view_.column_stride == view_.inputs &&
           view_.row_stride == static_cast<std::int64_t>(view_.width) * view_.inputs;
  }

  // Nearly all weights there are; one by one they took two fifths of the time to a first answer.
  std::uint32_t pack_adjacent(int channel, std::size_t depth, std::int32_t shift, std::size_t position,
                              std::byte* weights) const {
    std::byte* const to = weights + position * static_cast<std::size_t>(layout_.group);
    const std::byte* stored = view_.parameter->bytes.data() + view_.offset(channel, 0, 0, 0);
    return view_.parameter->type == DataType::u8
               ? pack_adjacent(reinterpret_cast<const std::uint8_t*>(stored), depth, shift, to)
               : pack_adjacent(reinterpret_cast<const std::int8_t*>(stored), depth, shift, to);
  }

  template <class Stored>
  std::uint32_t pack_adjacent(const Stored* stored, std::size_t depth, std::int32_t shift, std::byte* to) const {
    return layout_.group == 4 ? pack_groups<4>(stored, depth, shift, to) : pack_groups<8>(stored, depth, shift, to);
  }

  template <std::size_t kGroup, class Stored>
  std::uint32_t pack_groups(const Stored* stored, std::size_t depth, std::int32_t shift, std::byte* to) const {
    const std::size_t step = kGroup * static_cast<std::size_t>(layout_.block);
    const std::int32_t moved = shift - arithmetic_.weight_zero_point;
    const std::size_t whole = depth / 4 * 4;
    const auto place = [&](std::size_t d) { return to + d / kGroup * step + d % kGroup; };
    for (std::size_t d = 0; d < whole; d += 4) {
      std::uint32_t four = 0;
      std::memcpy(&four, stored + d, sizeof four);
      four = add_to_bytes(four, static_cast<std::uint8_t>(moved));
      std::memcpy(place(d), &four, sizeof four);
    }
    for (std::size_t d = whole; d < depth; ++d) *place(d) = static_cast<std::byte>(stored[d] + moved);
    std::uint32_t sum = 0;  // apart, so that the compiler adds many at once
    for (std::size_t d = 0; d < depth; ++d) sum += static_cast<std::uint32_t>(stored[d]);
    return sum - static_cast<std::uint32_t>(depth) * static_cast<std::uint32_t>(arithmetic_.weight_zero_point);
  }

  // To each of the four, without carries from one to the next.
  static std::uint32_t add_to_bytes(std::uint32_t four, std::uint8_t number) {
    constexpr std::uint32_t kSigns = 0x80808080;
    const std::uint32_t numbers = 0x01010101u * number;
    return ((four & ~kSigns) + (numbers & ~kSigns)) ^ ((four ^ numbers) & kSigns);
  }

  std::int32_t centred(int channel, const Tap& tap) const {
    return stored_integer(*view_.parameter, view_.offset(channel, tap.y, tap.x, tap.input)) -
           arithmetic_.weight_zero_point;
  }

  // What does not fit into eight bits goes to the excess behind the weights, and the block's last 64 bytes say so.
  static void store_with_excess(std::byte* block, std::size_t block_bytes, std::byte* weights, std::size_t index,
                                std::int32_t weight) {
    std::byte* end = block + block_bytes - kAlignment;
    const std::int32_t fitting = std::clamp(weight, -128, 127);
    std::byte* excess = weights + (end - weights) / 2;
    reinterpret_cast<std::int8_t*>(weights)[index] = static_cast<std::int8_t>(fitting);
    reinterpret_cast<std::int8_t*>(excess)[index] = static_cast<std::int8_t>(weight - fitting);
    if (weight != fitting) *reinterpret_cast<std::int32_t*>(end) = 1;
  }

  const FilterView& view_;
  const Parameter* bias_;
  std::int32_t input_zero_;  // of the bytes that the kernel reads
  const ConvolutionArithmetic& arithmetic_;
  const FilterLayout& layout_;
};

}  // namespace

Result<QuantizedFilters> quantized_filters(const StepSource& source, const Node& node, Activation activation,
                                           const FilterLayout& layout) {
  const Tensor& input = source.tensor(node.inputs[0]);
  const Tensor& weight = source.tensor(node.inputs[1]);
  const Tensor& output = source.tensor(node.output);
  if (!weight.is_constant()) return failure(ErrorCode::unsupported, "its weight is not a constant");
  MOBILENET_TRY(const TensorId bias, bias_of(source, node));
  MOBILENET_TRY(const FilterView view, filter_view(source.parameter(node.inputs[1])));
  MOBILENET_TRY(const ConvolutionArithmetic arithmetic,
                convolution_arithmetic(input, weight, output, activation, view.outputs));

  const std::vector<Tap> taps = taps_of(view, layout.order);
  QuantizedFilters result;
  PackedFilters& filters = result.filters;
  filters.channels = view.outputs;
  filters.depth = static_cast<int>(taps.size());
  // Bias and scale take four bytes a channel each.
  const auto block = static_cast<std::size_t>(layout.block);
  const std::size_t constant_bytes = block * 2 * sizeof(std::int32_t);
  const std::size_t weight_bytes =
      block * static_cast<std::size_t>(layout.groups(filters.depth)) * static_cast<std::size_t>(layout.group_bytes());
  if (layout.order == DepthOrder::columns) {
    filters.block_bytes = constant_bytes + 2 * weight_bytes + kAlignment;
  } else {
    filters.block_bytes = constant_bytes + weight_bytes;
    if (layout.of_bytes() && weight.type == DataType::u8) filters.shift = arithmetic.weight_zero_point - 128;
  }
  const PackKey key{.kind = PackKey::Kind::matrix,
                    .type = DataType::i8,
                    .layout = layout,
                    .weight = node.inputs[1],
                    .bias = bias,
                    .input_zero = to_unsigned(input.type, arithmetic.input_zero_point) - (layout.signed_rows ? 128 : 0),
                    .input_scale = channel_quantization(input, 0).scale,
                    .output_scale = channel_quantization(output, 0).scale};
  const auto blocks = static_cast<std::size_t>((filters.channels + layout.block - 1) / layout.block);
  MOBILENET_TRY(result.memory, source.pack(key, blocks * filters.block_bytes, [&](AlignedBuffer& buffer) {
    Packer(view, bias == kNoTensor ? nullptr : &source.parameter(bias), key.input_zero, arithmetic, layout)
        .pack(taps, filters, buffer);
  }));
  filters.blocks = result.memory->data();
  result.input_flip = flip_of(input.type);
  result.padding = static_cast<std::uint8_t>(to_unsigned(input.type, arithmetic.input_zero_point) ^ result.input_flip);
  result.to_byte = byte_output(output.type, arithmetic.output_zero_point, arithmetic.range);
  return result;
}

Result<PlainFilters> plain_filters(const StepSource& source, const Node& node, const FilterView& view) {
  const Tensor &input = source.tensor(node.inputs[0]), &weight = source.tensor(node.inputs[1]);
  MOBILENET_TRY(const TensorId bias, bias_of(source, node));
  PlainFilters filters;
  MOBILENET_TRY(filters.arithmetic, layer_arithmetic(node.op, input, weight, source.tensor(node.output), view.outputs));
  const ConvolutionArithmetic& common = filters.arithmetic.common;
  filters.flip = flip_of(input.type);
  filters.input_zero = static_cast<std::int16_t>(to_unsigned(input.type, common.input_zero_point));
  filters.bias.assign(static_cast<std::size_t>(view.outputs), 0);
  for (std::size_t o = 0; bias != kNoTensor && o < filters.bias.size(); ++o)
    filters.bias[o] = static_cast<std::uint32_t>(stored_integer(source.parameter(bias), static_cast<std::int64_t>(o)));
  const PackKey key{.kind = PackKey::Kind::taps, .type = DataType::i16, .weight = node.inputs[1]};
  const auto bytes = static_cast<std::size_t>(view.parameter->shape.elements()) * sizeof(std::int16_t);
  MOBILENET_TRY(filters.weights, source.pack(key, bytes, [&](AlignedBuffer& buffer) {
    pack_taps(view, buffer.as<std::int16_t>(), [&](std::int64_t at) {
      return static_cast<std::int16_t>(stored_integer(*view.parameter, at) - common.weight_zero_point);
    });
  }));
  return filters;
}

}  // namespace mobilenet::cpu
