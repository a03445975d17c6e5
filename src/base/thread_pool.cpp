// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/thread_pool.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

#include "base/neutral_thread.h"
#include "base/processors.h"

#if defined(__linux__)
#include <pthread.h>
#endif

namespace mobilenet {
namespace {

constexpr std::size_t kCacheLine = 64;

std::uint32_t milliseconds() {
  using std::chrono::duration_cast;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(duration_cast<std::chrono::milliseconds>(now).count());
}

// Callers and how many threads they ask for together.
struct Demand {
  std::uint16_t callers = 0, threads = 0;
};

// The largest demand of late. Between two frames a caller asks for nothing, yet what it will want again is not given
// away.
class RecentDemand {
 public:
  // With what there is now.
  Demand with(Demand now) {
    const std::uint32_t time = milliseconds();
    Peak peak = peak_.load(std::memory_order_relaxed);
    const bool over = now.callers >= peak.most.callers && now.threads >= peak.most.threads;
    if (over || time - peak.time > kMemory) {
      if (!over || time != peak.time || now.callers != peak.most.callers || now.threads != peak.most.threads)
        peak_.store({now, time}, std::memory_order_relaxed);
      return now;
    }
    return {std::max(now.callers, peak.most.callers), std::max(now.threads, peak.most.threads)};
  }

 private:
  // Longer than most gaps between two frames, in which a picture becomes a tensor; a caller who waits for a camera does
  // not keep cores idle.
  static constexpr std::uint32_t kMemory = 5;  // ms

  struct alignas(std::uint64_t) Peak {  // aligned, or clang asks libatomic for it
    Demand most;
    std::uint32_t time = 0;
  };

  static_assert(std::atomic<Peak>::is_always_lock_free);
  std::atomic<Peak> peak_{};  // two who write at once: one is forgotten until it comes again
};

}  // namespace

struct alignas(kCacheLine) ThreadPool::Worker {
  std::atomic<bool> taken{true};     // by a team, or by itself to end
  std::atomic<bool> running{false};  // written by who has taken it
  std::atomic<bool> task_waits{false};
  Event asked, done;  // the worker waits for the one, its team for the other
  // Of the team that has it, written before `task_waits`.
  Team::Task task = nullptr;
  const void* context = nullptr;
  SpinLimit spin;
  int member = 0;
  std::uint32_t done_before = 0;
  Worker* next = nullptr;

  Worker* older = nullptr;  // of all workers, from State::newest
  std::thread thread;

  bool take() { return !taken.load(std::memory_order_relaxed) && !taken.exchange(true, std::memory_order_acquire); }
  void give_back() { taken.store(false, std::memory_order_release); }

  void ask() {
    done_before = done.count();
    task_waits.store(true, std::memory_order_release);
    asked.happen();
  }
  // Of the worker, to begin it, or its team, to take it back: who is first.
  bool take_task() { return task_waits.exchange(false, std::memory_order_acq_rel); }
};

struct ThreadPool::State {
  State(int most, std::chrono::nanoseconds longest_idle) : cores(most), idle(longest_idle) {}

  std::atomic<int> cores;
  std::atomic<std::uint32_t> renewals{0};  // how often `cores` was said anew
  const std::chrono::nanoseconds idle;
  std::atomic<Worker*> newest{nullptr};  // a list that only grows
  std::atomic<int> running{0};
  // When the system refused the last thread; another is not tried before so many milliseconds have passed.
  static constexpr std::uint32_t kPatience = 1000;
  std::atomic<std::uint32_t> refused{milliseconds() - kPatience};
  std::mutex growing;
  int workers = 0;
  alignas(kCacheLine) std::atomic<int> working{0};  // threads of all teams
  std::atomic<std::uint64_t> demand{0};             // callers << 32 | threads
  RecentDemand recent;

  static std::uint64_t packed(int threads) { return (std::uint64_t{1} << 32) | static_cast<std::uint64_t>(threads); }
  static Demand unpacked(std::uint64_t demand) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint16_t>::max();
    return {static_cast<std::uint16_t>(std::min(demand >> 32, kMost)),
            static_cast<std::uint16_t>(std::min(demand & 0xffffffff, kMost))};
  }
  bool start(Worker& worker);
  void work(Worker& worker);
  void end(Worker& worker);
  int share(int threads, int cores_now, Demand now);
  void forget_threads();
};

// Of a worker that the caller has taken. The system may refuse another thread: then fewer do the same work, and it is
// not asked again at every frame.
bool ThreadPool::State::start(Worker& worker) {
  if (milliseconds() - refused.load(std::memory_order_relaxed) < kPatience) return false;
  if (worker.thread.joinable()) worker.thread.join();  // it has ended
  const SignalsBlocked blocked;
  worker.running = true;
  running.fetch_add(1, std::memory_order_relaxed);
  try {
    worker.thread = std::thread([this, &worker] { work(worker); });
    return true;
  } catch (const std::exception&) {
    refused.store(milliseconds(), std::memory_order_relaxed);
    running.fetch_sub(1, std::memory_order_relaxed);
    worker.running = false;
    return false;
  }
}

void ThreadPool::State::work(Worker& worker) {
  std::uint32_t renewal = renewals.load(std::memory_order_relaxed);
  become_neutral();
  SpinLimit spin;
  while (true) {
    const std::uint32_t seen = worker.asked.count();
    if (worker.take_task()) {
      if (worker.task == nullptr) return;
      if (const std::uint32_t now = renewals.load(std::memory_order_relaxed); now != renewal) {
        renewal = now;
        follow_main_thread();
      }
      spin = worker.spin;
      worker.task(worker.context, worker.member);
      worker.done.happen();
    } else if (!worker.asked.wait_for(seen, spin, idle) && worker.take()) {
      worker.running = false;  // who needs the place next joins the thread
      running.fetch_sub(1, std::memory_order_relaxed);
      worker.give_back();
      return;
    }
  }
}

// Of a worker that the caller has taken.
void ThreadPool::State::end(Worker& worker) {
  if (worker.running) {
    worker.task = nullptr;
    worker.ask();
  }
  if (worker.thread.joinable()) worker.thread.join();
}

// How many threads somebody has who asks for `threads`, when all who came of late have as many as they asked for, or
// equal parts.
int ThreadPool::State::share(int threads, int cores_now, Demand now) {
  const Demand demanded = recent.with(now);
  if (demanded.callers <= 1) return threads;  // even more than there are cores, as it likes
  const int others = demanded.threads - std::clamp(threads, 1, cores_now);
  const int equal = (cores_now + demanded.callers - 1) / demanded.callers;
  return std::min(threads, std::max({1, equal, cores_now - others}));
}

// In a child process: it has the memory, but none of the threads.
void ThreadPool::State::forget_threads() {
  for (Worker* worker = newest.load(); worker != nullptr; worker = worker->older) {
    std::construct_at(&worker->thread);  // not even to be detached
    std::construct_at(&worker->asked);
    std::construct_at(&worker->done);
    worker->task_waits.store(false);
    worker->running = false;
    worker->give_back();
  }
  running.store(0);
  working.store(0);
  demand.store(0);
}

ThreadPool::ThreadPool(int cores, std::chrono::nanoseconds idle) : state_(std::make_unique<State>(cores, idle)) {}

ThreadPool::~ThreadPool() {
  for (Worker* worker = state_->newest.load(); worker != nullptr;) {
    while (!worker->take()) std::this_thread::yield();  // it is just ending
    state_->end(*worker);
    delete std::exchange(worker, worker->older);
  }
}

void ThreadPool::end_idle_threads() {
  for (Worker* worker = state_->newest.load(); worker != nullptr; worker = worker->older)
    if (worker->take()) state_->end(*worker);  // and keeps it: nobody starts a thread any more
}

ThreadPool& ThreadPool::shared() {
  // A library that is unloaded leaves no thread asleep in its code.
  struct Ending {
    ThreadPool* pool;
    ~Ending() { pool->end_idle_threads(); }
  };
  static ThreadPool& pool = *[] {
    auto* const made = new ThreadPool(physical_cores());
#if defined(__linux__)
    pthread_atfork([] { shared().state_->growing.lock(); }, [] { shared().state_->growing.unlock(); },
                   [] {
                     shared().state_->forget_threads();
                     shared().state_->growing.unlock();
                   });
#endif
    return made;
  }();
  static const Ending ending{&pool};
  return pool;
}

void ThreadPool::reserve(int threads) {
  const std::lock_guard lock(state_->growing);
  int missing = threads - 1;
  Worker* const newest = state_->newest.load(std::memory_order_relaxed);
  for (const Worker* worker = newest; worker != nullptr; worker = worker->older)
    if (worker->running) --missing;
  for (Worker* worker = newest; worker != nullptr && missing > 0; worker = worker->older)
    if (!worker->running && worker->take()) {  // it has ended
      if (!worker->running && state_->start(*worker)) --missing;
      worker->give_back();
    }
  // Others may come who want threads at the same time: for as many as there are cores there is a place, but a thread
  // only when it is wanted.
  for (const int most = std::max(threads, state_->cores.load()) - 1; state_->workers < most; ++state_->workers) {
    auto worker = std::make_unique<Worker>();
    if (missing > 0 && state_->start(*worker)) --missing;
    worker->give_back();
    worker->older = state_->newest.load(std::memory_order_relaxed);
    state_->newest.store(worker.release(), std::memory_order_release);
  }
}

void ThreadPool::set_cores(int cores) {
  state_->cores.store(cores, std::memory_order_relaxed);
  state_->renewals.fetch_add(1, std::memory_order_relaxed);
}

int ThreadPool::running() const { return state_->running.load(std::memory_order_relaxed); }

Team ThreadPool::acquire(int threads, std::chrono::nanoseconds spin) { return Team(*state_, threads, spin); }

Team::Team(ThreadPool::State& state, int threads, std::chrono::nanoseconds spin)
    : state_(state),
      cores_(state.cores.load(std::memory_order_relaxed)),
      wish_(std::clamp(threads, 1, cores_)),
      spin_{spin, &state.working, cores_} {
  const std::uint64_t wish = ThreadPool::State::packed(wish_);
  const Demand now = ThreadPool::State::unpacked(state.demand.fetch_add(wish, std::memory_order_relaxed) + wish);
  const int others = state.working.fetch_add(1, std::memory_order_relaxed);
  int most = state.share(threads, cores_, now);
  // Where others still have more than theirs, they will give it up; those who only fill what is left do not.
  if (others > 0) most = std::min(most, std::max({1, cores_ / now.callers, cores_ - others}));
  for (const bool start : {false, true})  // first those that run
    for (ThreadPool::Worker* worker = state.newest.load(std::memory_order_acquire); worker != nullptr && size_ < most;
         worker = worker->older) {
      if (worker->running.load(std::memory_order_relaxed) == start || !worker->take()) continue;
      if (!worker->running && !state.start(*worker)) {
        worker->give_back();
        continue;
      }
      worker->member = size_++;
      worker->next = std::exchange(first_, worker);
    }
  state.working.fetch_add(size_ - 1, std::memory_order_relaxed);
  working_.store(size_, std::memory_order_relaxed);
}

Team::~Team() {
  state_.working.fetch_sub(working_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  for (ThreadPool::Worker* worker = first_; worker != nullptr;) {
    ThreadPool::Worker* const next = worker->next;
    worker->give_back();
    worker = next;
  }
  state_.demand.fetch_sub(ThreadPool::State::packed(wish_), std::memory_order_relaxed);
}

void Team::start(Task task, const void* context) {
  for (ThreadPool::Worker* worker = first_; worker != nullptr; worker = worker->next) {
    worker->task = task;
    worker->context = context;
    worker->spin = spin_;
    worker->spin.most = cores_ - 1;  // who waits for a task is not counted as working
    worker->ask();
  }
}

void Team::join() {
  for (ThreadPool::Worker* worker = first_; worker != nullptr; worker = worker->next)
    if (!worker->take_task()) worker->done.wait(worker->done_before, spin_);
}

// One caller alone may have more threads than there are cores; callers together have not, and each has an equal share.
bool Team::gives_up() {
  int working = state_.working.load(std::memory_order_relaxed);
  do {
    if (working <= cores_) return false;
    const int callers = ThreadPool::State::unpacked(state_.demand.load(std::memory_order_relaxed)).callers;
    if (callers <= 1 || working_.load(std::memory_order_relaxed) <= std::max(1, cores_ / callers)) return false;
  } while (!state_.working.compare_exchange_weak(working, working - 1, std::memory_order_relaxed));
  working_.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

}  // namespace mobilenet
