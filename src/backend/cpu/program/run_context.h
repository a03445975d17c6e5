// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a running step sees. Every member of a team runs every step, each with a RunContext of its own; the members meet
// between steps.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <span>

#include "base/barrier.h"
#include "plan/plan.h"

namespace mobilenet::cpu {

// Where a tensor lies during a run: in the arena, or in memory that is bound anew for every run.
struct Place {
  std::size_t offset = kNotInArena;
  int binding = -1;  // index of RunContext::bound; negative: in the arena

  bool exists() const { return binding >= 0 || offset != kNotInArena; }
};

// The next piece of work that nobody has taken, alone on its cache line.
struct alignas(64) WorkCounter {
  std::atomic<std::size_t> next{0};
};

class RunContext {
 public:
  std::byte* arena = nullptr;
  std::byte* const* bound = nullptr;
  std::byte* scratch = nullptr;     // of this member
  WorkCounter* counters = nullptr;  // shared; zero before the run; the first is that of the next for_each
  Barrier* barrier = nullptr;
  int member = 0, members = 1;

  std::byte* at(const Place& place) const { return place.binding < 0 ? arena + place.offset : bound[place.binding]; }

  // Calls body(index) for every index in 0..count-1, each on one of the members. The others' part may still be running
  // when it returns. All members must come by here.
  template <class Body>
  void for_each(std::size_t count, const Body& body) {
    if (members == 1) {
      for (std::size_t index = 0; index < count; ++index) body(index);
      return;
    }
    std::atomic<std::size_t>& next = counters++->next;
    if (count == 0) return;
    for (std::size_t index = next.fetch_add(1, std::memory_order_relaxed); index < count;
         index = next.fetch_add(1, std::memory_order_relaxed))
      body(index);
  }

  // Calls body(begin, end) for parts of 0..count, none smaller than `grain` (but the last), about four for every member
  // so that a late one costs little.
  template <class Body>
  void for_parts(std::size_t count, std::size_t grain, const Body& body) {
    const std::size_t parts = members == 1 ? 1 : static_cast<std::size_t>(members) * 4;
    const std::size_t size = std::max(grain, (count + parts - 1) / parts);
    for_each((count + size - 1) / size,
             [&](std::size_t part) { body(part * size, std::min(count, (part + 1) * size)); });
  }

  // Returns when all members have come here.
  void meet() {
    if (members > 1) barrier->wait();
  }
};

}  // namespace mobilenet::cpu
