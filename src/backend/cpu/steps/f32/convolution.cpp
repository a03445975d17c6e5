// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Convolution and dense layers as matrix products: a pointwise convolution multiplies the picture itself, any other
// one multiplies patches, which overlap in strips of the picture, or which each thread gathers, a few tiles of pixels
// at a time.

#include <algorithm>
#include <cmath>

#include "backend/cpu/kernels/f32_elementwise.h"
#include "backend/cpu/kernels/f32_gemm.h"
#include "backend/cpu/steps/f32/steps.h"
#include "backend/cpu/steps/window_geometry.h"
#include "base/error.h"
#include "network/clamp.h"
#include "plan/repeated_pixel.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kBlockBytes = 512 * 1024;  // of rows, where weights stream past them
// Fewer multiplications than this are not worth waking a thread (about 10 us on one core).
constexpr std::int64_t kSerialProducts = 1 << 19;

struct ConvolutionStep {
  const GemmKernels* kernels = nullptr;
  const PatchKernels* patch_kernels = nullptr;
  const ElementwiseKernels* elementwise = nullptr;
  PackedMatrix matrix;
  // Where a pixel that all pixels share is multiplied too: the sums that are their bias.
  PackedMatrix pixel_matrix;
  Place pixel;
  GemmProblem problem;  // without pointers to activations
  Place input, output, residual;
  std::ptrdiff_t row_bytes = 0;  // of what is multiplied: pixels as they lie, or patches
  int groups = 1, group_inputs = 0;
  bool gathered = false;
  bool strips = false;  // instead: problem.a is a strip, the patches of neighbours in a row, which overlap there
  WindowGeometry window;
  int tile_rows = 0;
  bool panels_first = false;
  int block_rows = 0;  // rows whose part of `a` stays in cache; of gathered patches, as many as scratch holds
  // Of scratch, before that of the kernels: patches, or the sums of the shared pixel.
  std::size_t patch_bytes = 0, stage_patch_bytes = 0;
  Activation activation = Activation::none;  // where it is more than a clamp
  NormalHalves normal_halves;
};

// The rows of the input under pixels begin..end of one row of the output (counted over the whole batch), one below the
// other in problem.run_stride, zeros where they leave the picture.
void copy_strip(const ConvolutionStep& step, const float* input, int begin, int end, float* strip) {
  const WindowGeometry& g = step.window;
  const std::int64_t y = begin / g.output_width, x = begin % g.output_width, channels = g.input_channels;
  const float* image = input + y / g.output_height * g.input_height * g.input_width * channels;
  const std::int64_t left = g.left(x), right = g.left(x + end - begin - 1) + g.kernel_width;
  const std::int64_t inner_left = std::clamp<std::int64_t>(0, left, right);
  const std::int64_t inner_right = std::clamp(g.input_width, inner_left, right);
  for (std::int64_t ky = 0; ky < g.kernel_height; ++ky, strip += step.problem.run_stride) {
    const std::int64_t row = g.top(y % g.output_height) + ky * g.dilation_height;
    if (row < 0 || row >= g.input_height) {
      std::fill_n(strip, (right - left) * channels, 0.0f);
      continue;
    }
    float* to = std::fill_n(strip, (inner_left - left) * channels, 0.0f);
    to = std::copy_n(image + (row * g.input_width + inner_left) * channels, (inner_right - inner_left) * channels, to);
    std::fill_n(to, (right - inner_right) * channels, 0.0f);
  }
}

// Where a strip ends that begins with pixel `begin`: at `end`, of the same row of the output, or where the windows
// begin or cease to lie inside the picture's width.
int strip_end(const WindowGeometry& g, int begin, int end) {
  const std::int64_t row = begin / g.output_width * g.output_width;
  for (const std::int64_t x : {g.inner_begin(), g.inner_end()})
    if (row + x > begin) return static_cast<int>(std::min<std::int64_t>(end, row + x));
  return end;
}

// The strip under pixels begin..end of a row: the input itself where it has them all, else a copy in `strip`.
void set_strip(const ConvolutionStep& step, const float* input, int begin, int end, float* strip,
               GemmProblem& problem) {
  const WindowGeometry& g = step.window;
  const std::int64_t y = begin / g.output_width, x = begin % g.output_width, top = g.top(y % g.output_height);
  const std::int64_t line_floats = g.input_width * g.input_channels;
  if (x < g.inner_begin() || x + end - begin > g.inner_end() || top < 0 ||
      top + (g.kernel_height - 1) * g.dilation_height >= g.input_height) {
    copy_strip(step, input, begin, end, strip);
    problem.a = strip;
    problem.run_stride = step.problem.run_stride;
    return;
  }
  problem.a = input + (y / g.output_height * g.input_height + top) * line_floats + g.left(x) * g.input_channels;
  problem.run_stride = g.dilation_height * line_floats;
}

// Gives the problem what pixels begin..end of one group multiply, made in `patches` where it is not the input itself.
void set_rows(const ConvolutionStep& step, const std::byte* input, int group, int begin, int end, float* patches,
              GemmProblem& problem) {
  const auto* floats = reinterpret_cast<const float*>(input);
  if (step.strips) return set_strip(step, floats, begin, end, patches, problem);
  problem.a = reinterpret_cast<const float*>(input + begin * step.row_bytes);
  if (!step.gathered) return;
  step.patch_kernels->gather(step.window, step.group_inputs, floats + group * step.group_inputs, begin, end, patches);
  problem.a = patches;
}

struct Range {
  int begin, end;
};

// Part `index` of `parts` of 0..count, in multiples of `unit`.
Range part_of(int index, int parts, int count, int unit) {
  const std::int64_t units = (count + unit - 1) / unit;
  const auto bound = [&](int i) { return static_cast<int>(std::min<std::int64_t>(count, units * i / parts * unit)); };
  return {bound(index), bound(index + 1)};
}

// Rows of one picture, as a stage of a block.
void run_convolution_rows(const ConvolutionStep& step, const RowCall& call) {
  const GemmKernels& kernels = *step.kernels;
  const int width = static_cast<int>(step.window.output_width);
  auto* patches = reinterpret_cast<float*>(call.scratch);
  GemmProblem problem = step.problem;
  problem.scratch = call.scratch + step.stage_patch_bytes;
  for (int y = call.begin; y < call.end; ++y) {
    auto* out = call.out.row<std::byte>(y);
    const float* residual = call.residual.first == nullptr ? nullptr : call.residual.row<float>(y);
    for (int x = 0, pixels = width; x < width; x += pixels) {
      const std::ptrdiff_t at = x * problem.out_stride;
      if (step.gathered || step.strips) {
        const int pixel = y * width + x;
        pixels = step.gathered ? std::min(width - x, step.tile_rows)
                               : strip_end(step.window, pixel, pixel + width - x) - pixel;
        set_rows(step, call.in.row<std::byte>(0), 0, pixel, pixel + pixels, patches, problem);
      } else {
        problem.a = call.in.row<float>(y);
      }
      problem.out = problem.element(out, at);
      problem.residual = residual == nullptr ? nullptr : residual + at;
      kernels.rows_first(problem, step.tile_rows, 0, pixels, 0, step.matrix.panels);
    }
    step.normal_halves.look(call.normal_halves, out, width * problem.out_stride);
    if (step.activation == Activation::none) continue;
    auto* const line = reinterpret_cast<float*>(out);
    step.elementwise->activate(step.activation, line, line,
                               static_cast<std::size_t>(width) * static_cast<std::size_t>(problem.out_stride));
  }
}

// Into `sums`, as many floats as a bias has.
const float* sums_of_pixel(const ConvolutionStep& step, const RunContext& context, std::byte* scratch, float* sums) {
  const PackedMatrix& matrix = step.pixel_matrix;
  GemmProblem problem;
  problem.a = floats_at(context, step.pixel);
  problem.b = matrix.weights;
  problem.bias = matrix.bias;
  problem.out = sums;
  problem.a_stride = problem.depth = matrix.depth;
  problem.packed_depth = matrix.packed_depth;
  problem.out_stride = problem.columns = matrix.columns;
  problem.rows = 1;
  problem.low = -HUGE_VALF, problem.high = HUGE_VALF;
  problem.scratch = scratch;
  step.kernels->rows_first(problem, step.kernels->tile_rows, 0, 1, 0, matrix.panels);
  return sums;
}

// The product of some rows and panels of one group, block by block.
void multiply(const ConvolutionStep& step, RunContext& context, int group, Range rows, Range panels) {
  const GemmKernels& kernels = *step.kernels;
  float* patches = float_scratch(context);
  GemmProblem problem = step.problem;
  problem.scratch = context.scratch + step.patch_bytes;
  const std::byte* input = context.at(step.input);
  const std::ptrdiff_t first_column = static_cast<std::ptrdiff_t>(group) * problem.columns;
  const std::ptrdiff_t panel_floats = static_cast<std::ptrdiff_t>(kernels.layout.columns) * step.matrix.panels;
  problem.b += group * panel_floats * problem.packed_depth;
  problem.bias += group * panel_floats;
  // By every part for itself: a row of weights' size in products, where a part has hundreds of rows.
  if (step.pixel.exists()) problem.bias = sums_of_pixel(step, context, problem.scratch, patches);
  std::byte* const out = context.at(step.output);
  const float* residual = !step.residual.exists() ? nullptr : floats_at(context, step.residual) + first_column;
  const auto run = step.panels_first ? kernels.panels_first : kernels.rows_first;
  for (int begin = rows.begin, end = begin; begin < rows.end; begin = end) {
    end = std::min(rows.end, begin + step.block_rows - (step.strips ? begin % step.block_rows : 0));
    if (step.strips) end = strip_end(step.window, begin, end);
    set_rows(step, input, group, begin, end, patches, problem);
    problem.out = problem.element(out, first_column + begin * problem.out_stride);
    problem.residual = residual == nullptr ? nullptr : residual + begin * problem.out_stride;
    run(problem, step.tile_rows, 0, end - begin, panels.begin, panels.end);
    const int left = panels.begin * kernels.layout.columns;
    const int right = std::min(problem.columns, panels.end * kernels.layout.columns);
    for (int row = 0; row < end - begin && problem.out_is_f16; ++row)
      step.normal_halves.look(context.normal_halves, problem.out_at(row * problem.out_stride + left), right - left);
    if (step.activation == Activation::none) continue;
    for (int row = 0; row < end - begin; ++row) {
      float* line = static_cast<float*>(problem.out) + row * problem.out_stride + left;
      step.elementwise->activate(step.activation, line, line, static_cast<std::size_t>(right - left));
    }
  }
}

void run_convolution(const ConvolutionStep& step, RunContext& context) {
  const GemmProblem& problem = step.problem;
  const int panels = step.matrix.panels;
  const std::int64_t products = static_cast<std::int64_t>(problem.rows) * problem.depth * problem.columns;
  // Parts of rows, panels and groups, about four for every thread. What streams is split first: rows past resident
  // weights, weights past resident rows.
  int row_parts = 1, panel_parts = 1;
  if (context.members > 1 && products * step.groups > kSerialProducts) {
    const int wanted = context.members * 4;
    const int tiles = (problem.rows + step.tile_rows - 1) / step.tile_rows;
    if (step.panels_first) {
      panel_parts = std::min(panels, wanted);
      row_parts = std::min(tiles, (wanted + panel_parts - 1) / panel_parts);
    } else {
      row_parts = std::min(tiles, wanted);
      panel_parts = std::min(panels, (wanted + row_parts - 1) / row_parts);
    }
  }
  const auto items = static_cast<std::size_t>(step.groups) * static_cast<std::size_t>(row_parts * panel_parts);
  const auto item = [&](std::size_t index) {
    const int panel_part = static_cast<int>(index) % panel_parts;
    const int row_part = static_cast<int>(index) / panel_parts % row_parts;
    const int group = static_cast<int>(index) / panel_parts / row_parts;
    multiply(step, context, group, part_of(row_part, row_parts, problem.rows, step.tile_rows),
             part_of(panel_part, panel_parts, panels, 1));
  };
  context.for_each(items, item);
}

// Patches of so many pixels.
std::size_t patch_bytes_of(const ConvolutionStep& step, int pixels) {
  if (step.strips)
    return padded_lines(static_cast<std::size_t>(step.problem.runs) *
                        static_cast<std::size_t>(step.problem.run_stride) * sizeof(float));
  if (!step.gathered) return 0;
  return padded_lines(static_cast<std::size_t>(pixels) * static_cast<std::size_t>(step.problem.depth) * sizeof(float));
}

std::size_t kernel_bytes(const ConvolutionStep& step, int rows) {
  return step.kernels->scratch_bytes == nullptr ? 0 : step.kernels->scratch_bytes(rows, step.problem.depth);
}

// How rows and weights are brought together for the sizes in step.problem.
void choose_blocks(ConvolutionStep& step) {
  GemmProblem& problem = step.problem;
  const PanelLayout& layout = step.kernels->layout;
  step.tile_rows = step.kernels->tile_rows;
  // Rows that are a multiple of 4096 bytes apart share one set of a first-level cache, which has 8 to 12 ways. Kernels
  // of bf16 bring them elsewhere first.
  if (layout.group == 1 && !step.gathered && problem.a_stride % 1024 == 0)
    step.tile_rows = std::min(step.tile_rows, 10);
  const auto row_bytes = static_cast<std::size_t>(step.row_bytes);
  const std::size_t weight_bytes =
      static_cast<std::size_t>(problem.packed_depth) * static_cast<std::size_t>(problem.columns) * sizeof(float);
  step.panels_first = weight_bytes > step.kernels->resident_bytes && problem.rows > step.tile_rows;
  // A kernel that takes rows in runs reads patches where they overlap; 1.7 % of V2's time on an AMD Zen 4 were spent on
  // gathering them for the first convolution, and more on an Intel Xeon.
  const WindowGeometry& window = step.window;
  step.strips =
      step.gathered && step.kernels->takes_runs && step.groups == 1 && window.dilation_width == 1 && !step.panels_first;
  if (step.strips) {
    step.gathered = false;
    problem.a_stride = window.stride_width * window.input_channels;
    problem.runs = static_cast<int>(window.kernel_height);
    problem.run_stride =
        ((window.output_width - 1) * window.stride_width + window.kernel_width) * window.input_channels;
  }
  const int tiles_in_block =
      static_cast<int>(std::max<std::size_t>(1, kBlockBytes / (row_bytes * static_cast<std::size_t>(step.tile_rows))));
  if (step.strips)
    step.block_rows = static_cast<int>(window.output_width);
  else if (step.panels_first)
    step.block_rows = tiles_in_block * step.tile_rows;
  else
    step.block_rows = step.gathered || step.activation != Activation::none ? step.tile_rows : problem.rows;
  step.block_rows = std::min(step.block_rows, problem.rows);
  step.patch_bytes = patch_bytes_of(step, step.block_rows);
  step.stage_patch_bytes = patch_bytes_of(step, step.tile_rows);
}

}  // namespace

const GemmKernels& products_of(const StepSource& source, const Node& head) {
  int depth = 0;
  if (source.network.is_constant(head.inputs[1]))
    if (const auto filter = filter_view(source.parameter(head.inputs[1])))
      depth = filter->height * filter->width * filter->inputs;
  return products_of_floats(source.kernels, source.precision, depth);
}

Result<CompiledStep> compile_convolution(const StepSource& source) {
  MOBILENET_TRY(const FusedGroup group, fused_group(source.network, source.step));
  TensorId input = group.head->inputs[0];
  const Shape& out = source.shape(group.head->output);
  ConvolutionStep step;
  MOBILENET_TRY(FilterView filter, checked_view(source.network, source.parameters, group));
  step.kernels = &products_of(source, *group.head);
  if (group.concat != nullptr) {
    const RepeatedPixel join = *repeated_pixel(source.network, source.plan.shapes, *group.concat);
    const auto of = [&](int first, TensorId id) {
      return filter.of_inputs(first, static_cast<int>(source.shape(id)[3]));
    };
    MOBILENET_TRY(step.pixel_matrix,
                  packed_matrix(source, group, of(join.pixel_first, join.pixel), 1, step.kernels->layout));
    step.pixel = source.place(join.pixel);
    input = join.map;
    filter = of(join.map_first, input);
  }
  const Shape& in = source.shape(input);
  step.patch_kernels = source.kernels.f32_patches;
  step.elementwise = source.kernels.f32_elementwise;
  if (const auto* op = std::get_if<Conv2dOp>(&group.head->op)) {
    step.groups = op->groups;
    step.group_inputs = static_cast<int>(in[3]) / op->groups;
    step.window = window_geometry(source, *group.head, op->window);
    step.gathered = op->groups != 1 || !is_pointwise(op->window, in, out);
  }
  MOBILENET_TRY(step.matrix, packed_matrix(source, group, filter, step.groups, step.kernels->layout));

  GemmProblem& problem = step.problem;
  problem.b = step.matrix.weights;
  problem.bias = step.matrix.bias;
  problem.depth = step.matrix.depth;
  problem.packed_depth = step.matrix.packed_depth;
  problem.columns = step.matrix.columns;
  problem.rows = static_cast<int>(out.elements() / (static_cast<std::int64_t>(step.groups) * problem.columns));
  problem.a_stride = problem.depth;
  problem.a_is_bf16 = source.storage(input) == Storage::bf16;
  step.row_bytes = pixel_bytes(source.storage(input), problem.depth);
  problem.out_is_f16 = source.storage(source.step.output) == Storage::f16;
  step.normal_halves = source.normal_halves(source.step.output);
  problem.out_stride = static_cast<std::ptrdiff_t>(step.groups) * problem.columns;
  const ClampRange clamp = clamp_of(group.activation);
  problem.low = clamp.low;
  problem.high = clamp.high;
  if (!is_clamp(group.activation)) step.activation = group.activation;

  step.input = source.place(input);
  step.output = source.place(source.step.output);
  if (group.residual != kNoTensor) step.residual = source.place(group.residual);
  choose_blocks(step);
  std::size_t kernel_scratch = kernel_bytes(step, step.panels_first ? step.block_rows : step.tile_rows);
  if (step.pixel.exists()) {
    step.patch_bytes = padded_lines(static_cast<std::size_t>(step.matrix.panels) *
                                    static_cast<std::size_t>(step.kernels->layout.columns) * sizeof(float));
    if (step.kernels->scratch_bytes != nullptr)
      kernel_scratch = std::max(kernel_scratch, step.kernels->scratch_bytes(1, step.pixel_matrix.depth));
  }
  const std::size_t scratch = step.patch_bytes + kernel_scratch;
  const std::size_t stage_scratch = step.stage_patch_bytes + kernel_bytes(step, step.tile_rows);
  const RowStage rows = row_stage_of<ConvolutionStep, &run_convolution_rows>(stage_scratch);
  CompiledStep compiled = step_of<&run_convolution>(std::move(step), scratch);
  compiled.rows = rows;
  return compiled;
}

}  // namespace mobilenet::cpu
