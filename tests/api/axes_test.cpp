// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Graphs whose input is not one picture of pixels in three colours: grey, plane by plane, or a batch that the file
// fixes; and masks of one channel.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "api/graph_model.h"

namespace mobilenet::testing {
namespace {

using schema::BuiltinOperator;
using schema::BuiltinOptions;
using schema::TensorType;

// The small classifier for `batch` pictures at once.
GraphFile classifier(int batch) {
  GraphFile graph = small_float_graph();
  for (GraphTensor& tensor : graph.tensors)
    if (tensor.data.empty()) tensor.shape[0] = batch;
  return graph;
}

std::vector<float> scores_of(std::span<const Classification> classes) {
  std::vector<float> scores(classes.size());
  for (const Classification& c : classes) scores[static_cast<std::size_t>(c.index)] = c.score;
  return scores;
}

TEST(Axes, ABatchThatTheFileFixesIsFilledUp) {
  const Model one = open(classifier(1)), four = open(classifier(4));
  EXPECT_EQ(four.info().task, Task::classify);
  EXPECT_EQ(four.info().classes, 5);
  EXPECT_EQ(four.info().inputs[0].shape, (std::vector<std::int64_t>{4, 8, 8, 3}));
  std::vector<Noise> noise;
  for (unsigned seed = 0; seed < 6; ++seed) noise.emplace_back(8, seed);
  std::vector<ImageView> views;
  for (const Noise& picture : noise) views.push_back(picture.view);
  for (const Device device : {Device::cpu, Device::reference}) {
    Session plain = one.session({.device = device, .top = 5}).value();
    Session fixed = four.session({.device = device, .top = 5}).value();
    for (const std::size_t pictures : {1, 3, 4, 6}) {
      const auto answers = fixed.classify(std::span(views).first(pictures)).value();
      ASSERT_EQ(answers.size(), pictures);
      for (std::size_t i = 0; i < pictures; ++i) {
        const std::vector<float> got = scores_of(answers[i]), right = scores_of(plain.classify(views[i]).value());
        for (std::size_t c = 0; c < 5; ++c) EXPECT_NEAR(got[c], right[c], 1e-6f) << pictures << " pictures, " << i;
      }
    }
  }
}

TEST(Axes, RawTensorsAreWholeBatches) {
  const Model four = open(classifier(4));
  Session session = four.session().value();
  for (const std::int64_t batch : {4, 8, 1, 6}) {
    const std::vector<float> values(static_cast<std::size_t>(batch * 8 * 8 * 3), 0.5f);
    const std::vector<std::int64_t> shape{batch, 8, 8, 3};
    const TensorView input{"input", DataType::f32, shape, values.data(), values.size() * sizeof(float)};
    const auto outputs = session.run({&input, 1});
    ASSERT_EQ(outputs.has_value(), batch % 4 == 0) << batch;
    if (outputs) {
      EXPECT_EQ((*outputs)[0].shape[0], batch);
    } else {
      EXPECT_NE(outputs.error().message.find("takes f32 4x8x8x3 (the batch is a multiple of that)"), std::string::npos)
          << outputs.error().message;
    }
  }
}

TEST(Axes, FeaturesOfABatchThatTheFileFixesAreThoseOfThePicturesGiven) {
  const Model four = open(classifier(4));
  Session session = four.session({.layers = {"sum"}}).value();
  const Noise noise(8);
  const auto features = session.features(noise.view).value();
  EXPECT_EQ(std::vector<std::int64_t>(features[0].shape.begin(), features[0].shape.end()),
            (std::vector<std::int64_t>{1, 4, 4, 4}));
  EXPECT_EQ(features[0].bytes, 64 * sizeof(float));
}

// One channel, whose weights are the first of three.
GraphFile grey_graph(TensorType type) {
  GraphFile graph = type == TensorType::INT8 ? small_i8_graph() : small_float_graph();
  graph.tensors[kInput].shape = {1, 8, 8, 1};
  graph.tensors[kStemWeight].shape = {4, 3, 3, 1};
  graph.tensors[kStemWeight].data.resize(graph.tensors[kStemWeight].data.size() / 3);
  return graph;
}

TEST(Axes, GreyIsPillowsLuma) {
  for (const TensorType type : {TensorType::FLOAT32, TensorType::INT8}) {
    const Model model = open(grey_graph(type));
    Session session = model.session({.preprocess = PreprocessPolicy::squash}).value();
    const Noise noise(8);
    const TensorView input = session.preprocess(noise.view).value();
    ASSERT_EQ(input.bytes, 64 * size_of(input.type));
    for (std::size_t i = 0; i < 64; ++i) {
      const auto byte = [&](std::size_t c) { return static_cast<int>(noise.pixels[3 * i + c]); };
      const int luma = (byte(0) * 19595 + byte(1) * 38470 + byte(2) * 7471 + 0x8000) >> 16;
      if (type == TensorType::FLOAT32) {
        EXPECT_FLOAT_EQ(input.as<float>()[i], (static_cast<float>(luma) - 127.5f) / 127.5f) << i;
      }
    }
    EXPECT_NE(model.info().preprocess.find("in grey"), std::string::npos) << model.info().preprocess;
  }
}

// An input of planes that nothing but the output reads: its own means of columns.
GraphFile planes_graph(int channels) {
  GraphFile graph;
  graph.tensors = {{"input", {1, channels, 6, 10}}, {"output", {1, channels, 6, 10}}};
  graph.operators = {{BuiltinOperator::RELU, {0}, {1}}};
  graph.inputs = {0};
  graph.outputs = {1};
  return graph;
}

TEST(Axes, PlanesComeOneAfterTheOther) {
  GraphFile pixels = planes_graph(3);
  pixels.tensors[0].shape = pixels.tensors[1].shape = {1, 6, 10, 3};
  const Model planes = open(planes_graph(3)), plain = open(pixels);
  EXPECT_EQ(planes.info().input_height, 6);
  EXPECT_EQ(planes.info().input_width, 10);
  const Noise noise(9);
  Session a = planes.session().value(), b = plain.session().value();
  const std::span<const float> ours = a.preprocess(noise.view).value().as<float>();
  const std::span<const float> theirs = b.preprocess(noise.view).value().as<float>();
  ASSERT_EQ(ours.size(), 180U);
  ASSERT_EQ(theirs.size(), 180U);
  for (std::size_t pixel = 0; pixel < 60; ++pixel)
    for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(ours[60 * c + pixel], theirs[3 * pixel + c]) << pixel << ' ' << c;
  EXPECT_NE(planes.info().preprocess.find("plane by plane"), std::string::npos) << planes.info().preprocess;
  EXPECT_EQ(open(planes_graph(1)).info().input_width, 10);
}

// A probability for every pixel, from one channel: 4x4 cells of the stem, enlarged.
TEST(Axes, OneProbabilityMakesAMaskOfTwoClasses) {
  GraphFile graph = small_float_graph();
  graph.tensors.resize(kStem + 1);
  graph.operators.resize(kConvolve + 1);
  std::vector<float> values(4);
  for (std::size_t i = 0; i < 4; ++i) values[i] = i % 2 == 0 ? 9.0f : -8.0f;
  const int weight = graph.add({"weight", {1, 1, 1, 4}, TensorType::FLOAT32, as_data(values)});
  const int map = graph.add({"map", {1, 4, 4, 1}}),
            size = graph.add({"size", {2}, TensorType::INT32, as_data<std::int32_t>({8, 8})});
  const int large = graph.add({"large", {1, 8, 8, 1}}), mask = graph.add({"mask", {1, 8, 8, 1}});
  graph.operators.push_back({BuiltinOperator::CONV_2D, {kStem, weight}, {map}});
  set_options(graph.operators.back(), BuiltinOptions::Conv2DOptions,
              [](auto& builder) { return schema::CreateConv2DOptions(builder, schema::PaddingRule::SAME, 1, 1); });
  graph.operators.push_back({BuiltinOperator::RESIZE_BILINEAR, {map, size}, {large}});
  graph.operators.push_back({BuiltinOperator::LOGISTIC, {large}, {mask}});
  graph.outputs = {mask};
  const Model model = open(graph);
  ASSERT_EQ(model.info().task, Task::segment);
  EXPECT_EQ(model.info().classes, 2);
  Session session = model.session({.preprocess = PreprocessPolicy::squash, .probabilities = true}).value();
  std::size_t something = 0;
  for (unsigned seed = 0; seed < 8; ++seed) {
    const Noise noise(8, seed);
    const TensorView input = session.preprocess(noise.view).value();
    Session raw = model.session().value();
    const std::span<const float> right = raw.run({&input, 1}).value()[0].as<float>();
    const Segmentation answer = session.segment(noise.view).value();
    ASSERT_EQ(answer.mask.size(), 64U);
    ASSERT_EQ(answer.probabilities.size(), 128U);
    for (std::size_t i = 0; i < 64; ++i) {
      EXPECT_NEAR(answer.probabilities[64 + i], right[i], 1e-5f) << i;
      EXPECT_NEAR(answer.probabilities[i], 1 - right[i], 1e-5f) << i;
      const bool certain = std::abs(right[i] - 0.5f) > 1e-4f;
      EXPECT_TRUE(!certain || (answer.mask[i] == 1) == (right[i] > 0.5f)) << i;
      something += answer.mask[i];
    }
  }
  EXPECT_GT(something, 20U);
}

// The small classifier with height and width left free; `example`: what the file has of them.
GraphFile free_graph(int example) {
  GraphFile graph = small_float_graph();
  graph.tensors[kInput].shape = {1, example, example, 3};
  graph.tensors[kInput].signature = {-1, -1, -1, 3};
  return graph;
}

TEST(Axes, AFreeSizeIsTheSessions) {
  const Model plain = open(small_float_graph()), free = open(free_graph(1));
  EXPECT_TRUE(free.info().any_input_size);
  EXPECT_FALSE(plain.info().any_input_size);
  const auto unsaid = free.session();
  ASSERT_FALSE(unsaid);
  EXPECT_EQ(unsaid.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(unsaid.error().message.find("leaves the height and width of its input free; say them (--size"),
            std::string::npos)
      << unsaid.error().message;
  const Noise noise(16);
  Session a = free.session({.input_height = 8, .input_width = 8, .top = 5}).value();
  Session b = plain.session({.top = 5}).value();
  EXPECT_EQ(a.input_height(), 8);
  EXPECT_EQ(a.info().input_height, 8);
  EXPECT_EQ(scores_of(a.classify(noise.view).value()), scores_of(b.classify(noise.view).value()));
  Session wide = free.session({.input_height = 12, .input_width = 20}).value();
  EXPECT_EQ(wide.preprocess(noise.view).value().bytes, 12 * 20 * 3 * sizeof(float));
  EXPECT_TRUE(wide.classify(noise.view));
  EXPECT_FALSE(plain.session({.input_height = 12, .input_width = 20}));
}

// The scores enlarged to the size of the input, which the graph takes from SHAPE; and pixels in a row, as many as there
// are: height times width of the stem, times four.
TEST(Axes, WhatAGraphComputesFromShapesFollowsAFreeSize) {
  GraphFile graph = free_graph(1);
  graph.tensors.resize(kStem + 1);
  graph.operators.resize(kConvolve + 1);
  const auto numbers = [&](std::vector<std::int32_t> values) {
    return graph.add({"numbers", {static_cast<int>(values.size())}, TensorType::INT32, as_data(values)});
  };
  const auto extent = [&](std::vector<int> shape) {
    return graph.add({"extents", std::move(shape), TensorType::INT32});
  };
  const auto part = [&](int from, std::int32_t begin, std::int32_t end, int shrink) {
    const int output = extent({end - begin});
    graph.operators.push_back(
        {BuiltinOperator::STRIDED_SLICE, {from, numbers({begin}), numbers({end}), numbers({1})}, {output}});
    set_options(graph.operators.back(), BuiltinOptions::StridedSliceOptions,
                [shrink](auto& builder) { return schema::CreateStridedSliceOptions(builder, 0, 0, 0, 0, shrink); });
    return output;
  };
  const auto shape_of = [&](int tensor) {
    const int output = extent({4});
    graph.operators.push_back({BuiltinOperator::SHAPE, {tensor}, {output}});
    return output;
  };
  const int size = part(shape_of(kInput), 1, 3, 0);
  const int large = graph.add({"large", {1, 1, 1, 4}});
  graph.operators.push_back({BuiltinOperator::RESIZE_BILINEAR, {kStem, size}, {large}});
  const int stem = shape_of(kStem);
  const int area = extent({});
  graph.operators.push_back({BuiltinOperator::MUL, {part(stem, 1, 2, 1), part(stem, 2, 3, 1)}, {area}});
  const int packed = extent({3});
  graph.operators.push_back({BuiltinOperator::PACK, {part(stem, 0, 1, 1), area, numbers({4})}, {packed}});
  const int row = graph.add({"row", {1, 1, 4}});
  graph.operators.push_back({BuiltinOperator::RESHAPE, {kStem, packed}, {row}});
  graph.outputs = {large, row};
  const Model model = open(graph);
  for (const int side : {8, 12, 30}) {
    Session session = model.session({.input_height = side, .input_width = side + 2}).value();
    const std::vector<float> values(static_cast<std::size_t>(side * (side + 2) * 3), 0.5f);
    const std::vector<std::int64_t> shape{1, side, side + 2, 3};
    const TensorView input{"input", DataType::f32, shape, values.data(), values.size() * sizeof(float)};
    const auto outputs = session.run({&input, 1}).value();
    EXPECT_EQ(std::vector<std::int64_t>(outputs[0].shape.begin(), outputs[0].shape.end()),
              (std::vector<std::int64_t>{1, side, side + 2, 4}));
    EXPECT_EQ(std::vector<std::int64_t>(outputs[1].shape.begin(), outputs[1].shape.end()),
              (std::vector<std::int64_t>{1, (side + 1) / 2 * ((side + 3) / 2), 4}));
  }
}

TEST(Axes, AnExampleOfTheFileIsTheUsualSize) {
  const Model free = open(free_graph(8));
  Session usual = free.session({.top = 5}).value(), plain = open(small_float_graph()).session({.top = 5}).value();
  const Noise noise(16);
  EXPECT_EQ(usual.input_height(), 8);
  EXPECT_EQ(scores_of(usual.classify(noise.view).value()), scores_of(plain.classify(noise.view).value()));
  EXPECT_EQ(free.session({.input_height = 9, .input_width = 8}).value().input_height(), 9);
}

}  // namespace
}  // namespace mobilenet::testing
