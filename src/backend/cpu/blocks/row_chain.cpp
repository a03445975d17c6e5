// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/blocks/row_chain.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace mobilenet::cpu {
namespace {

// Rows that a stage computes at once: a pair shares its input rows in the depthwise kernel.
constexpr int kRowsAtOnce = 2;
// A thread with fewer rows than this would spend too much on the rows at its seams.
constexpr int kLeastRows = 6;

struct ChainStage {
  CompiledStep step;     // owns the arguments
  std::size_t ring = 0;  // where its output rows begin in scratch, in bytes
  int ring_rows = 0;
};

struct Chain {
  std::vector<ChainStage> stages;
  std::size_t stage_scratch = 0;  // where the stages' own scratch begins, in bytes
};

// One thread's way through the rows of one picture.
class Stream {
 public:
  Stream(const Chain& chain, const RunContext& context, int image) : chain_(chain) {
    std::byte* scratch = context.scratch;
    stage_scratch_ = reinterpret_cast<float*>(scratch + chain.stage_scratch);
    const auto picture = [&](const Place& place, int height, std::ptrdiff_t row_floats) {
      return Rows{reinterpret_cast<float*>(context.at(place)) + image * height * row_floats, row_floats, height};
    };
    const std::size_t last = chain.stages.size() - 1;
    const RowStage& head = rows_of(0);
    rows_[0] = picture(head.input, head.input_height, head.input_row_floats);
    for (std::size_t i = 0; i <= last; ++i) {
      const RowStage& stage = rows_of(i);
      const ChainStage& s = chain.stages[i];
      rows_[i + 1] = i == last ? picture(stage.output, stage.height, stage.row_floats)
                               : Rows{reinterpret_cast<float*>(scratch + s.ring), stage.row_floats, s.ring_rows};
      residuals_[i] = stage.residual.exists() ? picture(stage.residual, stage.height, stage.row_floats).first : nullptr;
    }
  }

  // Rows begin..end of the last stage.
  void run(int begin, int end) {
    for (std::size_t i = chain_.stages.size(); i-- > 0;) {
      done_[i] = begin;
      begin = rows_of(i).input_begin(begin);
    }
    advance(chain_.stages.size() - 1, end);
  }

 private:
  const RowStage& rows_of(std::size_t i) const { return *chain_.stages[i].step.rows; }

  void advance(std::size_t i, int end) {
    const RowStage& stage = rows_of(i);
    while (done_[i] < end) {
      const int next = std::min(end, done_[i] + kRowsAtOnce);
      if (i > 0) advance(i - 1, stage.input_end(next));
      stage.run(chain_.stages[i].step.arguments.get(), rows_[i], rows_[i + 1], residuals_[i], done_[i], next,
                stage_scratch_);
      done_[i] = next;
    }
  }

  const Chain& chain_;
  float* stage_scratch_ = nullptr;
  std::array<Rows, kMaxChain + 1> rows_{};
  std::array<const float*, kMaxChain> residuals_{};
  std::array<int, kMaxChain> done_{};
};

void run_chain(const void* arguments, RunContext& context) {
  const Chain& chain = *static_cast<const Chain*>(arguments);
  const RowStage& last = *chain.stages.back().step.rows;
  if (last.images < context.members && last.height < context.members * kLeastRows) {
    for (const ChainStage& stage : chain.stages) {
      if (&stage != &chain.stages.front()) context.finish();
      stage.step.run(stage.step.arguments.get(), context);
    }
    return;
  }
  // Few parts, since every seam is computed twice: one for each member, or whole pictures.
  const int parts = last.images >= context.members ? 1 : std::min(last.height, context.members);
  context.for_each(static_cast<std::size_t>(last.images * parts), [&](std::size_t item) {
    const int part = static_cast<int>(item) % parts, image = static_cast<int>(item) / parts;
    Stream(chain, context, image).run(last.height * part / parts, last.height * (part + 1) / parts);
  });
}

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

CompiledStep chain_of(std::span<const CompiledStep> stages) {
  Chain chain;
  std::size_t bytes = 0, stage_scratch = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    ChainStage stage{stages[i], bytes, 0};
    if (i + 1 < stages.size()) {
      const RowStage& next = *stages[i + 1].rows;
      stage.ring_rows = std::min(stages[i].rows->height, (kRowsAtOnce - 1) * next.stride + next.reach);
      bytes += aligned(static_cast<std::size_t>(stage.ring_rows) *
                           static_cast<std::size_t>(stages[i].rows->row_floats) * sizeof(float) +
                       kReadPadding);
    }
    stage_scratch = std::max(stage_scratch, stages[i].rows->scratch_bytes);
    chain.stages.push_back(std::move(stage));
  }
  chain.stage_scratch = bytes;
  CompiledStep step;
  step.run = &run_chain;
  step.arguments = std::make_shared<const Chain>(std::move(chain));
  step.scratch_bytes = bytes + stage_scratch;
  for (const CompiledStep& stage : stages) step.scratch_bytes = std::max(step.scratch_bytes, stage.scratch_bytes);
  step.name = stages.back().name;
  step.shared_loops = static_cast<int>(stages.size());
  step.kind = "chain of " + std::to_string(stages.size());
  return step;
}

}  // namespace mobilenet::cpu
