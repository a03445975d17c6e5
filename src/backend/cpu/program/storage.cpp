// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/storage.h"

#include <algorithm>

#include "backend/cpu/kernels/bf16_gemm.h"
#include "backend/cpu/program/operators.h"
#include "backend/cpu/program/step.h"
#include "backend/cpu/steps/f32/steps.h"
#include "network/clamp.h"
#include "plan/bounds.h"
#include "plan/grouping.h"

namespace mobilenet::cpu {
namespace {

// Of what a depthwise convolution of halves may reach. Where halves are summed, none of their parts overflows then;
// where floats are, taps make no more than 1.6e-4 (behind a ReLU6) of what a half leaves out of a number below 2^-14.
constexpr double kLargestSum = kLargestHalf / 2.0;

// Which step writes a tensor and which one reads it; null: none, several, or somebody outside of the program.
struct Ends {
  const Step* writer = nullptr;
  const Step* reader = nullptr;
};

std::vector<Ends> ends_of(const Plan& plan) {
  std::vector<Ends> ends(plan.memory.size());
  std::vector<int> readers(plan.memory.size(), 0), names(plan.memory.size(), 0);
  const auto at = [](TensorId id) { return static_cast<std::size_t>(id); };
  for (const Block& block : plan.blocks)
    for (const Step& step : block.steps) {
      ends[at(step.output)].writer = &step;
      for (const TensorId input : step.inputs) {
        ends[at(input)].reader = &step;
        ++readers[at(input)];
      }
    }
  // Other names of one memory have other readers.
  for (const TensorId id : plan.memory)
    if (id != kNoTensor) ++names[at(id)];
  for (const TensorId id : plan.inputs) ++readers[at(id)], ++names[at(plan.memory[at(id)])];
  for (const TensorId id : plan.outputs) ++readers[at(id)], ++names[at(plan.memory[at(id)])];
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const TensorId memory = plan.memory[i];
    if (readers[i] != 1 || memory != static_cast<TensorId>(i) || names[i] != 1) ends[i] = {};
  }
  return ends;
}

// The bounds of what a matrix product writes, where halves hold them; else nothing.
bool writes_halves(const StepSource& source, ClampRange& bounds) {
  if (!std::holds_alternative<Conv2dOp>(source.node(source.step.nodes.front()).op)) return false;
  const auto group = fused_group(source.network, source.step);
  if (!group || !is_clamp(group->activation)) return false;
  bounds = clamp_of(group->activation);
  return bounds.low >= -kLargestHalf && bounds.high <= kLargestHalf;
}

// A product of bf16 that reads pixels as they lie.
bool reads_bf16(const StepSource& source, TensorId input) {
  const auto group = fused_group(source.network, source.step);
  if (!group || group->head->inputs[0] != input || group->residual == input) return false;
  const auto* convolution = std::get_if<Conv2dOp>(&group->head->op);
  if (convolution == nullptr || convolution->groups != 1) return false;
  return is_pointwise(convolution->window, source.shape(input), source.shape(group->head->output)) &&
         &products_of(source, *group->head) == source.kernels.bf16_gemm;
}

// Whether a depthwise convolution makes sums of numbers within `bounds` for which halves are good enough.
bool has_moderate_sums(const StepSource& source, const FusedGroup& group, const ClampRange& bounds) {
  const auto view = checked_view(source.network, source.parameters, group);
  if (!view) return false;
  return largest_sum(folded_filter(source.network, source.parameters, group, *view), bounds) <= kLargestSum;
}

}  // namespace

std::ptrdiff_t pixel_bytes(Storage storage, std::int64_t channels) {
  switch (storage) {
    case Storage::f32:
      break;
    case Storage::f16:
      return channels * static_cast<std::ptrdiff_t>(sizeof(std::uint16_t));
    case Storage::bf16:
      return static_cast<std::ptrdiff_t>(bf16_row_bytes(static_cast<int>(channels)));
  }
  return channels * static_cast<std::ptrdiff_t>(sizeof(float));
}

std::vector<Storage> choose_storage(const Plan& plan, const std::function<StepSource(const Step&)>& source) {
  std::vector<Storage> storage(plan.memory.size(), Storage::f32);
  const std::vector<Ends> ends = ends_of(plan);
  const auto at = [](TensorId id) { return static_cast<std::size_t>(id); };
  for (const Block& block : plan.blocks)
    for (const Step& step : block.steps) {
      const StepSource here = source(step);
      const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&here.node(step.nodes.front()).op);
      if (depthwise == nullptr || here.precision != Precision::bf16 || here.kernels.f16_depthwise == nullptr) continue;
      if (arithmetic_of(here.network, step, here.precision) != Arithmetic::f32) continue;
      const auto group = fused_group(here.network, here.step);
      if (!group || group->residual != kNoTensor || !is_clamp(group->activation)) continue;
      if (depthwise->multiplier != 1 || !is_three_by_three(depthwise->window)) continue;
      const TensorId input = group->head->inputs[0];
      const Ends &before = ends[at(input)], &after = ends[at(step.output)];
      ClampRange bounds;
      if (before.writer == nullptr || !writes_halves(source(*before.writer), bounds)) continue;
      if (after.reader == nullptr || !reads_bf16(source(*after.reader), step.output)) continue;
      if (!has_moderate_sums(here, *group, bounds)) continue;
      storage[at(input)] = Storage::f16;
      storage[at(step.output)] = Storage::bf16;
    }
  return storage;
}

std::size_t tensors_of_halves(std::span<const Storage> storages) {
  return static_cast<std::size_t>(std::count(storages.begin(), storages.end(), Storage::f16));
}

int halves_index(std::span<const Storage> storages, TensorId id) {
  const auto at = static_cast<std::size_t>(id);
  if (storages.empty() || storages[at] != Storage::f16) return -1;
  return static_cast<int>(tensors_of_halves(storages.first(at)));
}

bool NormalHalves::has_normal(const void* halves, std::int64_t count) {
  constexpr std::uint16_t kMagnitude = 0x7fff, kSmallestNormal = 0x0400;
  const auto* first = static_cast<const std::uint16_t*>(halves);
  return std::any_of(first, first + count, [](std::uint16_t half) { return (half & kMagnitude) >= kSmallestNormal; });
}

}  // namespace mobilenet::cpu
