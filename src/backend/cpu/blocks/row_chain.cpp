// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/blocks/row_chain.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "backend/cpu/blocks/row_geometry.h"

namespace mobilenet::cpu {
namespace {

struct ChainStage {
  RowGeometry geometry;
  RowStage rows;
  std::shared_ptr<const void> arguments;
  Place input, residual;  // without a place: what the stage before makes
  std::size_t ring = 0;   // where its output rows begin in scratch, in bytes
  int ring_rows = 0;
};

struct Chain {
  std::vector<ChainStage> stages;
  Place output;                   // of the last
  std::size_t stage_scratch = 0;  // where the stages' own scratch begins, in bytes

  void run(RunContext& context) const;
};

// One thread's way through some rows of one picture.
class Stream {
 public:
  Stream(const Chain& chain, const RunContext& context, int image) : stages_(chain.stages) {
    const auto picture = [&](const Place& place, int height, std::ptrdiff_t row_bytes) {
      return picture_rows(context.at(place), image, height, row_bytes);
    };
    Rows before;
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      const ChainStage& stage = stages_[i];
      const RowGeometry& g = stage.geometry;
      RowCall& call = calls_[i];
      call.in = stage.input.exists() ? picture(stage.input, g.input_height, g.input_row_bytes) : before;
      if (g.residual != kNoTensor)
        call.residual = stage.residual.exists() ? picture(stage.residual, g.height, g.row_bytes) : before;
      call.out = i + 1 == stages_.size() ? picture(chain.output, g.height, g.row_bytes)
                                         : Rows{context.scratch + stage.ring, g.row_bytes, stage.ring_rows};
      call.scratch = context.scratch + chain.stage_scratch;
      call.normal_halves = context.normal_halves;
      before = call.out;
    }
  }

  // Rows begin..end of the last stage.
  void run(int begin, int end) {
    for (std::size_t i = stages_.size(); i-- > 0;) {
      calls_[i].end = begin;
      ends_[i] = end;
      begin = stages_[i].geometry.input_begin(begin);
      end = stages_[i].geometry.input_end(end);
    }
    advance(stages_.size() - 1, ends_[stages_.size() - 1]);
  }

 private:
  // Until stage `i` has made the rows before `end`, and perhaps a few more.
  void advance(std::size_t i, int end) {
    const ChainStage& stage = stages_[i];
    RowCall& call = calls_[i];
    while (call.end < end) {
      call.begin = call.end;
      call.end = std::min(ends_[i], call.begin + stage.rows.rows_at_once);
      if (i > 0) advance(i - 1, stage.geometry.input_end(call.end));
      stage.rows.run(stage.arguments.get(), call);
    }
  }

  const std::vector<ChainStage>& stages_;
  std::array<RowCall, kMaxStages> calls_{};  // the last of each stage
  std::array<int, kMaxStages> ends_{};       // rows of each stage that all later ones need
};

void Chain::run(RunContext& context) const {
  const RowGeometry& last = stages.back().geometry;
  // Few parts, since every seam is computed twice: one for each member, or whole pictures.
  const int parts = last.images >= context.members ? 1 : std::min(last.height, context.members);
  const auto items = static_cast<std::size_t>(last.images) * static_cast<std::size_t>(parts);
  context.for_each(items, [&](std::size_t item) {
    const int part = static_cast<int>(item) % parts, image = static_cast<int>(item) / parts;
    Stream(*this, context, image).run(last.height * part / parts, last.height * (part + 1) / parts);
  });
}

// What the next stage may still read when it is asked for its rows, and what this one may be ahead by.
int rows_in_ring(const ChainStage& stage, const ChainStage& next) {
  const RowWindow& window = next.geometry.window;
  const int rows = (next.rows.rows_at_once - 1) * window.stride + window.reach + stage.rows.rows_at_once - 1;
  return std::min(stage.geometry.height, rows);
}

// Of a tensor whose rows take `as_stored` bytes with the numbers of the network.
std::ptrdiff_t row_bytes_of(const StepSource& source, TensorId id, std::ptrdiff_t as_stored) {
  const Storage storage = source.storage(id);
  if (storage == Storage::f32) return as_stored;
  const Shape& shape = source.shape(id);
  return shape[2] * pixel_bytes(storage, shape[3]);
}

}  // namespace

CompiledStep row_chain(const StepSource& source, const Block& block, std::vector<CompiledStep> steps) {
  Chain chain;
  std::size_t stage_scratch = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    ChainStage stage;
    stage.geometry = *row_geometry(source.network, source.plan.shapes, block.steps[i]);
    RowGeometry& g = stage.geometry;
    g.input_row_bytes = row_bytes_of(source, g.input, g.input_row_bytes);
    g.row_bytes = row_bytes_of(source, g.output, g.row_bytes);
    stage.rows = steps[i].rows;
    stage.arguments = std::move(steps[i].arguments);
    stage.input = source.place(stage.geometry.input);
    if (stage.geometry.residual != kNoTensor) stage.residual = source.place(stage.geometry.residual);
    stage_scratch = std::max(stage_scratch, stage.rows.scratch_bytes);
    chain.stages.push_back(std::move(stage));
  }
  chain.output = source.place(block.last().output);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    ChainStage& stage = chain.stages[i];
    stage.ring = bytes;
    stage.ring_rows = rows_in_ring(stage, chain.stages[i + 1]);
    bytes += padded_lines(static_cast<std::size_t>(stage.ring_rows * stage.geometry.row_bytes));
  }
  chain.stage_scratch = bytes;
  const std::string name = steps.back().name;
  CompiledStep step = step_of(std::move(chain), bytes + stage_scratch);
  step.name = name;
  step.kind = "chain of " + std::to_string(steps.size());
  return step;
}

}  // namespace mobilenet::cpu
