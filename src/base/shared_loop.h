// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A loop whose turns several threads take, each the next when it is free. It is over when every turn has been done, not
// when every thread has come by: one that begins late, or whose core the system has given to somebody else, holds up
// the others with the turn that it is in and no more.

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "base/event.h"

namespace mobilenet {

// Allocates and locks nothing.
class SharedLoop {
 public:
  // While nobody takes part.
  void reset() {
    next_.store(0, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    finished_.reset();
  }

  // Calls body(index) for indices below `count` that nobody else has, until all are taken or stop() says so before the
  // next one; others' turns may still be under way. Everybody passes the same count.
  template <class Body, class Stop>
  void take_part(std::size_t count, const Body& body, const Stop& stop) {
    take([] { return std::size_t{1}; }, count, body, stop);
  }

  // The same for `takers` threads with short turns: while many are left, one takes several at once.
  template <class Body>
  void take_part(std::size_t count, int takers, const Body& body) {
    const auto several = [&] {
      const std::size_t taken = next_.load(std::memory_order_relaxed);
      return taken < count ? (count - taken) / (2 * static_cast<std::size_t>(takers)) + 1 : 1;
    };
    take(several, count, body, [] { return false; });
  }

  // If so, what every turn wrote is seen.
  bool is_finished() const { return finished_.count() != 0; }

  // Until it is finished.
  void wait(const SpinLimit& spin) { finished_.wait(0, spin); }

 private:
  template <class Several, class Body, class Stop>
  void take(const Several& several, std::size_t count, const Body& body, const Stop& stop) {
    if (is_finished()) return;
    std::size_t mine = 0;
    while (!stop()) {
      const std::size_t turns = several();
      const std::size_t begin = next_.fetch_add(turns, std::memory_order_relaxed);
      if (begin >= count) break;
      const std::size_t end = std::min(begin + turns, count);
      for (std::size_t index = begin; index < end; ++index) body(index);
      mine += end - begin;
    }
    if (count == 0 || (mine > 0 && done_.fetch_add(mine, std::memory_order_acq_rel) + mine == count))
      finished_.happen();
  }

  static constexpr std::size_t kCacheLine = 64;
  alignas(kCacheLine) std::atomic<std::size_t> next_{0};
  alignas(kCacheLine) std::atomic<std::size_t> done_{0};
  Event finished_;
};

}  // namespace mobilenet
