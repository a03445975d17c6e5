// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The process's one thread pool. Workers spin for a moment after a task, then sleep: a spinning fork and join costs
// under a microsecond, a sleeping one about ten, and a network has up to a hundred of them per frame.

#include <cstddef>
#include <memory>

namespace mobilenet {

class ThreadPool {
 public:
  // Shared by all sessions of the process. Threads are started when first needed.
  static ThreadPool& shared();

  ThreadPool();
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Starts workers so that `threads` (the caller included) can work at once. Not for the hot path.
  void reserve(int threads);

  // Calls task(context, index, thread) for every index in 0..count-1, on at most `threads` threads (the caller is
  // thread 0; thread < threads), and returns when all are done. Allocates nothing. When another caller is using the
  // pool, or the pool has fewer workers, the caller does the work alone or with fewer. `task` must not throw and must
  // not call run.
  using Task = void (*)(const void* context, std::size_t index, int thread);
  void run(int threads, std::size_t count, Task task, const void* context);

  // The same for a callable: pool.parallel_for(threads, rows, [&](std::size_t row, int thread) { ... });
  template <class Callable>
  void parallel_for(int threads, std::size_t count, const Callable& callable) {
    run(
        threads, count,
        [](const void* context, std::size_t index, int thread) {
          (*static_cast<const Callable*>(context))(index, thread);
        },
        &callable);
  }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mobilenet
