// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/machine_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace mobilenet {
namespace {

TEST(UsableMemory, IsAtMostTheMachines) {
  const auto machine =
      static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_LE(usable_memory(), machine);
  EXPECT_GE(usable_memory(), std::size_t{16} << 20) << "less than this test itself needs";
}

TEST(InBytes, TwoDigitsOrMore) {
  EXPECT_EQ(in_bytes(0), "0 bytes");
  EXPECT_EQ(in_bytes(1023), "1023 bytes");
  EXPECT_EQ(in_bytes(1024), "1.0 KB");
  EXPECT_EQ(in_bytes(std::size_t{4} << 30), "4.0 GB");
  EXPECT_EQ(in_bytes(std::size_t{8464000000}), "7.9 GB");
  EXPECT_EQ(in_bytes(std::size_t{200} << 20), "200 MB");
}

}  // namespace
}  // namespace mobilenet
