// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/step_runner.h"

#include <algorithm>
#include <cstring>

namespace mobilenet::cpu {
namespace {

// Of one member; members write only their own cache lines.
std::size_t scratch_of(std::span<const CompiledStep> steps) {
  std::size_t bytes = 0;
  for (const CompiledStep& step : steps) bytes = std::max(bytes, step.scratch_bytes);
  return whole_lines(bytes);
}

// Slices at the same time, at most.
std::size_t lanes_of(std::size_t slices, int threads) { return std::min(slices, static_cast<std::size_t>(threads)); }

}  // namespace

std::size_t StepRunner::memory_bytes(std::span<const CompiledStep> steps, std::size_t arena_bytes, std::size_t slices,
                                     int threads) {
  return lanes_of(slices, threads) * padded_lines(arena_bytes) + static_cast<std::size_t>(threads) * scratch_of(steps);
}

StepRunner::StepRunner(std::span<const CompiledStep> steps, std::span<const Edge> edges, std::size_t arena_bytes,
                       std::size_t slices, std::size_t halves, const Threads& threads, bool profile)
    : steps_(steps),
      edges_(edges),
      arena_stride_(padded_lines(arena_bytes)),
      scratch_stride_(scratch_of(steps)),
      slices_(slices),
      halves_(halves),
      threads_(threads),
      arenas_(arena_stride_ * lanes_of(slices, threads.count)),
      scratch_(scratch_stride_ * static_cast<std::size_t>(threads.count)),
      bound_(edges.size() * static_cast<std::size_t>(threads.count)),
      normal_halves_(slices * whole_lines(halves)) {
  copies_ = std::any_of(edges.begin(), edges.end(), [](const Edge& edge) { return edge.copied; });
  std::size_t loops = copies_ ? 1 : 0;  // of a slice
  for (const CompiledStep& step : steps) loops += static_cast<std::size_t>(step.shared_loops);
  // Any number of slices below that of the team can be left, and a team may be smaller than asked for.
  loops_ = std::vector<SharedLoop>(1 + loops * std::min(slices, static_cast<std::size_t>(threads.count - 1)));
  if (threads.executor == nullptr) ThreadPool::shared().reserve(threads.count);
  if (!profile) return;
  for (const CompiledStep& step : steps) times_.push_back({step.name, step.kind, 0});
}

bool StepRunner::run(std::span<std::byte* const> memory) {
  memory_ = memory;
  for (SharedLoop& loop : loops_) loop.reset();
  for (StepTime& time : times_) time.milliseconds = 0;
  for (std::atomic<bool>& normal : normal_halves_) normal.store(false, std::memory_order_relaxed);
  work_together(threads_, [this](const Member& member) { work(member); });
  for (std::size_t slice = 0; slice < slices_; ++slice) {
    const auto normal = std::span(normal_halves_).subspan(slice * whole_lines(halves_), halves_);
    if (!std::all_of(normal.begin(), normal.end(),
                     [](const auto& seen) { return seen.load(std::memory_order_relaxed); }))
      return false;
  }
  return true;
}

// What every member does. All come to the same loops in the same order and pass by those that are finished: a member
// may come late, or not at all.
void StepRunner::work(const Member& member) {
  const auto index = static_cast<std::size_t>(member.index), count = static_cast<std::size_t>(member.count);
  RunContext context;
  context.scratch = scratch_.data() + index * scratch_stride_;
  context.bound = bound_.data() + index * edges_.size();
  if (member.team != nullptr) context.spin = member.team->spin();

  const std::size_t apart = slices_ / count * count;
  if (apart > 0) {
    bool left = false;
    context.arena = arenas_.data() + index * arena_stride_;
    loops_[0].take_part(
        apart, [&](std::size_t slice) { run_slice(member, slice, context); }, [&] { return left = member.leaves(); });
    if (left || apart == slices_) return;
    loops_[0].wait(context.spin);
  }
  context.arena = arenas_.data();
  context.members = member.count;
  context.open = context.loops = loops_.data() + 1;
  for (std::size_t slice = apart; slice < slices_; ++slice)
    if (!run_slice(member, slice, context)) return;
}

// Alone or, where the context has members, together with them. False: the member has left before the end.
bool StepRunner::run_slice(const Member& member, std::size_t slice, RunContext& context) {
  for (std::size_t e = 0; e < edges_.size(); ++e)
    if (!edges_[e].copied) context.bound[edges_[e].place.binding] = memory_[e] + slice * edges_[e].bytes;
  context.normal_halves = normal_halves_.data() + slice * whole_lines(halves_);
  const bool timed = member.index == 0 && !times_.empty();
  auto before = timed ? Clock::now() : Clock::time_point();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (context.members > 1 && member.leaves()) return false;
    steps_[i].run(steps_[i].arguments.get(), context);
    // The next step waits for all of this one, also where it reads nothing of it: the plan gives a tensor's memory to
    // the next one as soon as its last reader has begun, and a late member may still be in a turn of that. Steps that
    // wait only where memory meets have to look at every name of it: inputs and outputs of a single slice have
    // bindings, yet lie in the arena, where an output begins in the place of a tensor that has just been read. By
    // binding and offset those two never meet, and a detector on 8 threads was wrong in 9 % of its runs; by bytes of
    // the arena they do, and then V2, SSD and SSDLite on two threads were no faster than waiting always.
    context.finish();
    if (!timed) continue;
    const auto after = Clock::now();
    times_[i].milliseconds += std::chrono::duration<double, std::milli>(after - before).count();
    before = after;
  }
  if (!copies_) return true;
  context.for_each(1, [&](std::size_t) {
    for (std::size_t e = 0; e < edges_.size(); ++e)
      if (const Edge& edge = edges_[e]; edge.copied)
        std::memmove(memory_[e] + slice * edge.bytes, context.at(edge.place), edge.bytes);
  });
  context.finish();
  return true;
}

}  // namespace mobilenet::cpu
