// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What sessions make of the ends that graphs can have: scores from a sigmoid or without a batch axis, scores that are
// enlarged in integers or in float, boxes that are infinite.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "formats/tflite_graph.h"

namespace mobilenet::testing {
namespace {

using schema::BuiltinOperator;
using schema::BuiltinOptions;
using schema::TensorType;

Model open(const GraphFile& graph) {
  const std::vector<std::uint8_t> bytes = graph.bytes();
  return Model::from_memory(std::as_bytes(std::span(bytes))).value();
}

// Noise as a packed RGB picture.
struct Noise {
  explicit Noise(int side, unsigned seed = 5) : pixels(static_cast<std::size_t>(side * side * 3)) {
    std::mt19937 random(seed);
    for (std::byte& value : pixels) value = static_cast<std::byte>(random());
    view = ImageView::packed(pixels.data(), PixelFormat::rgb, side, side);
  }
  std::vector<std::byte> pixels;
  ImageView view;
};

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
  ASSERT_EQ(model.info().task, "classify");
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
  ASSERT_EQ(squeezed.info().task, "classify");
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
    ASSERT_EQ(model.info().task, "segment");
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

}  // namespace
}  // namespace mobilenet::testing
