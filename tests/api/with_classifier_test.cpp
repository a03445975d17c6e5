// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace mobilenet {
namespace {

constexpr int kClasses = 3, kSide = 96;
const std::vector<std::string> kLabels = {"one", "two", "three"};

std::vector<float> random_floats(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.1f);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

std::vector<std::uint8_t> picture() {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < kSide * kSide * 3; ++i) pixels.push_back(static_cast<std::uint8_t>(i * i / 977));
  return pixels;
}

std::vector<float> scores(const Model& model, const ImageView& view) {
  auto session = model.session({.precision = Precision::f32, .top = kClasses}).value();
  std::vector<float> by_class(kClasses);
  for (const Classification& one : session.classify(view).value())
    by_class[static_cast<std::size_t>(one.index)] = one.score;
  return by_class;
}

// What a classifier of V1 and V2, with another number of classes before, gives.
TEST(WithClassifier, IsTheSoftmaxOfItsWeightsOnThePooledFeatures) {
  const auto pixels = picture();
  const ImageView view = ImageView::packed(pixels.data(), PixelFormat::rgb, kSide, kSide);
  for (const char* architecture : {"mobilenet_v2:0.35:96:10", "mobilenet_v1:0.25:96"}) {
    const Model model = Model::random(architecture).value();
    auto session = model.session({.precision = Precision::f32, .layers = {"pool"}}).value();
    const auto features = session.features(view).value()[0].as<float>();
    const auto weight = random_floats(kClasses * features.size(), 1), bias = random_floats(kClasses, 2);
    double sum = 0;
    std::vector<double> expected;
    for (std::size_t c = 0; c < kClasses; ++c) {
      double score = bias[c];
      for (std::size_t i = 0; i < features.size(); ++i)
        score += static_cast<double>(weight[c * features.size() + i]) * static_cast<double>(features[i]);
      expected.push_back(std::exp(score));
      sum += expected.back();
    }
    const Model own = model.with_classifier(weight, bias, kLabels).value();
    EXPECT_EQ(own.info().classes, kClasses);
    EXPECT_EQ(own.info().labels, kLabels);
    const auto found = scores(own, view);
    for (std::size_t c = 0; c < kClasses; ++c)
      EXPECT_NEAR(found[c], expected[c] / sum, 1e-5) << architecture << ' ' << c;

    const auto path = std::filesystem::temp_directory_path() /
                      ("with_classifier_" + std::to_string(std::random_device{}()) + ".safetensors");
    own.save(path, DataType::f32).value();
    const Model read = Model::open(path).value();
    std::filesystem::remove(path);
    EXPECT_EQ(read.info().labels, kLabels);
    EXPECT_EQ(scores(read, view), found) << architecture;
    // The model that it was made of is as before.
    EXPECT_NE(model.info().classes, kClasses);
  }
}

TEST(WithClassifier, WhatDoesNotFitIsRefused) {
  const Model model = Model::random("mobilenet_v2:0.35:96:10").value();
  const auto weight = random_floats(kClasses * 1280, 1), bias = random_floats(kClasses, 2);
  auto bad = weight;
  bad[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(model.with_classifier(bad, bias).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(model.with_classifier(std::span(weight).first(1280), std::span(bias).first(1)).error().code,
            ErrorCode::invalid_argument);
  EXPECT_NE(model.with_classifier(std::span(weight).first(100), bias).error().message.find("with 1280 weights each"),
            std::string::npos);
  EXPECT_FALSE(model.with_classifier(weight, bias, {"one", "two"}));
  EXPECT_EQ(Model::random("ssdlite_mobilenet_v2:1.0:320").value().with_classifier(weight, bias).error().code,
            ErrorCode::unsupported);
  EXPECT_EQ(Model::random("deeplab_mobilenet_v2:1.0:513").value().with_classifier(weight, bias).error().code,
            ErrorCode::unsupported);
  NetworkBuilder net(model);
  net.output(net.softmax(net.layer("logits")));
  EXPECT_EQ(net.build().value().with_classifier(weight, bias).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace mobilenet
