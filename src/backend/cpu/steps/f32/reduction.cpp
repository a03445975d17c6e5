// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Means, sums and extremes over any axes.

#include "backend/cpu/steps/reduction.h"

#include <algorithm>
#include <cmath>

#include "backend/cpu/steps/f32/steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kGrain = 16 * 1024;  // numbers of the input; fewer are not worth another thread

struct ReduceStep {
  ReduceKind kind = ReduceKind::mean;
  Reduction loop;
  Operand input;
  Place output;

  // Sums of many numbers in double: the order of additions then does not show.
  std::size_t scratch_bytes() const { return loop.width * sizeof(double); }

  void run(RunContext& context) const {
    const float* const in = input.data(context);
    float* const out = floats_at(context, output);
    context.for_parts(loop.rows, 1 + kGrain / (loop.width * loop.count), [&](std::size_t begin, std::size_t end) {
      for (std::size_t row = begin; row < end; ++row) {
        const float* const from = in + Reduction::offset(loop.kept, row);
        float* const to = out + row * loop.width;
        if (kind == ReduceKind::mean || kind == ReduceKind::sum)
          add_up(from, to, reinterpret_cast<double*>(context.scratch));
        else
          find_extreme(from, to);
      }
    });
  }

  void add_up(const float* from, float* to, double* sums) const {
    std::fill_n(sums, loop.width, 0.0);
    for (std::size_t i = 0; i < loop.count; ++i) {
      const float* const x = from + Reduction::offset(loop.reduced, i);
      for (std::size_t c = 0; c < loop.width; ++c) sums[c] += static_cast<double>(x[c]);
    }
    const double divisor = kind == ReduceKind::mean ? static_cast<double>(loop.count) : 1.0;
    for (std::size_t c = 0; c < loop.width; ++c) to[c] = static_cast<float>(sums[c] / divisor);
  }

  // A NaN is the extreme of whatever it is among.
  void find_extreme(const float* from, float* to) const {
    const float sign = kind == ReduceKind::maximum ? 1.0f : -1.0f;
    std::fill_n(to, loop.width, -sign * INFINITY);
    for (std::size_t i = 0; i < loop.count; ++i) {
      const float* const x = from + Reduction::offset(loop.reduced, i);
      for (std::size_t c = 0; c < loop.width; ++c)
        to[c] = sign * x[c] > sign * to[c] || std::isnan(x[c]) ? x[c] : to[c];
    }
  }
};

}  // namespace

Result<CompiledStep> compile_reduction(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const auto& op = std::get<ReduceOp>(node.op);
  ReduceStep step;
  step.kind = op.kind;
  step.loop = reduction_loop(source.shape(node.inputs[0]), op.axes);
  MOBILENET_TRY(step.input, operand(source, node.inputs[0]));
  step.output = source.place(node.output);
  const std::size_t scratch = step.scratch_bytes();
  return step_of(std::move(step), scratch);
}

}  // namespace mobilenet::cpu
