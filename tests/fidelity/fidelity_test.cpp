// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>
#include <mobilenet/device.h>

#include <cstdio>
#include <cstring>

#include "fidelity/checks.h"
#include "support/test_data.h"

namespace mobilenet::testing {
namespace {

std::vector<Check> all_checks() {
  std::vector<Check> checks = tflite_checks();
  for (const auto& more :
       {detection_checks(), segmentation_checks(), framework_checks(), default_model_checks(), precision_checks()})
    checks.insert(checks.end(), more.begin(), more.end());
  return checks;
}

void run(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    Outcome outcome;
    try {
      outcome = check.run();
    } catch (const std::exception& error) {
      outcome.measured = error.what();
    }
    EXPECT_TRUE(outcome.passed) << check.model << ": " << check.check << ": " << outcome.measured;
  }
}

TEST(Fidelity, TensorFlowLite) {
  MOBILENET_NEEDS_TEST_DATA();
  run(tflite_checks());
}

TEST(Fidelity, Detection) {
  MOBILENET_NEEDS_TEST_DATA();
  run(detection_checks());
}

TEST(Fidelity, Segmentation) {
  MOBILENET_NEEDS_TEST_DATA();
  run(segmentation_checks());
}

TEST(Fidelity, HuggingFaceAndTimm) {
  MOBILENET_NEEDS_TEST_DATA();
  run(framework_checks());
}

TEST(Fidelity, DefaultModel) {
  MOBILENET_NEEDS_TEST_DATA();
  run(default_model_checks());
}

TEST(Fidelity, Precisions) {
  MOBILENET_NEEDS_TEST_DATA();
  if (!computes(Device::cpu, Precision::bf16) && !computes(Device::cuda, Precision::f16))
    GTEST_SKIP() << "this machine does not multiply bf16, and has no GPU";
  run(precision_checks());
}

int print_table(bool precisions_only) {
  if (!test_data()) {
    std::fprintf(stderr, "needs the real weights and pictures: set MOBILENET_TEST_DATA to their folder\n");
    return 1;
  }
  std::printf("| model | check | result | |\n|---|---|---|---|\n");
  bool all_passed = true;
  for (const Check& check : precisions_only ? precision_checks() : all_checks()) {
    Outcome outcome;
    try {
      outcome = check.run();
    } catch (const std::exception& error) {
      outcome.measured = error.what();
    }
    all_passed = all_passed && outcome.passed;
    std::printf("| %s | %s | %s | %s |\n", check.model.c_str(), check.check.c_str(), outcome.measured.c_str(),
                outcome.passed ? "ok" : "**FAILED**");
    std::fflush(stdout);
  }
  std::printf("\nInstruction set: %s.\n", std::string(cpu_instruction_sets().front()).c_str());
  return all_passed ? 0 : 1;
}

}  // namespace
}  // namespace mobilenet::testing

int main(int count, char** arguments) {
  ::testing::InitGoogleTest(&count, arguments);
  if (count > 1 && std::strcmp(arguments[1], "--table") == 0)  // or: --table precisions
    return mobilenet::testing::print_table(count > 2 && std::strcmp(arguments[2], "precisions") == 0);
  return RUN_ALL_TESTS();
}
