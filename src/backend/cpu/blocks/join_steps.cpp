// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/blocks/join_steps.h"

#include <utility>

namespace mobilenet::cpu {
namespace {

// Tensors of this size push others out of a second-level cache on their way to the next step; smaller ones do not.
constexpr std::size_t kChainedBytes = 256 * 1024;
// A stage reads its weights again for every row, so they should stay in that cache.
constexpr std::size_t kChainedWeights = 256 * 1024;

class Chains {
 public:
  Chains(const Plan& plan, std::span<const PlannedStep> steps)
      : plan_(plan), steps_(steps), reads_(plan.shapes.size()) {
    for (const Block& block : plan.blocks)
      for (const TensorId input : block.last().inputs) ++reads_of(input);
    for (const TensorId output : plan.outputs) reads_of(output) = kMany;
  }

  std::vector<CompiledStep> joined(int windows) const {
    std::vector<CompiledStep> result;
    for (std::size_t begin = 0; begin < steps_.size();) {
      const std::size_t end = chain_end(begin, windows);
      std::vector<CompiledStep> stages;
      for (std::size_t i = begin; i < end; ++i) stages.push_back(steps_[i].code);
      result.push_back(stages.size() == 1 ? std::move(stages[0]) : chain_of(stages));
      begin = end;
    }
    return result;
  }

 private:
  static constexpr int kMany = 1000;

  // Of the memory that a tensor lies in, under whatever name.
  int& reads_of(TensorId id) { return reads_[static_cast<std::size_t>(plan_.memory[static_cast<std::size_t>(id)])]; }

  // Nobody but step i + 1 sees what step i writes, and it reads it once, in rows, as the tensor that it is: under
  // another name the rows would be others.
  bool joins(std::size_t i) const {
    if (i + 1 >= steps_.size()) return false;
    const RowStage* from = steps_[i].code.rows.get();
    const RowStage* to = steps_[i + 1].code.rows.get();
    if (from == nullptr || to == nullptr || to->whole_input) return false;
    const TensorId between = steps_[i].step->output;
    if (steps_[i + 1].step->inputs[0] != between || reads_[static_cast<std::size_t>(between)] != 1) return false;
    if (from->weight_bytes > kChainedWeights || to->weight_bytes > kChainedWeights) return false;
    return output_bytes(i) >= kChainedBytes;
  }

  std::size_t output_bytes(std::size_t i) const {
    const RowStage& rows = *steps_[i].code.rows;
    return static_cast<std::size_t>(rows.row_floats) * static_cast<std::size_t>(rows.height) * sizeof(float);
  }

  // The plan lets a later tensor have the memory of one that no later step reads; a chain still reads its inputs when
  // it writes its output.
  bool output_overlaps_inputs(std::size_t begin, std::size_t end) const {
    const RowStage& last = *steps_[end - 1].code.rows;
    const auto bytes = [](const RowStage& stage, int height, std::ptrdiff_t row_floats) {
      return static_cast<std::size_t>(stage.images) * static_cast<std::size_t>(height * row_floats) * sizeof(float);
    };
    const auto overlaps = [&](const Place& place, std::size_t size) {
      return place.offset < last.output.offset + bytes(last, last.height, last.row_floats) &&
             last.output.offset < place.offset + size;
    };
    const RowStage& head = *steps_[begin].code.rows;
    if (overlaps(head.input, bytes(head, head.input_height, head.input_row_floats))) return true;
    for (std::size_t i = begin; i < end; ++i) {
      const RowStage& stage = *steps_[i].code.rows;
      if (stage.residual.exists() && overlaps(stage.residual, bytes(stage, stage.height, stage.row_floats)))
        return true;
    }
    return false;
  }

  std::size_t chain_end(std::size_t begin, int windows) const {
    std::size_t end = longest_chain(begin, windows);
    while (end > begin + 1 && output_overlaps_inputs(begin, end)) --end;
    return end;
  }

  std::size_t longest_chain(std::size_t begin, int windows) const {
    std::size_t end = begin + 1;
    std::size_t smallest = begin;  // where a chain that must end early ends: at the least to write and read again
    for (; end - begin < static_cast<std::size_t>(kMaxChain) && joins(end - 1); ++end) {
      if (output_bytes(end - 1) <= output_bytes(smallest)) smallest = end - 1;
      if (steps_[end].code.rows->reach == 1) continue;
      if (windows-- == 0) return smallest + 1;
      smallest = end;
    }
    return end;
  }

  const Plan& plan_;
  std::span<const PlannedStep> steps_;
  std::vector<int> reads_;  // per tensor that has memory of its own
};

}  // namespace

std::vector<CompiledStep> join_steps(const Plan& plan, std::span<const PlannedStep> steps, int windows) {
  return Chains(plan, steps).joined(windows);
}

}  // namespace mobilenet::cpu
