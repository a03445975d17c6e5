// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "base/shared_loop.h"

#if defined(__linux__)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace mobilenet {
namespace {

using namespace std::chrono_literals;

TEST(ThreadPool, EveryMemberRunsAtMostOnce) {
  ThreadPool pool(4);
  pool.reserve(4);
  for (const int threads : {1, 2, 3, 4, 9})
    for (int round = 0; round < 200; ++round) {
      Team team = pool.acquire(threads);
      ASSERT_EQ(team.size(), std::min(threads, 4));
      std::array<std::atomic<int>, 4> hits{};
      team.run([&](int member) { hits.at(static_cast<std::size_t>(member)).fetch_add(1); });
      ASSERT_EQ(hits[0].load(), 1);
      for (int member = 1; member < 4; ++member)
        ASSERT_LE(hits.at(static_cast<std::size_t>(member)).load(), member < team.size() ? 1 : 0);
    }
}

// Runs `body` on all members, who wait until all have come.
template <class Body>
void run_together(Team& team, const Body& body) {
  std::atomic<int> come{0};
  team.run([&](int member) {
    come.fetch_add(1);
    while (come.load() < team.size()) std::this_thread::yield();
    body(member);
  });
}

TEST(ThreadPool, WritesOfWorkersAreSeenByTheCaller) {
  ThreadPool pool(2);
  pool.reserve(2);
  std::array<int, 2> plain{};
  for (int round = 1; round < 300; ++round) {
    Team team = pool.acquire(2);
    ASSERT_EQ(team.size(), 2);
    run_together(team, [&](int member) { plain.at(static_cast<std::size_t>(member)) = round; });
    for (const int value : plain) ASSERT_EQ(value, round);
  }
}

struct ShareCase {
  const char* name;
  int cores;
  std::vector<int> asked;  // by callers who come one after the other, the earlier ones still at work
  std::vector<int> sizes;  // of the teams that they get
};

TEST(ThreadPool, WhoComesLaterGetsWhatIsLeftButNoMoreThanCores) {
  const ShareCase cases[] = {
      {"alone, all", 4, {4}, {4}},           {"alone, more than cores", 2, {4}, {4}},
      {"both fit", 4, {2, 2}, {2, 2}},       {"the second takes the rest", 4, {1, 4}, {1, 3}},
      {"all are taken", 4, {4, 4}, {4, 1}},  {"small ones leave the rest to a large one", 8, {1, 1, 8}, {1, 1, 6}},
      {"one core", 1, {1, 1, 1}, {1, 1, 1}}, {"more callers than cores", 2, {1, 1, 2}, {1, 1, 1}},
  };
  for (const ShareCase& c : cases) {
    ThreadPool pool(c.cores);
    pool.reserve(*std::max_element(c.asked.begin(), c.asked.end()));
    std::vector<std::unique_ptr<Team>> teams;
    for (const int threads : c.asked) teams.emplace_back(new Team(pool.acquire(threads)));
    for (std::size_t i = 0; i < teams.size(); ++i)
      EXPECT_EQ(teams[i]->size(), c.sizes[i]) << c.name << ", caller " << i;
  }
}

// While the first is at work, the second comes; the first then has one thread less, and never less than its share.
TEST(ThreadPool, ATeamGivesUpWhatIsMoreThanItsShare) {
  ThreadPool pool(4);
  pool.reserve(4);
  Team first = pool.acquire(4);
  ASSERT_EQ(first.size(), 4);
  std::unique_ptr<Team> second;
  std::atomic<bool> has_come{false};
  std::atomic<int> stayed{0}, left{0};
  run_together(first, [&](int member) {
    if (member == 0) {
      EXPECT_FALSE(first.gives_up()) << "alone";
      second.reset(new Team(pool.acquire(4)));
      EXPECT_EQ(second->size(), 1) << "all workers were taken";
      has_come = true;
      return;
    }
    while (!has_come) std::this_thread::yield();
    (first.gives_up() ? left : stayed).fetch_add(1);
  });
  EXPECT_EQ(left.load(), 1) << "the four cores have four threads again";
  EXPECT_EQ(stayed.load(), 2);
}

// Between two frames a caller's share is not handed to the other.
TEST(ThreadPool, AShareIsKeptForAMoment) {
  ThreadPool pool(4);
  pool.reserve(4);
  {
    const Team first = pool.acquire(4);
    const Team second = pool.acquire(4);
  }
  EXPECT_EQ(pool.acquire(4).size(), 2);
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(pool.acquire(4).size(), 4) << "nobody else has come";
}

TEST(ThreadPool, ManyCallersShareOnePool) {
  constexpr std::size_t kTurns = 5;
  ThreadPool pool(3);
  pool.reserve(3);
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      SharedLoop loop;
      for (int round = 0; round < 300; ++round) {
        Team team = pool.acquire(3);
        loop.reset();
        std::array<int, kTurns> plain{};
        team.run([&](int member) {
          if (member > 0 && team.gives_up()) return;
          loop.take_part(kTurns, 3, [&](std::size_t turn) { ++plain.at(turn); });
          loop.wait(team.spin());
          if (plain != std::array<int, kTurns>{1, 1, 1, 1, 1}) wrong.fetch_add(1);
        });
      }
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(ThreadPool, SleepingWorkersWakeUp) {
  ThreadPool pool(2);
  pool.reserve(2);
  for (const auto spin : {0us, 50us})
    for (int round = 0; round < 5; ++round) {
      std::this_thread::sleep_for(2ms);
      Team team = pool.acquire(2, spin);
      std::atomic<int> hits{0};
      run_together(team, [&](int) { hits.fetch_add(1); });
      EXPECT_EQ(hits.load(), 2);
    }
}

int hits_of(ThreadPool& pool, int threads) {
  Team team = pool.acquire(threads);
  std::atomic<int> hits{0};
  run_together(team, [&](int) { hits.fetch_add(1); });
  return hits.load();
}

TEST(ThreadPool, IdleWorkersEndAndComeAgain) {
  ThreadPool pool(3, 1ms);
  pool.reserve(3);
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(hits_of(pool, 3), 3);
    for (int wait = 0; wait < 2000 && pool.running() > 0; ++wait) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(pool.running(), 0);
  }
}

TEST(ThreadPool, WorkersThatEndAreNotMissed) {
  ThreadPool pool(2, 1us);  // they end all the time
  pool.reserve(2);
  for (int round = 0; round < 500; ++round) ASSERT_EQ(hits_of(pool, 2), 2);
}

#if defined(__linux__)

// A child has the memory of its parent's threads, but not the threads.
TEST(ThreadPool, AChildProcessHasThreadsOfItsOwn) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer ends a child of several threads that starts one";
#endif
  ThreadPool& pool = ThreadPool::shared();
  pool.reserve(2);
  EXPECT_EQ(hits_of(pool, 2), 2);
  const pid_t child = fork();
  if (child == 0) _exit(hits_of(pool, 2));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 2);
  EXPECT_EQ(hits_of(pool, 2), 2) << "the parent goes on";
}

#endif

TEST(SharedLoop, IsOverWhenEveryTurnIsDone) {
  constexpr int kMembers = 3, kRounds = 300;
  for (const auto spin : {0us, 50us}) {
    ThreadPool pool(kMembers);
    pool.reserve(kMembers);
    Team team = pool.acquire(kMembers, spin);
    std::array<SharedLoop, kRounds> loops;
    std::array<int, 7> plain{};
    std::atomic<int> wrong{0};
    team.run([&](int) {
      for (int round = 0; round < kRounds; ++round) {
        SharedLoop& loop = loops.at(static_cast<std::size_t>(round));
        loop.take_part(plain.size(), kMembers, [&](std::size_t turn) {
          if (plain.at(turn)++ != round) wrong.fetch_add(1);
        });
        loop.wait(team.spin());
        if (!loop.is_finished()) wrong.fetch_add(1);
      }
    });
    EXPECT_EQ(wrong.load(), 0);
    for (const int value : plain) EXPECT_EQ(value, kRounds);
  }
}

TEST(SharedLoop, NeedsNobodyWhoDoesNotCome) {
  SharedLoop loop;
  int turns = 0;
  loop.take_part(3, 2, [&](std::size_t) { ++turns; });
  EXPECT_TRUE(loop.is_finished());
  loop.take_part(3, 2, [&](std::size_t) { ++turns; });
  EXPECT_EQ(turns, 3) << "who comes late finds nothing to do";
  loop.reset();
  EXPECT_FALSE(loop.is_finished());
  loop.take_part(0, 2, [&](std::size_t) { ++turns; });
  EXPECT_TRUE(loop.is_finished()) << "a loop without turns";
  EXPECT_EQ(turns, 3);
}

}  // namespace
}  // namespace mobilenet
