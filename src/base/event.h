// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How one thread waits for another: awake for a moment, since what it waits for is usually a microsecond away, and
// asleep when it is not, since somebody else may need the core.

#include <atomic>
#include <chrono>
#include <cstdint>

namespace mobilenet {

// How long a waiting thread stays awake: for at most `longest`, and only while no more than `most` threads are at
// `work` in the process, since otherwise the core that it spins on is wanted.
struct SpinLimit {
  std::chrono::nanoseconds longest{};
  const std::atomic<int>* work = nullptr;
  int most = 0;

  bool allows() const { return longest.count() > 0 && work->load(std::memory_order_relaxed) <= most; }
};

// A count of what has happened, to be waited for. Allocates and locks nothing.
class Event {
 public:
  std::uint32_t count() const { return count_.load(std::memory_order_acquire); }

  // What was written before is seen by those who waited. The event must outlive the call.
  void happen();

  void reset() { count_.store(0, std::memory_order_relaxed); }  // while nobody waits

  // Returns when the count is no longer `seen`.
  void wait(std::uint32_t seen, const SpinLimit& spin);

  // The same, but sleeps for at most `patience`; whether it has happened. Where a thread cannot sleep for a time, as
  // outside Linux, it waits for ever.
  bool wait_for(std::uint32_t seen, const SpinLimit& spin, std::chrono::nanoseconds patience);

 private:
  void sleep(std::uint32_t seen, const std::chrono::nanoseconds* patience);

  std::atomic<std::uint32_t> count_{0};
  std::atomic<std::uint32_t> sleepers_{0};
};

}  // namespace mobilenet
