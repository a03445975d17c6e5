// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/blocks/grouping.h"

#include "backend/cpu/blocks/row_chain.h"
#include "backend/cpu/blocks/row_geometry.h"
#include "plan/repeated_pixel.h"

namespace mobilenet::cpu {
namespace {

// A stage reads its weights again for every row, so they should stay in that cache.
constexpr std::size_t kStreamedWeights = 256 * 1024;
// A thread with fewer rows than this would spend too much on the rows at its seams.
constexpr int kLeastRows = 6;

std::optional<RowGeometry> rows_of(const PlanView& plan, std::size_t step) {
  if (step >= plan.steps().size()) return std::nullopt;
  return row_geometry(plan.network(), plan.shapes(), plan.steps()[step]);
}

// Whether nobody but `next`, the Step behind it, sees what a Step writes; it reads it once, in rows, as the tensor that
// it is (under another name the rows would be others).
bool streams_into(const PlanView& plan, const RowGeometry& from, const RowGeometry& to, const Step& next) {
  const int reader = plan.only_reader(from.output);
  if (std::find(next.nodes.begin(), next.nodes.end(), reader) == next.nodes.end()) return false;
  return to.needs == RowGeometry::Needs::rows &&
         (to.input == from.output || (to.residual == from.output && to.window.is_one_row()));
}

// An addition takes along what a block makes anyway, however small.
bool is_addition(const RowGeometry& rows) { return rows.window.is_one_row() && rows.weight_bytes == 0; }

}  // namespace

bool CpuGrouping::gains(const RowGeometry& from, const RowGeometry& to, bool floats) const {
  const std::size_t streamed = floats ? streamed_floats_ : streamed_integers_;
  return from.picture_bytes() >= streamed && from.weight_bytes <= kStreamedWeights &&
         to.weight_bytes <= kStreamedWeights;
}

int CpuGrouping::next_node(const PlanView& plan, std::span<const int> nodes) const {
  const Node& first = plan.node(nodes.front());
  if (!std::holds_alternative<ConcatOp>(first.op)) return next_of_convolution(plan, nodes);
  if (nodes.size() > 1) return next_of_convolution(plan, nodes.subspan(1));
  // Pictures of one slice of a batch would need a bias each.
  return plan.shape(first.output)[0] == 1 ? next_of_repeated_pixel(plan, first) : kNoNode;
}

std::size_t CpuGrouping::block_size(const PlanView& plan, std::size_t first) const {
  // Every stage that reads several rows of the one before adds to what is computed twice at the seams: one is enough.
  int windows = threads_ == 1 ? kMaxStages : 1;
  const auto divides = [&](const RowGeometry& rows) {
    return rows.images >= threads_ || rows.height >= threads_ * kLeastRows || threads_ == 1;
  };
  std::optional<RowGeometry> last = rows_of(plan, first);
  std::size_t size = 1;
  // Where a block that must end early ends: at the least to write and read again.
  std::size_t least = 1, least_bytes = last ? last->picture_bytes() : 0;
  while (last && size < static_cast<std::size_t>(kMaxStages)) {
    const std::optional<RowGeometry> next = rows_of(plan, first + size);
    if (!next || !streams_into(plan, *last, *next, plan.steps()[first + size])) break;
    if (!divides(*next)) break;
    if (!gains(*last, *next, plan.tensor(last->output).type == DataType::f32) && !(size > 1 && is_addition(*next)))
      break;
    if (last->picture_bytes() <= least_bytes) least = size, least_bytes = last->picture_bytes();
    if (next->window.reach > 1) {
      if (windows-- == 0) return least;
      least = size + 1, least_bytes = next->picture_bytes();
    }
    last = next;
    ++size;
  }
  return size;
}

}  // namespace mobilenet::cpu
