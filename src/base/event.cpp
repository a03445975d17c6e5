// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/event.h"

#include <ctime>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace mobilenet {
namespace {

using Clock = std::chrono::steady_clock;

// Pauses between two looks at the clock: half a microsecond or so, as one takes 20 to 70 ns.
constexpr int kPauses = 16;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Whether the value became another one meanwhile.
bool spin_until_changed(const std::atomic<std::uint32_t>& value, std::uint32_t old, const SpinLimit& spin) {
  if (value.load(std::memory_order_acquire) != old) return true;
  for (auto end = Clock::time_point(); spin.allows();) {
    for (int i = 0; i < kPauses; ++i) {
      pause();
      if (value.load(std::memory_order_acquire) != old) return true;
    }
    const auto now = Clock::now();
    if (end == Clock::time_point()) end = now + spin.longest;
    if (now >= end) break;
  }
  return false;
}

}  // namespace

// The one who comes to sleep counts itself, then looks at the event; the one who brings it about counts it, then looks
// for sleepers. In the one order that both see, one of the two sees the other.
void Event::happen() {
  count_.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
#if defined(__linux__)
  syscall(SYS_futex, &count_, FUTEX_WAKE_PRIVATE, 0x7fffffff, nullptr, nullptr, 0);
#else
  count_.notify_all();
#endif
}

void Event::sleep(std::uint32_t seen, [[maybe_unused]] const std::chrono::nanoseconds* patience) {
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  if (count_.load(std::memory_order_seq_cst) == seen) {
#if defined(__linux__)
    std::timespec time{};
    if (patience != nullptr) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*patience);
      time.tv_sec = static_cast<std::time_t>(seconds.count());
      time.tv_nsec = static_cast<long>((*patience - seconds).count());
    }
    syscall(SYS_futex, &count_, FUTEX_WAIT_PRIVATE, seen, patience == nullptr ? nullptr : &time, nullptr, 0);
#else
    count_.wait(seen, std::memory_order_acquire);
#endif
  }
  sleepers_.fetch_sub(1, std::memory_order_relaxed);
}

void Event::wait(std::uint32_t seen, const SpinLimit& spin) {
  if (spin_until_changed(count_, seen, spin)) return;
  while (count() == seen) sleep(seen, nullptr);
}

bool Event::wait_for(std::uint32_t seen, const SpinLimit& spin, std::chrono::nanoseconds patience) {
  if (spin_until_changed(count_, seen, spin)) return true;
  const auto end = Clock::now() + patience;
  for (auto left = patience; count() == seen && left.count() > 0; left = end - Clock::now()) sleep(seen, &left);
  return count() != seen;
}

}  // namespace mobilenet
