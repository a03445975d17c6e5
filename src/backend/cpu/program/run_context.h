// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a running step sees. Every member of a team runs every step, each with a RunContext of its own, and shares the
// work inside it with the others.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <span>

#include "base/shared_loop.h"
#include "plan/plan.h"

namespace mobilenet::cpu {

// Where a tensor lies during a run: in the arena, or in memory that is bound anew for every run.
struct Place {
  std::size_t offset = kNotInArena;
  int binding = -1;  // index of RunContext::bound; negative: in the arena

  bool exists() const { return binding >= 0 || offset != kNotInArena; }
};

class RunContext {
 public:
  std::byte* arena = nullptr;
  std::byte** bound = nullptr;   // per binding, in memory of the caller
  std::byte* scratch = nullptr;  // of this member
  int members = 1;               // who share the work; how many of them really come does not matter
  SharedLoop* loops = nullptr;   // of the members; the first is that of the next for_each
  SharedLoop* open = nullptr;    // the first that this member has not seen finished
  SpinLimit spin;
  std::atomic<bool>* normal_halves = nullptr;  // of the slice, see NormalHalves

  std::byte* at(const Place& place) const { return place.binding < 0 ? arena + place.offset : bound[place.binding]; }

  // Calls body(index) for every index in 0..count-1, each on one of the members. The others' part may still be running
  // when it returns. All members come by here, with the same count.
  template <class Body>
  void for_each(std::size_t count, const Body& body) {
    if (members > 1) return loops++->take_part(count, members, body);
    for (std::size_t index = 0; index < count; ++index) body(index);
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

  // Returns when all that for_each has shared out so far is done.
  void finish() {
    for (; open != loops; ++open) open->wait(spin);
  }
};

}  // namespace mobilenet::cpu
