// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What sessions make of the ends that graphs can have: scores from a sigmoid or without a batch axis, scores that are
// enlarged in integers or in float, boxes that are infinite.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
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

// The network's first output for the picture, as sessions preprocess it.
std::vector<float> raw_output(const Model& model, const ImageView& picture) {
  Session session = model.session().value();
  const TensorView input = session.preprocess({&picture, 1}).value();
  const std::span<const float> values = session.run({&input, 1}).value()[0].as<float>();
  return {values.begin(), values.end()};
}

TEST(GraphAnswers, ScoresOfASigmoidAreProbabilitiesAlready) {
  GraphFile graph = small_float_graph();
  graph.operators[kSoftmax] = {BuiltinOperator::LOGISTIC, {kDense}, {kScores}};
  const Model model = open(graph);
  ASSERT_EQ(model.info().task, Task::classify);
  const Noise noise(8);
  const std::vector<float> scores = raw_output(model, noise.view);
  Session session = model.session({.top = 5}).value();
  float sum = 0;
  for (const Classification& answer : session.classify(noise.view).value()) {
    EXPECT_EQ(answer.score, scores[static_cast<std::size_t>(answer.index)]);
    sum += answer.score;
  }
  EXPECT_NE(sum, 1.0f) << "a softmax makes other numbers of these";
}

TEST(GraphAnswers, ASqueezedBatchIsStillOnePicture) {
  GraphFile graph = small_float_graph();
  const int shape = graph.add({"shape", {1}, TensorType::INT32, as_data<std::int32_t>({5})});
  const int flat = graph.add({"flat", {5}});
  graph.operators.push_back({BuiltinOperator::RESHAPE, {kScores, shape}, {flat}});
  graph.outputs = {flat};
  const Model squeezed = open(graph), plain = open(small_float_graph());
  ASSERT_EQ(squeezed.info().task, Task::classify);
  const Noise noise(8);
  Session a = squeezed.session({.top = 5}).value(), b = plain.session({.top = 5}).value();
  const auto ours = a.classify(noise.view).value(), theirs = b.classify(noise.view).value();
  ASSERT_EQ(ours.size(), 5U);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(ours[i].index, theirs[i].index);
    EXPECT_EQ(ours[i].score, theirs[i].score);
  }
}

// The i8 graph's sum, 4x4 cells of 4 channels, enlarged to the input's 8x8: in integers, or dequantised before that.
GraphFile segmenter_graph(bool in_integers) {
  GraphFile graph = small_i8_graph();
  std::mt19937 random(11);
  for (const int index : {kStemWeight, kDepthwiseWeight}) {
    GraphTensor& weight = graph.tensors[static_cast<std::size_t>(index)];
    for (std::uint8_t& value : weight.data) value = static_cast<std::uint8_t>(random() % 31 - 15);
    for (float& scale : weight.scales) scale *= 0.1f;
  }
  for (const int index : {kStemBias, kDepthwiseBias}) {
    std::vector<std::uint8_t>& bias = graph.tensors[static_cast<std::size_t>(index)].data;
    std::fill(bias.begin(), bias.end(), std::uint8_t{0});
  }
  // Coarse steps, so that rounded scores often tie.
  constexpr float kStep = 0.5f;
  graph.tensors[kSum].scales = {kStep};
  const int size = graph.add({"size", {2}, TensorType::INT32, as_data<std::int32_t>({8, 8})});
  GraphTensor stored{"stored", {1, 8, 8, 4}, TensorType::INT8};
  stored.scales = {kStep}, stored.zero_points = {-3};
  int scores = kSum;
  const auto resize = [&](int to) {
    GraphOperator op{BuiltinOperator::RESIZE_BILINEAR, {scores, size}, {to}};
    set_options(op, BuiltinOptions::ResizeBilinearOptions,
                [](auto& builder) { return schema::CreateResizeBilinearOptions(builder, false, true); });
    graph.operators.push_back(op);
    scores = to;
  };
  const auto dequantize = [&](std::vector<int> shape) {
    const int to = graph.add({"real", std::move(shape)});
    graph.operators.push_back({BuiltinOperator::DEQUANTIZE, {scores}, {to}});
    scores = to;
  };
  if (in_integers) {
    resize(graph.add(stored));
    dequantize({1, 8, 8, 4});
  } else {
    dequantize({1, 4, 4, 4});
    resize(graph.add({"enlarged", {1, 8, 8, 4}}));
  }
  graph.outputs = {scores};
  return graph;
}

TEST(GraphAnswers, EnlargedScoresAreRoundedWhereTheGraphRoundsThem) {
  for (const bool in_integers : {true, false}) {
    const Model model = open(segmenter_graph(in_integers));
    ASSERT_EQ(model.info().task, Task::segment);
    std::size_t ties = 0;
    for (unsigned seed = 0; seed < 20; ++seed) {
      const Noise noise(8, seed);
      const std::vector<float> scores = raw_output(model, noise.view);
      Session session = model.session({.preprocess = PreprocessPolicy::squash}).value();
      const Segmentation answer = session.segment(noise.view).value();
      ASSERT_EQ(answer.mask.size(), 64U);
      for (std::size_t pixel = 0; pixel < 64; ++pixel) {
        const auto first = scores.begin() + static_cast<std::ptrdiff_t>(4 * pixel);
        const auto best = std::max_element(first, first + 4);
        EXPECT_EQ(answer.mask[pixel], best - first)
            << (in_integers ? "integers" : "float") << ", picture " << seed << ", pixel " << pixel;
        ties += *best > 0 && std::count(first, first + 4, *best) > 1;
      }
    }
    if (in_integers) {
      EXPECT_GT(ties, 50U) << "of 1280 pixels: where nothing ties, rounding does not show";
    }
  }
}

// The ends that a segmenter's graph can have; a mask at the input's size is the best class of the network's own scores.
TEST(GraphAnswers, SegmentersOfAnyEnding) {
  struct Case {
    const char* name;
    bool softmax, argmax, scores_too;
  };
  for (const Case& c : {Case{"a softmax", true, false, false}, Case{"a softmax and the best class", true, true, false},
                        Case{"the best class and the scores", false, true, true},
                        Case{"the best class and probabilities", true, true, true}}) {
    SCOPED_TRACE(c.name);
    GraphFile graph = segmenter_graph(false);
    int scores = graph.outputs[0];
    if (c.softmax) {
      const int ended = graph.add({"probabilities", {1, 8, 8, 4}});
      GraphOperator op{BuiltinOperator::SOFTMAX, {scores}, {ended}};
      set_options(op, BuiltinOptions::SoftmaxOptions,
                  [](auto& builder) { return schema::CreateSoftmaxOptions(builder, 1.0f); });
      graph.operators.push_back(op);
      scores = ended;
    }
    graph.outputs = {scores};
    if (c.argmax) {
      const int axis = graph.add({"axis", {1}, TensorType::INT32, as_data<std::int32_t>({3})});
      const int best = graph.add({"best", {1, 8, 8}, TensorType::INT32});
      graph.operators.push_back({BuiltinOperator::ARG_MAX, {scores, axis}, {best}});
      graph.outputs = c.scores_too ? std::vector<int>{best, scores} : std::vector<int>{best};
    }
    const Model model = open(graph), plain = open(segmenter_graph(false));
    ASSERT_EQ(model.info().task, Task::segment);
    const Noise noise(8, 3);
    const SessionOptions options{.preprocess = PreprocessPolicy::squash, .probabilities = true};
    Session a = model.session(options).value(), b = plain.session(options).value();
    const Segmentation ours = a.segment(noise.view).value(), theirs = b.segment(noise.view).value();
    EXPECT_TRUE(std::equal(ours.mask.begin(), ours.mask.end(), theirs.mask.begin(), theirs.mask.end()));
    EXPECT_TRUE(std::equal(ours.probabilities.begin(), ours.probabilities.end(), theirs.probabilities.begin(),
                           theirs.probabilities.end()));
  }
}

// Raw boxes of nought and constant scores of a background and two classes over maps of 3 and 6 boxes a cell, for
// pictures of 8 x 16.
GraphFile raw_detector_graph(std::optional<BuiltinOperator> ending, const std::vector<float>& logits = {1, 3, 2}) {
  GraphFile graph;
  graph.inputs = {graph.add({"picture", {1, 8, 16, 3}})};
  std::vector<int> boxes, scores;
  for (const auto& scale : {std::pair{4, 3}, {8, 6}}) {
    const int side = scale.first, anchors = scale.second;  // lambdas may not use the names of a structured binding
    const int rows = 8 / side, columns = 16 / side;
    const auto predict = [&](const std::string& name, int numbers) {
      const int channels = anchors * numbers;
      std::vector<float> bias(static_cast<std::size_t>(channels), 0.0f);
      for (std::size_t i = 0; numbers == 3 && i < bias.size(); ++i) bias[i] = logits[i % 3];
      const std::vector<float> zeros(static_cast<std::size_t>(channels * 3), 0.0f);
      const int weight = graph.add({name + "/weight", {channels, 1, 1, 3}, TensorType::FLOAT32, as_data(zeros)});
      const int offset = graph.add({name + "/bias", {channels}, TensorType::FLOAT32, as_data(bias)});
      const int map = graph.add({name, {1, rows, columns, channels}});
      GraphOperator convolve{BuiltinOperator::CONV_2D, {0, weight, offset}, {map}};
      set_options(convolve, BuiltinOptions::Conv2DOptions, [stride = side](auto& builder) {
        return schema::CreateConv2DOptions(builder, schema::PaddingRule::SAME, stride, stride);
      });
      graph.operators.push_back(convolve);
      const std::vector<int> shape{1, rows * columns * anchors, numbers};
      const int stored = graph.add({name + "/shape", {3}, TensorType::INT32, as_data(shape)});
      const int flat = graph.add({name + "/rows", shape});
      graph.operators.push_back({BuiltinOperator::RESHAPE, {map, stored}, {flat}});
      return flat;
    };
    boxes.push_back(predict("boxes" + std::to_string(side), 4));
    scores.push_back(predict("scores" + std::to_string(side), 3));
  }
  constexpr int kAnchors = 2 * 4 * 3 + 1 * 2 * 6;
  const auto join = [&](const char* name, const std::vector<int>& parts, int numbers) {
    const int joined = graph.add({name, {1, kAnchors, numbers}});
    GraphOperator op{BuiltinOperator::CONCATENATION, parts, {joined}};
    set_options(op, BuiltinOptions::ConcatenationOptions,
                [](auto& builder) { return schema::CreateConcatenationOptions(builder, 1); });
    graph.operators.push_back(op);
    return joined;
  };
  const int all_boxes = join("all boxes", boxes, 4);
  int all_scores = join("all scores", scores, 3);
  if (ending) {
    const int ended = graph.add({"probabilities", {1, kAnchors, 3}});
    GraphOperator op{*ending, {all_scores}, {ended}};
    if (*ending == BuiltinOperator::SOFTMAX)
      set_options(op, BuiltinOptions::SoftmaxOptions,
                  [](auto& builder) { return schema::CreateSoftmaxOptions(builder, 1.0f); });
    graph.operators.push_back(op);
    all_scores = ended;
  }
  graph.outputs = {all_boxes, all_scores};
  return graph;
}

TEST(GraphAnswers, RawDetectorsOfAnyEndingAndShape) {
  struct Case {
    const char* name;
    std::optional<BuiltinOperator> ending;
    double score;  // of class 0
  };
  const double e1 = std::exp(1), e2 = std::exp(2), e3 = std::exp(3);
  const Case cases[] = {{"logits", std::nullopt, 1 / (1 + 1 / e3)},
                        {"sigmoid", BuiltinOperator::LOGISTIC, 1 / (1 + 1 / e3)},
                        {"softmax", BuiltinOperator::SOFTMAX, e3 / (e1 + e2 + e3)}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Model model = open(raw_detector_graph(c.ending));
    ASSERT_EQ(model.info().task, Task::detect);
    ASSERT_EQ(model.info().classes, 2);
    const std::vector<std::byte> pixels(8 * 16 * 3);
    const ImageView view = ImageView::packed(pixels.data(), PixelFormat::rgb, 16, 8);
    Session session =
        model.session({.score_threshold = 0, .max_detections = 1000, .suppression = {.iou_threshold = 1.0f}}).value();
    const auto found = session.detect(view).value();
    ASSERT_EQ(found.size(), 36u);
    std::size_t squares = 0;
    for (const Detection& one : found) {
      EXPECT_EQ(one.class_index, 0);
      EXPECT_NEAR(one.score, c.score, 1e-6);
      // A tenth of the shorter side, in both directions.
      squares += std::abs(one.right - one.left - 0.8f) < 1e-4f && std::abs(one.bottom - one.top - 0.8f) < 1e-4f;
    }
    EXPECT_EQ(squares, 8u) << "one in each cell of the first map";
  }
}

// A broken weight makes a sentence, not an answer.
TEST(GraphAnswers, ThatAreNoNumbersAreAnError) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const std::string said = "the network's scores are not numbers";
  for (const auto ending : {std::optional<BuiltinOperator>(), std::optional(BuiltinOperator::LOGISTIC)}) {
    const Model model = open(raw_detector_graph(ending, {1, kNan, 2}));
    Session session = model.session({.device = Device::reference}).value();
    const auto found = session.detect(Noise(16).view);
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().message.find(said), std::string::npos) << found.error().message;
  }
  GraphFile graph;
  graph.inputs = {graph.add({"picture", {1, 4, 4, 3}})};
  const std::vector<float> zeros(6, 0.0f), bias{0, kNan};
  const int weight = graph.add({"weight", {2, 1, 1, 3}, TensorType::FLOAT32, as_data(zeros)});
  const int offset = graph.add({"bias", {2}, TensorType::FLOAT32, as_data(bias)});
  const int map = graph.add({"map", {1, 4, 4, 2}});
  const int axis = graph.add({"axis", {1}, TensorType::INT32, as_data<std::int32_t>({3})});
  const int best = graph.add({"best", {1, 4, 4}, TensorType::INT32});
  GraphOperator convolve{BuiltinOperator::CONV_2D, {0, weight, offset}, {map}};
  set_options(convolve, BuiltinOptions::Conv2DOptions,
              [](auto& builder) { return schema::CreateConv2DOptions(builder, schema::PaddingRule::SAME, 1, 1); });
  graph.operators = {convolve, {BuiltinOperator::ARG_MAX, {map, axis}, {best}}};
  graph.outputs = {best};
  const Model model = open(graph);
  ASSERT_EQ(model.info().task, Task::segment);
  Session session = model.session({.device = Device::reference}).value();
  const auto mask = session.segment(Noise(8).view);
  ASSERT_FALSE(mask);
  EXPECT_NE(mask.error().message.find(said), std::string::npos) << mask.error().message;
}

}  // namespace
}  // namespace mobilenet::testing
