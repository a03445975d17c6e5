// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Runs the steps of a program over the slices of a batch (batch.h): as many at the same time as there are threads, each
// on a thread and in an arena of its own, and those that are left one after the other, all threads together.

#include <mobilenet/session.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include "backend/cpu/program/step.h"
#include "base/aligned_buffer.h"
#include "base/shared_loop.h"
#include "base/work_together.h"

namespace mobilenet::cpu {

// An input or output of a program, in memory of the caller.
struct Edge {
  std::size_t bytes = 0;  // of a slice
  Place place;            // where steps find it
  bool copied = false;    // an output: from `place`, which is not the caller's memory
};

// Allocates in its constructor and nowhere else, and throws std::bad_alloc.
class StepRunner {
 public:
  // `steps` and `edges` must outlive the runner. `halves`: tensors that are kept in halves.
  StepRunner(std::span<const CompiledStep> steps, std::span<const Edge> edges, std::size_t arena_bytes,
             std::size_t slices, std::size_t halves, const Threads& threads, bool profile);

  // What the constructor allocates for arenas and scratch.
  static std::size_t memory_bytes(std::span<const CompiledStep> steps, std::size_t arena_bytes, std::size_t slices,
                                  int threads);

  // `memory`: of every edge, for the whole batch. False where some tensor of halves has no normal one in some slice.
  bool run(std::span<std::byte* const> memory);

  std::byte* arena() { return arenas_.data(); }  // of the first slice
  // Of the last run, the slices that the calling thread took part in together.
  std::span<const StepTime> step_times() const { return times_; }

 private:
  using Clock = std::chrono::steady_clock;

  void work(const Member& member);
  bool run_slice(const Member& member, std::size_t slice, RunContext& context);

  const std::span<const CompiledStep> steps_;
  const std::span<const Edge> edges_;
  const std::size_t arena_stride_, scratch_stride_, slices_, halves_;
  const Threads threads_;
  bool copies_ = false;  // some outputs from the arena
  AlignedBuffer arenas_, scratch_;
  std::vector<std::byte*> bound_;                 // of every member
  std::vector<SharedLoop> loops_;                 // over slices, then those of the slices that are run together
  std::vector<std::atomic<bool>> normal_halves_;  // of every slice in cache lines of its own
  std::vector<StepTime> times_;
  std::span<std::byte* const> memory_;  // of this run
};

}  // namespace mobilenet::cpu
