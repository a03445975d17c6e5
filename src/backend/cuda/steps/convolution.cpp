// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Convolutions, depthwise and transposed ones, and dense layers, each with what follows it in its step.

#include <algorithm>
#include <array>
#include <cstring>

#include "backend/cuda/program/step.h"
#include "backend/cuda/steps/half_sums.h"
#include "backend/cuda/steps/tiles.h"
#include "backend/cuda/steps/wide.h"
#include "base/error.h"
#include "base/half.h"
#include "plan/repeated_pixel.h"

namespace mobilenet::cuda {
namespace {

constexpr const char* kFile = "convolution";

int whole(int count, int of) { return (count + of - 1) / of * of; }

struct Layer {
  FusedGroup group;
  FilterView view;
  std::vector<std::int64_t> part = {};  // the first of the inputs that `view` is of, and how many; empty: all
};

Result<Layer> layer_of(const StepSource& source, const Step& step) {
  Layer layer;
  MOBILENET_TRY(layer.group, fused_group(source.network(), step));
  MOBILENET_TRY(layer.view, checked_view(source.network(), source.parameters(), layer.group));
  return layer;
}

// Of the inputs of a concatenation in front of a layer, one.
Layer part_of(const StepSource& source, const Layer& layer, int first, TensorId input) {
  const auto inputs = static_cast<int>(source.shape(input)[3]);
  return {layer.group, layer.view.of_inputs(first, inputs), {first, inputs}};
}

FoldedFilter folded(const StepSource& source, const Layer& layer) {
  return folded_filter(source.network(), source.parameters(), layer.group, layer.view);
}

PackKey key_of(const Layer& layer, PackKey::Kind kind) {
  return {.kind = kind,
          .node = layer.group.head_index,
          .tensor = layer.group.head->inputs[1],
          .batch_norm = layer.group.batch_norm_index,
          .table = kind == PackKey::Kind::bias ? std::vector<std::int64_t>() : layer.part};
}

Result<Place> packed_bias(const StepSource& source, const Layer& layer) {
  return source.weights.pack(key_of(layer, PackKey::Kind::bias),
                             [&] { return bytes_of(in_whole_16(folded(source, layer).bias)); });
}

// [columns / 16][depth / 16] tiles.
Result<Place> packed_tiles(const StepSource& source, const Layer& layer, int columns, int depth) {
  PackKey key = key_of(layer, PackKey::Kind::tiles);
  key.columns = columns, key.depth = depth;
  return source.weights.pack(key, [&] {
    const FoldedFilter filter = folded(source, layer);
    const FilterView& view = layer.view;
    const int row = view.width * view.inputs, all = view.height * row;
    std::vector<std::byte> bytes(static_cast<std::size_t>(columns) * static_cast<std::size_t>(depth) * 2);
    std::byte* to = bytes.data();
    for (int column = 0; column < columns; column += 16)
      for (int first = 0; first < depth; first += 16, to += kTileBytes)
        write_tile(to, [&](int d, int c) {
          const int at = first + d, output = column + c;
          return at < all && output < view.outputs
                     ? filter.weight(output, at / row, at % row / view.inputs, at % view.inputs)
                     : 0.0f;
        });
    return bytes;
  });
}

// [depth][outputs] of floats; of rows [outputs][depth] of halves.
Result<Place> packed_matrix(const StepSource& source, const Layer& layer, PackKey::Kind kind) {
  return source.weights.pack(key_of(layer, kind), [&] {
    const FoldedFilter filter = folded(source, layer);
    const FilterView& view = layer.view;
    const int row = view.width * view.inputs, depth = view.height * row;
    std::vector<float> values(static_cast<std::size_t>(depth) * static_cast<std::size_t>(view.outputs));
    for (int o = 0; o < view.outputs; ++o)
      for (int d = 0; d < depth; ++d) {
        const std::int64_t at =
            kind == PackKey::Kind::rows ? std::int64_t{o} * depth + d : std::int64_t{d} * view.outputs + o;
        values[static_cast<std::size_t>(at)] = filter.weight(o, d / row, d % row / view.inputs, d % view.inputs);
      }
    return kind == PackKey::Kind::rows ? halves_of(values) : bytes_of(values);
  });
}

// By wide_place.
Result<Place> packed_wide(const StepSource& source, const Layer& layer, int padded_depth) {
  PackKey key = key_of(layer, PackKey::Kind::wide);
  key.columns = whole(layer.view.outputs, kWideGroup), key.depth = padded_depth;
  return source.weights.pack(key, [&] {
    const FoldedFilter filter = folded(source, layer);
    const FilterView& view = layer.view;
    const int row = view.width * view.inputs;
    std::vector<std::byte> bytes(static_cast<std::size_t>(key.columns) * static_cast<std::size_t>(padded_depth) * 2);
    for (int o = 0; o < view.outputs; ++o)
      for (int d = 0; d < view.height * row; ++d) {
        const std::uint16_t half = half_of(filter.weight(o, d / row, d % row / view.inputs, d % view.inputs));
        std::memcpy(&bytes[wide_place(o, d, padded_depth)], &half, sizeof half);
      }
    return bytes;
  });
}

int padded_depth(int depth) { return whole(depth, kStepDepth); }

Result<void> launch_wide(const StepSource& source, const Layer& layer, const WideKernel& kernel,
                         ConvolutionArguments& arguments, Launch& launch) {
  MOBILENET_TRY(launch.function, source.kernel(kWideFile, kernel.name));
  arguments.padded_depth = padded_depth(arguments.depth);
  MOBILENET_TRY(const Place weights, packed_wide(source, layer, arguments.padded_depth));
  MOBILENET_ADDRESS(launch, ConvolutionArguments, weights, weights);
  launch.cluster = static_cast<unsigned>(kernel.together);
  launch.grid[0] =
      static_cast<unsigned>(kernel.row_blocks(pixels_of(arguments)) * kernel.column_blocks(arguments.out_channels));
  launch.threads = kernel.threads();
  launch.shared_bytes = kernel.shared_bytes();
  return {};
}

// The kernels of matrix units: rows and columns of a block of threads, and what a step along the depth takes.
struct MatrixKernel {
  const char* name;
  int rows, columns;
};
constexpr std::array<MatrixKernel, 4> kMatrixKernels{
    {{"matrix_128_128", 128, 128}, {"matrix_128_64", 128, 64}, {"matrix_64_64", 64, 64}, {"matrix_64_32", 64, 32}}};

// The smallest tiles: what is small has few blocks of threads even so.
constexpr const MatrixKernel& kBundleKernel = kMatrixKernels.back();

std::int64_t blocks_of(const MatrixKernel& kernel, std::int64_t pixels, int channels) {
  return (pixels + kernel.rows - 1) / kernel.rows * ((channels + kernel.columns - 1) / kernel.columns);
}

unsigned shared_bytes_of(const MatrixKernel& kernel) {
  return static_cast<unsigned>(kStepStages * (kernel.rows * (kStepDepth + kRowPad) + kernel.columns * kStepDepth) * 2);
}
Result<Place> weights_for(const StepSource& source, const Layer& layer, const MatrixKernel& kernel) {
  return packed_tiles(source, layer, whole(layer.view.outputs, kernel.columns),
                      padded_depth(layer.view.height * layer.view.width * layer.view.inputs));
}

// The largest tiles that give every multiprocessor something to do, and fit into its shared memory, of which GPUs but
// for those of data centres have 99 KB or 64; else the smallest.
const MatrixKernel& matrix_kernel(const Device& device, std::int64_t pixels, int channels) {
  for (const MatrixKernel& kernel : kMatrixKernels)
    if (blocks_of(kernel, pixels, channels) >= device.processors() && kernel.columns < 2 * channels &&
        shared_bytes_of(kernel) <= device.shared_bytes())
      return kernel;
  return kMatrixKernels.back();
}

// As long as blocks of threads are at most so many, more of them share the depth, as clusters.
void share_depth(const Device& device, std::int64_t blocks, std::int64_t most_blocks, ConvolutionArguments& arguments) {
  const int steps = arguments.padded_depth / kStepDepth;
  if (device.capability() < 90) return;
  while (arguments.depth_parts < kMostParts && blocks * arguments.depth_parts * 2 <= most_blocks &&
         steps >= arguments.depth_parts * 4)
    arguments.depth_parts *= 2;
}

Result<void> launch_matrix(const StepSource& source, const Layer& layer, ConvolutionArguments& arguments,
                           Launch& launch) {
  if (const WideKernel* const wide = wide_kernel(source.device(), arguments))
    return launch_wide(source, layer, *wide, arguments, launch);
  const std::int64_t pixels = pixels_of(arguments);
  const MatrixKernel& kernel = matrix_kernel(source.device(), pixels, arguments.out_channels);
  MOBILENET_TRY(launch.function, source.kernel(kFile, kernel.name));
  arguments.padded_depth = padded_depth(arguments.depth);
  share_depth(source.device(), blocks_of(kernel, pixels, arguments.out_channels), source.device().processors(),
              arguments);
  MOBILENET_TRY(const Place tiles, weights_for(source, layer, kernel));
  MOBILENET_ADDRESS(launch, ConvolutionArguments, weights, tiles);
  launch.cluster = static_cast<unsigned>(arguments.depth_parts);
  launch.grid = {static_cast<unsigned>((pixels + kernel.rows - 1) / kernel.rows) * launch.cluster,
                 static_cast<unsigned>((arguments.out_channels + kernel.columns - 1) / kernel.columns), 1};
  launch.shared_bytes = shared_bytes_of(kernel);
  return {};
}

Result<void> launch_vectors(const StepSource& source, const Layer& layer, const ConvolutionArguments& arguments,
                            Launch& launch) {
  constexpr int kTile = 64, kMostGroups = 65535;  // blocks along z
  if (arguments.groups > kMostGroups)
    return failure(ErrorCode::unsupported, "the GPU does not compute ", arguments.groups, " groups");
  MOBILENET_TRY(launch.function, source.kernel(kFile, "vector_64_64"));
  MOBILENET_TRY(const Place matrix, packed_matrix(source, layer, PackKey::Kind::columns));
  MOBILENET_ADDRESS(launch, ConvolutionArguments, weights, matrix);
  const std::int64_t pixels = pixels_of(arguments);
  const int out_group = arguments.out_channels / arguments.groups;
  launch.grid = {static_cast<unsigned>((pixels + kTile - 1) / kTile),
                 static_cast<unsigned>((out_group + kTile - 1) / kTile), static_cast<unsigned>(arguments.groups)};
  return {};
}

Result<void> launch_rows(const StepSource& source, const Layer& layer, const ConvolutionArguments& arguments,
                         Launch& launch) {
  constexpr int kWarps = 8;
  MOBILENET_TRY(launch.function, source.kernel(kFile, "rows"));
  MOBILENET_TRY(const Place matrix, packed_matrix(source, layer, PackKey::Kind::rows));
  MOBILENET_ADDRESS(launch, ConvolutionArguments, weights, matrix);
  launch.grid = {static_cast<unsigned>((arguments.out_channels + kWarps - 1) / kWarps),
                 static_cast<unsigned>(arguments.images), 1};
  return {};
}

bool is_dilated(const WindowArguments& w) { return w.dilation_height != 1 || w.dilation_width != 1; }

// Whether strips_* of kernels/depthwise.cu make the output: without a residual, in eights, as sums of halves.
bool strips_fit(const DepthwiseArguments& a) {
  const WindowArguments& w = a.window;
  constexpr std::int64_t kMostPixels = std::int64_t{1} << 32;
  return w.kernel_height == 3 && w.kernel_width == 3 && w.stride_height == w.stride_width &&
         w.stride_height <= (is_dilated(w) ? 1 : 2) && a.ending.function == 0 && a.out_type == Stored::f16 &&
         a.out_channels / 8 <= kForEachThreads && pixels_of(a) * std::max(a.out_height, a.out_width) < kMostPixels;
}

Result<void> launch_strips(const StepSource& source, DepthwiseArguments& arguments, Launch& launch) {
  const WindowArguments& w = arguments.window;
  const int strip = !is_dilated(w) && whole(arguments.out_width, 7) <= whole(arguments.out_width, 4) ? 7 : 4;
  arguments.strips_across = (arguments.out_width + strip - 1) / strip;
  arguments.strips_reciprocal = reciprocal(arguments.strips_across);
  arguments.height_reciprocal = reciprocal(arguments.out_height);
  const std::string name =
      "strips_" + std::to_string(is_dilated(w) ? 0 : w.stride_height) + "_" + std::to_string(strip);
  MOBILENET_TRY(launch.function, source.kernel("depthwise", name.c_str()));
  const std::int64_t strips = std::int64_t{arguments.images} * arguments.out_height * arguments.strips_across;
  const int at_once = kForEachThreads / (arguments.out_channels / 8);
  // Twice what the device holds at a time: more would read their weights for fewer strips.
  const std::int64_t most = 4 * source.device().processors();
  launch.grid[0] = static_cast<unsigned>(std::min((strips + at_once - 1) / at_once, most));
  return {};
}

// The kernel that is fastest for a layer, and its weights.
Result<void> launch_product(const StepSource& source, const Layer& layer, ConvolutionArguments& arguments,
                            Launch& launch) {
  const bool halves = arguments.in_type == Stored::f16 && arguments.groups == 1 && arguments.in_channels % 8 == 0 &&
                      (layer.group.residual == kNoTensor || arguments.residual_type == Stored::f16);
  constexpr int kFewRows = 8;
  const bool few = arguments.out_height == 1 && arguments.out_width == 1 && arguments.is_pointwise != 0 &&
                   arguments.images <= kFewRows;
  if (halves && few) return launch_rows(source, layer, arguments, launch);
  if (halves) return launch_matrix(source, layer, arguments, launch);
  return launch_vectors(source, layer, arguments, launch);
}

// A picture of one pixel with all inputs.
void take_pixels(std::int64_t images, const FilterView& view, ConvolutionArguments& arguments) {
  arguments.in_channels = view.inputs;
  arguments.images = static_cast<std::int32_t>(images);
  arguments.in_height = arguments.in_width = arguments.out_height = arguments.out_width = 1;
  arguments.window = {1, 1, 1, 1, 1, 1, 0, 0};
  arguments.is_pointwise = 1;
}

// What a pixel adds to the sums of its picture, and the bias: f32 [images][outputs], in memory of the step.
Result<Place> pixel_sums(const StepSource& source, const Layer& layer, const RepeatedPixel& join) {
  Layer part = part_of(source, layer, join.pixel_first, join.pixel);
  part.group.residual = kNoTensor;  // is added by the layer
  ConvolutionArguments arguments{};
  arguments.groups = arguments.depth_parts = 1;
  arguments.ending = ending_of(Activation::none);
  arguments.out_channels = part.view.outputs;
  arguments.depth = part.view.inputs;
  take_pixels(source.shape(join.pixel)[0], part.view, arguments);
  arguments.in_type = source.type_of(join.pixel);
  arguments.out_type = Stored::f32;
  arguments.place = output_place({}, pixels_of(arguments), arguments.out_channels, arguments.out_type);
  Launch launch;
  MOBILENET_CHECK(launch_product(source, part, arguments, launch));
  const Place sums = source.scratch(static_cast<std::size_t>(arguments.images) *
                                    static_cast<std::size_t>(arguments.out_channels) * sizeof(float));
  launch.take(arguments);
  MOBILENET_TRY(const Place bias, packed_bias(source, part));
  MOBILENET_TRY(const Place pixel, source.place_of(join.pixel));
  MOBILENET_ADDRESS(launch, ConvolutionArguments, bias, bias);
  MOBILENET_ADDRESS(launch, ConvolutionArguments, input, pixel);
  MOBILENET_ADDRESS(launch, ConvolutionArguments, output, sums);
  source.launches.push_back(std::move(launch));
  return sums;
}

// Of a layer that reads `input`, but for how the depth is divided.
ConvolutionArguments arguments_of(const StepSource& source, const Step& step, const Layer& layer, TensorId input) {
  const Node& head = *layer.group.head;
  const auto* convolution = std::get_if<Conv2dOp>(&head.op);
  ConvolutionArguments arguments{};
  const Shape &in = source.shape(input), &out = source.shape(step.output);
  arguments.groups = convolution != nullptr ? convolution->groups : 1;
  arguments.depth_parts = 1;
  arguments.ending = ending_of(layer.group.activation);
  arguments.out_channels = layer.view.outputs;
  arguments.depth = layer.view.height * layer.view.width * layer.view.inputs;
  if (convolution != nullptr) {
    take_maps(in, out, arguments);
    arguments.in_channels = static_cast<std::int32_t>(in[3]);
    arguments.window = window_arguments(convolution->window, in);
    arguments.is_pointwise = is_pointwise(convolution->window, in, out) ? 1 : 0;
  } else {
    take_pixels(in.elements() / layer.view.inputs, layer.view, arguments);
  }
  arguments.in_type = source.type_of(input);
  arguments.out_type = source.type_of(step.output);
  arguments.place = output_place(step.part, pixels_of(arguments), arguments.out_channels, arguments.out_type);
  const TensorId residual = layer.group.residual;
  if (residual != kNoTensor) arguments.residual_type = source.type_of(residual);
  return arguments;
}

// All but the weights.
Result<void> take_addresses(const StepSource& source, const Step& step, const Layer& layer, TensorId input, Place bias,
                            Launch& launch) {
  MOBILENET_TRY(const Place from, source.place_of(input));
  MOBILENET_TRY(const Place output, source.place_of(step.output));
  MOBILENET_ADDRESS(launch, ConvolutionArguments, bias, bias);
  MOBILENET_ADDRESS(launch, ConvolutionArguments, input, from);
  MOBILENET_ADDRESS(launch, ConvolutionArguments, output, output);
  launch.flags = {offsetof(ConvolutionArguments, ending.flag)};
  if (layer.group.residual == kNoTensor) return {};
  MOBILENET_TRY(const Place residual, source.place_of(layer.group.residual));
  MOBILENET_ADDRESS(launch, ConvolutionArguments, residual, residual);
  return {};
}

}  // namespace

Result<void> compile_convolution(const StepSource& source, const Step& step) {
  MOBILENET_TRY(Layer layer, layer_of(source, step));
  TensorId input = layer.group.head->inputs[0];
  Place bias;
  std::int32_t bias_stride = 0;
  if (layer.group.concat != nullptr) {
    const RepeatedPixel join = *repeated_pixel(source.network(), source.plan.shapes, *layer.group.concat);
    MOBILENET_TRY(bias, pixel_sums(source, layer, join));
    bias_stride = layer.view.outputs;
    input = join.map;
    layer = part_of(source, layer, join.map_first, input);
  } else {
    MOBILENET_TRY(bias, packed_bias(source, layer));
  }
  ConvolutionArguments arguments = arguments_of(source, step, layer, input);
  arguments.bias_stride = bias_stride;
  Launch launch;
  MOBILENET_CHECK(launch_product(source, layer, arguments, launch));
  MOBILENET_CHECK(take_addresses(source, step, layer, input, bias, launch));
  launch.take(arguments);
  source.launches.push_back(std::move(launch));
  return {};
}

std::int64_t blocks_in_bundle(const PlanView& plan, const Step& step) {
  const auto* const convolution = std::get_if<Conv2dOp>(&plan.node(step.nodes.front()).op);
  if (convolution == nullptr || convolution->groups != 1) return 0;
  const auto group = fused_group(plan.network(), step);
  if (!group || group->concat != nullptr) return 0;
  for (const Node* node : {group->head, group->batch_norm})
    for (std::size_t i = 1; node != nullptr && i < node->inputs.size(); ++i)
      if (plan.network().is_activation(node->inputs[i])) return 0;  // which is an error, of this step
  // Halves, as long as the network's inputs are not among them.
  const auto in_halves = [&](TensorId id) {
    return plan.network().is_activation(id) && plan.tensor(id).type == DataType::f32 && !is_given(plan, id);
  };
  const TensorId input = group->head->inputs[0];
  if (!in_halves(input) || (group->residual != kNoTensor && !in_halves(group->residual))) return 0;
  const Shape &in = plan.shape(input), &out = plan.shape(step.output);
  if (in[3] % 8 != 0) return 0;
  return blocks_of(kBundleKernel, out[0] * out[1] * out[2], static_cast<int>(out[3]));
}

namespace {

// `bundled`: for depthwise_bundle, whose layers run as depthwise_pairs does.
Result<void> compile_depthwise(const StepSource& source, const Step& step, bool bundled) {
  MOBILENET_TRY(const Layer layer, layer_of(source, step));
  const Node& head = *layer.group.head;
  const auto& op = std::get<DepthwiseConv2dOp>(head.op);
  const Shape &in = source.shape(head.inputs[0]), &out = source.shape(step.output);
  DepthwiseArguments arguments{};
  take_maps(in, out, arguments);
  arguments.in_channels = static_cast<std::int32_t>(in[3]);
  arguments.out_channels = static_cast<std::int32_t>(out[3]);
  arguments.multiplier = op.multiplier;
  arguments.window = window_arguments(op.window, in);
  arguments.ending = ending_of(layer.group.activation);
  arguments.in_type = source.type_of(head.inputs[0]);
  arguments.out_type = source.type_of(step.output);
  const TensorId residual = layer.group.residual;
  if (residual != kNoTensor) arguments.residual_type = source.type_of(residual);
  const bool halves = arguments.in_type == Stored::f16;
  const bool half_taps = halves && adds_in_halves(source.network(), source.parameters(), layer.group);
  arguments.weight_type = half_taps ? Stored::f16 : Stored::f32;
  const bool eight = halves && op.multiplier == 1 && arguments.out_channels % 8 == 0 &&
                     (residual == kNoTensor || arguments.residual_type == Stored::f16);
  Launch launch;
  if (!bundled && eight && half_taps && residual == kNoTensor && strips_fit(arguments)) {
    MOBILENET_CHECK(launch_strips(source, arguments, launch));
  } else {
    constexpr int kPairTaps = 9;
    const bool pairs = half_taps && layer.view.height * layer.view.width <= kPairTaps;
    MOBILENET_TRY(launch, launch_for(source, "depthwise",
                                     !eight  ? "depthwise"
                                     : pairs ? "depthwise_pairs"
                                             : "depthwise_halves",
                                     out.elements() / (eight ? 8 : 1)));
  }
  PackKey key = key_of(layer, PackKey::Kind::depthwise);
  key.halves = half_taps ? 1 : 0;
  MOBILENET_TRY(const Place weights, source.weights.pack(key, [&] {
    const FoldedFilter filter = folded(source, layer);
    std::vector<float> values;
    for (int y = 0; y < layer.view.height; ++y)
      for (int x = 0; x < layer.view.width; ++x)
        for (int o = 0; o < layer.view.outputs; ++o) values.push_back(filter.weight(o, y, x, 0));
    return half_taps ? halves_of(values) : bytes_of(values);
  }));
  MOBILENET_TRY(const Place bias, packed_bias(source, layer));
  MOBILENET_ADDRESS(launch, DepthwiseArguments, weights, weights);
  MOBILENET_ADDRESS(launch, DepthwiseArguments, bias, bias);
  if (residual != kNoTensor) {
    MOBILENET_TRY(const Place place, source.place_of(residual));
    MOBILENET_ADDRESS(launch, DepthwiseArguments, residual, place);
  }
  return put_launch(source, arguments, std::move(launch), head.inputs[0], step.output);
}

}  // namespace

Result<void> compile_depthwise(const StepSource& source, const Step& step) {
  return compile_depthwise(source, step, false);
}

Result<void> compile_bundle(const StepSource& source, std::span<const Step> bundle) {
  std::vector<Launch> layers;
  const StepSource of_layers{source.weights, source.plan, source.stored, source.places, layers, source.arena_bytes};
  if (std::holds_alternative<DepthwiseConv2dOp>(source.node(bundle.front().nodes.front()).op)) {
    for (const Step& step : bundle) MOBILENET_CHECK(compile_depthwise(of_layers, step, true));
    MOBILENET_TRY(const CUfunction function, source.kernel("depthwise", "depthwise_bundle"));
    source.launches.push_back(bundle_of<DepthwiseArguments>(layers, function));
    return {};
  }
  std::vector<ConvolutionArguments> all;
  ConvolutionArguments deepest{};
  std::int64_t blocks = 0;
  for (const Step& step : bundle) {
    MOBILENET_TRY(const Layer layer, layer_of(source, step));
    const TensorId input = layer.group.head->inputs[0];
    ConvolutionArguments arguments = arguments_of(source, step, layer, input);
    arguments.padded_depth = padded_depth(arguments.depth);
    if (arguments.padded_depth >= deepest.padded_depth) deepest = arguments;
    const std::int64_t own_blocks = blocks_of(kBundleKernel, pixels_of(arguments), arguments.out_channels);
    blocks += own_blocks;
    Launch& launch = layers.emplace_back();
    launch.grid[0] = static_cast<unsigned>(own_blocks);
    MOBILENET_TRY(const Place tiles, weights_for(source, layer, kBundleKernel));
    MOBILENET_ADDRESS(launch, ConvolutionArguments, weights, tiles);
    MOBILENET_TRY(const Place bias, packed_bias(source, layer));
    MOBILENET_CHECK(take_addresses(source, step, layer, input, bias, launch));
    all.push_back(arguments);
  }
  share_depth(source.device(), blocks, std::int64_t{kBundleBlocksHeld} * source.device().processors(), deepest);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    all[i].depth_parts = deepest.depth_parts;  // one kind of cluster
    layers[i].take(all[i]);
    layers[i].cluster = static_cast<unsigned>(deepest.depth_parts);
    layers[i].grid[0] *= layers[i].cluster;
    layers[i].shared_bytes = shared_bytes_of(kBundleKernel);
  }
  MOBILENET_TRY(const CUfunction function, source.kernel(kFile, "bundle_64_32"));
  source.launches.push_back(bundle_of<ConvolutionArguments>(layers, function));
  return {};
}

Result<void> compile_transposed(const StepSource& source, const Step& step) {
  const Node& node = source.node(step.nodes.front());
  const auto& op = std::get<TransposeConv2dOp>(node.op);
  const TensorId weight = node.inputs[1], bias = bias_of(node);
  if (!source.tensor(weight).is_constant()) return failure(ErrorCode::unsupported, "its weight is not a constant");
  if (bias != kNoTensor && !source.tensor(bias).is_constant())
    return failure(ErrorCode::unsupported, "its bias is not a constant");
  MOBILENET_TRY(const FilterView view, filter_view(source.parameters().of(source.tensor(weight))));
  const Shape &in = source.shape(node.inputs[0]), &out = source.shape(step.output);
  TransposedArguments arguments{};
  take_maps(in, out, arguments);
  arguments.in_channels = static_cast<std::int32_t>(in[3]);
  arguments.out_channels = static_cast<std::int32_t>(out[3]);
  arguments.window = window_arguments(op.window, out);  // whose convolution over the output this is the gradient of
  arguments.ending = ending_of(op.activation);
  arguments.in_type = source.type_of(node.inputs[0]);
  arguments.out_type = source.type_of(step.output);
  Launch launch;
  MOBILENET_TRY(launch.function, source.kernel(kFile, "transposed"));
  launch.grid[0] = static_cast<unsigned>((out.elements() + 255) / 256);
  MOBILENET_TRY(const Place taps, source.weights.pack({.kind = PackKey::Kind::transposed, .tensor = weight}, [&] {
    const std::vector<float> stored = source.constant(weight);
    std::vector<float> values;
    values.reserve(stored.size());
    for (int y = 0; y < view.height; ++y)
      for (int x = 0; x < view.width; ++x)
        for (int i = 0; i < view.inputs; ++i)
          for (int o = 0; o < view.outputs; ++o)
            values.push_back(stored[static_cast<std::size_t>(view.offset(o, y, x, i))]);
    return bytes_of(values);
  }));
  const PackKey bias_key{.kind = PackKey::Kind::bias, .node = step.nodes.front(), .tensor = bias};
  MOBILENET_TRY(const Place biases, source.weights.pack(bias_key, [&] {
    return bytes_of(bias != kNoTensor ? source.constant(bias)
                                      : std::vector<float>(static_cast<std::size_t>(view.outputs)));
  }));
  MOBILENET_ADDRESS(launch, TransposedArguments, weights, taps);
  MOBILENET_ADDRESS(launch, TransposedArguments, bias, biases);
  return put_launch(source, arguments, std::move(launch), node.inputs[0], step.output);
}

}  // namespace mobilenet::cuda
