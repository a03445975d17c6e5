// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A loop whose turns several threads take, each the next when it is free. It is over when every turn has been done, not
// when every thread has come by: one that begins late, or whose core the system has given to somebody else, holds up
// the others with the turn that it is in and no more.

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
    if (is_finished()) return;
    std::size_t mine = 0;
    while (!stop()) {
      const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= count) break;
      body(index);
      ++mine;
    }
    if (count == 0 || (mine > 0 && done_.fetch_add(mine, std::memory_order_acq_rel) + mine == count))
      finished_.happen();
  }
  template <class Body>
  void take_part(std::size_t count, const Body& body) {
    take_part(count, body, [] { return false; });
  }

  // If so, what every turn wrote is seen.
  bool is_finished() const { return finished_.count() != 0; }

  // Until it is finished.
  void wait(const SpinLimit& spin) { finished_.wait(0, spin); }

 private:
  static constexpr std::size_t kCacheLine = 64;
  alignas(kCacheLine) std::atomic<std::size_t> next_{0};
  alignas(kCacheLine) std::atomic<std::size_t> done_{0};
  Event finished_;
};

}  // namespace mobilenet
