// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/processors.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include "base/thread_pool.h"

namespace mobilenet {
namespace {

struct QuotaCase {
  const char* name;
  const char* text;
  int processors;
};

TEST(Processors, QuotasAreRoundedUp) {
  const QuotaCase cases[] = {
      {"two", "200000 100000", 2},
      {"one and a half", "150000 100000\n", 2},
      {"a tenth", "10000 100000", 1},
      {"none, version 2", "max 100000", 0},
      {"none, version 1", "-1 100000", 0},
      {"no file", "", 0},
      {"no files, version 1", " ", 0},
      {"no period", "100000", 0},
      {"a period of nothing", "100000 0", 0},
      {"more than there can be", "9223372036854775807 1", 2147483647},
  };
  for (const QuotaCase& c : cases) EXPECT_EQ(quota_of(c.text), c.processors) << c.name;
}

#if defined(__linux__)

int allowed_processors() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  return sched_getaffinity(0, sizeof(mask), &mask) == 0 ? CPU_COUNT(&mask) : 0;
}

// A thread that is pinned to one of the process's processors.
template <class Work>
void on_a_pinned_thread(const Work& work) {
  std::thread([&] {
    cpu_set_t mask, first;
    CPU_ZERO(&mask);
    CPU_ZERO(&first);
    ASSERT_EQ(sched_getaffinity(0, sizeof(mask), &mask), 0);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &mask)) ++cpu;
    CPU_SET(cpu, &first);
    ASSERT_EQ(sched_setaffinity(0, sizeof(first), &first), 0);
    work();
  }).join();
}

TEST(Processors, APinnedThreadSpeaksForItselfAlone) {
  const int cores = physical_cores();
  EXPECT_GE(cores, 1);
  on_a_pinned_thread([&] { EXPECT_EQ(physical_cores(), cores); });
  EXPECT_EQ(physical_cores(), cores);
}

// What an executor of ROS does before it opens a session: pinned, and where it may, in real time; and nice besides.
void become_peculiar() {
  const sched_param priority{.sched_priority = 1};
  sched_setscheduler(0, SCHED_FIFO, &priority);
  setpriority(PRIO_PROCESS, 0, 5);
}

TEST(Processors, WorkersAreNotWhatTheirStarterWas) {
  const int expected = allowed_processors(), nice = getpriority(PRIO_PROCESS, 0);
  ThreadPool pool(2);
  on_a_pinned_thread([&] {
    become_peculiar();
    pool.reserve(2);
  });
  int processors = 0, policy = -1, niceness = 100;
  bool blocks_signals = false;
  std::string name(16, '\0');
  std::atomic<bool> has_begun{false};
  pool.acquire(2).run([&](int member) {
    if (member == 0) {
      while (!has_begun) std::this_thread::yield();
      return;
    }
    has_begun = true;
    policy = sched_getscheduler(0);
    niceness = getpriority(PRIO_PROCESS, 0);
    pthread_getname_np(pthread_self(), name.data(), name.size());
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    blocks_signals = sigismember(&blocked, SIGUSR1) == 1 && sigismember(&blocked, SIGINT) == 1;
    processors = allowed_processors();
  });
  EXPECT_EQ(processors, expected);
  EXPECT_EQ(policy, SCHED_OTHER);
  if (geteuid() == 0) {
    EXPECT_EQ(niceness, nice) << "who may lower it does";
  }
  EXPECT_STREQ(name.c_str(), "mobilenet");
  EXPECT_TRUE(blocks_signals);
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  EXPECT_EQ(sigismember(&blocked, SIGUSR1), 0) << "the caller's own signals are as before";
}

// The main thread was pinned when the pool and its first worker were made, and no longer is.
TEST(Processors, APoolFollowsTheMainThread) {
  const int cores = physical_cores(), processors = allowed_processors();
  if (cores < 2) GTEST_SKIP() << "needs two cores";
  cpu_set_t before, first;
  CPU_ZERO(&before);
  CPU_ZERO(&first);
  ASSERT_EQ(sched_getaffinity(getpid(), sizeof(before), &before), 0);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &before)) ++cpu;
  CPU_SET(cpu, &first);
  ASSERT_EQ(sched_setaffinity(getpid(), sizeof(first), &first), 0);
  EXPECT_EQ(physical_cores(), 1);
  ThreadPool pool(1);
  pool.reserve(2);
  // What a worker may run on, and the threads of two teams at work at the same time.
  const auto of_a_worker = [&] {
    int allowed = 0;
    std::atomic<bool> has_come{false};
    pool.acquire(2).run([&](int member) {
      if (member == 0) {
        while (!has_come) std::this_thread::yield();
        return;
      }
      allowed = allowed_processors();
      has_come = true;
    });
    return allowed;
  };
  const auto of_two_teams = [&] {
    const Team first_team = pool.acquire(1), second_team = pool.acquire(cores);
    return first_team.size() + second_team.size();
  };
  EXPECT_EQ(of_a_worker(), 1);
  EXPECT_EQ(of_two_teams(), 2) << "each has itself";
  ASSERT_EQ(sched_setaffinity(getpid(), sizeof(before), &before), 0);
  pool.set_cores(physical_cores());
  EXPECT_EQ(of_a_worker(), processors);
  pool.reserve(cores);
  EXPECT_EQ(of_two_teams(), cores);
}

#endif

}  // namespace
}  // namespace mobilenet
