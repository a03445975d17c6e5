// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What a graph is for, by the end of it, where it has one output or several; and what is said of files that cannot be
// opened.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "formats/tflite/load_graph.h"

namespace mobilenet::testing {
namespace {

using schema::BuiltinOperator;
using schema::BuiltinOptions;
using schema::TensorType;

const Decision& task_of(const LoadedModel& model) {
  for (const Decision& decision : model.decisions)
    if (decision.what == "task") return decision;
  static const Decision kNone;
  return kNone;
}

std::vector<std::uint8_t> numbers(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = 0.02f * static_cast<float>(i % 11) - 0.1f;
  return as_data(values);
}

// A graph that grows at its end: 8x8 pixels, then what a test adds.
struct Tail {
  GraphFile graph;
  int end = 0;

  Tail() {
    graph = small_float_graph();
    graph.tensors.resize(kStem + 1);
    graph.operators.resize(kConvolve + 1);
    graph.outputs = {end = kStem};
  }
  // The output of an operator on the end.
  Tail& add(BuiltinOperator code, std::vector<int> shape, std::vector<int> constants = {}, int version = 1) {
    const int output = graph.add({"tail " + std::to_string(graph.tensors.size()), std::move(shape)});
    GraphOperator op{code, {end}, {output}};
    op.inputs.insert(op.inputs.end(), constants.begin(), constants.end());
    op.version = version;
    graph.operators.push_back(std::move(op));
    graph.outputs = {end = output};
    return *this;
  }
  int integers(const std::vector<std::int32_t>& values) {
    return graph.add({"integers", {static_cast<int>(values.size())}, TensorType::INT32, as_data(values)});
  }
  // To `channels` numbers a cell, by a 1x1 convolution.
  Tail& project(int channels, std::string name = {}) {
    const std::vector<int>& from = graph.tensors[static_cast<std::size_t>(end)].shape;
    const int in = from[3];
    const int weight = graph.add(
        {"weight", {channels, 1, 1, in}, TensorType::FLOAT32, numbers(static_cast<std::size_t>(channels * in))});
    add(BuiltinOperator::CONV_2D, {1, from[1], from[2], channels}, {weight});
    set_options(graph.operators.back(), BuiltinOptions::Conv2DOptions,
                [](auto& builder) { return schema::CreateConv2DOptions(builder, schema::PaddingRule::SAME, 1, 1); });
    if (!name.empty()) graph.tensors[static_cast<std::size_t>(end)].name = std::move(name);
    return *this;
  }
  Tail& enlarge(int channels) {
    const int size = integers({8, 8});
    return add(BuiltinOperator::RESIZE_BILINEAR, {1, 8, 8, channels}, {size});
  }
  Tail& softmax(std::vector<int> shape) {
    add(BuiltinOperator::SOFTMAX, std::move(shape));
    set_options(graph.operators.back(), BuiltinOptions::SoftmaxOptions,
                [](auto& builder) { return schema::CreateSoftmaxOptions(builder, 1.0f); });
    return *this;
  }
  Tail& sigmoid(std::vector<int> shape) { return add(BuiltinOperator::LOGISTIC, std::move(shape)); }
  Tail& reshape(std::vector<std::int32_t> shape) {
    const int constant = integers(shape);
    return add(BuiltinOperator::RESHAPE, {shape.begin(), shape.end()}, {constant});
  }
  Tail& argmax(std::vector<int> shape) {
    const int axis = integers({-1});
    add(BuiltinOperator::ARG_MAX, std::move(shape), {axis});
    graph.tensors[static_cast<std::size_t>(end)].type = TensorType::INT64;
    return *this;
  }
};

TEST(TfliteTasks, GraphsThatSaySomethingOfEveryPixel) {
  struct Case {
    const char* name;
    std::function<void(Tail&)> end;
    int classes;  // 0: no segmenter
    ScoreFunction scores;
    bool is_guess;
  };
  constexpr ScoreFunction kSoftmaxScores = ScoreFunction::softmax, kSigmoids = ScoreFunction::sigmoid,
                          kAsTheyAre = ScoreFunction::identity;
  const Case cases[] = {
      {"scores enlarged", [](Tail& t) { t.project(4).enlarge(4); }, 4, kSoftmaxScores, false},
      {"a softmax of enlarged scores",
       [](Tail& t) {
         t.project(4).enlarge(4).softmax({1, 8, 8, 4});
       },
       4, kSoftmaxScores, false},
      {"probabilities enlarged",
       [](Tail& t) {
         t.project(4).softmax({1, 4, 4, 4}).enlarge(4);
       },
       4, kAsTheyAre, false},
      {"sigmoids of enlarged scores",
       [](Tail& t) {
         t.project(4).enlarge(4).sigmoid({1, 8, 8, 4});
       },
       4, kSigmoids, false},
      {"one sigmoid",
       [](Tail& t) {
         t.project(1).enlarge(1).sigmoid({1, 8, 8, 1});
       },
       2, kSigmoids, true},
      {"one probability enlarged",
       [](Tail& t) {
         t.project(1).sigmoid({1, 4, 4, 1}).enlarge(1);
       },
       2, kAsTheyAre, true},
      {"one number", [](Tail& t) { t.project(1).enlarge(1); }, 0, kSoftmaxScores, false},
      {"a convolution at the input's size", [](Tail& t) { t.enlarge(4).project(5); }, 5, kSoftmaxScores, false},
      {"three of it, which may be colours", [](Tail& t) { t.enlarge(4).project(3); }, 3, kSoftmaxScores, true},
      {"a smaller convolution", [](Tail& t) { t.project(5); }, 0, kSoftmaxScores, false},
      {"a smaller convolution that says what it is", [](Tail& t) { t.project(5, "logits/semantic/BiasAdd"); }, 5,
       kSoftmaxScores, true},
      {"a smaller softmax",
       [](Tail& t) {
         t.project(5).softmax({1, 4, 4, 5});
       },
       5, kSoftmaxScores, true},
      {"a best class",
       [](Tail& t) {
         t.project(5).argmax({1, 4, 4});
       },
       5, kSoftmaxScores, false},
      {"a best class of probabilities",
       [](Tail& t) {
         t.project(5).softmax({1, 4, 4, 5}).argmax({1, 4, 4});
       },
       5, kSoftmaxScores, false},
      {"pixels in a row",
       [](Tail& t) {
         t.project(5).enlarge(5).reshape({1, 64, 5}).softmax({1, 64, 5});
       },
       5, kSoftmaxScores, false},
      {"no batch",
       [](Tail& t) {
         t.project(5).enlarge(5).softmax({1, 8, 8, 5}).reshape({8, 8, 5});
       },
       5, kSoftmaxScores, false},
      {"numbers in another order",
       [](Tail& t) {
         t.project(5).enlarge(5).softmax({1, 8, 8, 5}).reshape({1, 5, 8, 8});
       },
       0, kSoftmaxScores, false},
      {"maps of features", [](Tail&) {}, 0, kSoftmaxScores, false},
  };
  for (const Case& c : cases) {
    Tail tail;
    c.end(tail);
    const auto model = load(tail.graph);
    ASSERT_TRUE(model) << c.name << ": " << model.error().message;
    EXPECT_EQ(model->spec.segmentation.classes, c.classes) << c.name << ": " << task_of(*model).why;
    if (c.classes == 0) continue;
    EXPECT_EQ(model->spec.segmentation.score_function, c.scores) << c.name;
    EXPECT_EQ(task_of(*model).is_guess, c.is_guess) << c.name;
    EXPECT_EQ(model->network().tensor(model->network().mask_logits).shape.rank(), 4) << c.name;
  }
}

TEST(TfliteTasks, OfSeveralOutputsOneIsAMask) {
  Tail tail;
  tail.project(5).enlarge(5);
  const int scores = tail.end;
  tail.argmax({1, 8, 8});
  tail.graph.outputs = {scores, tail.end};
  auto model = load(tail.graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec.segmentation.classes, 5);
  EXPECT_NE(task_of(*model).why.find("of 2 outputs is the best class of every pixel"), std::string::npos)
      << task_of(*model).why;
  tail.graph.outputs = {scores, kStem};  // and a feature map
  model = load(tail.graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec.segmentation.classes, 5);
  tail.graph.outputs = {scores, scores};  // nothing tells which
  model = load(tail.graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec.segmentation.classes, 0);
}

// The small classifier with a second row of numbers.
struct Heads {
  GraphFile graph = small_float_graph();

  int dense(int from, int length, std::string name) {
    const int in = graph.tensors[static_cast<std::size_t>(from)].shape.back();
    const int weight =
        graph.add({"weight", {length, in}, TensorType::FLOAT32, numbers(static_cast<std::size_t>(length * in))});
    const int output = graph.add({std::move(name), {1, length}});
    graph.operators.push_back({BuiltinOperator::FULLY_CONNECTED, {from, weight}, {output}});
    return output;
  }
  int sigmoid(int from, std::string name) {
    const int output = graph.add({std::move(name), graph.tensors[static_cast<std::size_t>(from)].shape});
    graph.operators.push_back({BuiltinOperator::LOGISTIC, {from}, {output}});
    return output;
  }
};

TEST(TfliteTasks, OfSeveralOutputsOneIsAClassifier) {
  struct Case {
    const char* name;
    std::function<void(Heads&)> outputs;
    std::string row;  // empty: features
    int classes;
  };
  const Case cases[] = {
      {"probabilities and their scores",
       [](Heads& h) {
         h.graph.outputs = {kDense, kScores};
       },
       "scores", 5},
      {"classes and an embedding that they are made of",
       [](Heads& h) {
         h.graph.outputs = {kMean, kScores};
       },
       "scores", 5},
      {"scores and an embedding that is a layer's",
       [](Heads& h) {
         const int embedding = h.dense(kMean, 16, "embedding");
         h.graph.outputs = {embedding, h.dense(embedding, 7, "logits")};
       },
       "logits", 7},
      {"classes and one number",
       [](Heads& h) {
         h.graph.outputs = {h.sigmoid(h.dense(kMean, 1, "x"), "is a face"), kScores};
       },
       "scores", 5},
      {"classes and a map",
       [](Heads& h) {
         h.graph.outputs = {kSum, kScores};
       },
       "scores", 5},
      {"two classifiers",
       [](Heads& h) {
         h.graph.outputs = {kScores, h.sigmoid(h.dense(kMean, 2, "x"), "gender")};
       },
       "", 0},
  };
  for (const Case& c : cases) {
    Heads heads;
    c.outputs(heads);
    const auto model = load(heads.graph);
    ASSERT_TRUE(model) << c.name << ": " << model.error().message;
    EXPECT_EQ(model->spec.classes, c.classes) << c.name << ": " << task_of(*model).why;
    const Network& network = model->network();
    if (!c.row.empty()) {
      EXPECT_EQ(network.tensor(class_row(network)).name, c.row) << c.name;
    } else {
      EXPECT_NE(task_of(*model).why.find("2 outputs are rows of scores (scores 1x5, gender 1x2)"), std::string::npos)
          << task_of(*model).why;
    }
  }
}

TEST(TfliteTasks, AllMissingOperatorsAreNamed) {
  GraphFile graph = small_float_graph();
  graph.operators[kConvolveDepthwise].code = BuiltinOperator::CUSTOM;
  graph.operators[kConvolveDepthwise].custom_code = "Magic";
  for (const SmallOperator op : {kAdd, kAverage}) graph.operators[op].code = BuiltinOperator::UNIQUE;
  graph.operators[kClassify].version = 99;
  const auto model = load(graph);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::unsupported);
  EXPECT_EQ(model.error().message,
            "test.tflite: 4 operators are not supported: UNIQUE (2), CUSTOM \"Magic\" (1), FULLY_CONNECTED of version "
            "99 (1)");
}

TEST(TfliteTasks, WhatAFileThatCannotBeOpenedLooksLike) {
  struct Case {
    const char* kind;
    std::function<void(GraphFile&)> bend;
  };
  const auto name = [](std::string tensor) { return [tensor](GraphFile& g) { g.tensors[kSum].name = tensor; }; };
  const Case cases[] = {
      {"an FPNLite detector", name("ssd/FeatureExtractor/FpnTopDown/add")},
      {"an EfficientDet detector", name("efficientdet-lite0/box_net/add")},
      {"a transformer", name("vit/encoder/Attention/query")},
      {"a pose network", name("MoveNet/heads")},
      {"a YOLO detector",
       [](GraphFile& g) {
         g.tensors[kScores].shape = {1, 84, 8400};
       }},
      {"an audio network",
       [](GraphFile& g) {
         g.tensors[kInput].shape = {1, 16000};
       }},
      {"a text network",
       [](GraphFile& g) {
         g.tensors[kInput] = {"ids", {1, 128}, TensorType::INT32};
       }},
      {"a recurrent network", [](GraphFile& g) { g.operators[kAverage].code = BuiltinOperator::WHILE; }},
      {"a network that makes pictures",
       [](GraphFile& g) {
         g.tensors[kScores].shape = {1, 16, 16, 3};
       }},
  };
  for (const Case& c : cases) {
    GraphFile graph = small_float_graph();
    graph.operators[kAdd].code = BuiltinOperator::UNIQUE;
    c.bend(graph);
    const auto model = load(graph);
    ASSERT_FALSE(model) << c.kind;
    EXPECT_TRUE(model.error().message.ends_with(std::string("; the file looks like ") + c.kind))
        << model.error().message;
  }
}

TEST(TfliteTasks, TheFirstOfSeveralGraphsIsTheModel) {
  GraphFile graph = small_float_graph();
  graph.graphs = 3;
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec.classes, 5);
  EXPECT_EQ(model->decisions[0].why, "the first of 3 inside the file, which runs without the others");
}

}  // namespace
}  // namespace mobilenet::testing
