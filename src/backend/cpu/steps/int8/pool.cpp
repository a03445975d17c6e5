// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Averages and maxima over windows, and the mean over whole maps.

#include <algorithm>
#include <cstring>

#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

// One thread makes one row of output pixels.
struct Pool {
  PoolKind kind = PoolKind::average;
  WindowGeometry geometry;
  IntegerRange range;  // of stored integers
  std::int32_t zero_point = 0;
  DataType type = DataType::u8;
  const Int8ElementwiseKernels* kernels = nullptr;
  Place input, output;

  std::size_t scratch_bytes() const {
    return 2 * static_cast<std::size_t>(geometry.output_channels) * sizeof(std::int32_t);
  }

  void run(RunContext& context) const {
    context.for_each(static_cast<std::size_t>(geometry.batch * geometry.output_height), [&](std::size_t row) {
      run_row(context, static_cast<std::int64_t>(row), reinterpret_cast<std::int32_t*>(context.scratch));
    });
  }

  void run_row(RunContext& context, std::int64_t row, std::int32_t* values) const {
    const WindowGeometry& g = geometry;
    const std::int64_t channels = g.output_channels;
    const std::uint8_t* image =
        bytes_at(context, input) + row / g.output_height * g.input_height * g.input_width * channels;
    std::uint8_t* out = bytes_at(context, output) + row * g.output_width * channels;
    const std::int64_t top = g.top(row % g.output_height);
    const std::int64_t y_begin = std::max<std::int64_t>(top, 0);
    const std::int64_t y_end = std::min(top + g.kernel_height, g.input_height);
    for (std::int64_t x = 0; x < g.output_width; ++x, out += channels) {
      const std::int64_t left = g.left(x);
      const std::int64_t x_begin = std::max<std::int64_t>(left, 0);
      const std::int64_t x_end = std::min(left + g.kernel_width, g.input_width);
      if (y_begin >= y_end || x_begin >= x_end)  // nothing but padding
        std::memset(out, stored(zero_point), static_cast<std::size_t>(channels));
      else if (kind == PoolKind::average)
        average(image, y_begin, y_end, x_begin, x_end, values, out);
      else
        maximum(image, y_begin, y_end, x_begin, x_end, values, out);
    }
  }

  std::uint8_t stored(std::int32_t value) const { return static_cast<std::uint8_t>(range.clamp(value)); }

  void average(const std::uint8_t* image, std::int64_t y_begin, std::int64_t y_end, std::int64_t x_begin,
               std::int64_t x_end, std::int32_t* sums, std::uint8_t* out) const {
    const auto channels = static_cast<std::size_t>(geometry.output_channels);
    std::int32_t* line_sums = sums + channels;
    std::fill_n(sums, channels, 0);
    for (std::int64_t y = y_begin; y < y_end; ++y) {
      SumTask task;
      task.rows = image + (y * geometry.input_width + x_begin) * geometry.input_channels;
      task.row_stride = channels;
      task.row_count = static_cast<std::size_t>(x_end - x_begin);
      task.channels = static_cast<int>(channels);
      task.flip = flip_of(type);
      task.sums = line_sums;
      kernels->sum(task);
      for (std::size_t c = 0; c < channels; ++c) sums[c] += line_sums[c];
    }
    const auto count = static_cast<std::int32_t>((y_end - y_begin) * (x_end - x_begin));
    const std::int32_t lift = to_unsigned(type, 0) * count;  // the kernel's bytes are unsigned
    for (std::size_t c = 0; c < channels; ++c) out[c] = stored(average_element(sums[c] - lift, count));
  }

  void maximum(const std::uint8_t* image, std::int64_t y_begin, std::int64_t y_end, std::int64_t x_begin,
               std::int64_t x_end, std::int32_t* values, std::uint8_t* out) const {
    const std::int64_t channels = geometry.output_channels;
    const std::uint8_t flip = flip_of(type);
    std::fill_n(values, channels, 0);
    for (std::int64_t y = y_begin; y < y_end; ++y)
      for (std::int64_t x = x_begin; x < x_end; ++x) {
        const std::uint8_t* pixel = image + (y * geometry.input_width + x) * channels;
        for (std::int64_t c = 0; c < channels; ++c) values[c] = std::max<std::int32_t>(values[c], pixel[c] ^ flip);
      }
    for (std::int64_t c = 0; c < channels; ++c) out[c] = stored(values[c] - to_unsigned(type, 0));
  }
};

struct Mean {
  MeanArithmetic arithmetic;
  const Int8ElementwiseKernels* kernels = nullptr;
  DataType type = DataType::u8;
  std::int64_t batch = 1, pixels = 1, channels = 1;
  Place input, output;

  std::size_t scratch_bytes() const { return static_cast<std::size_t>(channels) * sizeof(std::int32_t); }

  void run(RunContext& context) const {
    context.for_each(static_cast<std::size_t>(batch), [&](std::size_t image) {
      auto* sums = reinterpret_cast<std::int32_t*>(context.scratch);
      SumTask task;
      task.rows = bytes_at(context, input) + image * static_cast<std::size_t>(pixels * channels);
      task.row_stride = static_cast<std::size_t>(channels);
      task.row_count = static_cast<std::size_t>(pixels);
      task.channels = static_cast<int>(channels);
      task.flip = flip_of(type);
      task.sums = sums;
      kernels->sum(task);
      const auto lift = static_cast<std::int32_t>(to_unsigned(type, 0) * pixels);
      std::uint8_t* out = bytes_at(context, output) + image * static_cast<std::size_t>(channels);
      for (std::int64_t c = 0; c < channels; ++c)
        out[c] = static_cast<std::uint8_t>(mean_element(arithmetic, sums[c] - lift));
    });
  }
};

}  // namespace

Result<CompiledStep> compile_int8_pool(const StepSource& source, const Node& node, const PoolOp& op) {
  MOBILENET_TRY(const AffineType type, shared_affine_type(source.tensor(node.inputs[0]), source.tensor(node.output)));
  Pool pool;
  pool.kind = op.kind;
  pool.geometry = window_geometry(source, node, op.window);
  if (pool.geometry.dilation_height != 1 || pool.geometry.dilation_width != 1)
    return failure(ErrorCode::unsupported, "pooling with holes has no integer form");
  pool.range = op.kind == PoolKind::average ? activation_range_half_away(op.activation, type)
                                            : activation_range(op.activation, type);
  pool.zero_point = type.zero_point;
  pool.type = type.type;
  pool.kernels = source.kernels.int8_elementwise;
  pool.input = source.place(node.inputs[0]);
  pool.output = source.place(node.output);
  const std::size_t scratch = pool.scratch_bytes();
  return step_of(std::move(pool), scratch);
}

Result<CompiledStep> compile_int8_mean(const StepSource& source, const Node& node, const GlobalAveragePoolOp&) {
  const Tensor& input = source.tensor(node.inputs[0]);
  const Shape& shape = source.shape(node.inputs[0]);
  Mean mean;
  mean.batch = shape[0];
  mean.pixels = shape[1] * shape[2];
  mean.channels = shape[3];
  MOBILENET_TRY(mean.arithmetic, mean_arithmetic(input, source.tensor(node.output), mean.pixels));
  mean.kernels = source.kernels.int8_elementwise;
  mean.type = input.type;
  mean.input = source.place(node.inputs[0]);
  mean.output = source.place(node.output);
  const std::size_t scratch = mean.scratch_bytes();
  return step_of(std::move(mean), scratch);
}

}  // namespace mobilenet::cpu
