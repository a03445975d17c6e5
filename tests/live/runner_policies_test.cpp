// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What a Runner does when frames come faster than answers, when somebody changes his mind, and when callbacks
// misbehave.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>
#include <mobilenet/runner.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "live/gate.h"
#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

// One worker, whose first callback waits at a gate: what comes meanwhile waits.
class HeldUp : public ::testing::Test {
 protected:
  Runner make(WhenFull when_full, int frames = 3) {
    return Runner::create(model_, {.session = {.threads = 1}, .frames_in_flight = frames, .when_full = when_full})
        .value();
  }

  // The next frame; its number is noted when its callback runs, one at a time.
  Result<void> give(Runner& runner) {
    const std::size_t number = given_++;
    return runner.predict(picture_.view(), [this, number](const Result<Prediction>& answer) {
      (answer ? answered_ : cancelled_).push_back(number);
      EXPECT_TRUE(answer || answer.error().code == ErrorCode::cancelled);
      if (number == 0) gate_.pass();
    });
  }

  const Model model_ = Model::random("mobilenet_v1:0.25:32").value();
  const TestPicture picture_{40, 30};
  Gate gate_;
  std::size_t given_ = 0;
  std::vector<std::size_t> answered_, cancelled_;
};

TEST_F(HeldUp, TheOldestThatNobodyWorksOnIsDropped) {
  Runner runner = make(WhenFull::drop_oldest);
  ASSERT_TRUE(give(runner));
  gate_.await_one();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(give(runner));
  EXPECT_TRUE(cancelled_.empty()) << "callbacks run one at a time";
  gate_.open();
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(cancelled_, (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(answered_, (std::vector<std::size_t>{0, 3, 4}));
  const RunnerStatistics statistics = runner.statistics();
  EXPECT_EQ(statistics.given, 5u);
  EXPECT_EQ(statistics.dropped, 2u);
  EXPECT_EQ(statistics.answered, 3u);
}

// Frames whose callbacks wait for one that takes its time are no more than may be in flight: then the new one is
// refused.
TEST_F(HeldUp, WhatIsDroppedIsBounded) {
  Runner runner = make(WhenFull::drop_oldest);
  ASSERT_TRUE(give(runner));
  gate_.await_one();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(give(runner));
  EXPECT_FALSE(give(runner));
  gate_.open();
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(cancelled_, (std::vector<std::size_t>{1, 2, 3}));
  EXPECT_EQ(answered_, (std::vector<std::size_t>{0, 4, 5}));
  EXPECT_EQ(runner.statistics().dropped, 4u);
}

// Whoever gives frames or cancels them may hold what a callback wants to lock, and never sees one on its own thread.
TEST_F(HeldUp, CallbacksDoNotRunInsideCalls) {
  std::mutex application;
  std::atomic<int> cancelled = 0;
  Runner runner = make(WhenFull::drop_oldest);
  ASSERT_TRUE(give(runner));
  gate_.await_one();
  {
    const std::lock_guard lock(application);
    for (int i = 0; i < 4; ++i)
      ASSERT_TRUE(runner.predict(picture_.view(), [&, giver = std::this_thread::get_id()](const auto& answer) {
        EXPECT_NE(std::this_thread::get_id(), giver);
        const std::lock_guard wants(application);
        if (!answer) ++cancelled;
      }));
    gate_.open();
    runner.cancel();
  }
  ASSERT_TRUE(runner.wait_idle());
  const RunnerStatistics statistics = runner.statistics();
  EXPECT_GE(statistics.dropped, 2u);
  EXPECT_EQ(static_cast<std::uint64_t>(cancelled), statistics.dropped + statistics.cancelled);
}

TEST_F(HeldUp, TheNewestIsDropped) {
  Runner runner = make(WhenFull::drop_newest);
  ASSERT_TRUE(give(runner));
  gate_.await_one();
  ASSERT_TRUE(give(runner));
  ASSERT_TRUE(give(runner));
  const auto refused = give(runner);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::cancelled);
  gate_.open();
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(answered_, (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_TRUE(cancelled_.empty());
  EXPECT_EQ(runner.statistics().dropped, 1u);
}

TEST_F(HeldUp, TheOnlyFrameIsNotDroppedWhileSomebodyWorksOnIt) {
  Runner runner = make(WhenFull::drop_oldest, 1);
  ASSERT_TRUE(give(runner));
  gate_.await_one();
  EXPECT_FALSE(give(runner));
  gate_.open();
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(answered_, (std::vector<std::size_t>{0}));
}

TEST_F(HeldUp, PredictWaitsForRoom) {
  Runner runner = make(WhenFull::block);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(give(runner));
  gate_.await_one();
  std::thread opener([this] { gate_.open(); });
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(give(runner));
  opener.join();
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(answered_, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(HeldUp, FramesAreCancelled) {
  Runner runner = make(WhenFull::block);
  ASSERT_TRUE(give(runner));
  gate_.await_one();
  ASSERT_TRUE(give(runner));
  ASSERT_TRUE(give(runner));
  runner.cancel();
  ASSERT_TRUE(give(runner));  // there is room again
  EXPECT_TRUE(cancelled_.empty()) << "callbacks run one at a time";
  gate_.open();
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(cancelled_, (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(answered_, (std::vector<std::size_t>{0, 3}));
  EXPECT_EQ(runner.statistics().cancelled, 2u);
}

TEST_F(HeldUp, TheEndCancelsWhatWaitsAndWaitsForTheRest) {
  {
    Runner runner = make(WhenFull::block);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(give(runner));
    gate_.await_one();
    std::thread([this] { gate_.open(); }).detach();
  }
  EXPECT_EQ(answered_.size() + cancelled_.size(), 3u);
  EXPECT_EQ(answered_.front(), 0u);
}

TEST_F(HeldUp, PendingFramesAreCancelledOneByOne) {
  Runner runner = make(WhenFull::block);
  ASSERT_TRUE(give(runner));
  gate_.await_one();
  Pending first = runner.predict(picture_.view()).value();
  const Pending second = runner.predict(picture_.view()).value();
  EXPECT_FALSE(first.ready());
  EXPECT_EQ(first.wait_for(std::chrono::milliseconds(0)), nullptr);
  first.cancel();
  ASSERT_TRUE(first.ready());
  EXPECT_EQ(first.wait().error().code, ErrorCode::cancelled);
  { const Pending given_up = runner.predict(picture_.view()).value(); }  // nobody waits for it: it goes at once
  EXPECT_FALSE(second.ready());
  gate_.open();
  EXPECT_TRUE(second.wait());
  EXPECT_TRUE(second.wait().value().classes.size() == 5);
}

TEST_F(HeldUp, APendingAnswerOutlivesItsRunner) {
  std::optional<Pending> answered, cancelled;
  {
    Runner runner = make(WhenFull::block);
    answered = runner.predict(picture_.view()).value();
    answered->wait();
    ASSERT_TRUE(give(runner));
    gate_.await_one();
    cancelled = runner.predict(picture_.view()).value();
    std::thread([this] { gate_.open(); }).detach();
  }
  ASSERT_TRUE(answered->wait());
  EXPECT_EQ(answered->wait()->classes.size(), 5u);
  EXPECT_TRUE(cancelled->ready());
}

class Callbacks : public ::testing::Test {
 protected:
  const Model model_ = Model::random("mobilenet_v1:0.25:32").value();
  const TestPicture picture_{40, 30};
};

TEST_F(Callbacks, ThatThrowAreCounted) {
  Runner runner = Runner::create(model_).value();
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(runner.predict(picture_.view(), [](const Result<Prediction>&) { throw std::runtime_error("mine"); }));
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(runner.statistics().callback_errors, 4u);
  EXPECT_EQ(runner.statistics().answered, 4u);
}

TEST_F(Callbacks, MayGiveTheNextFrame) {
  Runner runner = Runner::create(model_, {.frames_in_flight = 2}).value();
  std::atomic<int> left = 10;
  std::function<void(const Result<Prediction>&)> next = [&](const Result<Prediction>& answer) {
    EXPECT_TRUE(answer);
    if (--left == 0) return;
    EXPECT_TRUE(runner.predict(picture_.view(), [&next](const auto& a) { next(a); }));
  };
  ASSERT_TRUE(runner.predict(picture_.view(), [&next](const auto& answer) { next(answer); }));
  while (left > 0) ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(runner.statistics().answered, 10u);
}

TEST_F(Callbacks, MayNotWaitForTheirOwnRunner) {
  Runner runner = Runner::create(model_, {.frames_in_flight = 1}).value();
  std::vector<ErrorCode> refused;
  ASSERT_TRUE(runner.predict(picture_.view(), [&](const Result<Prediction>&) {
    const auto full = runner.predict(picture_.view(), [](const Result<Prediction>&) {});
    if (!full) refused.push_back(full.error().code);
    const auto idle = runner.wait_idle();
    if (!idle) refused.push_back(idle.error().code);
    static_cast<void>(runner.statistics());
    runner.cancel();
  }));
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(refused, (std::vector{ErrorCode::invalid_argument, ErrorCode::invalid_argument}));
}

TEST_F(Callbacks, ThatAreEmptyAreRefused) {
  Runner runner = Runner::create(model_).value();
  const auto refusal = [&](FrameCallback callback) {
    const auto taken = runner.predict(picture_.view(), std::move(callback));
    return taken ? std::string("taken") : taken.error().message;
  };
  const char* const sentence = "a frame without a callback has nobody to answer to";
  EXPECT_EQ(refusal(FrameCallback()), sentence);
  EXPECT_EQ(refusal(std::function<void(const Result<Prediction>&)>()), sentence);
  EXPECT_EQ(refusal(static_cast<void (*)(const Result<Prediction>&)>(nullptr)), sentence);
  int answers = 0;
  ASSERT_TRUE(runner.predict(picture_.view(), std::function([&](const Result<Prediction>&) { ++answers; })));
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(answers, 1);
}

void no_closure(const Result<Prediction>& answer) { EXPECT_TRUE(answer); }

TEST_F(Callbacks, MayBeFunctions) {
  Runner runner = Runner::create(model_).value();
  ASSERT_TRUE(runner.predict(picture_.view(), no_closure));
  ASSERT_TRUE(runner.predict(picture_.view(), &no_closure));
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(runner.statistics().answered, 2u);
}

TEST_F(Callbacks, MayHoldAndForgetPendingFrames) {
  Runner runner = Runner::create(model_, {.session = {.threads = 1}, .frames_in_flight = 3}).value();
  bool refused = false;
  ASSERT_TRUE(runner.predict(picture_.view(), [&](const Result<Prediction>&) {
    const Result<Pending> next = runner.predict(picture_.view());
    refused = next && !next->wait();  // it would wait for this callback
  }));
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_TRUE(refused);
}

TEST_F(Callbacks, MayEndTheirRunner) {
  for (const int threads : {1, 2}) {
    auto runner = std::make_unique<Runner>(
        Runner::create(model_, {.session = {.threads = threads}, .frames_in_flight = 4}).value());
    Gate all_given;
    std::atomic<int> calls = 0;
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(runner->predict(picture_.view(), [&, i](const Result<Prediction>&) {
        if (i == 0) {
          all_given.pass();
          runner.reset();
        }
        ++calls;
        calls.notify_all();
      }));
    }
    all_given.open();
    for (int seen = calls; seen < 4; seen = calls) calls.wait(seen);  // every frame is answered or cancelled
    EXPECT_EQ(runner, nullptr);
  }
}

// An application's event loop.
class Loop final : public CallbackExecutor {
 public:
  Loop() : thread_([this](const std::stop_token& stop) { run(stop); }) {}
  void post(void (*task)(void*), void* context) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({task, context});
    changed_.notify_all();
  }
  std::thread::id id() const { return thread_.get_id(); }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !tasks_.empty(); })) {
      const auto [task, context] = tasks_.front();
      tasks_.erase(tasks_.begin());
      lock.unlock();
      task(context);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::pair<void (*)(void*), void*>> tasks_;
  std::jthread thread_;
};

TEST_F(Callbacks, RunWhereTheApplicationSays) {
  Loop loop;
  std::vector<std::uint64_t> seen;
  {
    Runner runner = Runner::create(model_, {.session = {.threads = 2}, .callbacks = &loop}).value();
    for (int i = 0; i < 20; ++i)
      ASSERT_TRUE(runner.predict(picture_.view(), [&](const Result<Prediction>& answer) {
        EXPECT_EQ(std::this_thread::get_id(), loop.id());
        seen.push_back(answer.value().frame);
      }));
    ASSERT_TRUE(runner.wait_idle());
  }
  ASSERT_EQ(seen.size(), 20u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

class Broken final : public CallbackExecutor {
 public:
  void post(void (*)(void*), void*) override { throw std::runtime_error("no loop any more"); }
};

TEST_F(Callbacks, RunHereWhereTheApplicationsLoopIsBroken) {
  Broken broken;
  Runner runner = Runner::create(model_, {.callbacks = &broken}).value();
  int answers = 0;
  ASSERT_TRUE(runner.predict(picture_.view(), [&](const Result<Prediction>& answer) { answers += answer ? 1 : 0; }));
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(runner.statistics().callback_errors, 1u);
}

}  // namespace
}  // namespace mobilenet::testing
