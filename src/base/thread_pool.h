// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The process's threads, lent to callers in disjoint teams: who comes while others work gets the threads that are left,
// and goes on alone where none is, rather than waiting for another's network.

#include <cstddef>
#include <memory>

namespace mobilenet {

class Team;

class ThreadPool {
 public:
  // Shared by all sessions of the process. Threads are started when first needed.
  static ThreadPool& shared();

  ThreadPool();
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Starts workers so that a team of `threads` (the caller included) can be had. Not for the hot path.
  void reserve(int threads);

  // The caller and at most threads - 1 workers that nobody else has. Allocates and locks nothing.
  Team acquire(int threads);

 private:
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

  // Calls body(member) once on every thread, 0 <= member < size(), all at the same time; the caller is member 0.
  // Returns when all have returned. `body` must not throw.
  template <class Body>
  void run(const Body& body) const {
    start([](const void* context, int member) { (*static_cast<const Body*>(context))(member); }, &body);
    body(0);
    join();
  }

 private:
  friend class ThreadPool;
  using Task = void (*)(const void* context, int member);
  Team(ThreadPool::State& state, int threads);
  void start(Task task, const void* context) const;
  void join() const;

  ThreadPool::State& state_;
  ThreadPool::Worker* first_ = nullptr;  // of a list through Worker::next
  int size_ = 1;
};

}  // namespace mobilenet
