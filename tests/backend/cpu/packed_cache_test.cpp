// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/packed_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <thread>

#include "backend/cpu/float_network.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kBytes = 256;
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

void leave_zeros(AlignedBuffer&) {}

TEST(PackedCache, EqualKeysShareOneBuffer) {
  PackedCache cache;
  const PackKey key{.kind = PackKey::Kind::matrix, .layout = {.block = 16}, .weight = 3};
  int fills = 0;
  const auto fill = [&](AlignedBuffer&) { ++fills; };
  const auto first = cache.get(key, kBytes, kNoLimit, fill).value();
  EXPECT_EQ(cache.get(key, kBytes, kNoLimit, fill).value(), first);
  EXPECT_EQ(fills, 1);
  EXPECT_EQ(cache.bytes(), kBytes);
}

TEST(PackedCache, EveryPartOfAKeyMakesItAnother) {
  const PackKey key{.kind = PackKey::Kind::matrix, .layout = {.block = 16}, .weight = 3, .output_scale = 0.5f};
  std::vector<PackKey> keys(11, key);
  keys[1].kind = PackKey::Kind::depthwise;
  keys[2].type = DataType::i8;
  keys[3].layout.block = 8;
  keys[4].layout.order = DepthOrder::columns;
  keys[5].weight = 4;
  keys[6].bias = 5;
  keys[7].groups = 2;
  keys[8].batch_norm = 1;
  keys[9].input_zero = 128;
  keys[10].output_scale = 0.25f;
  PackedCache cache;
  for (const PackKey& each : keys) ASSERT_TRUE(cache.get(each, kBytes, kNoLimit, leave_zeros));
  EXPECT_EQ(cache.bytes(), keys.size() * kBytes);
}

TEST(PackedCache, ALimitOfAllBuffersTogether) {
  PackedCache cache;
  EXPECT_TRUE(cache.get({.weight = 1}, kBytes, 2 * kBytes, leave_zeros));
  EXPECT_TRUE(cache.get({.weight = 2}, kBytes, 2 * kBytes, leave_zeros));
  const auto third = cache.get({.weight = 3}, kBytes, 2 * kBytes, leave_zeros);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::out_of_memory);
  EXPECT_TRUE(cache.get({.weight = 3}, kBytes, 3 * kBytes, leave_zeros)) << "what failed once may be tried again";
}

TEST(PackedCache, BuffersAreZerosAndApartWhateverWasExpected) {
  for (const std::size_t expected : {std::size_t{0}, std::size_t{1000}, std::size_t{3} << 20}) {
    PackedCache cache(expected);
    std::size_t bytes = 100;
    for (int weight = 0; weight < 15; ++weight, bytes = 2 * bytes + 1) {
      const auto fill = [&](AlignedBuffer& buffer) {
        EXPECT_EQ(buffer.size(), bytes);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % kAlignment, 0u);
        EXPECT_EQ(std::count(buffer.data(), buffer.data() + bytes, std::byte{0}), static_cast<std::ptrdiff_t>(bytes));
        std::fill_n(buffer.data(), bytes, std::byte{0xff});
      };
      ASSERT_TRUE(cache.get({.weight = weight}, bytes, kNoLimit, fill));
    }
  }
}

TEST(PackedCache, WhatIsThrownLeavesNothingBehind) {
  PackedCache cache;
  const auto fail = [](AlignedBuffer&) { throw std::runtime_error("no memory"); };
  EXPECT_THROW((void)cache.get({.weight = 1}, kBytes, kBytes, fail), std::runtime_error);
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_TRUE(cache.get({.weight = 1}, kBytes, kBytes, leave_zeros));
}

TEST(PackedCache, DifferentKeysDoNotWaitForEachOther) {
  PackedCache cache;
  std::barrier both(2);  // hangs where one fill must end before the other begins
  const auto meet = [&](AlignedBuffer&) { both.arrive_and_wait(); };
  std::thread other([&] { EXPECT_TRUE(cache.get({.weight = 1}, kBytes, kNoLimit, meet)); });
  EXPECT_TRUE(cache.get({.weight = 2}, kBytes, kNoLimit, meet));
  other.join();
}

// A small file may name one weight in any number of convolutions.
TEST(PackedCache, AWeightThatManyNodesReadIsPackedOnce) {
  constexpr int kChannels = 256, kNodes = 50;
  constexpr std::size_t kPacked = (kChannels + 1) * kChannels * sizeof(float), kTensors = 64 * 1024;
  testing::FloatNetwork net(1);
  TensorId x = net.input();
  const TensorId weight = net.constant({kChannels, 1, 1, kChannels}, WeightLayout::ohwi, -0.1f, 0.1f);
  for (int i = 0; i < kNodes; ++i) x = net.add(Conv2dOp{}, {x, weight});
  CompileRequest request;
  request.input_shapes = {{1, 2, 2, kChannels}};
  request.outputs = {x};
  request.max_bytes = kPacked + kTensors;
  testing::expect_like_reference(net.network, net.parameters, request, runnable_kernels().front(), {1}, 1e-4);
}

}  // namespace
}  // namespace mobilenet::cpu
