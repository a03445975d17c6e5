// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/pictures/ordered_work.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mobilenet::cli {
namespace {

constexpr std::size_t kParts = 500;

TEST(OrderedWork, IsDeliveredInOrderByAnyNumberOfWorkers) {
  for (const std::size_t workers : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{8}}) {
    std::size_t taken = 0;
    std::vector<std::size_t> parts(slots_of(workers)), made(slots_of(workers)), delivered;
    std::atomic<std::size_t> highest_worker = 0;
    do_in_order(workers, {[&](std::size_t slot) {
                            parts[slot] = taken;
                            return taken++ < kParts;
                          },
                          [&](std::size_t worker, std::size_t slot) {
                            // Every third takes long, so that those behind it are done first.
                            if (parts[slot] % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
                            made[slot] = parts[slot] * 7;
                            for (std::size_t seen = highest_worker; worker > seen;)
                              if (highest_worker.compare_exchange_weak(seen, worker)) break;
                          },
                          [&](std::size_t slot) {
                            delivered.push_back(made[slot] / 7);
                            return true;
                          }});
    std::vector<std::size_t> all(kParts);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(delivered, all) << workers;
    EXPECT_EQ(taken, kParts + 1) << "nobody asks again after the end";
    EXPECT_LT(highest_worker, workers);
  }
}

TEST(OrderedWork, NothingIsTakenAheadOfTheSlots) {
  constexpr std::size_t kWorkers = 3;
  std::atomic<std::size_t> taken = 0, delivered = 0;
  do_in_order(kWorkers, {[&](std::size_t) {
                           EXPECT_LE(taken - delivered, slots_of(kWorkers));
                           return taken++ < kParts;
                         },
                         [](std::size_t, std::size_t) {},
                         [&](std::size_t) {
                           ++delivered;
                           return true;
                         }});
  EXPECT_EQ(delivered, kParts);
}

TEST(OrderedWork, EndsWhenNoMoreIsWanted) {
  for (const std::size_t workers : {std::size_t{1}, std::size_t{4}}) {
    std::size_t delivered = 0;
    do_in_order(workers, {[](std::size_t) { return true; }, [](std::size_t, std::size_t) {},
                          [&](std::size_t) { return ++delivered < 5; }});
    EXPECT_EQ(delivered, 5u) << workers;
  }
}

TEST(OrderedWork, WhatIsThrownAnywhereIsThrown) {
  for (const std::size_t workers : {std::size_t{1}, std::size_t{4}}) {
    for (int thrower = 0; thrower < 3; ++thrower) {
      std::atomic<std::size_t> count = 0;
      const auto throw_at = [&](int place) {
        if (place == thrower && ++count == 10) throw std::runtime_error("broken");
      };
      EXPECT_THROW(do_in_order(workers, {[&](std::size_t) {
                                           throw_at(0);
                                           return true;
                                         },
                                         [&](std::size_t, std::size_t) { throw_at(1); },
                                         [&](std::size_t) {
                                           throw_at(2);
                                           return true;
                                         }}),
                   std::runtime_error)
          << workers << " workers, thrown by " << thrower;
    }
  }
}

TEST(OrderedWork, NothingToDoIsDone) {
  for (const std::size_t workers : {std::size_t{1}, std::size_t{4}})
    do_in_order(workers,
                {[](std::size_t) { return false; }, [](std::size_t, std::size_t) { FAIL() << "there is no work"; },
                 [](std::size_t) -> bool { throw std::logic_error("nothing to deliver"); }});
}

}  // namespace
}  // namespace mobilenet::cli
