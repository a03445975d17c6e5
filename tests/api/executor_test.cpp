// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// A session with an executor compiles and computes on it, and starts no thread of the library's. Nothing else may do so
// in this program.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

// Names of the process's threads.
std::multiset<std::string> thread_names() {
  std::multiset<std::string> names;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    std::getline(file, name);
    names.insert(name);
  }
  return names;
}

// On two threads, both of which have really come.
class Counting final : public Executor {
 public:
  int threads() const override { return 2; }
  void parallel_for(int count, void (*task)(void*, int), void* context) override {
    EXPECT_LE(count, threads());
    ++calls;
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    std::vector<std::thread> others;
    for (int i = 1; i < count; ++i) others.emplace_back(task, context, i);
    names = thread_names();
    task(context, 0);
    for (std::thread& other : others) other.join();
  }

  std::atomic<int> calls{0};
  std::multiset<std::string> names;      // of the process's threads in the last call
  std::function<void()> meanwhile = {};  // called once
};

TEST(Executor, CompilesAndRunsWithoutTheLibrarysThreads) {
  const Model model = Model::random("mobilenet_v2:0.35:64:7").value();
  const TestPicture picture(64, 64);
  Counting executor;
  Session session = model.session({.executor = &executor}).value();
  EXPECT_EQ(executor.calls, 1) << "one to compile";
  ASSERT_TRUE(session.classify(picture.view()));
  EXPECT_EQ(executor.calls, 2) << "one to run";
  const std::vector<ImageView> three(3, picture.view());
  ASSERT_TRUE(session.classify(three));
  EXPECT_EQ(executor.calls, 4) << "both for another batch";
  Session another = model.session({.executor = &executor}).value();
  EXPECT_EQ(executor.calls, 4) << "the program is there";
#if defined(__linux__)
  EXPECT_FALSE(executor.names.empty());
  EXPECT_EQ(executor.names.count("mobilenet"), 0u);
  EXPECT_EQ(thread_names().count("mobilenet"), 0u);
#endif
}

// One that has ended is not asked to compile for another.
TEST(Executor, IsNotKeptByTheModel) {
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  {
    Counting executor;
    EXPECT_FALSE(model.session({.executor = &executor, .max_memory_bytes = 1 << 16}));
    Session session = model.session({.executor = &executor}).value();
  }
  Counting executor;
  EXPECT_FALSE(model.session({.executor = &executor, .max_memory_bytes = 1 << 16}));
  Session session = model.session({.executor = &executor}).value();
  ASSERT_TRUE(session.classify(TestPicture(32, 32).view()));
  EXPECT_EQ(executor.calls, 1) << "the program is there; one run";
}

// A pool that steals work does other work while it waits, such as opening a session of the same model.
TEST(Executor, MayOpenASessionWhileOneIsOpened) {
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  Counting executor;
  std::optional<Session> inner;
  executor.meanwhile = [&] { inner = model.session({.executor = &executor}).value(); };
  Session outer = model.session({.executor = &executor}).value();
  ASSERT_TRUE(inner);
  const TestPicture picture(50, 40);
  const auto a = inner->classify(picture.view()).value(), b = outer.classify(picture.view()).value();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].index, b[i].index);
    EXPECT_EQ(a[i].score, b[i].score);
  }
}

}  // namespace
}  // namespace mobilenet::testing
