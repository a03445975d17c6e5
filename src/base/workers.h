// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Whose threads share a loop that is no step of a network: rows of a picture, rows of a mask.

#include <mobilenet/threads.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/shared_loop.h"
#include "base/thread_pool.h"
#include "base/work_together.h"

namespace mobilenet {

class Workers {
 public:
  Workers() = default;  // the caller alone
  // As in SessionOptions. Who calls for_each must have reserved the library's threads (ThreadPool::reserve).
  Workers(int threads, Executor* executor, std::chrono::microseconds spin)
      : most_(threads), executor_(executor), spin_(spin) {}

  int most() const { return most_; }  // members of a loop, the caller included

  // How many parts to cut `work` into: two for every member, so that a late one costs little, but none that is smaller
  // than `grain`, which is worth waking a thread for.
  std::size_t parts(std::size_t work, std::size_t grain) const {
    if (most_ == 1) return 1;
    return std::clamp<std::size_t>(work / grain, 1, 2 * static_cast<std::size_t>(most_));
  }

  // Calls body(index, member) once for every index in 0..count-1; of calls with the same member, 0 <= member < most(),
  // one runs at a time. Returns when all have returned. Allocates and locks nothing; `body` must not throw.
  template <class Body>
  void for_each(std::size_t count, const Body& body) const {
    if (most_ == 1 || count <= 1) {
      for (std::size_t index = 0; index < count; ++index) body(index, std::size_t{0});
      return;
    }
    const int members = static_cast<int>(std::min(count, static_cast<std::size_t>(most_)));
    SharedLoop loop;
    work_together({members, executor_, spin_}, [&](const Member& member) {
      loop.take_part(
          count, [&](std::size_t index) { body(index, static_cast<std::size_t>(member.index)); },
          [&] { return member.leaves(); });
    });
  }

 private:
  int most_ = 1;
  Executor* executor_ = nullptr;
  std::chrono::microseconds spin_ = ThreadPool::kSpin;
};

}  // namespace mobilenet
