// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>
#include <mobilenet/linear_classifier.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace mobilenet {
namespace {

struct Sample {
  std::vector<float> features;
  std::vector<int> classes;
};

Sample clouds(std::size_t count, std::size_t dimensions, int classes, float noise, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Sample sample;
  for (std::size_t i = 0; i < count; ++i) {
    const int its_class = static_cast<int>(i) % classes;
    for (std::size_t d = 0; d < dimensions; ++d)
      sample.features.push_back(100.0f + (static_cast<int>(d) % classes == its_class ? 1.0f : 0.0f) +
                                noise * normal(random));
    sample.classes.push_back(its_class);
  }
  return sample;
}

TEST(LinearClassifier, TellsNewExamplesOfItsClassesApart) {
  const Sample taught = clouds(90, 50, 3, 0.5f, 1), fresh = clouds(300, 50, 3, 0.5f, 2);
  const LinearClassifier classifier = teach_classifier(taught.features, taught.classes, 3).value();
  int right = 0;
  for (std::size_t i = 0; i < fresh.classes.size(); ++i)
    right += best_class(classifier, std::span(fresh.features).subspan(i * 50, 50)) == fresh.classes[i] ? 1 : 0;
  EXPECT_GE(right, 297);
}

// At the minimum of a convex loss the slope is zero: computed here from its definition.
TEST(LinearClassifier, IsTheMinimumOfItsLoss) {
  const std::size_t count = 40, dimensions = 6;
  const Sample sample = clouds(count, dimensions, 2, 1.5f, 3);
  const double trust = 3;
  const LinearClassifier classifier = teach_classifier(sample.features, sample.classes, 2, {.trust = trust}).value();
  std::vector<double> mean(dimensions);
  for (std::size_t i = 0; i < sample.features.size(); ++i) mean[i % dimensions] += sample.features[i] / 40.0;
  double squares = 0;
  for (std::size_t i = 0; i < sample.features.size(); ++i)
    squares += std::pow(sample.features[i] - mean[i % dimensions], 2);
  const double distance = std::sqrt(squares / 40.0);
  for (std::size_t d = 0; d < dimensions; ++d) {
    // d loss / d weight[1][d], in centred and scaled features
    double slope = static_cast<double>(classifier.weight[dimensions + d]) * distance / (trust * 40.0);
    for (std::size_t i = 0; i < count; ++i) {
      double score[2] = {classifier.bias[0], classifier.bias[1]};
      for (std::size_t e = 0; e < dimensions; ++e)
        for (std::size_t c = 0; c < 2; ++c)
          score[c] += static_cast<double>(classifier.weight[c * dimensions + e]) * sample.features[i * dimensions + e];
      const double probability = 1 / (1 + std::exp(score[0] - score[1]));
      slope += (probability - sample.classes[i]) * (sample.features[i * dimensions + d] - mean[d]) / distance / 40.0;
    }
    EXPECT_NEAR(slope, 0, 1e-4) << d;  // weights are floats, features near 100
  }
}

TEST(LinearClassifier, IsTheSameEveryTime) {
  const Sample sample = clouds(60, 20, 4, 1, 4);
  const auto one = teach_classifier(sample.features, sample.classes, 4).value();
  const auto two = teach_classifier(sample.features, sample.classes, 4).value();
  EXPECT_EQ(one.weight, two.weight);
  EXPECT_EQ(one.bias, two.bias);
}

TEST(LinearClassifier, ExamplesThatAreAllTheSameGiveTheirShares) {
  const auto classifier = teach_classifier(std::vector<float>(8, 2.0f), std::vector<int>{0, 1, 1, 1}, 2).value();
  EXPECT_EQ(best_class(classifier, std::vector<float>{2, 2}), 1);
  EXPECT_NEAR(classifier.bias[1] - classifier.bias[0], std::log(3.0), 1e-3);
}

TEST(LinearClassifier, RefusesWhatCannotBeTaught) {
  const std::vector<float> features = {1, 2, 3, 4};
  const std::vector<int> classes = {0, 1};
  EXPECT_FALSE(teach_classifier(features, classes, 1));
  EXPECT_EQ(teach_classifier(features, classes, 3).error().message, "class 2 has no example");
  EXPECT_FALSE(teach_classifier(features, std::vector<int>{0, 2}, 2));
  EXPECT_FALSE(teach_classifier(features, std::vector<int>{0, -1}, 2));
  EXPECT_FALSE(teach_classifier(features, std::vector<int>{0, 1, 1}, 2));
  EXPECT_FALSE(teach_classifier({}, {}, 2));
  EXPECT_FALSE(teach_classifier(features, classes, 2, {.trust = 0}));
  EXPECT_EQ(teach_classifier(std::vector<float>{1, 2, 3, std::numeric_limits<float>::quiet_NaN()}, classes, 2)
                .error()
                .message,
            "example 1 holds a number that is not finite");
}

}  // namespace
}  // namespace mobilenet
