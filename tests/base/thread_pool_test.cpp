// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace mobilenet {
namespace {

TEST(ThreadPool, EveryIndexRunsExactlyOnce) {
  ThreadPool pool;
  pool.reserve(4);
  for (const int threads : {1, 2, 3, 4, 9}) {
    for (const std::size_t count : {0u, 1u, 2u, 3u, 100u, 1000u}) {
      std::vector<std::atomic<int>> hits(count);
      pool.parallel_for(threads, count, [&](std::size_t index, int thread) {
        EXPECT_GE(thread, 0);
        EXPECT_LT(thread, threads);
        hits[index].fetch_add(1);
      });
      for (std::size_t i = 0; i < count; ++i)
        EXPECT_EQ(hits[i].load(), 1) << i << " of " << count << ", " << threads << " threads";
    }
  }
}

// Two tasks with the same thread number would share scratch memory.
TEST(ThreadPool, AThreadNumberIsHeldByOneThreadAtATime) {
  ThreadPool pool;
  pool.reserve(3);
  std::array<std::atomic<int>, 3> holders{};
  for (int round = 0; round < 500; ++round)
    pool.parallel_for(3, 40, [&](std::size_t, int thread) {
      EXPECT_EQ(holders[static_cast<std::size_t>(thread)].fetch_add(1), 0);
      holders[static_cast<std::size_t>(thread)].fetch_sub(1);
    });
}

TEST(ThreadPool, WritesOfWorkersAreSeenByTheCaller) {
  ThreadPool pool;
  pool.reserve(2);
  std::vector<int> plain(64);
  for (int round = 1; round < 2000; ++round) {
    pool.parallel_for(2, plain.size(), [&](std::size_t index, int) { plain[index] = round; });
    for (const int value : plain) ASSERT_EQ(value, round);
  }
}

TEST(ThreadPool, ManyCallersShareOnePool) {
  ThreadPool pool;
  pool.reserve(3);
  std::vector<std::thread> callers;
  std::atomic<long> total{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round)
        pool.parallel_for(3, 10, [&](std::size_t index, int) { total.fetch_add(static_cast<long>(index)); });
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total.load(), 4L * 300 * 45);
}

TEST(ThreadPool, SleepingWorkersWakeUp) {
  ThreadPool pool;
  pool.reserve(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> hits{0};
    pool.parallel_for(2, 100, [&](std::size_t, int) { hits.fetch_add(1); });
    EXPECT_EQ(hits.load(), 100);
  }
}

}  // namespace
}  // namespace mobilenet
