// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/barrier.h"

namespace mobilenet {
namespace {

TEST(ThreadPool, EveryMemberRunsExactlyOnce) {
  ThreadPool pool;
  pool.reserve(4);
  for (const int threads : {1, 2, 3, 4, 9})
    for (int round = 0; round < 200; ++round) {
      const Team team = pool.acquire(threads);
      ASSERT_EQ(team.size(), std::min(threads, 4));
      std::array<std::atomic<int>, 4> hits{};
      team.run([&](int member) { hits.at(static_cast<std::size_t>(member)).fetch_add(1); });
      for (int member = 0; member < 4; ++member)
        ASSERT_EQ(hits.at(static_cast<std::size_t>(member)).load(), member < team.size() ? 1 : 0);
    }
}

TEST(ThreadPool, TeamsAreDisjoint) {
  ThreadPool pool;
  pool.reserve(4);
  const Team first = pool.acquire(3);
  const Team second = pool.acquire(3);
  EXPECT_EQ(first.size(), 3);
  EXPECT_LE(second.size(), 2);
}

TEST(ThreadPool, WritesOfWorkersAreSeenByTheCaller) {
  ThreadPool pool;
  pool.reserve(2);
  std::array<int, 2> plain{};
  for (int round = 1; round < 2000; ++round) {
    const Team team = pool.acquire(2);
    ASSERT_EQ(team.size(), 2);
    team.run([&](int member) { plain.at(static_cast<std::size_t>(member)) = round; });
    for (const int value : plain) ASSERT_EQ(value, round);
  }
}

TEST(ThreadPool, ManyCallersShareOnePool) {
  ThreadPool pool;
  pool.reserve(3);
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        const Team team = pool.acquire(3);
        std::atomic<int> members{0};
        team.run([&](int) { members.fetch_add(1); });
        if (members.load() != team.size()) wrong.fetch_add(1);
      }
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(ThreadPool, SleepingWorkersWakeUp) {
  ThreadPool pool;
  pool.reserve(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> hits{0};
    pool.acquire(2).run([&](int) { hits.fetch_add(1); });
    EXPECT_EQ(hits.load(), 2);
  }
}

TEST(Barrier, NobodyPassesBeforeTheLastHasCome) {
  constexpr int kMembers = 3, kRounds = 2000;
  ThreadPool pool;
  pool.reserve(kMembers);
  const Team team = pool.acquire(kMembers);
  ASSERT_EQ(team.size(), kMembers);
  Barrier barrier;
  barrier.reset(kMembers);
  std::array<int, kMembers> plain{};
  std::atomic<int> wrong{0};
  team.run([&](int member) {
    for (int round = 1; round <= kRounds; ++round) {
      plain.at(static_cast<std::size_t>(member)) = round;
      barrier.wait();
      for (const int value : plain)
        if (value != round) wrong.fetch_add(1);
      barrier.wait();
    }
  });
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace mobilenet
