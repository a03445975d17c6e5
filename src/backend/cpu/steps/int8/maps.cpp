// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators that move bytes or gather them over an area: concatenation, padding, pooling, resizing.

#include <algorithm>
#include <cstring>
#include <vector>

#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

// One input of a concatenation: runs of `run` bytes, each to its place within the output's run.
struct ConcatPart {
  ByteTable table{};
  bool rescales = false;
  Place input;
  std::size_t run = 0;
  std::size_t place = 0;
};

constexpr std::size_t kConcatGrain = 128 * 1024;  // bytes; fewer are not worth another thread

struct Concat {
  std::vector<ConcatPart> parts;
  Place output;
  std::size_t output_run = 0, runs = 0;

  void run(RunContext& context) const {
    context.for_parts(runs, 1 + kConcatGrain / output_run, [&](std::size_t begin, std::size_t end) {
      for (const ConcatPart& part : parts)
        for (std::size_t i = begin; i < end; ++i) {
          const std::uint8_t* from = bytes_at(context, part.input) + i * part.run;
          std::uint8_t* to = bytes_at(context, output) + i * output_run + part.place;
          if (!part.rescales) {
            std::memcpy(to, from, part.run);
            continue;
          }
          for (std::size_t j = 0; j < part.run; ++j) to[j] = part.table[from[j]];
        }
    });
  }
};

struct Pad {
  WindowGeometry geometry;
  std::uint8_t zero = 0;
  Place input, output;

  void run(RunContext& context) const {
    const WindowGeometry& g = geometry;
    context.for_each(static_cast<std::size_t>(g.batch * g.output_height), [&](std::size_t row) {
      const auto line = static_cast<std::int64_t>(row);
      const auto line_bytes = static_cast<std::size_t>(g.output_width * g.output_channels);
      std::uint8_t* to = bytes_at(context, output) + row * line_bytes;
      std::memset(to, zero, line_bytes);
      const std::int64_t y = line % g.output_height - g.pad_top;
      if (y < 0 || y >= g.input_height) return;
      const std::int64_t image = line / g.output_height;
      std::memcpy(to + g.pad_left * g.output_channels,
                  bytes_at(context, input) + (image * g.input_height + y) * g.input_width * g.input_channels,
                  static_cast<std::size_t>(g.input_width * g.input_channels));
    });
  }
};

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
    const std::int64_t top = row % g.output_height * g.stride_height - g.pad_top;
    const std::int64_t y_begin = std::max<std::int64_t>(top, 0);
    const std::int64_t y_end = std::min(top + g.kernel_height, g.input_height);
    for (std::int64_t x = 0; x < g.output_width; ++x, out += channels) {
      const std::int64_t left = x * g.stride_width - g.pad_left;
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

struct Resize {
  std::vector<ResizeTap> rows, columns;
  DataType type = DataType::u8;
  std::int64_t batch = 1, input_height = 1, input_width = 1, channels = 1;
  Place input, output;

  void run(RunContext& context) const {
    context.for_each(static_cast<std::size_t>(batch) * rows.size(), [&](std::size_t row) { run_row(context, row); });
  }

  void run_row(RunContext& context, std::size_t row) const {
    const ResizeTap& y = rows[row % rows.size()];
    const std::uint8_t* image =
        bytes_at(context, input) + static_cast<std::int64_t>(row / rows.size()) * input_height * input_width * channels;
    const std::uint8_t* top = image + y.low * input_width * channels;
    const std::uint8_t* bottom = image + y.high * input_width * channels;
    std::uint8_t* out = bytes_at(context, output) + row * columns.size() * static_cast<std::size_t>(channels);
    const std::uint8_t flip = flip_of(type);
    const std::int32_t lift = to_unsigned(type, 0);
    for (const ResizeTap& x : columns)
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::int64_t low = x.low * channels + c, high = x.high * channels + c;
        *out++ = static_cast<std::uint8_t>(resize_element((top[low] ^ flip) - lift, (top[high] ^ flip) - lift,
                                                          (bottom[low] ^ flip) - lift, (bottom[high] ^ flip) - lift,
                                                          x.weight, y.weight));
      }
  }
};

}  // namespace

Result<CompiledStep> compile_int8_concat(const StepSource& source, const Node& node, const ConcatOp& op) {
  const Shape& shape = source.shape(node.output);
  const auto run_of = [&](const Shape& of) {
    std::size_t bytes = 1;
    for (int axis = op.axis; axis < of.rank(); ++axis) bytes *= static_cast<std::size_t>(of[axis]);
    return bytes;
  };
  Concat concat;
  concat.output = source.place(node.output);
  concat.output_run = run_of(shape);
  concat.runs = static_cast<std::size_t>(shape.elements()) / concat.output_run;
  std::size_t place = 0;
  for (const TensorId id : node.inputs) {
    ConcatPart part;
    MOBILENET_TRY(part.table, concat_table(source.tensor(id), source.tensor(node.output)));
    for (std::size_t byte = 0; byte < part.table.size(); ++byte)
      if (part.table[byte] != byte) part.rescales = true;
    part.input = source.place(id);
    part.run = run_of(source.shape(id));
    part.place = place;
    place += part.run;
    concat.parts.push_back(part);
  }
  return step_of(std::move(concat));
}

Result<CompiledStep> compile_int8_pad(const StepSource& source, const Node& node, const PadOp& op) {
  MOBILENET_TRY(const AffineType type, shared_affine_type(source.tensor(node.inputs[0]), source.tensor(node.output)));
  Pad pad;
  pad.geometry = window_geometry(source, node, Window{});
  pad.geometry.pad_top = op.top;
  pad.geometry.pad_left = op.left;
  pad.zero = static_cast<std::uint8_t>(type.zero_point);
  pad.input = source.place(node.inputs[0]);
  pad.output = source.place(node.output);
  return step_of(std::move(pad));
}

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

Result<CompiledStep> compile_int8_resize(const StepSource& source, const Node& node, const ResizeBilinearOp& op) {
  MOBILENET_TRY(const AffineType type, shared_affine_type(source.tensor(node.inputs[0]), source.tensor(node.output)));
  const Shape& in = source.shape(node.inputs[0]);
  const Shape& out = source.shape(node.output);
  Resize resize;
  resize.rows = resize_taps(in[1], out[1], op);
  resize.columns = resize_taps(in[2], out[2], op);
  resize.type = type.type;
  resize.batch = in[0];
  resize.input_height = in[1], resize.input_width = in[2], resize.channels = in[3];
  resize.input = source.place(node.inputs[0]);
  resize.output = source.place(node.output);
  return step_of(std::move(resize));
}

}  // namespace mobilenet::cpu
