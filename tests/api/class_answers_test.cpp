// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What classify() makes of a row of numbers: probabilities, one class or two of one number, the classes that options
// choose, and numbers that are none.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

using Numbers = std::vector<float>;
using Labels = std::vector<std::string>;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
constexpr float kTolerance = 1e-6f;

// A layer whose outputs are its bias, whatever the picture shows.
Value constant_layer(NetworkBuilder& net, const Numbers& bias, Activation activation = Activation::none) {
  const Value input = net.input(1, 1, 3, "input");
  return net.dense(input, {.weight = Numbers(3 * bias.size(), 0.0f),
                           .outputs = static_cast<int>(bias.size()),
                           .bias = bias,
                           .activation = activation});
}

Model classifier(const Numbers& bias, const Labels& labels = {}) {
  NetworkBuilder net;
  net.output(constant_layer(net, bias));
  net.labels(labels);
  return net.build().value();
}

// Scores by index.
Numbers scores_of(const Model& model, SessionOptions options = {.top = 100}) {
  const TestPicture picture(8, 8);
  Session session = model.session(options).value();
  const auto answers = session.classify(picture.view());
  if (!answers) {
    ADD_FAILURE() << answers.error().message;
    return {};
  }
  Numbers scores(answers->size());
  for (const Classification& answer : *answers) scores.at(static_cast<std::size_t>(answer.index)) = answer.score;
  return scores;
}

struct ScoreCase {
  const char* name;
  Value (*build)(NetworkBuilder&);
  Labels labels;
  Numbers scores;  // empty: no classifier
};

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

const ScoreCase kScoreCases[] = {
    {"logits",
     [](NetworkBuilder& n) {
       return constant_layer(n, {0, std::log(3.0f)});
     },
     {},
     {0.25f, 0.75f}},
    {"softmax",
     [](NetworkBuilder& n) {
       return n.softmax(constant_layer(n, {0, std::log(3.0f)}));
     },
     {},
     {0.25f, 0.75f}},
    {"a sigmoid inside the layer",
     [](NetworkBuilder& n) {
       return constant_layer(n, {4, 0, -4}, Activation::sigmoid);
     },
     {},
     {sigmoid(4), 0.5f, sigmoid(-4)}},
    {"a sigmoid of its own",
     [](NetworkBuilder& n) {
       return n.activation(constant_layer(n, {4, 0}), Activation::sigmoid);
     },
     {},
     {sigmoid(4), 0.5f}},
    {"parts with sigmoids, joined",
     [](NetworkBuilder& n) {
       const Value input = n.input(1, 1, 3);
       const Numbers weight(6, 0.0f), first{4, 0}, second{-4, 1};
       const Value parts[] = {
           n.dense(input, {.weight = weight, .outputs = 2, .bias = first, .activation = Activation::sigmoid}),
           n.dense(input, {.weight = weight, .outputs = 2, .bias = second, .activation = Activation::sigmoid})};
       return n.concat(parts);
     },
     {},
     {sigmoid(4), 0.5f, sigmoid(-4), sigmoid(1)}},
    {"a mean of probabilities",
     [](NetworkBuilder& n) {
       const Numbers weight(6, 0.0f), bias{4, 0};
       const Value map = n.pointwise(n.input(2, 2, 3), {.weight = weight, .outputs = 2, .bias = bias});
       return n.global_average_pool(n.softmax(map));
     },
     {},
     {sigmoid(4), sigmoid(-4)}},
    {"an infinity that has a probability",
     [](NetworkBuilder& n) {
       return constant_layer(n, {-kInfinity, 0});
     },
     {},
     {0, 1}},
    {"one number", [](NetworkBuilder& n) { return constant_layer(n, {2}); }, {}, {}},
    {"one number with a name", [](NetworkBuilder& n) { return constant_layer(n, {2}); }, {"hot dog"}, {sigmoid(2)}},
    {"one number with two names",
     [](NetworkBuilder& n) { return constant_layer(n, {2}); },
     {"dog", "cat"},
     {1 - sigmoid(2), sigmoid(2)}},
    {"one probability",
     [](NetworkBuilder& n) { return constant_layer(n, {2}, Activation::sigmoid); },
     {},
     {sigmoid(2)}},
    {"one probability with two names",
     [](NetworkBuilder& n) { return constant_layer(n, {2}, Activation::sigmoid); },
     {"dog", "cat"},
     {1 - sigmoid(2), sigmoid(2)}},
    {"what a ReLU leaves",
     [](NetworkBuilder& n) {
       return constant_layer(n, {1, 2}, Activation::relu);
     },
     {},
     {}},
    {"a pooled map", [](NetworkBuilder& n) { return n.global_average_pool(n.input(4, 4, 3)); }, {}, {}},
};

TEST(ClassAnswers, AreProbabilities) {
  for (const ScoreCase& c : kScoreCases) {
    SCOPED_TRACE(c.name);
    NetworkBuilder net;
    net.output(c.build(net));
    net.labels(c.labels);
    const auto model = net.build();
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->info().task, c.scores.empty() ? Task::features : Task::classify);
    EXPECT_EQ(model->info().classes, static_cast<int>(c.scores.size()));
    EXPECT_EQ(model->info().labels, c.labels);
    if (c.scores.empty()) continue;
    const Numbers scores = scores_of(*model);
    ASSERT_EQ(scores.size(), c.scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], c.scores[i], kTolerance) << i;
  }
}

TEST(ClassAnswers, ThatAreNoNumbersAreAnError) {
  const TestPicture picture(8, 8);
  for (const Numbers& bias : {Numbers{0, kNan, 1}, Numbers{kNan, 0, 1}, Numbers{0, kInfinity}}) {
    const Model model = classifier(bias);
    Session session = model.session({.device = Device::reference}).value();
    const auto answers = session.classify(picture.view());
    ASSERT_FALSE(answers);
    EXPECT_NE(answers.error().message.find("the network's scores are not numbers"), std::string::npos)
        << answers.error().message;
  }
}

TEST(ClassAnswers, OfABatchNameThePictureWithoutNumbers) {
  // White becomes an infinity, grey a number.
  NetworkBuilder net;
  const Value input = net.input(1, 1, 3);
  const Numbers weight{3e38f, 3e38f, 3e38f, 0, 0, 0};
  net.output(net.dense(input, {.weight = weight, .outputs = 2}));
  const Model model = net.build().value();
  const std::vector<std::uint8_t> grey(3, 127), white(3, 255);
  const ImageView views[] = {ImageView::packed(grey.data(), PixelFormat::rgb, 1, 1),
                             ImageView::packed(white.data(), PixelFormat::rgb, 1, 1)};
  Session session = model.session().value();
  EXPECT_TRUE(session.classify(views[0]));
  const auto answers = session.classify(views);
  ASSERT_FALSE(answers);
  EXPECT_NE(answers.error().message.find("picture 2 of 2"), std::string::npos) << answers.error().message;
}

struct ChoiceCase {
  const char* name;
  SessionOptions options;
  std::vector<int> indices;  // best first
  const char* refused = "";  // part of the sentence, where the options are refused
};

const ChoiceCase kChoices[] = {
    {"all", {}, {3, 2, 1, 0}},
    {"above a score", {.score_threshold = 0.2f}, {3, 2}},
    {"above every score", {.score_threshold = 0.9f}, {}},
    {"by index", {.classes = {0, 2}}, {2, 0}},
    {"by name", {.class_names = {"dog"}}, {1}},
    {"by a name in another case, of all that have it", {.class_names = {"DOG"}}, {2, 1}},
    {"by both", {.classes = {0}, .class_names = {"bird"}}, {3, 0}},
    {"without one", {.excluded_class_names = {"bird"}}, {2, 1, 0}},
    {"without one index", {.excluded_classes = {3}}, {2, 1, 0}},
    {"some without one", {.classes = {0, 3}, .excluded_classes = {3}}, {0}},
    {"the best of some", {.top = 1, .classes = {0, 1}}, {1}},
    {"an index too low", {.classes = {-1}}, {}, "has no class -1; its 4 classes are 0 to 3"},
    {"an index too high", {.classes = {100000}}, {}, "has no class 100000"},
    {"an unknown name", {.class_names = {"fish"}}, {}, "has no class 'fish'; there are cat, dog"},
    {"an unknown name to leave out", {.excluded_class_names = {"fish"}}, {}, "has no class 'fish'"},
    {"nothing left", {.classes = {1}, .excluded_classes = {1}}, {}, "leave no class"},
    {"a threshold above one", {.score_threshold = 1.1f}, {}, "score_threshold: is 1.1, expected 0 to 1"},
};

TEST(ClassAnswers, AreThoseThatOptionsChoose) {
  const Model model = classifier({0, 0.5f, 1, 1.5f}, {"cat", "dog", "Dog", "bird"});
  const TestPicture picture(8, 8);
  for (const ChoiceCase& c : kChoices) {
    SCOPED_TRACE(c.name);
    auto session = model.session(c.options);
    ASSERT_EQ(static_cast<bool>(session), std::string(c.refused).empty());
    if (!session) {
      EXPECT_NE(session.error().message.find(c.refused), std::string::npos) << session.error().message;
      continue;
    }
    std::vector<int> indices;
    for (const Classification& answer : session->classify(picture.view()).value()) indices.push_back(answer.index);
    EXPECT_EQ(indices, c.indices);
  }
}

TEST(ClassAnswers, OfNetworksThatAreBuilt) {
  const Model backbone = Model::random("mobilenet_v1:0.25:32:1001").value();
  const Numbers weight(1000 * 256, 0.001f);
  {
    NetworkBuilder net(backbone);
    net.output(net.dense(net.layer("pool"), {.weight = weight, .outputs = 1000}), "my_products");
    EXPECT_TRUE(net.build().value().info().labels.empty()) << "nobody called them ImageNet's";
  }
  {
    NetworkBuilder net(backbone);
    net.output(net.layer("pool"));
    EXPECT_EQ(net.build().value().info().task, Task::features);
  }
  {
    NetworkBuilder net(backbone);
    NetworkBuilder other(backbone);
    net.output(other.layer("pool"));
    const auto model = net.build();
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("does not belong to this builder"), std::string::npos);
  }
  {
    NetworkBuilder net(backbone);
    net.output(net.layer("pool"), "x");
    net.output(net.layer("stem"), "x");
    const auto model = net.build();
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("output x: another output has this name"), std::string::npos);
  }
  {
    NetworkBuilder net(backbone);
    const Value pool = net.layer("pool");
    net.output(pool);
    net.output(pool, "embedding");
    const auto model = net.build();
    ASSERT_TRUE(model) << model.error().message;
    ASSERT_EQ(model->info().outputs.size(), 1u);
    EXPECT_EQ(model->info().outputs[0].name, "embedding");
    const auto saved = model->save("never.safetensors");
    ASSERT_FALSE(saved);
    EXPECT_NE(saved.error().message.find("was made by a NetworkBuilder"), std::string::npos) << saved.error().message;
  }
  {
    NetworkBuilder net;
    const Value row = net.dense(net.input(2, 2, 3), {.weight = std::span(weight).first(24), .outputs = 2});
    net.pointwise(row, {.weight = std::span(weight).first(2), .outputs = 1, .name = "mix"});
    net.output(row);
    const auto model = net.build();
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(model.error().message.find("mix: reads 1x2, expected a map"), std::string::npos) << model.error().message;
  }
}

}  // namespace
}  // namespace mobilenet::testing
