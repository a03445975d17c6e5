// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/joined.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace mobilenet::cuda {
namespace {

// The step that makes a tensor which nobody but the reader sees, and the names that its memory has on the way there.
struct Maker {
  std::size_t step = 0;
  std::vector<TensorId> names;
};
std::optional<Maker> maker_of(const PlanView& plan, const std::unordered_map<TensorId, std::size_t>& steps_by_output,
                              TensorId id, const Node* reader) {
  Maker maker;
  for (;;) {
    const int only = plan.only_reader(id);
    if (only == kNoNode || &plan.node(only) != reader) return std::nullopt;
    maker.names.push_back(id);
    if (const auto step = steps_by_output.find(id); step != steps_by_output.end()) {
      maker.step = step->second;
      return maker;
    }
    const Node* const renaming = plan.network().producer(id);
    if (renaming == nullptr || !is_plain_reshape(plan.network(), *renaming)) return std::nullopt;
    reader = renaming;
    id = renaming->inputs[0];
  }
}

// Whether the kernels of a step can write rows of so many numbers apart from each other: those that end with
// OutputPlace, pixel by pixel.
bool writes_parts(const PlanView& plan, const Step& step, std::int64_t row) {
  const Op& op = plan.node(step.nodes.front()).op;
  if (!std::holds_alternative<Conv2dOp>(op) && !std::holds_alternative<DenseOp>(op)) return false;
  const Shape& shape = plan.shape(step.output);
  return plan.tensor(step.output).type == DataType::f32 && shape.rank() > 0 && row > 0 &&
         row % shape[shape.rank() - 1] == 0;
}

}  // namespace

void join_in_place(const PlanView& plan, std::vector<Step>& steps, std::vector<TensorId>& memory) {
  std::unordered_map<TensorId, std::size_t> by_output;
  for (std::size_t i = 0; i < steps.size(); ++i) by_output.emplace(steps[i].output, i);
  std::vector<bool> is_done(steps.size(), false);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Step& step = steps[i];
    const Node& node = plan.node(step.nodes.front());
    const auto* const concat = std::get_if<ConcatOp>(&node.op);
    if (concat == nullptr || step.nodes.size() != 1 || plan.tensor(step.output).type != DataType::f32) continue;
    const Shape& out = plan.shape(step.output);
    std::int64_t rows = 1, first = 0;
    for (int axis = 0; axis < concat->axis; ++axis) rows *= out[axis];
    if (rows == 0) continue;
    std::size_t joined = 0;
    for (const TensorId id : node.inputs) {
      const std::int64_t row = plan.shape(id).elements() / rows;
      if (const auto maker = maker_of(plan, by_output, id, &node);
          maker && writes_parts(plan, steps[maker->step], row)) {
        steps[maker->step].part = {row, out.elements() / rows, first};
        for (const TensorId name : maker->names)
          memory[static_cast<std::size_t>(name)] = memory[static_cast<std::size_t>(step.output)];
        std::erase(step.inputs, id);
        ++joined;
      }
      first += row;
    }
    is_done[i] = joined == node.inputs.size();
  }
  std::size_t index = 0;
  std::erase_if(steps, [&](const Step&) { return is_done[index++]; });
}

}  // namespace mobilenet::cuda
