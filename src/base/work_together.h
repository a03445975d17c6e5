// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The threads that share one piece of work: the library's, or the application's where it brought an Executor.

#include <mobilenet/threads.h>

#include <chrono>

#include "base/thread_pool.h"

namespace mobilenet {

// Of those who work at the same time.
struct Member {
  int index = 0, count = 1;
  Team* team = nullptr;  // null: of an executor

  // For a member between two pieces of work: others need its core, and it must return.
  bool leaves() const { return index > 0 && team != nullptr && team->gives_up(); }
};

struct Threads {
  int count = 1;
  Executor* executor = nullptr;  // null: the library's
  std::chrono::microseconds spin = ThreadPool::kSpin;
};

// Calls work(member) for members of whom any but the first may come late or not at all, so none may wait for another
// but for what that one has taken. `work` must not throw. Allocates nothing; one thread is the caller.
template <class Work>
void work_together(const Threads& threads, const Work& work) {
  if (threads.executor == nullptr || threads.count == 1) {
    Team team = ThreadPool::shared().acquire(threads.count, threads.spin);
    team.run([&](int index) { work(Member{index, team.size(), &team}); });
    return;
  }
  struct Context {
    const Work& work;
    const int count;
  } context{work, threads.count};
  const auto task = [](void* shared, int index) {
    const auto& call = *static_cast<const Context*>(shared);
    call.work(Member{index, call.count, nullptr});
  };
  threads.executor->parallel_for(threads.count, task, &context);
}

}  // namespace mobilenet
