// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/bounds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "backend/float_network.h"

namespace mobilenet::testing {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Bounds, RangeOfWhatAClampLeaves) {
  FloatNetwork net(1);
  const TensorId input = net.input();
  const auto convolution = [&](TensorId x, Activation activation) {
    Conv2dOp op;
    op.activation = activation;
    return net.add(op, {x, net.constant({4, 1, 1, 4}, WeightLayout::ohwi, -1, 1)});
  };
  const TensorId linear = convolution(input, Activation::none), relu = convolution(linear, Activation::relu);
  const TensorId fused = convolution(relu, Activation::relu6), own = net.add(ActivationOp{}, {linear});
  PadOp zeros = pad_of_map(1, 1, 1, 1), nines = zeros;
  nines.value = 9;
  const TensorId padded = net.add(zeros, {own}), higher = net.add(nines, {own});
  const auto expect = [&](TensorId id, float low, float high) {
    const ClampRange range = range_of(net.network, id);
    EXPECT_EQ(range.low, low) << net.network.tensor(id).name;
    EXPECT_EQ(range.high, high) << net.network.tensor(id).name;
  };
  expect(input, -kInfinity, kInfinity);
  expect(linear, -kInfinity, kInfinity);
  expect(relu, 0, kInfinity);
  expect(fused, 0, 6);
  expect(own, 0, 6);
  expect(padded, 0, 6);
  expect(higher, 0, 9);
  expect(net.add(GlobalAveragePoolOp{}, {own}), -kInfinity, kInfinity);
}

// 3x3 taps of two channels, with a bias and a batch norm.
FoldedFilter filter_of(std::vector<float> weights, std::vector<double> factors, std::vector<float> bias) {
  FoldedFilter filter;
  filter.view.outputs = 2;
  filter.view.height = filter.view.width = 3;
  filter.view.inputs = 1;
  filter.view.output_stride = 1, filter.view.column_stride = 2, filter.view.row_stride = 6;
  filter.converted = std::move(weights);
  filter.values = filter.converted.data();
  filter.factors = std::move(factors);
  filter.bias = std::move(bias);
  return filter;
}

TEST(Bounds, LargestSumIsThatOfTheWorstChannel) {
  std::vector<float> weights;
  for (int tap = 0; tap < 9; ++tap) {
    const float sign = tap % 2 == 0 ? 1.0f : -1.0f;  // which cancel
    weights.push_back(sign);
    weights.push_back(2 * sign);
  }
  const auto largest = [&](double first, double second, const ClampRange& range) {
    return largest_sum(filter_of(weights, {first, second}, {3, -5}), range);
  };
  EXPECT_EQ(largest(1, 1, {0, 6}), 9 * 2 * 6 + 5);
  EXPECT_EQ(largest(10, 1, {0, 6}), 9 * 10 * 6 + 3);
  EXPECT_EQ(largest(1, 1, {-7, 6}), 9 * 2 * 7 + 5);
  EXPECT_EQ(largest(0, 0, {0, 6}), 5);
  EXPECT_TRUE(std::isinf(largest(0, 0, {0, kInfinity})));
  EXPECT_TRUE(std::isinf(largest(std::numeric_limits<double>::quiet_NaN(), 1, {0, 6})));
}

}  // namespace
}  // namespace mobilenet::testing
