// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The process's threads, lent to callers in disjoint teams. Callers who work at the same time share the cores: one that
// comes while others work begins with what is left, they give up what is more than their share, and after that all have
// equal shares, until somebody has not come for a moment.

#include <mobilenet/threads.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>

#include "base/event.h"

namespace mobilenet {

class Team;

class ThreadPool {
 public:
  // Longer than a gap between two steps of a network, shorter than a frame.
  static constexpr std::chrono::microseconds kSpin{kUsualSpin};
  // A thread that has had nothing to do for so long ends; starting it again takes as long as waking it up.
  static constexpr std::chrono::seconds kIdle{10};

  // Of the process. It is never destroyed: some thread may still compute when the program ends. Those that are idle end
  // then, or when the library is unloaded. A child process finds it empty.
  static ThreadPool& shared();

  // `cores`: how many threads callers at work at the same time may have together.
  explicit ThreadPool(int cores, std::chrono::nanoseconds idle = kIdle);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Starts what is missing for a team of `threads`, the caller included. Not for the hot path.
  void reserve(int threads);

  // How many threads callers may have together from now on. Affinities and quotas change while a program runs, so who
  // opens a session says it anew; workers then have the main thread's affinity of today. Not for the hot path.
  void set_cores(int cores);

  // The caller and at most threads - 1 workers that nobody else has. Allocates and locks nothing, but where it starts
  // a thread: one that has ended, or one more because several callers want threads at the same time.
  Team acquire(int threads, std::chrono::nanoseconds spin = kSpin);

  int running() const;  // workers that have not ended

 private:
  void end_idle_threads();
  friend class Team;
  struct Worker;
  struct State;
  std::unique_ptr<State> state_;
};

// Threads on loan, given back by the destructor. For the thread that acquired them alone.
class Team {
 public:
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  int size() const { return size_; }

  // Calls body(member) on every thread that has time for it, 0 <= member < size(), the caller as member 0. Returns when
  // the caller has done so and no other is still at it; who had not begun until then does not. So no member may wait
  // for another but for work that the other has taken. `body` must not throw.
  template <class Body>
  void run(const Body& body) {
    start([](const void* context, int member) { (*static_cast<const Body*>(context))(member); }, &body);
    body(0);
    join();
  }

  // For a worker between two pieces of work. True: others need its core, and it has been given to them; it must return
  // from `body`.
  bool gives_up();

  const SpinLimit& spin() const { return spin_; }  // for members who wait for each other

 private:
  friend class ThreadPool;
  using Task = void (*)(const void* context, int member);
  Team(ThreadPool::State& state, int threads, std::chrono::nanoseconds spin);
  void start(Task task, const void* context);
  void join();

  ThreadPool::State& state_;
  const int cores_;  // as they were when it was acquired, so that it gives back what it took
  const int wish_;   // what counts of it when cores are shared
  const SpinLimit spin_;
  ThreadPool::Worker* first_ = nullptr;  // of a list through Worker::next
  int size_ = 1;
  std::atomic<int> working_{1};
};

}  // namespace mobilenet
