// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/pictures/ordered_work.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace mobilenet::cli {
namespace {

class OrderedThreads {
 public:
  OrderedThreads(std::size_t workers, const OrderedWork& work) : work_(work), done_(slots_of(workers)) {
    for (std::size_t worker = 0; worker < workers; ++worker) {
      try {
        threads_.emplace_back([this, worker] { run(worker); });
      } catch (const std::system_error&) {
        if (worker == 0) throw;
        break;
      }
    }
  }
  OrderedThreads(const OrderedThreads&) = delete;
  OrderedThreads& operator=(const OrderedThreads&) = delete;

  ~OrderedThreads() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void deliver_all() {
    for (;;) {
      std::size_t slot = 0;
      {
        std::unique_lock lock(mutex_);
        slot = delivered_ % done_.size();
        changed_.wait(lock, [&] { return failure_ || done_[slot] || (ended_ && delivered_ == taken_); });
        if (failure_) std::rethrow_exception(failure_);
        if (!done_[slot]) return;
      }
      const bool more = work_.deliver(slot);
      {
        const std::lock_guard lock(mutex_);
        done_[slot] = false;
        ++delivered_;
      }
      changed_.notify_all();
      if (!more) return;
    }
  }

 private:
  void run(std::size_t worker) {
    try {
      while (const auto slot = take()) {
        work_.work(worker, *slot);
        {
          const std::lock_guard lock(mutex_);
          done_[*slot] = true;
        }
        changed_.notify_all();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      stopped_ = true;
      changed_.notify_all();
    }
  }

  std::optional<std::size_t> take() {
    const std::lock_guard turn(turn_);
    std::size_t slot = 0;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopped_ || ended_ || taken_ - delivered_ < done_.size(); });
      if (stopped_ || ended_) return std::nullopt;
      slot = taken_ % done_.size();
    }
    const bool found = work_.take(slot);
    {
      const std::lock_guard lock(mutex_);
      if (found) {
        ++taken_;
      } else {
        ended_ = true;
      }
    }
    changed_.notify_all();
    if (found) return slot;
    return std::nullopt;
  }

  const OrderedWork& work_;
  std::vector<bool> done_;  // by slot
  std::mutex turn_;         // held by who takes a part, which may wait for a pipe
  std::mutex mutex_;        // of all below
  std::condition_variable changed_;
  std::size_t taken_ = 0, delivered_ = 0;
  bool ended_ = false, stopped_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace

void do_in_order(std::size_t workers, const OrderedWork& work) {
  if (workers > 1) {
    OrderedThreads(workers, work).deliver_all();
    return;
  }
  while (work.take(0)) {
    work.work(0, 0);
    if (!work.deliver(0)) return;
  }
}

}  // namespace mobilenet::cli
