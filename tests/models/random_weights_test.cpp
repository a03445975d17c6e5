// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/models.h"
#include "network/parameter.h"

namespace mobilenet {
namespace {

TEST(RandomWeights, AreTheSameEveryTime) {
  const ModelSpec spec = published_spec(Architecture::mobilenet_v2, 0.35, 96, 11);
  const RandomWeights first = random_weights(spec), second = random_weights(spec);
  ASSERT_EQ(first.parameters.values.size(), second.parameters.values.size());
  for (std::size_t i = 0; i < first.parameters.values.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(first.parameters.values[i].bytes, second.parameters.values[i].bytes));
}

TEST(RandomWeights, KeepTheVarianceOfWhatFlowsThrough) {
  const ModelSpec spec = published_spec(Architecture::mobilenet_v1, 1, 224, 1001);
  const RandomWeights weights = random_weights(spec);
  for (const auto& [name, index] : weights.index) {
    const Parameter& parameter = weights.parameters.value(index);
    double squares = 0, least = 1e9;
    for (std::int64_t i = 0; i < parameter.shape.elements(); ++i) {
      const double value = stored_value(parameter, i);
      ASSERT_TRUE(std::isfinite(value)) << name;
      squares += value * value;
      least = std::min(least, value);
    }
    if (name.ends_with(".norm.variance")) {
      EXPECT_GT(least, 0.1) << name;
    }
    if (!name.ends_with(".weight") || parameter.shape.elements() < 1000) continue;
    // Uniform numbers have the variance 2 / inputs within a few percent at a thousand samples.
    const double inputs = static_cast<double>(parameter.shape.elements() / parameter.shape[0]);
    EXPECT_NEAR(squares / static_cast<double>(parameter.shape.elements()) * inputs, 2, 0.2) << name;
  }
}

}  // namespace
}  // namespace mobilenet
