// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/workers.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace mobilenet {
namespace {

constexpr std::size_t kMembers = 3;

class Backwards final : public Executor {
 public:
  int threads() const override { return kMembers; }
  void parallel_for(int count, void (*task)(void*, int), void* context) override {
    for (int i = count; i-- > 0;) task(context, i);
  }
};

class FreshThreads final : public Executor {
 public:
  int threads() const override { return kMembers; }
  void parallel_for(int count, void (*task)(void*, int), void* context) override {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back(task, context, i);
    for (std::thread& thread : threads) thread.join();
  }
};

// Every index once, and no member twice at the same time.
void expect_every_index(const Workers& workers) {
  for (const std::size_t count : {0, 1, 2, 3, 7, 1000}) {
    std::vector<std::atomic<int>> calls(count);
    std::array<std::atomic<int>, kMembers> busy{};
    std::atomic<bool> shared{false};
    workers.for_each(count, [&](std::size_t index, std::size_t member) {
      if (busy.at(member).fetch_add(1) != 0) shared = true;
      ++calls.at(index);
      busy.at(member).fetch_sub(1);
    });
    EXPECT_FALSE(shared);
    for (const std::atomic<int>& number : calls) ASSERT_EQ(number, 1) << "of " << count;
  }
}

TEST(Workers, EveryIndexOnce) {
  ThreadPool::shared().reserve(kMembers);
  Backwards backwards;
  FreshThreads fresh;
  expect_every_index({});
  expect_every_index({kMembers, nullptr, ThreadPool::kSpin});
  expect_every_index({kMembers, nullptr, {}});
  expect_every_index({kMembers, &backwards, {}});
  expect_every_index({kMembers, &fresh, {}});
}

TEST(Workers, SmallWorkIsNotCut) {
  EXPECT_EQ(Workers().parts(1 << 30, 1), 1u);
  const Workers three(3, nullptr, {});
  EXPECT_EQ(three.parts(0, 100), 1u);
  EXPECT_EQ(three.parts(199, 100), 1u);
  EXPECT_EQ(three.parts(200, 100), 2u);
  EXPECT_EQ(three.parts(1 << 20, 100), 6u);
}

}  // namespace
}  // namespace mobilenet
