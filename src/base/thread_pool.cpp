// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/barrier.h"
#include "base/processors.h"

#if defined(__linux__)
#include <sched.h>
#include <unistd.h>
#endif

namespace mobilenet {
namespace {

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

struct ThreadPool::Worker {
  std::atomic<bool> lent{false};
  std::atomic<std::uint32_t> asked{0}, done{0};  // tasks; the worker waits on the one, its team on the other
  // Of the team that has it, written before `asked`.
  Team::Task task = nullptr;
  const void* context = nullptr;
  int member = 0;
  Worker* next = nullptr;

  Worker* older = nullptr;  // of all workers, from ThreadPool::State::newest
  std::thread thread;
  bool stop = false;

  void work() {
    for (std::uint32_t seen = 0;; ++seen) {
      wait_for_change(asked, seen);
      if (stop) return;
      task(context, member);
      done.store(seen + 1, std::memory_order_release);
      done.notify_one();
    }
  }

  void ask() {
    asked.store(asked.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    asked.notify_one();
  }
};

struct ThreadPool::State {
  std::atomic<Worker*> newest{nullptr};  // a list that only grows
  std::atomic<int> working{0};           // callers and their workers
  const int cores = physical_cores();
  std::mutex growing;
  int workers = 0;
};

ThreadPool::ThreadPool() : state_(std::make_unique<State>()) {}

ThreadPool::~ThreadPool() {
  for (Worker* worker = state_->newest.load(); worker != nullptr;) {
    worker->stop = true;
    worker->ask();
    worker->thread.join();
    delete std::exchange(worker, worker->older);
  }
}

ThreadPool& ThreadPool::shared() {
  static ThreadPool pool;
  return pool;
}

void ThreadPool::reserve(int threads) {
  const std::lock_guard lock(state_->growing);
  const SignalsBlocked blocked;
  for (; state_->workers < threads - 1; ++state_->workers) {
    auto worker = std::make_unique<Worker>();
    try {
      worker->thread = std::thread([started = worker.get()] {
        become_neutral();
        started->work();
      });
    } catch (const std::system_error&) {
      return;  // the system gives no more threads: fewer workers do the same work
    }
    worker->older = state_->newest.load(std::memory_order_relaxed);
    state_->newest.store(worker.release(), std::memory_order_release);
  }
}

Team ThreadPool::acquire(int threads) { return Team(*state_, threads); }

Team::Team(ThreadPool::State& state, int threads) : state_(state) {
  // Nobody is kept from asking for more threads than there are cores, but others' are not added to them.
  const int others = state.working.fetch_add(1, std::memory_order_relaxed);
  const int most = std::min(threads, std::max(1, std::max(threads, state.cores) - others));
  for (ThreadPool::Worker* worker = state.newest.load(std::memory_order_acquire); worker != nullptr && size_ < most;
       worker = worker->older) {
    if (worker->lent.load(std::memory_order_relaxed) || worker->lent.exchange(true, std::memory_order_acquire))
      continue;
    worker->member = size_++;
    worker->next = std::exchange(first_, worker);
  }
  state.working.fetch_add(size_ - 1, std::memory_order_relaxed);
}

Team::~Team() {
  for (ThreadPool::Worker* worker = first_; worker != nullptr;) {
    ThreadPool::Worker* const next = worker->next;
    worker->lent.store(false, std::memory_order_release);
    worker = next;
  }
  state_.working.fetch_sub(size_, std::memory_order_relaxed);
}

void Team::start(Task task, const void* context) const {
  for (ThreadPool::Worker* worker = first_; worker != nullptr; worker = worker->next) {
    worker->task = task;
    worker->context = context;
    worker->ask();
  }
}

void Team::join() const {
  for (ThreadPool::Worker* worker = first_; worker != nullptr; worker = worker->next) {
    const std::uint32_t asked = worker->asked.load(std::memory_order_relaxed);
    wait_for_change(worker->done, asked - 1);
  }
}

}  // namespace mobilenet
