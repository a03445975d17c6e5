// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/caught.h"

#include <gtest/gtest.h>
#include <mobilenet/result.h>

#include <functional>
#include <new>
#include <stdexcept>
#include <string>

namespace mobilenet {
namespace {

Result<int> guarded(const std::function<int()>& work) try { return work(); } catch (...) {
  return caught("cat.jpg");
}

struct ThrowCase {
  const char* name;
  std::function<int()> work;
  ErrorCode code;
  const char* said;
};

TEST(Caught, EveryExceptionIsASentence) {
  const ThrowCase cases[] = {
      {"no memory", []() -> int { throw std::bad_alloc(); }, ErrorCode::out_of_memory, "cat.jpg: not enough memory"},
      {"length_error", []() -> int { throw std::length_error("vector"); }, ErrorCode::out_of_memory, "cat.jpg: "},
      {"another of the standard library", []() -> int { throw std::runtime_error("broken"); }, ErrorCode::bad_format,
       "cat.jpg: could not be worked on: broken"},
      {"anything", []() -> int { throw 7; }, ErrorCode::bad_format, "cat.jpg: could not be worked on"},
  };
  for (const ThrowCase& c : cases) {
    const Result<int> result = guarded(c.work);
    ASSERT_FALSE(result) << c.name;
    EXPECT_EQ(result.error().code, c.code) << c.name;
    EXPECT_EQ(result.error().message.rfind(c.said, 0), 0u) << c.name << ": " << result.error().message;
  }
  EXPECT_EQ(guarded([] { return 3; }).value(), 3);
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<std::string> good(std::string("yes")), bad(Error{ErrorCode::io, "disk full"});
  EXPECT_TRUE(good.has_value());
  EXPECT_FALSE(bad.has_value());
  EXPECT_EQ(good.value_or("no"), "yes");
  EXPECT_EQ(bad.value_or("no"), "no");
  EXPECT_EQ(Result<std::string>(Error{}).value_or("moved"), "moved");
  try {
    (void)bad.value();
    FAIL() << "nothing was thrown";
  } catch (const Exception& exception) {
    EXPECT_STREQ(exception.what(), "disk full");
    EXPECT_EQ(exception.code(), ErrorCode::io);
  }
  EXPECT_FALSE(Result<void>(Error{}).has_value());
  EXPECT_TRUE(Result<void>().has_value());
}

TEST(Result, ErrorCodesHaveNames) {
  EXPECT_EQ(name_of(ErrorCode::not_found), "not_found");
  EXPECT_EQ(name_of(ErrorCode::out_of_memory), "out_of_memory");
  EXPECT_EQ(name_of(ErrorCode(77)), "?");
}

}  // namespace
}  // namespace mobilenet
