// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <limits>
#include <string>

namespace mobilenet::testing {
namespace {

struct OptionCase {
  const char* name;
  SessionOptions options;
  const char* said;
};

class NoThreads final : public Executor {
 public:
  int threads() const override { return 0; }
  void parallel_for(int, void (*)(void*, int), void*) override {}
};

TEST(Device, DevicesAndPrecisionsAreFoundByName) {
  for (const DeviceInfo& info : devices()) {
    SCOPED_TRACE(info.name);
    EXPECT_EQ(name_of(info.device), info.name);
    EXPECT_EQ(device_from_name(info.name), info.device);
    EXPECT_FALSE(info.sentence.empty());
  }
  for (const PrecisionInfo& info : precisions()) {
    SCOPED_TRACE(info.name);
    EXPECT_EQ(name_of(info.precision), info.name);
    EXPECT_EQ(precision_from_name(info.name), info.precision);
    EXPECT_FALSE(info.sentence.empty());
  }
  ASSERT_FALSE(precisions().empty());
  EXPECT_EQ(precisions().front().precision, SessionOptions().precision) << "the default comes first";
  EXPECT_FALSE(precision_from_name(""));
}

TEST(SessionOptions, WhatIsOutOfRangeIsRefusedByItsName) {
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  NoThreads no_threads;
  const OptionCase cases[] = {
      {"a device that is none", {.device = Device(9)}, "device: there is no value of the number 9"},
      {"a precision that is none", {.precision = Precision(9)}, "precision: there is no value of the number 9"},
      {"a policy that is none", {.preprocess = PreprocessPolicy(99)}, "preprocess: there is no value of the number 99"},
      {"a pooling that is none", {.pooling = Pooling(-1)}, "pooling: there is no value of the number -1"},
      {"negative threads", {.threads = -1}, "threads: is -1, expected 0 to 1024"},
      {"threads beyond reason", {.threads = kMostThreads + 1}, "threads: is 1025, expected 0 to 1024"},
      {"a spin of less than nothing", {.spin_us = -1}, "spin_us: is -1, expected 0 to 1000000"},
      {"an executor of no threads", {.executor = &no_threads}, "executor: threads(): is 0, expected at least 1"},
      {"a negative height", {.input_height = -5, .input_width = 32}, "input_height: is -5, expected 0 to 16384"},
      {"a width beyond reason", {.input_height = 32, .input_width = 2'000'000'000}, "input_width: is 2000000000"},
      {"one side only", {.input_height = 64}, "input_height, input_width: are 64 and 0, expected both"},
      {"no classes", {.top = 0}, "top: is 0"},
      {"a threshold that is no probability", {.score_threshold = 1.1f}, "score_threshold: is 1.1, expected 0 to 1"},
      {"a threshold that is no number", {.score_threshold = kNaN}, "score_threshold: is nan, expected 0 to 1"},
      {"a negative count", {.max_detections = -1}, "max_detections: is -1"},
      {"a layer without a name", {.layers = {"stem", ""}}, "layers: name 2 is empty"},
      {"a layer twice", {.layers = {"stem", "pool", "stem"}}, "layers: stem is named twice"},
      {"a tensor without a name", {.tensors = {""}}, "tensors: name 1 is empty"},
  };
  for (const OptionCase& c : cases) {
    const auto session = model.session(c.options);
    ASSERT_FALSE(session) << c.name;
    EXPECT_EQ(session.error().code, ErrorCode::invalid_argument) << c.name;
    EXPECT_NE(session.error().message.find(c.said), std::string::npos) << c.name << ": " << session.error().message;
  }
}

}  // namespace
}  // namespace mobilenet::testing
