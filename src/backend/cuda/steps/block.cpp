// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/steps/block.h"

#include <algorithm>

#include "backend/cuda/steps/half_sums.h"
#include "backend/cuda/steps/tiles.h"
#include "backend/cuda/steps/wide.h"
#include "base/error.h"
#include "network/clamp.h"

namespace mobilenet::cuda {
namespace {

bool is_plain(const Window& w, int kernel, int stride) {
  return w.kernel_height == kernel && w.kernel_width == kernel && w.stride_height == stride &&
         w.stride_width == stride && w.dilation_height == 1 && w.dilation_width == 1;
}

bool has_no_padding(const Window& w, const Shape& in) {
  return window_height(w, in[1]).pad_before == 0 && window_width(w, in[2]).pad_before == 0;
}

// The Step as a layer that a block can begin with or go on with: its constants are there, and it ends with a clamp.
std::optional<FusedGroup> clamped_layer(const PlanView& plan, std::size_t index) {
  if (index >= plan.steps().size()) return std::nullopt;
  const Step& step = plan.steps()[index];
  const Op& op = plan.node(step.nodes.front()).op;
  if (!std::holds_alternative<Conv2dOp>(op) && !std::holds_alternative<DepthwiseConv2dOp>(op)) return std::nullopt;
  auto group = fused_group(plan.network(), step);
  if (!group || !is_clamp(group->activation)) return std::nullopt;
  const Node& head = *group->head;
  if (plan.tensor(head.inputs[0]).is_constant() || plan.shape(head.inputs[0]).rank() != 4) return std::nullopt;
  if (plan.tensor(head.inputs[0]).type != DataType::f32 || plan.tensor(step.output).type != DataType::f32)
    return std::nullopt;
  return *std::move(group);
}

const Conv2dOp* convolution_of(const FusedGroup& group) {
  const auto* convolution = std::get_if<Conv2dOp>(&group.head->op);
  return convolution != nullptr && convolution->groups == 1 ? convolution : nullptr;
}

// Whether nothing but the layer reads what the Step before makes.
bool follows(const PlanView& plan, const Step& before, const Step& step, const FusedGroup& layer) {
  const int reader = plan.only_reader(before.output);
  return layer.head->inputs[0] == before.output && layer.residual != before.output &&
         std::find(step.nodes.begin(), step.nodes.end(), reader) != step.nodes.end();
}

std::optional<BlockLayers> depthwise_and_projection(const PlanView& plan, std::size_t first) {
  const auto depthwise = clamped_layer(plan, first), projection = clamped_layer(plan, first + 1);
  if (!depthwise || !projection || depthwise->residual != kNoTensor) return std::nullopt;
  const auto* window = std::get_if<DepthwiseConv2dOp>(&depthwise->head->op);
  const Conv2dOp* const pointwise = convolution_of(*projection);
  if (window == nullptr || pointwise == nullptr || window->multiplier != 1) return std::nullopt;
  const Window& w = window->window;
  const bool fits = w.kernel_height == 3 && w.kernel_width == 3 && w.stride_height == w.stride_width &&
                    w.dilation_height == w.dilation_width &&
                    (w.stride_height == 1 || (w.stride_height == 2 && w.dilation_height == 1));
  const Shape& in = plan.shape(depthwise->head->inputs[0]);
  const Shape& middle = plan.shape(projection->head->inputs[0]);
  if (!fits || !is_plain(pointwise->window, 1, 1) || !has_no_padding(pointwise->window, middle)) return std::nullopt;
  if (!follows(plan, plan.steps()[first], plan.steps()[first + 1], *projection) || in[3] % 8 != 0) return std::nullopt;
  // More than the padding before and the taps behind the map reach: windows that begin outside altogether.
  if (window_height(w, in[1]).pad_before > 2 * w.dilation_height ||
      window_width(w, in[2]).pad_before > 2 * w.dilation_width)
    return std::nullopt;
  const TensorId residual = projection->residual;
  if (residual != kNoTensor && (plan.tensor(residual).type != DataType::f32 || is_given(plan, residual)))
    return std::nullopt;
  BlockLayers layers;
  layers.depthwise = *depthwise, layers.projection = *projection;
  layers.input = depthwise->head->inputs[0];
  layers.output = plan.steps()[first + 1].output;
  return layers;
}

// Packs slab after slab: [the first layer's tiles, its bias in f32,] taps [9][channels] and their bias, in halves or
// floats, the projection's tiles. Channels that a last slab has too many are zero all through.
struct SlabPacker {
  const BlockShape& shape;
  const BlockTiling& tiling;
  const FoldedFilter* first;  // null: there is none
  const FoldedFilter& depthwise;
  const FoldedFilter& projection;
  int padded_columns;

  std::vector<std::byte> pack(int slabs, int slab_bytes) const {
    std::vector<std::byte> bytes(static_cast<std::size_t>(slabs) * static_cast<std::size_t>(slab_bytes));
    std::byte* to = bytes.data();
    for (int slab = 0; slab < slabs; ++slab) to = pack_slab(slab * tiling.hidden, to);
    return bytes;
  }

 private:
  std::byte* pack_slab(int begin, std::byte* to) const {
    const int hidden = tiling.hidden;
    const auto put = [&](auto number) {
      std::memcpy(to, &number, sizeof number);
      to += sizeof number;
    };
    if (first != nullptr) {
      const bool is_stem = shape.source == BlockLayers::Source::stem;
      // The first layer's weight at a depth: a channel, or of a stem as kernels take its window, line after line: a
      // lane has a pixel, of whose four channels two are numbers d, two d + 8.
      const auto weight = [&](int channel, int at) {
        if (!is_stem) return at < first->view.inputs ? first->weight(channel, 0, 0, at) : 0.0f;
        const int line = at / 16, d = at % 16, tap = d % 8 / 2, colour = d / 8 * 2 + d % 2;
        return tap < kStemTaps && colour < 3 ? first->weight(channel, line, tap, colour) : 0.0f;
      };
      for (int from = 0; from < whole_16(shape.in_channels); from += 16)
        for (int column = 0; column < hidden; column += 16, to += kTileBytes)
          write_tile(to, [&](int d, int c) {
            const int channel = begin + column + c;
            return channel < shape.hidden ? weight(channel, from + d) : 0.0f;
          });
      for (int c = begin; c < begin + hidden; ++c) put(c < shape.hidden ? first->bias[static_cast<std::size_t>(c)] : 0);
    }
    const auto put_tap = [&](float value) { shape.float_taps ? put(value) : put(half_of(value)); };
    for (int tap = 0; tap < 9; ++tap)
      for (int c = begin; c < begin + hidden; ++c)
        put_tap(c < shape.hidden ? depthwise.weight(c, tap / 3, tap % 3, 0) : 0.0f);
    for (int c = begin; c < begin + hidden; ++c)
      put_tap(c < shape.hidden ? depthwise.bias[static_cast<std::size_t>(c)] : 0.0f);
    for (int column = 0; column < padded_columns; column += 16)
      for (int from = 0; from < hidden; from += 16, to += kTileBytes)
        write_tile(to, [&](int d, int c) {
          const int channel = begin + from + d;
          return channel < shape.hidden && column + c < shape.out_channels
                     ? projection.weight(column + c, 0, 0, channel)
                     : 0.0f;
        });
    return to;
  }
};

BlockArguments arguments_of(const Plan& plan, const BlockLayers& layers, const BlockShape& shape,
                            const BlockTiling& tiling, const BlockMemory& memory) {
  const Window& window = std::get<DepthwiseConv2dOp>(layers.depthwise.head->op).window;
  const Shape& map = plan.shape(layers.depthwise.head->inputs[0]);
  const Shape& in = plan.shape(layers.input);
  BlockArguments a{};
  a.images = shape.images;
  a.in_height = static_cast<std::int32_t>(in[1]), a.in_width = static_cast<std::int32_t>(in[2]);
  a.in_channels = static_cast<std::int32_t>(in[3]);
  a.height = shape.height, a.width = shape.width;
  a.out_height = shape.out_height, a.out_width = shape.out_width, a.out_channels = shape.out_channels;
  a.stride = shape.stride, a.dilation = shape.dilation;
  a.top = static_cast<std::int32_t>(window_height(window, map[1]).pad_before);
  a.left = static_cast<std::int32_t>(window_width(window, map[2]).pad_before);
  if (layers.source == BlockLayers::Source::stem) {
    const Window& stem = std::get<Conv2dOp>(layers.first.head->op).window;
    a.stem_stride = shape.stem_stride;
    a.stem_top = static_cast<std::int32_t>(window_height(stem, in[1]).pad_before);
    a.stem_left = static_cast<std::int32_t>(window_width(stem, in[2]).pad_before);
    a.picture_reciprocal = reciprocal(picture_extents(shape, tiling).width);
  }
  a.tile_images = tiling.images, a.tile_height = tiling.height, a.tile_width = tiling.width;
  a.tiles_down = (shape.out_height + tiling.height - 1) / tiling.height;
  a.tiles_across = (shape.out_width + tiling.width - 1) / tiling.width;
  a.slabs = (shape.hidden + tiling.hidden - 1) / tiling.hidden;
  a.slabs_each = tiling.slabs_each;
  a.front_bytes = memory.front_bytes;
  a.strips_across = tiling.width / tiling.strip;
  a.residual_is_input = shape.residual_is_input ? 1 : 0;
  a.parts = (a.slabs + a.slabs_each - 1) / a.slabs_each;
  a.parts_reciprocal = reciprocal(a.parts);
  a.across_reciprocal = reciprocal(a.tiles_across), a.down_reciprocal = reciprocal(a.tiles_down);
  a.width_reciprocal = reciprocal(tiling.width), a.region_reciprocal = reciprocal(region_extents(shape, tiling).width);
  a.strips_reciprocal = reciprocal(a.strips_across);
  a.chunks_reciprocal = reciprocal(a.in_channels / 8), a.groups_reciprocal = reciprocal(tiling.columns / 8);
  a.strip = tiling.strip, a.columns = tiling.columns, a.warps_across = tiling.warps_across;
  const ClampRange hidden = clamp_of(layers.first.activation), depthwise = clamp_of(layers.depthwise.activation);
  a.hidden_low = hidden.low, a.hidden_high = hidden.high;
  a.depthwise_low = depthwise.low, a.depthwise_high = depthwise.high;
  a.ending = ending_of(layers.projection.activation);
  a.partial_offset = memory.partial;
  a.input_offset = memory.input, a.hidden_offset = memory.hidden, a.product_offset = memory.product;
  a.weight_offset = memory.weights, a.table_offset = memory.table;
  return a;
}

}  // namespace

std::optional<BlockLayers> block_layers(const PlanView& plan, std::size_t first) {
  if (const auto pair = depthwise_and_projection(plan, first); pair && !is_given(plan, pair->input)) return pair;
  const auto head = clamped_layer(plan, first);
  if (!head || head->residual != kNoTensor) return std::nullopt;
  auto layers = depthwise_and_projection(plan, first + 1);
  const Conv2dOp* const convolution = convolution_of(*head);
  if (!layers || convolution == nullptr) return std::nullopt;
  if (!follows(plan, plan.steps()[first], plan.steps()[first + 1], layers->depthwise)) return std::nullopt;
  const TensorId input = head->head->inputs[0];
  const Shape& in = plan.shape(input);
  const int stride = convolution->window.stride_height;
  constexpr std::int64_t kMostChannels = 320;  // a tile of all of them lies in shared memory
  if (is_plain(convolution->window, 1, 1) && has_no_padding(convolution->window, in) && in[3] % 8 == 0 &&
      in[3] <= kMostChannels && !is_given(plan, input))
    layers->source = BlockLayers::Source::expansion;
  else if (is_plain(convolution->window, kStemTaps, stride) && in[3] == 3 && plan.shape(layers->input)[3] <= 64)
    layers->source = BlockLayers::Source::stem;
  else
    return std::nullopt;
  // Whether the projection adds what the kernel's other tiles still read, it only reads: the residual may be the input.
  layers->steps = 3;
  layers->first = *head;
  layers->input = input;
  return layers;
}

BlockShape block_shape(const Network& network, const Parameters& parameters, std::span<const Shape> shapes,
                       const BlockLayers& layers) {
  BlockShape shape;
  const Shape& in = shape_of(shapes, layers.input);
  const Shape& map = shape_of(shapes, layers.depthwise.head->inputs[0]);
  const Shape& out = shape_of(shapes, layers.output);
  const Window& window = std::get<DepthwiseConv2dOp>(layers.depthwise.head->op).window;
  shape.source = layers.source;
  shape.images = static_cast<int>(in[0]);
  shape.in_channels = layers.source == BlockLayers::Source::stem ? kStemDepth : static_cast<int>(in[3]);
  shape.height = static_cast<int>(map[1]), shape.width = static_cast<int>(map[2]);
  shape.hidden = static_cast<int>(map[3]);
  shape.out_height = static_cast<int>(out[1]), shape.out_width = static_cast<int>(out[2]);
  shape.out_channels = static_cast<int>(out[3]);
  shape.stride = window.stride_height, shape.dilation = window.dilation_height;
  if (layers.source == BlockLayers::Source::stem)
    shape.stem_stride = std::get<Conv2dOp>(layers.first.head->op).window.stride_height;
  shape.residual_is_input =
      layers.source == BlockLayers::Source::expansion && layers.projection.residual == layers.input;
  shape.float_taps = !adds_in_halves(network, parameters, layers.depthwise);
  return shape;
}

const std::optional<BlockTiling>& BlockTilings::of(const BlockShape& shape) {
  const auto [entry, is_new] = chosen_.try_emplace(shape);
  if (is_new)
    entry->second = choose_tiling(shape, device_.processors(), device_.shared_bytes(), device_.capability() >= 90);
  return entry->second;
}

bool BlockTilings::pays(const BlockShape& shape) {
  const std::optional<BlockTiling>& tiling = of(shape);
  if (!tiling) return false;  // none fits into the shared memory of an older GPU
  // Tiles are found by products with reciprocals.
  const std::int64_t down = (shape.out_height + tiling->height - 1) / tiling->height;
  const std::int64_t across = (shape.out_width + tiling->width - 1) / tiling->width;
  constexpr std::int64_t kEnd = std::int64_t{1} << 32, kParts = kMostParts;
  if (shape.images * down * across * kParts * std::max({down, across, kParts}) >= kEnd) return false;
  if (shape.source == BlockLayers::Source::stem) return true;  // by itself it would run without matrix units
  return tiling->cost < unfused_cost(shape, device_.processors(), has_wide(device_));
}

Result<BlockLayers> layers_of(const Network& network, const Plan& plan, const Block& block) {
  BlockLayers layers;
  layers.steps = block.steps.size();
  const std::size_t depthwise = layers.steps - 2;
  MOBILENET_TRY(layers.depthwise, fused_group(network, block.steps[depthwise]));
  MOBILENET_TRY(layers.projection, fused_group(network, block.steps[depthwise + 1]));
  layers.input = layers.depthwise.head->inputs[0];
  if (depthwise == 1) {
    MOBILENET_TRY(layers.first, fused_group(network, block.steps[0]));
    layers.input = layers.first.head->inputs[0];
    layers.source = plan.shape(layers.input)[3] == 3 ? BlockLayers::Source::stem : BlockLayers::Source::expansion;
  }
  layers.output = block.last().output;
  layers.part = block.last().part;
  return layers;
}

Result<void> compile_block(const StepSource& source, const BlockLayers& layers, const BlockTiling& tiling) {
  const BlockShape shape = block_shape(source.network(), source.parameters(), source.plan.shapes, layers);
  const BlockMemory memory = block_memory(shape, tiling);
  BlockArguments arguments = arguments_of(source.plan, layers, shape, tiling, memory);
  const int column_blocks = (shape.out_channels + tiling.columns - 1) / tiling.columns;
  arguments.slab_bytes = memory.front_bytes + column_blocks * tiling.columns * tiling.hidden * 2;
  arguments.in_type = source.type_of(layers.input);
  arguments.out_type = source.type_of(layers.output);
  const std::int64_t pixels = std::int64_t{shape.images} * shape.out_height * shape.out_width;
  arguments.place = output_place(layers.part, pixels, shape.out_channels, arguments.out_type);

  Launch launch;
  MOBILENET_TRY(launch.function, source.kernel("block", tiling.kernel(shape).c_str()));
  const int parts = arguments.parts;
  launch.cluster = static_cast<unsigned>(parts);
  launch.grid = {static_cast<unsigned>((shape.images + tiling.images - 1) / tiling.images * arguments.tiles_down *
                                       arguments.tiles_across * parts),
                 static_cast<unsigned>(column_blocks), 1};
  launch.shared_bytes = static_cast<unsigned>(memory.bytes);

  PackKey key{.kind = PackKey::Kind::block,
              .node = layers.depthwise.head_index,
              .tensor = layers.projection.head->inputs[1],
              .batch_norm = layers.projection.batch_norm_index,
              .columns = column_blocks * tiling.columns,
              .depth = tiling.hidden};
  key.halves = shape.float_taps ? 0 : 1;
  // The same depthwise convolution may be part of another block, where other outputs are wanted or another batch.
  key.table = {static_cast<int>(layers.source), layers.first.head_index, layers.first.batch_norm_index,
               layers.depthwise.batch_norm_index};
  const auto view_of = [&](const FusedGroup& group) {
    return checked_view(source.network(), source.parameters(), group);
  };
  const auto folded = [&](const FusedGroup& group, const FilterView& view) {
    return folded_filter(source.network(), source.parameters(), group, view);
  };
  MOBILENET_TRY(const FilterView taps_view, view_of(layers.depthwise));
  MOBILENET_TRY(const FilterView projection_view, view_of(layers.projection));
  FilterView first_view;
  if (layers.source != BlockLayers::Source::none) {
    MOBILENET_TRY(first_view, view_of(layers.first));
  }
  MOBILENET_TRY(const Place weights, source.weights.pack(key, [&] {
    const FoldedFilter taps = folded(layers.depthwise, taps_view),
                       projection = folded(layers.projection, projection_view);
    std::optional<FoldedFilter> first;
    if (layers.source != BlockLayers::Source::none) first.emplace(folded(layers.first, first_view));
    return SlabPacker{shape, tiling, first ? &*first : nullptr, taps, projection, key.columns}.pack(
        arguments.slabs, arguments.slab_bytes);
  }));
  const PackKey bias_key{.kind = PackKey::Kind::bias,
                         .node = layers.projection.head_index,
                         .tensor = layers.projection.head->inputs[1],
                         .batch_norm = layers.projection.batch_norm_index};
  MOBILENET_TRY(const Place bias, source.weights.pack(bias_key, [&] {
    return bytes_of(in_whole_16(folded(layers.projection, projection_view).bias));
  }));
  MOBILENET_ADDRESS(launch, BlockArguments, weights, weights);
  MOBILENET_ADDRESS(launch, BlockArguments, bias, bias);
  if (layers.projection.residual != kNoTensor) {
    MOBILENET_TRY(const Place residual, source.place_of(layers.projection.residual));
    MOBILENET_ADDRESS(launch, BlockArguments, residual, residual);
  }
  launch.flags = {offsetof(BlockArguments, ending.flag)};
  return put_launch(source, arguments, std::move(launch), layers.input, layers.output);
}

}  // namespace mobilenet::cuda
