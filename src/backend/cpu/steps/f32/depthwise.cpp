// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Depthwise convolution: rows of the output, two at a time where the kernel shares input rows between them.

#include <algorithm>
#include <array>

#include "backend/cpu/kernels/f16_depthwise.h"
#include "backend/cpu/kernels/f32_elementwise.h"
#include "backend/cpu/steps/f32/steps.h"
#include "backend/cpu/steps/window_geometry.h"
#include "base/error.h"
#include "network/clamp.h"

namespace mobilenet::cpu {
namespace {

constexpr std::int64_t kSerialProducts = 1 << 18;  // fewer are not worth waking a thread

struct DepthwiseStep {
  const DepthwiseKernels* kernels = nullptr;
  const ElementwiseKernels* elementwise = nullptr;
  PackedDepthwise filter;
  std::shared_ptr<const AlignedBuffer> zeros;
  DepthwiseProblem problem;
  Place input, output, residual;
  std::ptrdiff_t element_bytes = sizeof(float);  // of input and output
  int least_channels = 1;                        // that a thread takes by itself: kernels write whole groups of them
  WindowGeometry window;
  bool three = false;    // 3 x 3 of a stride that rows_3x3 knows
  int rows_at_once = 1;  // 1 or 2
  int multiplier = 1;
  ClampRange clamp = {0, 0};
  Activation activation = Activation::none;  // where it is more than a clamp
};

// The input rows under output row `y`; `count` of them, null outside the picture.
void input_rows(const DepthwiseStep& step, const Rows& in, int y, int count, const void** rows) {
  for (int i = 0; i < count; ++i) {
    const std::int64_t row = step.window.top(y) + i * step.window.dilation_height;
    rows[i] = row < 0 || row >= step.window.input_height ? nullptr : in.row<std::byte>(static_cast<int>(row));
  }
}

// What a step has after the convolution that the kernels have not: an addition, or an activation that is no clamp.
void finish_row(const DepthwiseStep& step, float* out, const float* residual, int channels) {
  if (residual == nullptr && step.activation == Activation::none) return;
  for (int x = 0; x < step.problem.output_width; ++x, out += step.problem.out_pixel_stride) {
    const auto count = static_cast<std::size_t>(channels);
    if (residual != nullptr)
      step.elementwise->add(out, residual + x * step.problem.out_pixel_stride, out, count, step.clamp.low,
                            step.clamp.high);
    if (step.activation != Activation::none) step.elementwise->activate(step.activation, out, out, count);
  }
}

// At most rows_at_once rows of one picture, as a stage of a block or by themselves.
void convolve_rows(const DepthwiseStep& step, DepthwiseProblem& problem, const RowCall& call) {
  const int rows = call.end - call.begin;
  auto* out = call.out.row<std::byte>(call.begin);
  problem.out_row_stride = rows == 2 ? (call.out.row<std::byte>(call.begin + 1) - out) / step.element_bytes : 0;
  if (step.three) {
    std::array<const void*, 5> pointers;
    input_rows(step, call.in, call.begin, (rows - 1) * static_cast<int>(step.window.stride_height) + 3,
               pointers.data());
    step.kernels->rows_3x3(problem, pointers.data(), rows, out);
  } else {
    auto** pointers = reinterpret_cast<const void**>(call.scratch);
    input_rows(step, call.in, call.begin, problem.kernel_height, pointers);
    step.kernels->row_any(problem, pointers, pointers + problem.kernel_height, out);
  }
  for (int y = call.begin; y < call.end; ++y)
    finish_row(step, call.out.row<float>(y), call.residual.first == nullptr ? nullptr : call.residual.row<float>(y),
               problem.channels);
}

void run_depthwise_rows(const DepthwiseStep& step, const RowCall& call) {
  DepthwiseProblem problem = step.problem;
  convolve_rows(step, problem, call);
}

void run_depthwise(const DepthwiseStep& step, RunContext& context) {
  const int images = static_cast<int>(step.window.batch), output_height = static_cast<int>(step.window.output_height);
  const int row_groups = (output_height + step.rows_at_once - 1) / step.rows_at_once;
  const int blocks = (step.problem.channels + step.least_channels - 1) / step.least_channels;
  const int taps = step.problem.kernel_height * step.problem.kernel_width;
  // Rows first; channels too when a small picture has fewer rows than the threads need.
  int channel_parts = 1;
  const std::int64_t products = step.window.output_pixels() * step.problem.channels * taps;
  const bool serial = context.members == 1 || products < kSerialProducts;
  if (!serial) {
    const int wanted = context.members * 2;
    channel_parts = std::clamp((wanted + row_groups * images - 1) / (row_groups * images), 1, blocks);
  }
  const auto bytes = [&](std::ptrdiff_t elements) { return elements * step.element_bytes; };
  const std::ptrdiff_t in_row_bytes = bytes(step.problem.width * step.problem.pixel_stride);
  const std::ptrdiff_t out_row_bytes = bytes(step.problem.out_row_stride);

  const auto item = [&](std::size_t index) {
    const int part = static_cast<int>(index) % channel_parts;
    const int y = static_cast<int>(index) / channel_parts % row_groups * step.rows_at_once;
    const int image = static_cast<int>(index) / channel_parts / row_groups;
    const int first_block = blocks * part / channel_parts, last_block = blocks * (part + 1) / channel_parts;
    const int first = first_block * step.least_channels;
    DepthwiseProblem problem = step.problem;
    problem.channels = std::min(step.problem.channels, last_block * step.least_channels) - first;
    problem.packed = static_cast<const std::byte*>(problem.packed) + static_cast<std::size_t>(first) *
                                                                         static_cast<std::size_t>(taps + 1) *
                                                                         size_of(step.kernels->packed);
    // The part's channels of each row.
    const auto rows = [&](const Place& place, int height, std::ptrdiff_t row_bytes) {
      return picture_rows(context.at(place) + bytes(first), image, height, row_bytes);
    };
    RowCall call;
    call.in = rows(step.input, static_cast<int>(step.window.input_height), in_row_bytes);
    if (step.residual.exists()) call.residual = rows(step.residual, output_height, out_row_bytes);
    call.out = rows(step.output, output_height, out_row_bytes);
    call.begin = y;
    call.end = std::min(y + step.rows_at_once, output_height);
    call.scratch = context.scratch;
    convolve_rows(step, problem, call);
  };
  const auto items = static_cast<std::size_t>(images) * static_cast<std::size_t>(row_groups * channel_parts);
  if (serial)
    context.for_each(1, [&](std::size_t) {
      for (std::size_t index = 0; index < items; ++index) item(index);
    });
  else
    context.for_each(items, item);
}

// Several outputs for each input channel: rare, so plain loops.
void run_multiplied(const DepthwiseStep& step, RunContext& context) {
  const DepthwiseProblem& p = step.problem;
  const std::ptrdiff_t row_bytes = p.width * p.pixel_stride * static_cast<std::ptrdiff_t>(sizeof(float));
  float* output = floats_at(context, step.output);
  const int lanes = step.kernels->lanes;
  const int taps = p.kernel_height * p.kernel_width;
  const std::int64_t height = step.window.output_height;
  const auto rows = static_cast<std::size_t>(step.window.batch * height);
  context.for_parts(rows, 1, [&](std::size_t begin, std::size_t end) {
    auto** pointers = reinterpret_cast<const void**>(context.scratch);
    for (std::size_t row = begin; row < end; ++row) {
      const auto image = static_cast<std::ptrdiff_t>(row) / height;
      const int y = static_cast<int>(static_cast<std::ptrdiff_t>(row) % height);
      const Rows in =
          picture_rows(context.at(step.input), image, static_cast<int>(step.window.input_height), row_bytes);
      input_rows(step, in, y, p.kernel_height, pointers);
      float* out = output + static_cast<std::ptrdiff_t>(row) * p.out_row_stride;
      for (int x = 0; x < p.output_width; ++x)
        for (int c = 0; c < p.channels; ++c) {
          const float* packed = static_cast<const float*>(p.packed) +
                                static_cast<std::ptrdiff_t>(c / lanes) * (taps + 1) * lanes + c % lanes;
          float sum = *packed;
          for (int ky = 0; ky < p.kernel_height; ++ky)
            for (int kx = 0; kx < p.kernel_width; ++kx) {
              packed += lanes;
              const int column = x * p.stride + kx * p.dilation - p.pad_left;
              if (pointers[ky] == nullptr || column < 0 || column >= p.width) continue;
              sum += static_cast<const float*>(pointers[ky])[column * p.pixel_stride + c / step.multiplier] * *packed;
            }
          out[x * p.out_pixel_stride + c] = std::clamp(sum, p.low, p.high);
        }
      const float* residual = !step.residual.exists() ? nullptr
                                                      : floats_at(context, step.residual) +
                                                            static_cast<std::ptrdiff_t>(row) * p.out_row_stride;
      finish_row(step, out, residual, p.channels);
    }
  });
}

}  // namespace

bool is_three_by_three(const Window& w) {
  return w.kernel_height == 3 && w.kernel_width == 3 &&
         (w.stride_width == 1 || (w.stride_width == 2 && w.dilation_width == 1));
}

Result<CompiledStep> compile_depthwise(const StepSource& source) {
  MOBILENET_TRY(const FusedGroup group, fused_group(source.network, source.step));
  const auto& op = std::get<DepthwiseConv2dOp>(group.head->op);
  const Window& w = op.window;
  const Shape& in = source.shape(group.head->inputs[0]);
  const Shape& out = source.shape(group.head->output);
  DepthwiseStep step;
  const bool halves = source.storage(group.head->inputs[0]) == Storage::f16;
  step.kernels = halves ? source.kernels.f16_depthwise : source.kernels.f32_depthwise;
  step.least_channels = halves ? kBf16Channels : step.kernels->lanes;
  if (halves) step.element_bytes = sizeof(std::uint16_t);
  step.elementwise = source.kernels.f32_elementwise;
  MOBILENET_TRY(step.filter, packed_depthwise(source, group, step.kernels->lanes, step.kernels->packed));
  const PackKey zeros{.kind = PackKey::Kind::zeros, .layout = {.block = static_cast<int>(out[3])}};
  MOBILENET_TRY(step.zeros,
                source.pack(zeros, (static_cast<std::size_t>(out[3]) + 16) * sizeof(float), [](AlignedBuffer&) {}));
  step.input = source.place(group.head->inputs[0]);
  step.output = source.place(source.step.output);
  if (group.residual != kNoTensor) step.residual = source.place(group.residual);
  step.window = window_geometry(source, *group.head, w);
  step.multiplier = op.multiplier;
  step.clamp = clamp_of(group.activation);
  if (!is_clamp(group.activation)) step.activation = group.activation;

  DepthwiseProblem& problem = step.problem;
  problem.packed = step.filter.packed;
  problem.zeros = step.zeros->as<float>();
  problem.channels = static_cast<int>(out[3]);
  problem.pixel_stride = in[3];
  problem.out_pixel_stride = pixel_bytes(source.storage(source.step.output), out[3]) / step.element_bytes;
  problem.out_row_stride = out[2] * problem.out_pixel_stride;
  problem.width = static_cast<int>(step.window.input_width);
  problem.output_width = static_cast<int>(step.window.output_width);
  problem.kernel_height = w.kernel_height;
  problem.kernel_width = w.kernel_width;
  problem.stride = w.stride_width;
  problem.dilation = w.dilation_width;
  problem.pad_left = static_cast<int>(step.window.pad_left);
  // An addition comes before the clamp.
  const ClampRange clamp = group.residual == kNoTensor ? step.clamp : clamp_of(Activation::none);
  problem.low = clamp.low;
  problem.high = clamp.high;

  step.three = is_three_by_three(w);
  const bool plain = w.stride_height == w.stride_width && w.dilation_height == 1 && w.dilation_width == 1;
  step.rows_at_once = step.three && plain ? 2 : 1;
  const std::size_t pointers =
      static_cast<std::size_t>(w.kernel_height) * static_cast<std::size_t>(w.kernel_width + 1) * sizeof(float*);
  if (op.multiplier != 1) return step_of<&run_multiplied>(std::move(step), pointers);
  const std::size_t scratch = step.three ? 0 : pointers;
  const RowStage rows = row_stage_of<DepthwiseStep, &run_depthwise_rows>(scratch, step.rows_at_once);
  CompiledStep compiled = step_of<&run_depthwise>(std::move(step), scratch);
  compiled.rows = rows;
  return compiled;
}

}  // namespace mobilenet::cpu
