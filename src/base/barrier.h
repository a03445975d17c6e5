// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How threads of one team wait: they spin for a moment, since what they wait for is usually a microsecond away, and
// sleep when it is not, since somebody else may need the core.

#include <atomic>
#include <cstdint>

namespace mobilenet {

// Returns when `value` is no longer `old`; what its writer released before is then seen.
void wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old);

// Where the members of a team wait for each other. Allocates and locks nothing.
class Barrier {
 public:
  // Before the members begin; nobody may be waiting.
  void reset(int members) {
    members_ = members;
    missing_.store(members, std::memory_order_relaxed);
  }

  // Returns when all members have called it; what each wrote before is seen by all after.
  void wait() {
    const std::uint32_t round = round_.load(std::memory_order_relaxed);
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) > 1) return wait_for_change(round_, round);
    missing_.store(members_, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    round_.notify_all();
  }

 private:
  static constexpr std::size_t kCacheLine = 64;
  int members_ = 1;
  alignas(kCacheLine) std::atomic<int> missing_{1};
  alignas(kCacheLine) std::atomic<std::uint32_t> round_{0};
};

}  // namespace mobilenet
