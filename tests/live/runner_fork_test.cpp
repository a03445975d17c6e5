// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// A child of fork() has the memory of models, sessions and Runners, but not their threads: it computes, or is told why
// not, and never waits for them.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>
#include <mobilenet/runner.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "live/gate.h"
#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

constexpr unsigned kPatience = 60;  // seconds; a child that waits for nobody is ended by its alarm

class Fork : public ::testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the thread sanitizer ends a child of several threads that starts one";
#endif
  }

  // What `child` gives in a process of its own, where true is as it should be.
  template <class Child>
  static bool holds_in_a_child(Child child) {
    const pid_t process = fork();
    if (process == 0) {
      alarm(kPatience);
      _exit(child() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(waitpid(process, &status, 0), process);
    EXPECT_FALSE(WIFSIGNALED(status)) << "ended by signal " << WTERMSIG(status);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  bool answers(Session& session) const {
    const auto classes = session.classify(picture_.view());
    return classes && classes->front().index == expected_.index && classes->front().score == expected_.score;
  }

  const Model model_ = Model::random("mobilenet_v1:0.25:32").value();
  const TestPicture picture_{40, 30};
  Session session_ = model_.session({.threads = 2}).value();
  const Classification expected_ = session_.classify(picture_.view()).value().front();
};

TEST_F(Fork, SessionsComputeInTheChild) {
  EXPECT_TRUE(holds_in_a_child([&] {
    Session another = model_.session({.threads = 2}).value();
    return answers(session_) && answers(another);
  }));
  EXPECT_TRUE(answers(session_)) << "the parent goes on";
}

TEST_F(Fork, SessionsComputeInTheChildWhileOthersDoSoInTheParent) {
  std::atomic<bool> over = false;
  std::thread busy([&] {
    for (Session other = model_.session({.threads = 2}).value(); !over;) static_cast<void>(answers(other));
  });
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(holds_in_a_child([&] { return answers(session_); }));
  over = true;
  busy.join();
}

TEST_F(Fork, RunnersSayThatTheyAreLeftBehind) {
  Gate gate;
  std::optional<Runner> runner =
      Runner::create(model_, {.session = {.threads = 1}, .when_full = WhenFull::drop_oldest}).value();
  std::optional<Pending> ready = runner->predict(picture_.view()).value();
  ASSERT_TRUE(ready->wait());
  ASSERT_TRUE(runner->predict(picture_.view(), [&](const Result<Prediction>&) { gate.pass(); }));
  gate.await_one();
  std::optional<Pending> waiting = runner->predict(picture_.view()).value();
  EXPECT_TRUE(holds_in_a_child([&] {
    const auto is_refused = [](const auto& result) {
      return !result &&
             result.error().message == "this Runner's threads are not in a child of fork(): make another Runner here";
    };
    bool good = is_refused(runner->predict(picture_.view(), [](const Result<Prediction>&) {}));
    good = good && is_refused(runner->predict(picture_.view())) && is_refused(runner->wait_idle());
    good = good && waiting->ready() && is_refused(waiting->wait());
    good = good && is_refused(*waiting->wait_for(std::chrono::milliseconds(1)));
    good = good && ready->wait() && ready->wait()->classes.front().index == expected_.index;
    waiting->cancel();
    runner->cancel();
    good = good && runner->statistics().given == 0;
    waiting.reset(), ready.reset(), runner.reset();
    Runner own = Runner::create(model_, {.session = {.threads = 2}}).value();
    const Pending pending = own.predict(picture_.view()).value();
    return good && pending.wait() && pending.wait()->classes.front().index == expected_.index;
  }));
  gate.open();
  EXPECT_TRUE(waiting->wait()) << "the parent goes on";
}

// Whatever the Runner's threads held when the child was made.
TEST_F(Fork, BusyRunnersAreLeftBehindAtAnyMoment) {
  std::optional<Runner> runner = Runner::create(model_).value();
  std::atomic<bool> over = false;
  std::thread camera([&] {
    while (!over) static_cast<void>(runner->predict(picture_.view(), [](const Result<Prediction>&) {}));
  });
  for (int i = 0; i < 20; ++i)
    EXPECT_TRUE(holds_in_a_child([&] {
      runner.reset();
      return answers(session_);
    }));
  over = true;
  camera.join();
}

}  // namespace
}  // namespace mobilenet::testing
