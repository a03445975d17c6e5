// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <sched.h>
#include <unistd.h>
#endif
#include <csignal>

namespace mobilenet {
namespace {

// About 30 us on current cores: longer than the gap between two steps of a network, shorter than a frame.
constexpr int kSpins = 2000;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Workers serve every caller of the process, so they must not stay what the one was who started them: pinned to its
// core, in its scheduling class. They take the main thread's affinity and the usual class.
void become_neutral() {
#if defined(__linux__)
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(getpid(), sizeof(mask), &mask) == 0) sched_setaffinity(0, sizeof(mask), &mask);
  const sched_param priority{};
  if (sched_getscheduler(0) != SCHED_OTHER) sched_setscheduler(0, SCHED_OTHER, &priority);
#endif
}

// Signals are the program's business and go to its own threads: those started meanwhile block all of them.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

// One task at a time. A worker may join while `open` holds the current task's number; it announces itself in `inside`
// first, so the caller, who closes the task and then waits for inside == 0, never returns under a working worker.
struct ThreadPool::State {
  std::atomic<bool> busy{false};         // a caller owns the pool
  std::atomic<std::uint32_t> ticket{0};  // counts tasks; workers sleep on it
  std::atomic<bool> open{false};         // the current task may be joined
  std::atomic<int> inside{0};            // workers that look at the task
  std::atomic<int> seats{0};             // thread numbers that are left
  std::atomic<std::size_t> next{0};      // index to be done next
  std::atomic<int> sleeping{0};
  std::atomic<bool> stop{false};

  Task task = nullptr;
  const void* context = nullptr;
  std::size_t count = 0;
  int threads = 0;

  std::mutex growing;
  std::vector<std::thread> workers;
  std::atomic<int> worker_count{0};

  void drain(int thread) {
    for (std::size_t index = next.fetch_add(1, std::memory_order_relaxed); index < count;
         index = next.fetch_add(1, std::memory_order_relaxed))
      task(context, index, thread);
  }

  void work() {
    std::uint32_t seen = 0;
    while (true) {
      std::uint32_t now = ticket.load();
      for (int spin = 0; now == seen && spin < kSpins; ++spin) {
        relax();
        now = ticket.load(std::memory_order_relaxed);
      }
      if (now == seen) {
        sleeping.fetch_add(1);
        ticket.wait(seen);
        sleeping.fetch_sub(1);
        continue;
      }
      seen = now;
      if (stop.load()) return;
      inside.fetch_add(1);
      if (open.load()) {
        const int seat = seats.fetch_sub(1);
        if (seat > 0) drain(threads - seat);
      }
      inside.fetch_sub(1, std::memory_order_release);
    }
  }
};

ThreadPool::ThreadPool() : state_(std::make_unique<State>()) {}

ThreadPool::~ThreadPool() {
  state_->stop.store(true);
  state_->ticket.fetch_add(1);
  state_->ticket.notify_all();
  for (std::thread& worker : state_->workers) worker.join();
}

ThreadPool& ThreadPool::shared() {
  static ThreadPool pool;
  return pool;
}

void ThreadPool::reserve(int threads) {
  const std::lock_guard lock(state_->growing);
  const SignalsBlocked blocked;
  while (static_cast<int>(state_->workers.size()) < threads - 1) {
    try {
      state_->workers.emplace_back([state = state_.get()] {
        become_neutral();
        state->work();
      });
    } catch (const std::system_error&) {
      return;  // the system gives no more threads: fewer workers do the same work
    }
    state_->worker_count.fetch_add(1);
  }
}

void ThreadPool::run(int threads, std::size_t count, Task task, const void* context) {
  State& state = *state_;
  threads = std::min<int>(threads, 1 + state.worker_count.load(std::memory_order_relaxed));
  if (static_cast<std::size_t>(threads) > count) threads = static_cast<int>(count);
  if (threads <= 1 || state.busy.exchange(true, std::memory_order_acquire)) {
    for (std::size_t index = 0; index < count; ++index) task(context, index, 0);
    return;
  }
  state.task = task;
  state.context = context;
  state.count = count;
  state.threads = threads;
  state.next.store(0, std::memory_order_relaxed);
  state.seats.store(threads - 1, std::memory_order_relaxed);
  state.open.store(true);
  state.ticket.fetch_add(1);
  if (state.sleeping.load() > 0) state.ticket.notify_all();
  state.drain(0);
  state.open.store(false);
  while (state.inside.load() != 0) relax();
  state.busy.store(false, std::memory_order_release);
}

}  // namespace mobilenet
