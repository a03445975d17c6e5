// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/run_time_library.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

namespace mobilenet {
namespace {

namespace math {
double (*cos)(double) = nullptr;
double (*no_such_function)(double) = nullptr;
constexpr RunTimeLibrary::Function kSome[] = {MOBILENET_RUN_TIME_FUNCTION(cos)};
constexpr RunTimeLibrary::Function kMore[] = {MOBILENET_RUN_TIME_FUNCTION(cos)
                                                  MOBILENET_RUN_TIME_FUNCTION(no_such_function)};
}  // namespace math

TEST(RunTimeLibrary, FindsFunctionsFromAnyThread) {
  RunTimeLibrary library("angles", "libm.so.6", math::kSome);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&library] {
      const auto opened = library.open();
      ASSERT_TRUE(opened) << opened.error().message;
      EXPECT_EQ(math::cos(1.0), std::cos(1.0));
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(RunTimeLibrary, SaysWhatIsMissingEveryTime) {
  RunTimeLibrary library("angles", "libnone_such.so.3", math::kSome);
  for (int i = 0; i < 2; ++i) {
    const auto opened = library.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::unsupported);
    EXPECT_TRUE(opened.error().message.starts_with("angles need libnone_such.so.3, which this machine does not have"))
        << opened.error().message;
  }
}

TEST(RunTimeLibrary, SaysWhichFunctionIsMissing) {
  RunTimeLibrary library("angles", "libm.so.6", math::kMore);
  const auto opened = library.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, "angles need a libm.so.6 that has no_such_function()");
}

}  // namespace
}  // namespace mobilenet
