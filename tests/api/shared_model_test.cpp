// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// One Model, many threads: the tests that the thread sanitizer runs.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <thread>
#include <vector>

#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

TEST(SharedModel, SessionsOnManyThreadsAgree) {
  const Model model = Model::random("mobilenet_v2:0.35:64:11").value();
  const TestPicture picture(90, 70);
  Session alone = model.session({.threads = 1}).value();
  const auto answer = alone.classify(picture.view()).value();
  const std::vector<Classification> expected(answer.begin(), answer.end());
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&, caller] {
      // Opening is concurrent too: weights are packed by whoever comes first.
      Session session = model.session({.threads = 1 + caller % 3}).value();
      for (int frame = 0; frame < 5; ++frame) {
        const auto classes = session.classify(picture.view()).value();
        ASSERT_EQ(classes.size(), expected.size());
        for (std::size_t i = 0; i < classes.size(); ++i) {
          EXPECT_EQ(classes[i].index, expected[i].index);
          EXPECT_EQ(classes[i].score, expected[i].score) << "the number of threads must not change an answer";
        }
      }
    });
  for (std::thread& caller : callers) caller.join();
}

// Sessions that each want all cores share them; those that come and go change the shares of the others in mid-run.
TEST(SharedModel, SessionsShareTheCores) {
  const Model model = Model::random("mobilenet_v2:0.35:64:11").value();
  const TestPicture picture(90, 70);
  const auto first_score = [&](Session& session) { return session.classify(picture.view()).value()[0].score; };
  Session alone = model.session({.threads = 1}).value();
  const float expected = first_score(alone);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller)
    callers.emplace_back([&, caller] {
      for (int visit = 0; visit < 3; ++visit) {
        Session session = model.session({.threads = 2 + visit, .spin_us = visit * 25}).value();
        for (int frame = 0; frame < 4 + caller; ++frame) EXPECT_EQ(first_score(session), expected);
      }
    });
  for (std::thread& caller : callers) caller.join();
}

TEST(SharedModel, FirstSessionsOfAFreshModelStartTogether) {
  for (int round = 0; round < 5; ++round) {
    const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
    std::vector<std::thread> callers;
    for (const Device device : {Device::cpu, Device::reference, Device::cpu})
      callers.emplace_back([&model, device] {
        const TestPicture picture(40, 40);
        Session session = model.session({.device = device, .threads = 2}).value();
        EXPECT_EQ(session.classify(picture.view()).value().size(), 5u);
      });
    for (std::thread& caller : callers) caller.join();
  }
}

TEST(SharedModel, SessionsOutliveTheModel) {
  auto model = std::make_unique<Model>(Model::random("mobilenet_v1:0.25:32:7").value());
  Session session = model->session().value();
  model.reset();
  EXPECT_TRUE(session.classify(TestPicture(50, 40).view()));
}

}  // namespace
}  // namespace mobilenet::testing
