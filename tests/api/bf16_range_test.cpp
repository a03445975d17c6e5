// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Networks whose numbers the halves inside of blocks in bf16 do not hold: sessions answer as in f32, and say so.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

std::vector<float> turns(std::size_t count, float size) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = size * static_cast<float>(static_cast<int>(i * 5 % 11) - 5);
  return values;
}

// A classifier with one block, whose hidden numbers are up to `size` or so; those of the first channel are 0, and
// multiplied by `of_zero`.
Model model_of(float size, Activation activation = Activation::relu6, float of_zero = 1) {
  constexpr int kWidth = 16, kHidden = 32, kClasses = 5;
  const auto count = [](int height, int width) {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  };
  NetworkBuilder net;
  const std::vector<float> first = turns(count(kWidth, 27), 0.1f), taps = turns(count(kHidden, 9), 0.05f),
                           last = turns(count(kClasses, kWidth), 0.5f);
  std::vector<float> expansion = turns(count(kHidden, kWidth), size / 20),
                     projection = turns(count(kWidth, kHidden), 1 / size);
  std::fill_n(expansion.begin(), kWidth, 0.0f);
  for (int output = 0; output < kWidth; ++output) projection[count(output, kHidden)] = of_zero;
  Value x = net.convolution(
      net.input(16, 16, 3),
      {.weight = first, .outputs = kWidth, .kernel = 3, .activation = Activation::relu6, .name = "first"});
  x = net.pointwise(x, {.weight = expansion, .outputs = kHidden, .activation = activation, .name = "expansion"});
  x = net.depthwise(x, {.weight = taps, .kernel = 3, .activation = activation, .name = "depthwise"});
  x = net.pointwise(x, {.weight = projection, .outputs = kWidth, .name = "projection"});
  net.output(net.softmax(net.dense(net.global_average_pool(x), {.weight = last, .outputs = kClasses})), "scores");
  return net.build().value();
}

Session session_of(const Model& model, Precision precision) {
  return model.session({.precision = precision, .layers = {"projection"}}).value();
}

// By class.
std::vector<float> scores_of(Session& session, const ImageView& picture) {
  const auto answer = session.classify(picture);
  if (!answer) {
    ADD_FAILURE() << answer.error().message;
    return {};
  }
  std::vector<float> scores(answer->size());
  for (const Classification& c : *answer) scores[static_cast<std::size_t>(c.index)] = c.score;
  return scores;
}

bool has_decision(const ModelInfo& info) {
  return std::any_of(info.decisions.begin(), info.decisions.end(),
                     [](const Decision& decision) { return decision.what == "precision"; });
}

class Bf16SessionRange : public ::testing::Test {
 protected:
  void SetUp() override {
    if (auto session = model_of(1).session({.precision = Precision::bf16}); !session)
      GTEST_SKIP() << session.error().message;
  }
  const TestPicture picture_{40, 30};
};

TEST_F(Bf16SessionRange, NumbersThatAreTooSmallAreComputedInFloats) {
  const ImageView view = picture_.view();
  for (const float size : {1e-6f, 1e-9f}) {
    const Model model = model_of(size);
    Session exact = session_of(model, Precision::f32), session = session_of(model, Precision::bf16);
    EXPECT_EQ(session.precision(), Precision::bf16);
    for (int again = 0; again < 2; ++again) EXPECT_EQ(scores_of(session, view), scores_of(exact, view));
    EXPECT_EQ(session.precision(), Precision::f32);
    EXPECT_TRUE(has_decision(session.info()));
    EXPECT_FALSE(has_decision(model.info())) << "which is the session's own";

    const auto features = [&](Session& from) {
      const auto tensors = from.features({&view, 1}).value();
      return std::vector<float>(tensors[0].as<float>().begin(), tensors[0].as<float>().end());
    };
    Session another = session_of(model, Precision::bf16);
    EXPECT_EQ(features(another), features(exact));
    EXPECT_EQ(another.precision(), Precision::f32);
  }
}

// bf16 ends a little below floats: the weight becomes an infinity, and 0 times that no number.
TEST_F(Bf16SessionRange, NoNumbersOfBf16AreComputedInFloats) {
  const Model model = model_of(1, Activation::relu6, std::numeric_limits<float>::max());
  Session exact = session_of(model, Precision::f32), session = session_of(model, Precision::bf16);
  EXPECT_EQ(scores_of(session, picture_.view()), scores_of(exact, picture_.view()));
  EXPECT_EQ(session.precision(), Precision::f32);
  EXPECT_TRUE(has_decision(session.info()));
}

TEST_F(Bf16SessionRange, AllOthersStayInBf16) {
  struct Case {
    float size;
    Activation activation;
  };
  for (const Case& c : {Case{1, Activation::relu6}, Case{1e6f, Activation::relu}, Case{1e6f, Activation::none}}) {
    const Model model = model_of(c.size, c.activation);
    Session exact = session_of(model, Precision::f32), session = session_of(model, Precision::bf16);
    const std::vector<float> expected = scores_of(exact, picture_.view()), got = scores_of(session, picture_.view());
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 3e-2f) << c.size << ", class " << i;
    EXPECT_NE(got, expected) << "computed in f32";
    EXPECT_EQ(session.precision(), Precision::bf16);
    EXPECT_FALSE(has_decision(session.info()));
  }
}

// A picture that is none is an error as in f32, and the next one is answered in bf16 again.
TEST_F(Bf16SessionRange, WhatIsNoNumberInFloatsEitherChangesNothing) {
  std::vector<float> pixels(std::size_t{16} * 16 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 7) / 7;
  const ImageView view = ImageView::packed(pixels.data(), PixelFormat::rgb_float_planes, 16, 16);
  const Model model = model_of(1);
  Session session = session_of(model, Precision::bf16), exact = session_of(model, Precision::f32);
  const std::vector<float> before = scores_of(session, view);
  const float whole = pixels[100];
  pixels[100] = std::numeric_limits<float>::quiet_NaN();
  const auto failed = session.classify(view), expected = exact.classify(view);
  ASSERT_FALSE(failed);
  ASSERT_FALSE(expected);
  EXPECT_EQ(failed.error().message, expected.error().message);
  EXPECT_EQ(session.precision(), Precision::bf16);
  EXPECT_FALSE(has_decision(session.info()));
  pixels[100] = whole;
  EXPECT_EQ(scores_of(session, view), before);
}

}  // namespace
}  // namespace mobilenet::testing
