// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Depthwise convolutions, a row of output pixels at a time, and the rare ones that no vector kernel covers.

#include <algorithm>
#include <cstring>

#include "backend/cpu/steps/int8/filters.h"
#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"
#include "network/parameter.h"

namespace mobilenet::cpu {
namespace {

// One thread makes one row of output pixels.
struct Depthwise {
  void (*kernel)(const DepthwiseRun& run) = nullptr;
  QuantizedFilters filters;
  WindowGeometry geometry;
  Place input, output;
  std::shared_ptr<const AlignedBuffer> padding;  // bytes of zero point, for a pixel and for a vector
  std::int64_t inner_begin = 0, inner_end = 0;   // output columns whose window lies inside the picture's width

  std::size_t scratch_bytes() const {
    return static_cast<std::size_t>(geometry.taps()) * (sizeof(const std::uint8_t*) + sizeof(std::ptrdiff_t));
  }

  void run(RunContext& context) const {
    const WindowGeometry& g = geometry;
    context.for_each(static_cast<std::size_t>(g.batch * g.output_height), [&](std::size_t index) {
      const auto row = static_cast<std::int64_t>(index);
      run_row(input_rows(g, context.at(input), row / g.output_height), row % g.output_height,
              bytes_at(context, output) + row * g.output_width * g.output_channels, context.scratch);
    });
  }

  // As a stage of a block.
  void run_rows(const RowCall& call) const {
    for (int y = call.begin; y < call.end; ++y) run_row(call.in, y, call.out.row<std::uint8_t>(y), call.scratch);
  }

  void run_row(const Rows& in, std::int64_t y, std::uint8_t* out, std::byte* scratch) const {
    const WindowGeometry& g = geometry;
    const auto taps = static_cast<std::size_t>(g.taps());
    auto* pointers = reinterpret_cast<const std::uint8_t**>(scratch);
    auto* steps = reinterpret_cast<std::ptrdiff_t*>(scratch + taps * sizeof *pointers);
    const std::int64_t top = g.top(y);

    DepthwiseRun run;
    run.taps = pointers;
    run.steps = steps;
    run.flip = filters.input_flip;
    run.filters = &filters.filters;
    run.to_byte = filters.to_byte;
    for (std::int64_t x = 0; x < g.output_width; x += run.pixels) {
      run.pixels = x == inner_begin && inner_begin < inner_end ? static_cast<int>(inner_end - inner_begin) : 1;
      point_taps(in, top, g.left(x), pointers, steps);
      run.output = out + x * g.output_channels;
      kernel(run);
    }
  }

  void point_taps(const Rows& in, std::int64_t top, std::int64_t left, const std::uint8_t** pointers,
                  std::ptrdiff_t* steps) const {
    const WindowGeometry& g = geometry;
    for (std::int64_t ky = 0; ky < g.kernel_height; ++ky) {
      const std::int64_t y = top + ky * g.dilation_height;
      const std::uint8_t* line = y >= 0 && y < g.input_height ? in.row<std::uint8_t>(static_cast<int>(y)) : nullptr;
      for (std::int64_t kx = 0; kx < g.kernel_width; ++kx, ++pointers, ++steps) {
        const std::int64_t x = left + kx * g.dilation_width;
        const bool inside = line != nullptr && x >= 0 && x < g.input_width;
        *pointers = inside ? line + x * g.input_channels : reinterpret_cast<const std::uint8_t*>(padding->data());
        *steps = inside ? g.stride_width * g.input_channels : 0;
      }
    }
  }
};

// A convolution in groups, one sum at a time. Outside the picture is the byte that stands for zero, as everywhere.
struct Grouped {
  // One channel a block: bias, scale, then the weights in order.
  static constexpr FilterLayout kLayout = {1, 1, 2};

  QuantizedFilters filters;
  WindowGeometry geometry;
  std::int64_t group_inputs = 1, group_outputs = 1;
  Place input, output;

  void run(RunContext& context) const {
    context.for_each(static_cast<std::size_t>(geometry.output_pixels()),
                     [&](std::size_t pixel) { run_pixel(context, static_cast<std::int64_t>(pixel)); });
  }

  void run_pixel(RunContext& context, std::int64_t pixel) const {
    const WindowGeometry& g = geometry;
    const std::int64_t left = g.left(pixel % g.output_width);
    const std::int64_t top = g.top(pixel / g.output_width % g.output_height);
    const std::int64_t image = pixel / g.output_width / g.output_height;
    const std::uint8_t* source = bytes_at(context, input) + image * g.input_height * g.input_width * g.input_channels;
    std::uint8_t* out = bytes_at(context, output) + pixel * g.output_channels;
    for (std::int64_t c = 0; c < g.output_channels; ++c) out[c] = channel(source, top, left, c);
  }

  std::uint8_t channel(const std::uint8_t* image, std::int64_t top, std::int64_t left, std::int64_t c) const {
    const WindowGeometry& g = geometry;
    const std::byte* block = filters.filters.blocks + static_cast<std::size_t>(c) * filters.filters.block_bytes;
    const auto* weight = reinterpret_cast<const std::int16_t*>(block) + 4;
    std::int32_t bias;
    float scale;
    std::memcpy(&bias, block, sizeof bias);
    std::memcpy(&scale, block + sizeof bias, sizeof scale);
    std::uint32_t sum = static_cast<std::uint32_t>(bias);  // wraps around like the vector kernels' sums
    for (std::int64_t ky = 0; ky < g.kernel_height; ++ky)
      for (std::int64_t kx = 0; kx < g.kernel_width; ++kx) {
        const std::int64_t y = top + ky * g.dilation_height, x = left + kx * g.dilation_width;
        const bool inside = y >= 0 && y < g.input_height && x >= 0 && x < g.input_width;
        const std::uint8_t* pixel =
            inside ? image + (y * g.input_width + x) * g.input_channels + c / group_outputs * group_inputs : nullptr;
        for (std::int64_t i = 0; i < group_inputs; ++i) {
          const std::uint8_t byte = inside ? pixel[i] : filters.padding;
          sum += static_cast<std::uint32_t>((byte ^ filters.input_flip) * *weight++);
        }
      }
    const ByteOutput& to = filters.to_byte;
    const std::int32_t value = requantize(static_cast<std::int32_t>(sum), scale, to.zero_point, {to.low, to.high});
    return static_cast<std::uint8_t>(value ^ to.flip);
  }
};

// Whether depthwise_3x3 can hold the weights.
bool is_narrow_3x3(const Tensor& weight, const Window& window) {
  if (window.kernel_height != 3 || window.kernel_width != 3) return false;
  if (weight.type == DataType::i8) return true;  // zero points are 0
  const std::int32_t zero_point = channel_quantization(weight, 0).zero_point;
  return zero_point > 0 && zero_point < 255;
}

}  // namespace

Result<CompiledStep> compile_int8_depthwise(const StepSource& source, const Node& node, const DepthwiseConv2dOp& op) {
  if (op.multiplier != 1) {
    const auto channels = static_cast<int>(source.shape(node.inputs[0])[3]);
    return compile_int8_grouped(source, node, op.window, channels, op.activation);
  }
  Depthwise d;
  const Int8DepthwiseKernels* kernels = source.kernels.int8_depthwise_3x3;
  if (kernels == nullptr || !is_narrow_3x3(source.tensor(node.inputs[1]), op.window))
    kernels = source.kernels.int8_depthwise;
  d.kernel = kernels->run;
  MOBILENET_TRY(d.filters, quantized_filters(source, node, op.activation, kernels->layout));
  d.geometry = window_geometry(source, node, op.window);
  const WindowGeometry& g = d.geometry;
  AlignedBuffer padding(std::max(static_cast<std::size_t>(g.input_channels), kAlignment));
  std::memset(padding.data(), d.filters.padding, padding.size());
  d.padding = std::make_shared<const AlignedBuffer>(std::move(padding));
  d.inner_begin = g.inner_begin();
  d.inner_end = g.inner_end();
  d.input = source.place(node.inputs[0]);
  d.output = source.place(node.output);
  const std::size_t scratch = d.scratch_bytes();
  CompiledStep step = step_of(std::move(d), scratch);
  step.rows = row_stage_of<Depthwise, &Depthwise::run_rows>(scratch);
  return step;
}

Result<CompiledStep> compile_int8_grouped(const StepSource& source, const Node& node, const Window& window, int groups,
                                          Activation activation) {
  Grouped g;
  MOBILENET_TRY(g.filters, quantized_filters(source, node, activation, Grouped::kLayout));
  g.geometry = window_geometry(source, node, window);
  g.group_inputs = g.geometry.input_channels / groups;
  g.group_outputs = g.geometry.output_channels / groups;
  g.input = source.place(node.inputs[0]);
  g.output = source.place(node.output);
  return step_of(std::move(g));
}

}  // namespace mobilenet::cpu
