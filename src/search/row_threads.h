// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Threads that share the rows of an index for one call. Not those of base/thread_pool.h: that pool belongs to the core
// library, which keeps it to itself when it is shared, and a copy of it in this library would be a second pool.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "base/neutral_thread.h"

namespace mobilenet {

// Of how many members: no more than there are parts.
inline std::size_t members_for(int threads, std::size_t parts) {
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::max(threads, 1)), 1, std::max<std::size_t>(parts, 1));
}

// Calls body(part, member) once for every part in 0..parts-1, in their order where there is one member, which is the
// caller. `body` must not throw.
template <class Body>
void share_parts(std::size_t parts, std::size_t members, const Body& body) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&](std::size_t member) {
    for (std::size_t part = next++; part < parts; part = next++) body(part, member);
  };
  std::vector<std::jthread> others;
  others.reserve(members - 1);
  {
    const SignalsBlocked blocked;
    for (std::size_t member = 1; member < members; ++member)
      others.emplace_back([&work, member] {
        become_neutral();
        work(member);
      });
  }
  work(0);
}

}  // namespace mobilenet
