// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Convolutions and dense layers as matrix products: 1x1 kernels read the input in place, others gather the pixels
// under the window into rows first.

#include <algorithm>
#include <cstring>

#include "backend/cpu/steps/int8/filters.h"
#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

// Of the rows of one task: they are read once per block of channels and should stay in the first or second cache.
constexpr std::int64_t kTaskBytes = 48 * 1024;
constexpr int kMaxTaskRows = 192;
// Bytes are gathered in chunks, so up to fifteen may be written past the end of a row and read past that of the input.
constexpr std::size_t kCopyChunk = 16;

std::size_t rounded_up(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

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
    return in_place ? 0 : rounded_up(static_cast<std::size_t>(task_rows) * gathered_stride + kReadPadding, kAlignment);
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
    const std::uint8_t* source = bytes_at(context, input);
    MatmulTask task;
    if (in_place) {
      task.rows = source + static_cast<std::size_t>(first_row) * depth;
      task.row_stride = depth;
    } else {
      auto* gathered = reinterpret_cast<std::uint8_t*>(scratch);
      gather(source, first_row, row_count, gathered);
      task.rows = gathered;
      task.row_stride = gathered_stride;
    }
    task.row_count = static_cast<int>(row_count);
    task.flip = filters.input_flip;
    task.filters = &filters.filters;
    task.first_block = first_block;
    task.block_count = block_count;
    task.output = bytes_at(context, output) + static_cast<std::size_t>(first_row) * channels;
    task.output_stride = channels;
    task.to_byte = filters.to_byte;
    kernels->run(task, scratch + gathered_bytes());
  }

  // The bytes under the window of each output pixel, one row a pixel.
  void gather(const std::uint8_t* source, std::int64_t first_row, std::int64_t row_count, std::uint8_t* out) const {
    const WindowGeometry& g = geometry;
    for (std::int64_t row = first_row; row < first_row + row_count;) {
      const std::int64_t x = row % g.output_width;
      const std::int64_t y = row / g.output_width % g.output_height;
      const std::uint8_t* image =
          source + row / g.output_width / g.output_height * g.input_height * g.input_width * g.input_channels;
      const std::int64_t top = y * g.stride_height - g.pad_top, left = x * g.stride_width - g.pad_left;
      std::int64_t pixels = 1;
      if (g.dilation_width == 1 && x >= inner_begin && x < inner_end) {
        pixels = std::min(inner_end - x, first_row + row_count - row);
        gather_run(image, top, left, pixels, out);
      } else {
        gather_pixel(image, top, left, out);
      }
      row += pixels;
      out += static_cast<std::size_t>(pixels) * gathered_stride;
    }
  }

  // Pixels side by side whose windows lie inside the picture's width.
  void gather_run(const std::uint8_t* image, std::int64_t top, std::int64_t left, std::int64_t pixels,
                  std::uint8_t* out) const {
    const WindowGeometry& g = geometry;
    const auto line_bytes = static_cast<std::size_t>(g.kernel_width * g.input_channels);
    const std::int64_t step = g.stride_width * g.input_channels;
    for (std::int64_t ky = 0; ky < g.kernel_height; ++ky, out += line_bytes) {
      const std::int64_t y = top + ky * g.dilation_height;
      const bool inside = y >= 0 && y < g.input_height;
      const std::uint8_t* line = image + (y * g.input_width + left) * g.input_channels;
      std::uint8_t* to = out;
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel, to += gathered_stride) {
        if (inside)
          copy(to, line + pixel * step, line_bytes);
        else
          std::memset(to, filters.padding, line_bytes);
      }
    }
  }

  void gather_pixel(const std::uint8_t* image, std::int64_t top, std::int64_t left, std::uint8_t* out) const {
    const WindowGeometry& g = geometry;
    const auto channels = static_cast<std::size_t>(g.input_channels);
    const auto line_bytes = static_cast<std::size_t>(g.kernel_width) * channels;
    for (std::int64_t ky = 0; ky < g.kernel_height; ++ky, out += line_bytes) {
      const std::int64_t y = top + ky * g.dilation_height;
      if (y < 0 || y >= g.input_height) {
        std::memset(out, filters.padding, line_bytes);
        continue;
      }
      const std::uint8_t* line = image + y * g.input_width * g.input_channels;
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
  m.gathered_stride = rounded_up(static_cast<std::size_t>(m.filters.filters.depth) + kCopyChunk - 1, kCopyChunk);
  const std::size_t scratch = m.scratch_bytes();
  return step_of(std::move(m), scratch);
}

}  // namespace

Result<CompiledStep> compile_int8_convolution(const StepSource& source, const Node& node, const Conv2dOp& op) {
  if (op.groups != 1) return compile_int8_grouped(source, node, op.window, op.groups, op.activation);
  Matmul m;
  m.kernels = source.kernels.int8_matmul;
  MOBILENET_TRY(m.filters, quantized_filters(source, node, op.activation, m.kernels->layout));
  m.geometry = window_geometry(source, node, op.window);
  m.in_place = m.geometry.taps() == 1 && m.geometry.stride_height == 1 && m.geometry.stride_width == 1 &&
               m.geometry.output_height == m.geometry.input_height && m.geometry.output_width == m.geometry.input_width;
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
