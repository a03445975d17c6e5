// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "formats/weights/framework_weights.h"
#include "models/models.h"
#include "support/devices.h"
#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

// Of Hugging Face, which has channels first; every weight is 0.01, so that only the padding makes pixels differ.
Model channels_first_model() {
  const ModelSpec spec = published_spec(Architecture::mobilenet_v2, 0.35, 32, 3);
  std::string file = hugging_face_v2(spec, "mobilenet_v2.").bytes();
  std::size_t header = 0;
  std::memcpy(&header, file.data(), sizeof header);
  const float weight = 0.01f;
  for (std::size_t at = sizeof header + header; at < file.size(); at += sizeof weight)
    std::memcpy(file.data() + at, &weight, sizeof weight);
  return Model::from_memory(std::as_bytes(std::span(file)), {}, "channels first").value();
}

TEST(Session, ABatchGivesTheAnswersOfItsPictures) {
  const Model model = Model::random("mobilenet_v2:0.35:64:21").value();
  const TestPicture a(90, 70), b(33, 120), c(64, 64);
  const ImageView views[] = {a.view(), b.view(), c.view()};
  for (const Device device : every_device()) {
    Session one = model.session({.device = device}).value();
    Session many = model.session({.device = device}).value();
    const auto answers = many.classify(views).value();
    ASSERT_EQ(answers.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto alone = one.classify(views[i]).value();
      for (std::size_t k = 0; k < alone.size(); ++k) {
        EXPECT_EQ(answers[i][k].index, alone[k].index);
        EXPECT_NEAR(answers[i][k].score, alone[k].score, 1e-6);
      }
    }
  }
}

TEST(Session, ScoresAreProbabilities) {
  const Model model = Model::random("mobilenet_v1:0.25:64:9").value();
  Session session = model.session({.top = 100}).value();
  const auto classes = session.classify(TestPicture(64, 64).view()).value();
  ASSERT_EQ(classes.size(), 9u) << "no more answers than classes";
  float sum = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    sum += classes[i].score;
    EXPECT_TRUE(i == 0 || classes[i - 1].score >= classes[i].score);
  }
  EXPECT_NEAR(sum, 1, 1e-5);
}

TEST(Session, BackgroundIsMinusOne) {
  const Model model = Model::random("mobilenet_v1:0.25:32:1001").value();
  ASSERT_TRUE(model.info().has_background);
  Session session = model.session({.top = 1001}).value();
  int lowest = 1000, highest = 0;
  for (const Classification& c : session.classify(TestPicture(32, 32).view()).value()) {
    lowest = std::min(lowest, c.index);
    highest = std::max(highest, c.index);
  }
  EXPECT_EQ(lowest, -1);
  EXPECT_EQ(highest, 999);
}

TEST(Session, AnySizeOfWeightsOnlyModels) {
  const Model model = Model::random("mobilenet_v2:0.35:96:5").value();
  const TestPicture picture(100, 80);
  for (const auto& [height, width] : {std::pair{33, 33}, {97, 64}, {1, 1}, {31, 225}}) {
    std::vector<float> scores;
    for (const Device device : every_device()) {
      const SessionOptions options{
          .device = device, .precision = Precision::source, .input_height = height, .input_width = width, .top = 1};
      Session session = model.session(options).value();
      scores.push_back(session.classify(picture.view()).value()[0].score);
    }
    for (const float score : scores) EXPECT_NEAR(score, scores.back(), 1e-4) << height << "x" << width;
  }
}

TEST(Session, FeaturesComeInTheOrderAskedFor) {
  const Model model = Model::random("mobilenet_v2:0.35:64:5").value();
  Session session = model.session({.layers = {"pool", "block3/expand", "hidden_0", "stem"}}).value();
  const TestPicture picture(64, 64);
  const ImageView views[] = {picture.view(), picture.view()};
  const auto features = session.features(views).value();
  ASSERT_EQ(features.size(), 4u);
  EXPECT_EQ(features[0].name, "pool");
  EXPECT_EQ(features[1].name, "block3/expand");
  EXPECT_EQ(features[2].name, "hidden_0");
  for (const TensorView& feature : features) {
    EXPECT_EQ(feature.shape[0], 2);
    std::size_t count = sizeof(float);
    for (const std::int64_t axis : feature.shape) count *= static_cast<std::size_t>(axis);
    EXPECT_EQ(feature.bytes, count);
  }
  // Both pictures are the same, so both halves are.
  const std::span<const float> stem = features[3].as<float>();
  EXPECT_TRUE(std::equal(stem.begin(), stem.begin() + static_cast<std::ptrdiff_t>(stem.size() / 2),
                         stem.begin() + static_cast<std::ptrdiff_t>(stem.size() / 2)));
}

TEST(Session, PoolingAverages) {
  const Model model = Model::random("mobilenet_v2:0.35:64:5").value();
  const TestPicture picture(64, 64);
  const ImageView view = picture.view();
  Session whole = model.session({.layers = {"block2/output"}}).value();
  Session pooled = model.session({.layers = {"block2/output"}, .pooling = Pooling::average}).value();
  const TensorView map = whole.features({&view, 1}).value()[0];
  const TensorView mean = pooled.features({&view, 1}).value()[0];
  ASSERT_EQ(mean.shape.size(), 2u);
  const auto channels = static_cast<std::size_t>(mean.shape[1]), values = map.as<float>().size();
  for (std::size_t c = 0; c < channels; ++c) {
    double sum = 0;  // random models show maps as [batch, height, width, channels]
    for (std::size_t i = c; i < values; i += channels) sum += map.as<float>()[i];
    EXPECT_NEAR(mean.as<float>()[c], sum * static_cast<double>(channels) / static_cast<double>(values), 1e-4);
  }
}

struct RefusedCase {
  const char* name;
  SessionOptions options;
  const char* said;
};

TEST(Session, WhatCannotBeIsRefusedWithASentence) {
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  const RefusedCase cases[] = {
      {"unknown layer", {.layers = {"pointwize3"}}, "has no layer pointwize3; did you mean pointwise3?"},
      {"unknown tensor", {.tensors = {"nothing"}}, "has no tensor or layer nothing; there are "},
      {"int8 of float weights", {.precision = Precision::int8}, "float weights"},
  };
  for (const RefusedCase& c : cases) {
    const auto session = model.session(c.options);
    ASSERT_FALSE(session) << c.name;
    EXPECT_NE(session.error().message.find(c.said), std::string::npos) << c.name << ": " << session.error().message;
  }
}

TEST(Session, RunChecksItsTensors) {
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  Session session = model.session().value();
  const std::vector<float> values(2 * 32 * 32 * 3, 0.5f);
  const std::int64_t good[] = {2, 32, 32, 3}, channels[] = {2, 32, 32, 2}, rank[] = {32, 32, 3},
                     negative[] = {-1, 32, 32, 3};
  const auto run = [&](std::span<const std::int64_t> shape, DataType type, std::size_t bytes) {
    const TensorView view{"input", type, shape, values.data(), bytes, 0, 0};
    return session.run({&view, 1});
  };
  const std::size_t bytes = values.size() * sizeof(float);
  EXPECT_TRUE(run(good, DataType::f32, bytes));
  EXPECT_FALSE(run(good, DataType::u8, bytes));
  EXPECT_FALSE(run(good, DataType::f32, bytes - 4));
  EXPECT_FALSE(run(channels, DataType::f32, bytes));
  EXPECT_FALSE(run(rank, DataType::f32, bytes));
  EXPECT_FALSE(run(negative, DataType::f32, bytes));
  TensorView view{"input", DataType::f32, good, values.data(), bytes, 0, 0};
  view.memory = Memory::device;
  const auto elsewhere = session.run({&view, 1});
  ASSERT_FALSE(elsewhere);
  EXPECT_NE(elsewhere.error().message.find("device memory"), std::string::npos) << elsewhere.error().message;
  const auto none = session.run({});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("takes 1 input"), std::string::npos);
}

// As stored, and, of a framework with channels first, permuted.
TEST(Session, RunWritesToMemoryOfTheCaller) {
  for (const Model& model : {Model::random("mobilenet_v1:0.25:32:7").value(), channels_first_model()}) {
    SessionOptions options;
    options.tensors = {model.info().layers[1].name};
    Session session = model.session(options).value();
    const std::vector<float> values(
        static_cast<std::size_t>(2 * model.info().input_height * model.info().input_width * 3), 0.5f);
    std::vector<std::int64_t> shape = model.info().inputs[0].shape;
    shape[0] = 2;
    const TensorView input{"input", DataType::f32, shape, values.data(), values.size() * sizeof(float), 0, 0};
    const std::span<const TensorView> own = session.run({&input, 1}).value();
    std::vector<std::vector<float>> expected, memory;
    std::vector<TensorBuffer> buffers;
    for (const TensorView& output : own) {
      expected.emplace_back(output.as<float>().begin(), output.as<float>().end());
      memory.emplace_back(expected.back().size(), -1.0f);
    }
    for (std::vector<float>& tensor : memory) buffers.push_back({tensor.data(), tensor.size() * sizeof(float)});
    ASSERT_EQ(buffers.size(), 2u);
    ASSERT_TRUE(session.run({&input, 1}, buffers));
    EXPECT_EQ(memory, expected);

    EXPECT_FALSE(session.run({&input, 1}, std::span(buffers).first(1)));
    std::vector<TensorBuffer> wrong = buffers;
    wrong[1].bytes -= 4;
    const auto refused = session.run({&input, 1}, wrong);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("buffer of output"), std::string::npos) << refused.error().message;
    wrong = buffers;
    wrong[0].memory = Memory::device;
    EXPECT_FALSE(session.run({&input, 1}, wrong));
  }
}

// On a processor where answers are computed faster than in f32, what is shown as it is still is f32's.
TEST(Session, AutomaticKeepsClassesAndShowsTensorsOfTheSource) {
  const Model model = Model::random("mobilenet_v2:0.35:64:21").value();
  const TestPicture picture(64, 64);
  const ImageView view = picture.view();
  const std::vector<std::string> layers = {"block3/expand", "logits"};
  Session automatic = model.session({.layers = layers}).value();
  Session source = model.session({.precision = Precision::source, .layers = layers}).value();
  EXPECT_EQ(source.precision(), Precision::f32);
  const auto shown = automatic.features(view).value(), expected = source.features(view).value();
  ASSERT_EQ(shown.size(), layers.size());
  for (std::size_t i = 0; i < shown.size(); ++i) {
    ASSERT_EQ(shown[i].bytes, expected[i].bytes);
    EXPECT_EQ(std::memcmp(shown[i].data, expected[i].data, shown[i].bytes), 0) << shown[i].name;
  }
  Session chosen = model.session({.precision = automatic.precision()}).value();
  const auto classes = automatic.classify(view).value(), same = chosen.classify(view).value();
  const auto near = source.classify(view).value();
  for (std::size_t k = 0; k < classes.size(); ++k) {
    EXPECT_EQ(classes[k].score, same[k].score);
    EXPECT_EQ(classes[k].index, near[k].index);
    EXPECT_NEAR(classes[k].score, near[k].score, 1e-3) << "random layers damp nothing";
  }
}

TEST(Session, ImpossiblePicturesAreRefused) {
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  Session session = model.session().value();
  EXPECT_FALSE(session.classify(ImageView{}));
  EXPECT_FALSE(session.classify(std::span<const ImageView>{}));
  EXPECT_FALSE(session.features(std::span<const ImageView>{})) << "no layers were named";
}

TEST(Session, ProfileNamesEveryStep) {
  const Model model = Model::random("mobilenet_v2:0.35:64:5").value();
  Session session = model.session({.profile = true}).value();
  ASSERT_TRUE(session.classify(TestPicture(64, 64).view()));
  ASSERT_GT(session.step_times().size(), 17u * 3);
  for (const StepTime& step : session.step_times()) {
    EXPECT_FALSE(step.name.empty());
    EXPECT_FALSE(step.kind.empty());
    EXPECT_GE(step.milliseconds, 0);
  }
}

TEST(Session, ManyBatchSizesStayCorrect) {
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  Session session = model.session().value();
  const TestPicture picture(32, 32);
  const float first = session.classify(picture.view()).value()[0].score;
  for (std::size_t batch = 1; batch <= 12; ++batch) {
    const std::vector<ImageView> views(batch, picture.view());
    for (const auto& answer : session.classify(views).value()) EXPECT_NEAR(answer[0].score, first, 1e-6);
  }
  EXPECT_NEAR(session.classify(picture.view()).value()[0].score, first, 1e-6);
}

}  // namespace
}  // namespace mobilenet::testing
