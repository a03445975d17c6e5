// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What steps may rely on when several threads run them.

#include "backend/cpu/program/step_runner.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

namespace mobilenet::cpu {
namespace {

// A step of two turns, one of them slow, that reads a tensor at the beginning of the arena.
struct Reads {
  Place tensor;
  std::atomic<bool>* next_has_begun = nullptr;
  std::atomic<int>* overtaken = nullptr;

  void run(RunContext& context) const {
    context.for_each(2, [&](std::size_t turn) {
      for (int patience = 0; turn == 1 && patience < 200 && !*next_has_begun; ++patience) std::this_thread::yield();
      if (*context.at(tensor) != std::byte{7}) ++*overtaken;
    });
  }
};

// The next, which reads nothing of that one and gets its tensor's memory for an output.
struct Writes {
  Place output;
  std::atomic<bool>* has_begun = nullptr;

  void run(RunContext& context) const {
    context.for_each(1, [&](std::size_t) {
      *has_begun = true;
      *context.at(output) = std::byte{9};
    });
  }
};

TEST(StepRunner, AStepBeginsWhenThoseBeforeItAreDone) {
  std::atomic<bool> has_begun{false};
  std::atomic<int> overtaken{0};
  const std::array steps{step_of(Reads{{0, -1}, &has_begun, &overtaken}), step_of(Writes{{0, 0}, &has_begun})};
  const std::array edges{Edge{1, {0, 0}, false}};
  for (const int threads : {2, 3}) {
    StepRunner runner(steps, edges, 64, 1, 0, {threads}, false);
    std::array memory{runner.arena()};  // of the output: a single slice's lies in the arena
    for (int round = 0; round < 200; ++round) {
      has_begun = false;
      *runner.arena() = std::byte{7};
      runner.run(memory);
      ASSERT_EQ(overtaken, 0) << threads << " threads, round " << round;
      ASSERT_EQ(*runner.arena(), std::byte{9});
    }
  }
}

}  // namespace
}  // namespace mobilenet::cpu
