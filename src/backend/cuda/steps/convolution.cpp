// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Convolutions, depthwise and transposed ones, and dense layers, each with what follows it in its step.

#include <algorithm>
#include <array>
#include <cstring>

#include "backend/cuda/program/step.h"
#include "backend/cuda/steps/tiles.h"
#include "backend/cuda/steps/wide.h"
#include "base/error.h"
#include "base/half.h"

namespace mobilenet::cuda {
namespace {

constexpr const char* kFile = "convolution";

int whole(int count, int of) { return (count + of - 1) / of * of; }

struct Layer {
  FusedGroup group;
  FilterView view;
};

Result<Layer> layer_of(const StepSource& source, const Step& step) {
  Layer layer;
  MOBILENET_TRY(layer.group, fused_group(source.network(), step));
  MOBILENET_TRY(layer.view, checked_view(source.network(), source.parameters(), layer.group));
  return layer;
}

FoldedFilter folded(const StepSource& source, const Layer& layer) {
  return folded_filter(source.network(), source.parameters(), layer.group, layer.view);
}

PackKey key_of(const Layer& layer, PackKey::Kind kind) {
  return {.kind = kind,
          .node = layer.group.head_index,
          .tensor = layer.group.head->inputs[1],
          .batch_norm = layer.group.batch_norm_index};
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
        const std::uint16_t half = float_to_half(filter.weight(o, d / row, d % row / view.inputs, d % view.inputs));
        std::memcpy(&bytes[wide_place(o, d, padded_depth)], &half, sizeof half);
      }
    return bytes;
  });
}

Result<void> launch_wide(const StepSource& source, const Layer& layer, const WideKernel& kernel,
                         ConvolutionArguments& arguments, Launch& launch) {
  const std::int64_t pixels = std::int64_t{arguments.images} * arguments.out_height * arguments.out_width;
  MOBILENET_TRY(launch.function, source.kernel(kWideFile, kernel.name));
  arguments.padded_depth = whole(arguments.depth, kStepDepth);
  MOBILENET_TRY(const Place weights, packed_wide(source, layer, arguments.padded_depth));
  MOBILENET_ADDRESS(launch, ConvolutionArguments, weights, weights);
  launch.cluster = static_cast<unsigned>(kernel.together);
  launch.grid[0] = static_cast<unsigned>(kernel.row_blocks(pixels) * kernel.column_blocks(arguments.out_channels));
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

std::int64_t blocks_of(const MatrixKernel& kernel, std::int64_t pixels, int channels) {
  return (pixels + kernel.rows - 1) / kernel.rows * ((channels + kernel.columns - 1) / kernel.columns);
}

// The largest tiles that give every multiprocessor something to do, else the smallest.
const MatrixKernel& matrix_kernel(const Device& device, std::int64_t pixels, int channels) {
  for (const MatrixKernel& kernel : kMatrixKernels)
    if (blocks_of(kernel, pixels, channels) >= device.processors() && kernel.columns < 2 * channels) return kernel;
  return kMatrixKernels.back();
}

Result<void> launch_matrix(const StepSource& source, const Layer& layer, ConvolutionArguments& arguments,
                           Launch& launch) {
  if (const WideKernel* const wide = wide_kernel(source.device(), arguments))
    return launch_wide(source, layer, *wide, arguments, launch);
  const std::int64_t pixels = std::int64_t{arguments.images} * arguments.out_height * arguments.out_width;
  const MatrixKernel& kernel = matrix_kernel(source.device(), pixels, arguments.out_channels);
  MOBILENET_TRY(launch.function, source.kernel(kFile, kernel.name));
  arguments.padded_depth = (arguments.depth + kStepDepth - 1) / kStepDepth * kStepDepth;
  const int column_blocks = (arguments.out_channels + kernel.columns - 1) / kernel.columns;
  const std::int64_t blocks = blocks_of(kernel, pixels, arguments.out_channels);
  const int steps = arguments.padded_depth / kStepDepth;
  if (source.device().capability() >= 90)
    while (arguments.depth_parts < 8 && blocks * arguments.depth_parts * 2 <= source.device().processors() &&
           steps >= arguments.depth_parts * 4)
      arguments.depth_parts *= 2;
  MOBILENET_TRY(const Place tiles, packed_tiles(source, layer, column_blocks * kernel.columns, arguments.padded_depth));
  MOBILENET_ADDRESS(launch, ConvolutionArguments, weights, tiles);
  launch.cluster = static_cast<unsigned>(arguments.depth_parts);
  launch.grid = {static_cast<unsigned>((pixels + kernel.rows - 1) / kernel.rows) * launch.cluster,
                 static_cast<unsigned>(column_blocks), 1};
  launch.shared_bytes =
      static_cast<unsigned>(kStepStages * (kernel.rows * (kStepDepth + kRowPad) + kernel.columns * kStepDepth) * 2);
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
  const std::int64_t pixels = std::int64_t{arguments.images} * arguments.out_height * arguments.out_width;
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

// Whether strips_* of kernels/depthwise.cu make the output: halves without a residual, in eights.
bool strips_fit(const DepthwiseArguments& a, std::int64_t pixels) {
  const WindowArguments& w = a.window;
  constexpr std::int64_t kMostPixels = std::int64_t{1} << 32;
  return w.kernel_height == 3 && w.kernel_width == 3 && w.dilation_height == 1 && w.dilation_width == 1 &&
         w.stride_height == w.stride_width && w.stride_height <= 2 && a.ending.function == 0 &&
         a.out_type == Stored::f16 && a.out_channels / 8 <= kForEachThreads &&
         pixels * std::max(a.out_height, a.out_width) < kMostPixels;
}

Result<void> launch_strips(const StepSource& source, DepthwiseArguments& arguments, Launch& launch) {
  const int strip = whole(arguments.out_width, 7) <= whole(arguments.out_width, 4) ? 7 : 4;
  arguments.strips_across = (arguments.out_width + strip - 1) / strip;
  arguments.strips_reciprocal = reciprocal(arguments.strips_across);
  arguments.height_reciprocal = reciprocal(arguments.out_height);
  const std::string name = "strips_" + std::to_string(arguments.window.stride_height) + "_" + std::to_string(strip);
  MOBILENET_TRY(launch.function, source.kernel("depthwise", name.c_str()));
  const std::int64_t strips = std::int64_t{arguments.images} * arguments.out_height * arguments.strips_across;
  const int at_once = kForEachThreads / (arguments.out_channels / 8);
  // Twice what the device holds at a time: more would read their weights for fewer strips.
  const std::int64_t most = 4 * source.device().processors();
  launch.grid[0] = static_cast<unsigned>(std::min((strips + at_once - 1) / at_once, most));
  return {};
}

}  // namespace

Result<void> compile_convolution(const StepSource& source, const Step& step) {
  MOBILENET_TRY(const Layer layer, layer_of(source, step));
  const Node& head = *layer.group.head;
  const auto* convolution = std::get_if<Conv2dOp>(&head.op);
  const Shape &in = source.shape(head.inputs[0]), &out = source.shape(step.output);
  ConvolutionArguments arguments{};
  arguments.groups = convolution != nullptr ? convolution->groups : 1;
  arguments.depth_parts = 1;
  arguments.ending = ending_of(layer.group.activation);
  arguments.out_channels = layer.view.outputs;
  arguments.depth = layer.view.height * layer.view.width * layer.view.inputs;
  if (convolution != nullptr) {
    take_maps(in, out, arguments);
    arguments.in_channels = static_cast<std::int32_t>(in[3]);
    arguments.window = window_arguments(convolution->window, in);
  } else {  // a picture of one pixel with all inputs
    arguments.in_channels = layer.view.inputs;
    arguments.images = static_cast<std::int32_t>(in.elements() / layer.view.inputs);
    arguments.in_height = arguments.in_width = arguments.out_height = arguments.out_width = 1;
    arguments.window = {1, 1, 1, 1, 1, 1, 0, 0};
  }
  const WindowArguments& w = arguments.window;
  arguments.is_pointwise = w.kernel_height == 1 && w.kernel_width == 1 && w.stride_height == 1 && w.stride_width == 1 &&
                           w.top == 0 && w.left == 0 && arguments.in_height == arguments.out_height &&
                           arguments.in_width == arguments.out_width;
  arguments.in_type = source.type_of(head.inputs[0]);
  arguments.out_type = source.type_of(step.output);
  const TensorId residual = layer.group.residual;
  if (residual != kNoTensor) arguments.residual_type = source.type_of(residual);

  Launch launch;
  const bool halves = arguments.in_type == Stored::f16 && arguments.groups == 1 && arguments.in_channels % 8 == 0 &&
                      (residual == kNoTensor || arguments.residual_type == Stored::f16);
  constexpr int kFewRows = 8;
  const bool few = arguments.out_height == 1 && arguments.out_width == 1 && arguments.is_pointwise != 0 &&
                   arguments.images <= kFewRows;
  if (halves && few) {
    MOBILENET_CHECK(launch_rows(source, layer, arguments, launch));
  } else if (halves) {
    MOBILENET_CHECK(launch_matrix(source, layer, arguments, launch));
  } else {
    MOBILENET_CHECK(launch_vectors(source, layer, arguments, launch));
  }
  MOBILENET_TRY(const Place bias, packed_bias(source, layer));
  MOBILENET_ADDRESS(launch, ConvolutionArguments, bias, bias);
  if (residual != kNoTensor) {
    MOBILENET_TRY(const Place place, source.place_of(residual));
    MOBILENET_ADDRESS(launch, ConvolutionArguments, residual, place);
  }
  return put_launch(source, arguments, std::move(launch), head.inputs[0], step.output);
}

Result<void> compile_depthwise(const StepSource& source, const Step& step) {
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
  arguments.weight_type = halves ? Stored::f16 : Stored::f32;
  const bool eight = halves && op.multiplier == 1 && arguments.out_channels % 8 == 0 &&
                     (residual == kNoTensor || arguments.residual_type == Stored::f16);
  const std::int64_t pixels = std::int64_t{arguments.images} * arguments.out_height * arguments.out_width;
  Launch launch;
  if (eight && residual == kNoTensor && strips_fit(arguments, pixels)) {
    MOBILENET_CHECK(launch_strips(source, arguments, launch));
  } else {
    constexpr int kPairTaps = 9;
    const bool pairs = layer.view.height * layer.view.width <= kPairTaps;
    MOBILENET_TRY(launch, launch_for(source, "depthwise",
                                     !eight  ? "depthwise"
                                     : pairs ? "depthwise_pairs"
                                             : "depthwise_halves",
                                     out.elements() / (eight ? 8 : 1)));
  }
  PackKey key = key_of(layer, PackKey::Kind::depthwise);
  key.halves = halves ? 1 : 0;
  MOBILENET_TRY(const Place weights, source.weights.pack(key, [&] {
    const FoldedFilter filter = folded(source, layer);
    std::vector<float> values;
    for (int y = 0; y < layer.view.height; ++y)
      for (int x = 0; x < layer.view.width; ++x)
        for (int o = 0; o < layer.view.outputs; ++o) values.push_back(filter.weight(o, y, x, 0));
    return halves ? halves_of(values) : bytes_of(values);
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
