// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/aligned_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

namespace mobilenet {
namespace {

// From the heap, and from the system with and without a last huge page that is not full.
constexpr std::size_t kMegabyte = std::size_t{1} << 20;
constexpr std::size_t kSizes[] = {
    1, 4096, kMegabyte, 2 * kMegabyte - 4096, 2 * kMegabyte, 3 * kMegabyte, 33 * kMegabyte + 5, 64 * kMegabyte - 77};

TEST(AlignedBuffer, IsAlignedAndZeroUpToItsPadding) {
  for (const std::size_t bytes : kSizes) {
    AlignedBuffer buffer(bytes);
    EXPECT_EQ(buffer.size(), bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % kAlignment, 0u) << bytes;
    const std::byte* const end = buffer.data() + bytes + kReadPadding;
    EXPECT_TRUE(std::all_of<const std::byte*>(buffer.data(), end, [](std::byte b) { return b == std::byte(); }))
        << bytes;
    std::fill_n(buffer.data(), bytes, std::byte{7});
  }
}

TEST(AlignedBuffer, MovesWithItsContents) {
  for (const std::size_t bytes : kSizes) {
    AlignedBuffer first(bytes);
    first.data()[bytes - 1] = std::byte{3};
    AlignedBuffer second(std::move(first));
    EXPECT_EQ(first.size(), 0u);
    AlignedBuffer third(kMegabyte * 5);
    third = std::move(second);
    EXPECT_EQ(third.size(), bytes);
    EXPECT_EQ(third.data()[bytes - 1], std::byte{3});
  }
}

TEST(AlignedBuffer, APartIsNotItsOwn) {
  AlignedBuffer whole(kMegabyte * 3);
  { AlignedBuffer part(whole.data() + kAlignment, kAlignment); }
  whole.data()[kAlignment] = std::byte{1};
  EXPECT_EQ(whole.data()[kAlignment], std::byte{1});
}

}  // namespace
}  // namespace mobilenet
