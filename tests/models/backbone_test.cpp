// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The networks of MobileNet V1 and V2: layers, shapes, names, and what is said about weights that do not fit.

#include <gtest/gtest.h>

#include <cstring>

#include "models/built_network.h"
#include "models/models.h"
#include "models/registry.h"
#include "network/parameter.h"

namespace mobilenet {
namespace {

std::vector<std::string> layer_names(const Network& network) {
  std::vector<std::string> names;
  for (const Layer& layer : network.layers) names.push_back(layer.name);
  return names;
}

struct Expected {
  const char* name;
  const char* architecture;
  std::vector<std::pair<std::string, Shape>> shapes;
};

const Expected kNetworks[] = {
    {"V1 as published",
     "mobilenet_v1:1.0:224",
     {{"stem", {1, 112, 112, 32}},
      {"depthwise1", {1, 112, 112, 32}},
      {"pointwise1", {1, 112, 112, 64}},
      {"depthwise2", {1, 56, 56, 64}},
      {"pointwise6", {1, 14, 14, 512}},
      {"pointwise11", {1, 14, 14, 512}},
      {"pointwise13", {1, 7, 7, 1024}},
      {"pool", {1, 1024}},
      {"logits", {1, 1001}},
      {"hidden_0", {1, 112, 112, 32}},
      {"hidden_25", {1, 7, 7, 1024}}}},
    {"V1 narrow, few classes", "mobilenet_v1:0.25:128:7", {{"stem", {1, 64, 64, 8}}, {"logits", {1, 7}}}},
    {"V1 does not round to a multiple of 8", "mobilenet_v1:0.35:96", {{"stem", {1, 48, 48, 11}}}},
    {"V1 keeps eight channels", "mobilenet_v1:0.1:64", {{"stem", {1, 32, 32, 8}}, {"pointwise1", {1, 32, 32, 8}}}},
    {"V2 as published",
     "mobilenet_v2:1.0:224",
     {{"stem", {1, 112, 112, 32}},
      {"block1/depthwise", {1, 112, 112, 32}},
      {"block1/output", {1, 112, 112, 16}},
      {"block2/expand", {1, 112, 112, 96}},
      {"block2/depthwise", {1, 56, 56, 96}},
      {"block3/project", {1, 56, 56, 24}},
      {"block13/expand", {1, 14, 14, 576}},
      {"block14/expand", {1, 14, 14, 576}},
      {"block17/output", {1, 7, 7, 320}},
      {"last", {1, 7, 7, 1280}},
      {"pool", {1, 1280}},
      {"logits", {1, 1001}},
      {"hidden_0", {1, 56, 56, 24}},
      {"hidden_15", {1, 7, 7, 320}}}},
    {"V2 narrow keeps its last convolution",
     "mobilenet_v2:0.35:97:3",
     {{"stem", {1, 49, 49, 16}}, {"block2/output", {1, 25, 25, 8}}, {"last", {1, 4, 4, 1280}}, {"logits", {1, 3}}}},
    {"V2 wide has a wider last convolution",
     "mobilenet_v2:1.4:224",
     {{"stem", {1, 112, 112, 48}}, {"last", {1, 7, 7, 1792}}}},
    {"an extractor ends with the pool", "mobilenet_v2:0.5:96:0", {{"pool", {1, 1280}}}},
};

TEST(Backbone, HasTheShapesOfThePublishedNetworks) {
  for (const Expected& expected : kNetworks) {
    SCOPED_TRACE(expected.name);
    const Built built = build(spec_from_name(expected.architecture).value());
    for (const auto& [layer, shape] : expected.shapes)
      EXPECT_EQ(to_string(built.shape_of(layer)), to_string(shape)) << layer;
    const Tensor& output = built.network.tensor(built.network.outputs.at(0));
    EXPECT_EQ(output.name, built.spec.classes > 0 ? "logits" : "pool");
  }
}

TEST(Backbone, TakesAnyBatch) {
  const Built built = build(published_spec(Architecture::mobilenet_v2, 0.35, 33, 5), 3);
  EXPECT_EQ(to_string(built.shape_of("logits")), "3x5");
}

TEST(Backbone, ListsV1LayersInOrder) {
  const Built built = build(published_spec(Architecture::mobilenet_v1, 0.25, 32, 4));
  std::vector<std::string> expected{"stem"};
  for (int i = 1; i <= 13; ++i) {
    expected.push_back("depthwise" + std::to_string(i));
    expected.push_back("pointwise" + std::to_string(i));
  }
  expected.push_back("pool");
  expected.push_back("logits");
  EXPECT_EQ(layer_names(built.network), expected);
  EXPECT_EQ(built.network.aliases.size(), 26u);
}

TEST(Backbone, ListsV2LayersInOrder) {
  const Built built = build(published_spec(Architecture::mobilenet_v2, 0.35, 32, 4));
  std::vector<std::string> expected{"stem"};
  for (int i = 1; i <= 17; ++i) {
    const std::string block = "block" + std::to_string(i);
    if (i > 1) expected.push_back(block + "/expand");
    for (const char* part : {"/depthwise", "/project", "/output"}) expected.push_back(block + part);
  }
  for (const char* name : {"last", "pool", "logits"}) expected.push_back(name);
  EXPECT_EQ(layer_names(built.network), expected);
  EXPECT_EQ(built.network.aliases.size(), 16u);
}

TEST(Backbone, KeepsBatchNormApart) {
  const Built built = build(published_spec(Architecture::mobilenet_v2, 1, 64, 10));
  std::size_t convolutions = 0, norms = 0, sums = 0, activations = 0;
  for (const Node& node : built.network.nodes) {
    if (std::holds_alternative<Conv2dOp>(node.op) || std::holds_alternative<DepthwiseConv2dOp>(node.op)) ++convolutions;
    if (const auto* norm = std::get_if<BatchNormOp>(&node.op)) {
      ++norms;
      EXPECT_EQ(norm->epsilon, built.spec.epsilon);
    }
    if (std::holds_alternative<AddOp>(node.op)) ++sums;
    if (std::holds_alternative<ActivationOp>(node.op)) ++activations;
  }
  EXPECT_EQ(convolutions, 52u);
  EXPECT_EQ(norms, 52u);
  EXPECT_EQ(sums, 10u);
  EXPECT_EQ(activations, 35u);
  EXPECT_EQ(to_string(built.shape_of("stem/convolution")), "1x32x32x32");
  EXPECT_EQ(to_string(built.shape_of("stem/norm")), "1x32x32x32");
  EXPECT_EQ(to_string(built.shape_of("block2/project/convolution")), "1x16x16x24");
}

TEST(Backbone, PadsAsTheSpecSays) {
  ModelSpec spec = published_spec(Architecture::mobilenet_v1, 0.25, 64, 4);
  spec.blocks[2].dilation = 2;
  for (const bool tf_padding : {true, false}) {
    spec.tf_padding = tf_padding;
    const Built built = build(spec);
    for (const Node& node : built.network.nodes)
      if (const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&node.op)) {
        const Padding& padding = depthwise->window.padding;
        const int dilation = node.name.starts_with("depthwise3") ? 2 : 1;
        EXPECT_EQ(depthwise->window.dilation_height, dilation);
        EXPECT_EQ(padding.rule, tf_padding ? Padding::Rule::same : Padding::Rule::explicit_);
        if (!tf_padding) {
          EXPECT_EQ(padding.top, dilation);
          EXPECT_EQ(padding.right, dilation);
        }
      }
  }
}

TEST(Backbone, TakesBiasesInsteadOfBatchNorm) {
  const ModelSpec spec = published_spec(Architecture::mobilenet_v1, 0.25, 64, 4);
  RandomWeights weights = random_weights(spec);
  WeightIndex folded;
  for (const auto& [name, index] : weights.index) {
    if (name.ends_with(".weight") || name.starts_with("logits")) folded[name] = index;
    if (name.ends_with(".norm.beta")) folded[name.substr(0, name.size() - 10) + ".bias"] = index;
  }
  const auto network = build_network(spec, weights.parameters, folded);
  ASSERT_TRUE(network) << network.error().message;
  for (const Node& node : network->nodes) EXPECT_FALSE(std::holds_alternative<BatchNormOp>(node.op)) << node.name;
  EXPECT_NE(network->find("pointwise13"), kNoTensor);
}

TEST(Backbone, SaysWhichWeightDoesNotFit) {
  const ModelSpec spec = published_spec(Architecture::mobilenet_v2, 1, 64, 10);
  const RandomWeights good = random_weights(spec);
  struct Case {
    const char* name;
    void (*damage)(RandomWeights&);
    const char* message;
  };
  const Case cases[] = {
      {"missing", [](RandomWeights& w) { w.index.erase("block3/project.weight"); },
       "block3/project: weight is missing, expected 24x144x1x1"},
      {"wrong shape",
       [](RandomWeights& w) {
         w.parameters.value(w.index["block3/project.weight"]).shape = {32, 144, 1, 1};
       },
       "block3/project: weight is 32x144x1x1, expected 24x144x1x1"},
      {"short batch norm", [](RandomWeights& w) { w.parameters.value(w.index["last.norm.mean"]).shape = {1279}; },
       "last: norm.mean is 1279, expected 1280"},
      {"integer weight", [](RandomWeights& w) { w.parameters.value(w.index["stem.weight"]).type = DataType::i8; },
       "stem: weight is i8, expected f32 or f16"},
      {"classifier of other features",
       [](RandomWeights& w) {
         w.parameters.value(w.index["logits.weight"]).shape = {10, 1024};
       },
       "logits: weight is 10x1024, expected 10x1280"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RandomWeights weights = good;
    c.damage(weights);
    const auto network = build_network(spec, weights.parameters, weights.index);
    ASSERT_FALSE(network);
    EXPECT_EQ(network.error().message, c.message);
  }
}

TEST(Backbone, RefusesSpecsThatContradictThemselves) {
  struct Case {
    const char* name;
    void (*damage)(ModelSpec&);
    const char* message;
  };
  const Case cases[] = {
      {"no blocks", [](ModelSpec& s) { s.blocks.clear(); }, "has 0 blocks"},
      {"blocks that do not meet", [](ModelSpec& s) { s.blocks[3].inputs = 23; }, "block4: reads 23 channels"},
      {"negative channels", [](ModelSpec& s) { s.blocks[3].hidden = -1; }, "block4: has -1 channels"},
      {"no stride", [](ModelSpec& s) { s.blocks[0].stride = 0; }, "block1: has stride 0"},
      {"residual over a stride", [](ModelSpec& s) { s.blocks[1].residual = true; }, "block2: cannot add"},
      {"hidden channels without expansion", [](ModelSpec& s) { s.blocks[2].expand = false; }, "block3: has 144 hidden"},
      {"labels for other classes", [](ModelSpec& s) { s.labels = {"a"}; }, "has 1 labels for 1001 classes"},
      {"no epsilon", [](ModelSpec& s) { s.epsilon = 0; }, "epsilon is 0"},
      {"a V2 block in V1", [](ModelSpec& s) { s.architecture = Architecture::mobilenet_v1; }, "MobileNet V1 has not"},
      {"a graph", [](ModelSpec& s) { s.architecture = Architecture::graph; }, "has no structure"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ModelSpec spec = published_spec(Architecture::mobilenet_v2, 1, 224, 1001);
    const RandomWeights weights = random_weights(spec);
    c.damage(spec);
    const auto network = build_network(spec, weights.parameters, weights.index);
    ASSERT_FALSE(network);
    EXPECT_NE(network.error().message.find(c.message), std::string::npos) << network.error().message;
  }
}

TEST(Architectures, OutputStrideBecomesDilation) {
  std::vector<BlockSpec> blocks = published_spec(Architecture::mobilenet_v2, 1, 513, 21).blocks;
  limit_output_stride(blocks, 8);
  std::vector<int> strides, dilations;
  for (const BlockSpec& block : blocks) {
    strides.push_back(block.stride);
    dilations.push_back(block.dilation);
  }
  EXPECT_EQ(strides, (std::vector<int>{1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(dilations, (std::vector<int>{1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4}));
}

}  // namespace
}  // namespace mobilenet
