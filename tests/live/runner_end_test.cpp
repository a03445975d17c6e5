// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// How a Runner ends while others wait for it, or on the thread that its callbacks are to run on.

#include <gtest/gtest.h>
#include <mobilenet/runner.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "live/gate.h"
#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

// An application's event loop, on the thread of the test.
class Loop final : public CallbackExecutor {
 public:
  void post(void (*task)(void*), void* context) override {
    const std::lock_guard lock(mutex_);
    tasks_.emplace_back(task, context);
    posted_.notify_all();
  }
  void await_task() {
    std::unique_lock lock(mutex_);
    posted_.wait(lock, [this] { return !tasks_.empty(); });
  }
  void run_one() {
    std::unique_lock lock(mutex_);
    posted_.wait(lock, [this] { return !tasks_.empty(); });
    const auto [task, context] = tasks_.front();
    tasks_.pop_front();
    lock.unlock();
    task(context);
  }

 private:
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::pair<void (*)(void*), void*>> tasks_;
};

// Runs tasks where they are posted.
class AtOnce final : public CallbackExecutor {
 public:
  void post(void (*task)(void*), void* context) override { task(context); }
};

// A thread that makes one call, which is sure to wait: it is asleep when this is made.
class WaitingCaller {
 public:
  template <class Call>
  explicit WaitingCaller(Call call)
      : thread_([this, call] {
          id_ = gettid();
          begun_.open();
          call();
        }) {
    begun_.pass();
    for (std::string state; state != "S"; std::this_thread::yield()) {
      std::ifstream file("/proc/self/task/" + std::to_string(id_) + "/stat");
      std::string number, name;  // "1234 (name) S ..."
      file >> number >> name >> state;
    }
  }
  void join() { thread_.join(); }

 private:
  Gate begun_;
  pid_t id_ = 0;
  std::thread thread_;
};

class RunnerEnd : public ::testing::Test {
 protected:
  void make(const RunnerOptions& options) { runner_.emplace(Runner::create(model_, options).value()); }
  // The next frame; its number is noted when it is answered, or less a hundred when it is cancelled.
  void give() {
    ASSERT_TRUE(runner_->predict(picture_.view(), [this, number = given_++](const Result<Prediction>& answer) {
      told_.push_back(answer ? number : number - 100);
    }));
  }

  const Model model_ = Model::random("mobilenet_v1:0.25:32").value();
  const TestPicture picture_{40, 30};
  int given_ = 0;
  std::vector<int> told_;
  std::optional<Runner> runner_;
};

TEST_F(RunnerEnd, OnTheThreadThatCallbacksAreToRunOn) {
  Loop loop;
  make({.session = {.threads = 1}, .callbacks = &loop});
  give();
  loop.await_task();
  EXPECT_TRUE(told_.empty()) << "callbacks run on the loop alone";
  runner_.reset();  // no task runs meanwhile
  EXPECT_EQ(told_, (std::vector{0}));
  loop.run_one();
  EXPECT_EQ(told_, (std::vector{0})) << "a task that comes too late does nothing";
}

TEST_F(RunnerEnd, InACallbackOnTheLoop) {
  Loop loop;
  make({.session = {.threads = 1}, .callbacks = &loop});
  ASSERT_TRUE(runner_->predict(picture_.view(), [this](const Result<Prediction>& answer) {
    runner_.reset();
    told_.push_back(static_cast<int>(answer.value().frame));  // what was told is still there
  }));
  loop.run_one();
  EXPECT_EQ(told_, (std::vector{0}));
}

TEST_F(RunnerEnd, WhileTheLoopIsInACallback) {
  Loop loop;
  Gate gate;
  make({.session = {.threads = 1}, .callbacks = &loop});
  ASSERT_TRUE(runner_->predict(picture_.view(), [&](const Result<Prediction>& answer) {
    gate.pass();
    told_.push_back(static_cast<int>(answer.value().frame));
  }));
  std::thread turning([&] { loop.run_one(); });
  gate.await_one();
  WaitingCaller ending([this] { runner_.reset(); });
  EXPECT_TRUE(told_.empty());
  gate.open();
  ending.join();
  EXPECT_EQ(told_, (std::vector{0}));
  turning.join();
}

// Waiting on the loop's own thread, with an older frame's callback in the loop's queue.
TEST_F(RunnerEnd, HandlesDoNotWaitForTheLoop) {
  Loop loop;
  make({.session = {.threads = 2}, .callbacks = &loop});
  give();
  loop.await_task();
  const Pending pending = runner_->predict(picture_.view()).value();
  EXPECT_TRUE(pending.wait());
  EXPECT_TRUE(told_.empty());
  loop.run_one();
  ASSERT_TRUE(runner_->wait_idle());
  EXPECT_EQ(told_, (std::vector{0}));
}

TEST_F(RunnerEnd, WithCallbacksThatRunWhereTheyArePosted) {
  AtOnce at_once;
  make({.frames_in_flight = 8, .callbacks = &at_once});
  for (int i = 0; i < 40; ++i) give();
  ASSERT_TRUE(runner_->wait_idle());
  runner_.reset();
  ASSERT_EQ(told_.size(), 40u);
  EXPECT_EQ(told_.back(), 39);
}

TEST_F(RunnerEnd, LetsCallersGoWhoWaitForRoom) {
  Gate gate;
  make({.session = {.threads = 1}, .frames_in_flight = 1});
  ASSERT_TRUE(runner_->predict(picture_.view(), [&](const Result<Prediction>&) { gate.pass(); }));
  gate.await_one();
  Result<void> taken;
  WaitingCaller caller([&] { taken = runner_->predict(picture_.view(), [](const Result<Prediction>&) { FAIL(); }); });
  EXPECT_EQ(runner_->statistics().given, 2u);
  WaitingCaller ending([this] { runner_.reset(); });
  gate.open();
  ending.join();
  caller.join();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::cancelled);
}

// Pixels that can be freed, so many that preparing them takes longer than a callback.
class LargePicture {
 public:
  ImageView view() const { return ImageView::packed(rgb_.data(), PixelFormat::rgb, kSide, kSide); }

 private:
  static constexpr int kSide = 1200;
  std::vector<std::uint8_t> rgb_ = std::vector<std::uint8_t>(std::size_t{kSide} * kSide * 3);
};

// Frames whose pixels go when a callback ends the Runner, while another thread computes one of them.
TEST_F(RunnerEnd, NobodyReadsPixelsAfterwards) {
  constexpr int kFrames = 4;
  for (int round = 0; round < 15; ++round) {
    make({.session = {.threads = 2}, .frames_in_flight = kFrames});
    std::vector<LargePicture> pictures(kFrames);
    Gate all_given;
    std::atomic<int> calls = 0;
    for (int i = 0; i < kFrames; ++i)
      ASSERT_TRUE(runner_->predict(pictures[static_cast<std::size_t>(i)].view(), [&, i](const Result<Prediction>&) {
        if (i == 0) {
          all_given.pass();
          runner_.reset();
          pictures.clear();
        }
        ++calls;
        calls.notify_all();
      }));
    all_given.open();
    for (int seen = calls; seen < kFrames; seen = calls) calls.wait(seen);
  }
}

// A callback that gives up a frame on which another thread works: its pixels go at once.
TEST_F(RunnerEnd, NobodyReadsThePixelsOfAPendingFrameThatIsGone) {
  make({.session = {.threads = 2}, .frames_in_flight = 2});
  for (int round = 0; round < 15; ++round) {
    auto large = std::make_unique<LargePicture>();
    std::optional<Pending> pending;
    Gate gate;
    ASSERT_TRUE(runner_->predict(picture_.view(), [&](const Result<Prediction>&) {
      gate.pass();
      pending.reset();
      large.reset();
    }));
    gate.await_one();
    pending = runner_->predict(large->view()).value();
    gate.open();
    ASSERT_TRUE(runner_->wait_idle());
    EXPECT_EQ(large, nullptr);
  }
}

// A camera that is faster than three threads is refused, not ended: whoever gives frames goes on.
TEST_F(RunnerEnd, DropOldestRefusesWhereAllAreWorkedOn) {
  Gate gate;
  make({.session = {.threads = 1}, .frames_in_flight = 1, .when_full = WhenFull::drop_oldest});
  ASSERT_TRUE(runner_->predict(picture_.view(), [&](const Result<Prediction>&) { gate.pass(); }));
  gate.await_one();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(runner_->predict(picture_.view(), [](const Result<Prediction>&) { FAIL(); }).error().code,
              ErrorCode::cancelled);
  gate.open();
  ASSERT_TRUE(runner_->wait_idle());
  give();
  ASSERT_TRUE(runner_->wait_idle());
  EXPECT_EQ(told_, (std::vector{0}));
}

}  // namespace
}  // namespace mobilenet::testing
