// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Convolutions and dense layers as matrix products: 1x1 kernels read the input in place, others gather the pixels
// under the window into rows first.

#include <algorithm>
#include <cstring>

#include "backend/cpu/steps/int8/filters.h"
#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"
#include "plan/grouping.h"

namespace mobilenet::cpu {
namespace {

// Of the rows of one task: they are read once per block of channels and should stay in the first or second cache.
constexpr std::int64_t kTaskBytes = 48 * 1024;
constexpr int kMaxTaskRows = 192;
// Bytes are gathered in chunks, so up to fifteen may be written past the end of a row and read past that of the input.
constexpr std::size_t kCopyChunk = 16;

struct Matmul {
  const Int8MatmulKernels* kernels = nullptr;
  QuantizedFilters filters;
  WindowGeometry geometry;
  bool in_place = false;  // rows are the pixels of the input
  Place input, output;
  std::int64_t rows = 0;
  int task_rows = 1;
  int blocks = 1;
  std::size_t gathered_stride = 0;
  std::int64_t inner_begin = 0, inner_end = 0;  // output columns whose window lies inside the picture's width

  std::size_t gathered_bytes() const {
    return in_place ? 0 : padded_lines(static_cast<std::size_t>(task_rows) * gathered_stride);
  }
  std::size_t scratch_bytes() const {
    return gathered_bytes() + kernels->scratch_bytes(task_rows, filters.filters.depth);
  }

  void run(RunContext& context) const {
    const std::int64_t row_tasks = (rows + task_rows - 1) / task_rows;
    // Small maps give too few rows for many threads; then channels are divided as well.
    const std::int64_t wanted = context.members > 1 ? 2 * context.members : 1;
    const std::int64_t block_tasks = std::min<std::int64_t>(blocks, (wanted + row_tasks - 1) / row_tasks);
    context.for_each(static_cast<std::size_t>(row_tasks * block_tasks), [&](std::size_t index) {
      const auto i = static_cast<std::int64_t>(index);
      const std::int64_t r = i / block_tasks, b = i % block_tasks;
      const std::int64_t first_row = rows * r / row_tasks;
      const std::int64_t first_block = blocks * b / block_tasks;
      run_task(context, first_row, rows * (r + 1) / row_tasks - first_row, static_cast<int>(first_block),
               static_cast<int>(blocks * (b + 1) / block_tasks - first_block), context.scratch);
    });
  }

  void run_task(RunContext& context, std::int64_t first_row, std::int64_t row_count, int first_block, int block_count,
                std::byte* scratch) const {
    const auto depth = static_cast<std::size_t>(filters.filters.depth);
    const auto channels = static_cast<std::size_t>(filters.filters.channels);
    MatmulTask task = task_of(static_cast<int>(row_count), first_block, block_count);
    task.output = bytes_at(context, output) + static_cast<std::size_t>(first_row) * channels;
    if (in_place)
      task.rows = bytes_at(context, input) + static_cast<std::size_t>(first_row) * depth;
    else
      task.rows = gather(context.at(input), first_row, row_count, reinterpret_cast<std::uint8_t*>(scratch));
    kernels->run(task, scratch + gathered_bytes());
  }

  // As a stage of a block.
  void run_rows(const RowCall& call) const {
    const auto depth = static_cast<std::size_t>(filters.filters.depth);
    const auto channels = static_cast<std::size_t>(filters.filters.channels);
    auto* gathered = reinterpret_cast<std::uint8_t*>(call.scratch);
    for (int y = call.begin; y < call.end; ++y)
      for (std::int64_t x = 0; x < geometry.output_width; x += task_rows) {
        const std::int64_t pixels = std::min<std::int64_t>(task_rows, geometry.output_width - x);
        MatmulTask task = task_of(static_cast<int>(pixels), 0, blocks);
        task.output = call.out.row<std::uint8_t>(y) + static_cast<std::size_t>(x) * channels;
        if (in_place)
          task.rows = call.in.row<std::uint8_t>(y) + static_cast<std::size_t>(x) * depth;
        else
          task.rows = gathered, gather_line(call.in, y, x, pixels, gathered);
        kernels->run(task, call.scratch + gathered_bytes());
      }
  }

  // All but where the rows and the output lie.
  MatmulTask task_of(int row_count, int first_block, int block_count) const {
    MatmulTask task;
    task.row_stride = in_place ? static_cast<std::size_t>(filters.filters.depth) : gathered_stride;
    task.row_count = row_count;
    task.flip = filters.input_flip;
    task.filters = &filters.filters;
    task.first_block = first_block;
    task.block_count = block_count;
    task.output_stride = static_cast<std::size_t>(filters.filters.channels);
    task.to_byte = filters.to_byte;
    return task;
  }

  // The bytes under the window of each output pixel of a batch, one row a pixel. Returns `out`.
  const std::uint8_t* gather(std::byte* batch, std::int64_t first_row, std::int64_t row_count,
                             std::uint8_t* out) const {
    const WindowGeometry& g = geometry;
    std::uint8_t* to = out;
    for (std::int64_t row = first_row, end = first_row + row_count; row < end;) {
      const std::int64_t x = row % g.output_width, line = row / g.output_width;
      const std::int64_t pixels = std::min(g.output_width - x, end - row);
      gather_line(input_rows(g, batch, line / g.output_height), line % g.output_height, x, pixels, to);
      row += pixels;
      to += static_cast<std::size_t>(pixels) * gathered_stride;
    }
    return out;
  }

  // Pixels side by side of output row y.
  void gather_line(const Rows& in, std::int64_t y, std::int64_t x, std::int64_t pixels, std::uint8_t* out) const {
    const WindowGeometry& g = geometry;
    const std::int64_t top = g.top(y);
    for (const std::int64_t end = x + pixels; x < end;) {
      const std::int64_t left = g.left(x);
      std::int64_t together = 1;
      if (g.dilation_width == 1 && x >= inner_begin && x < inner_end) {
        together = std::min(inner_end, end) - x;
        gather_run(in, top, left, together, out);
      } else {
        gather_pixel(in, top, left, out);
      }
      x += together;
      out += static_cast<std::size_t>(together) * gathered_stride;
    }
  }

  // Pixels side by side whose windows lie inside the picture's width.
  void gather_run(const Rows& in, std::int64_t top, std::int64_t left, std::int64_t pixels, std::uint8_t* out) const {
    const WindowGeometry& g = geometry;
    const auto line_bytes = static_cast<std::size_t>(g.kernel_width * g.input_channels);
    const std::int64_t step = g.stride_width * g.input_channels;
    for (std::int64_t ky = 0; ky < g.kernel_height; ++ky, out += line_bytes) {
      const std::int64_t y = top + ky * g.dilation_height;
      const bool inside = y >= 0 && y < g.input_height;
      const std::uint8_t* line = inside ? in.row<std::uint8_t>(static_cast<int>(y)) + left * g.input_channels : nullptr;
      std::uint8_t* to = out;
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel, to += gathered_stride) {
        if (inside)
          copy(to, line + pixel * step, line_bytes);
        else
          std::memset(to, filters.padding, line_bytes);
      }
    }
  }

  void gather_pixel(const Rows& in, std::int64_t top, std::int64_t left, std::uint8_t* out) const {
    const WindowGeometry& g = geometry;
    const auto channels = static_cast<std::size_t>(g.input_channels);
    const auto line_bytes = static_cast<std::size_t>(g.kernel_width) * channels;
    for (std::int64_t ky = 0; ky < g.kernel_height; ++ky, out += line_bytes) {
      const std::int64_t y = top + ky * g.dilation_height;
      if (y < 0 || y >= g.input_height) {
        std::memset(out, filters.padding, line_bytes);
        continue;
      }
      const auto* line = in.row<std::uint8_t>(static_cast<int>(y));
      for (std::int64_t kx = 0; kx < g.kernel_width; ++kx) {
        const std::int64_t x = left + kx * g.dilation_width;
        std::uint8_t* pixel = out + static_cast<std::size_t>(kx) * channels;
        if (x < 0 || x >= g.input_width)
          std::memset(pixel, filters.padding, channels);
        else
          copy(pixel, line + x * g.input_channels, channels);
      }
    }
  }

  // In whole chunks: what is written too far is overwritten by the next line or lies between the rows. A few bytes at a
  // time (a stem's window has nine), calls of memcpy cost more than the product.
  static void copy(std::uint8_t* out, const std::uint8_t* from, std::size_t count) {
    for (std::size_t i = 0; i < count; i += kCopyChunk) std::memcpy(out + i, from + i, kCopyChunk);
  }
};

CompiledStep matmul_step(Matmul m) {
  m.rows = m.geometry.output_pixels();
  m.blocks = (m.filters.filters.channels + m.kernels->layout.block - 1) / m.kernels->layout.block;
  const std::int64_t fitting = kTaskBytes / std::max(m.filters.filters.depth, 1) / m.kernels->rows;
  m.task_rows = static_cast<int>(std::clamp<std::int64_t>(fitting * m.kernels->rows, m.kernels->rows, kMaxTaskRows));
  m.task_rows = static_cast<int>(std::min<std::int64_t>(m.task_rows, m.rows));
  // Up to the multiple of a chunk that the row and what is written past it end before.
  m.gathered_stride =
      (static_cast<std::size_t>(m.filters.filters.depth) + 2 * (kCopyChunk - 1)) / kCopyChunk * kCopyChunk;
  const std::size_t scratch = m.scratch_bytes();
  CompiledStep step = step_of(std::move(m), scratch);
  step.rows = row_stage_of<Matmul, &Matmul::run_rows>(scratch);
  return step;
}

}  // namespace

Result<CompiledStep> compile_int8_convolution(const StepSource& source, const Node& node, const Conv2dOp& op) {
  if (op.groups != 1) return compile_int8_grouped(source, node, op.window, op.groups, op.activation);
  Matmul m;
  m.kernels = source.kernels.int8_matmul;
  MOBILENET_TRY(m.filters, quantized_filters(source, node, op.activation, m.kernels->layout));
  m.geometry = window_geometry(source, node, op.window);
  m.in_place = is_pointwise(op.window, source.shape(node.inputs[0]), source.shape(node.output));
  m.inner_begin = m.geometry.inner_begin();
  m.inner_end = m.geometry.inner_end();
  m.input = source.place(node.inputs[0]);
  m.output = source.place(node.output);
  return matmul_step(std::move(m));
}

Result<CompiledStep> compile_int8_dense(const StepSource& source, const Node& node, const DenseOp& op) {
  Matmul m;
  m.kernels = source.kernels.int8_matmul;
  MOBILENET_TRY(m.filters, quantized_filters(source, node, op.activation, m.kernels->layout));
  m.geometry.batch = source.shape(node.output)[0];
  m.in_place = true;
  m.input = source.place(node.inputs[0]);
  m.output = source.place(node.output);
  return matmul_step(std::move(m));
}

}  // namespace mobilenet::cpu
