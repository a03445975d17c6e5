// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The networks that the builders make, stripped of their names, are recognised and named as the builders did.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "models/models.h"
#include "models/registry.h"

namespace mobilenet {
namespace {

struct Built {
  RandomWeights weights;
  Network network;
};

Built build(const ModelSpec& spec) {
  Built built;
  built.weights = random_weights(spec);
  auto network = build_network(spec, built.weights.parameters, built.weights.index);
  EXPECT_TRUE(network) << network.error().message;
  if (!network) return built;
  built.network = *std::move(network);
  // A graph file gives every shape; a built network leaves them to inference.
  const Shape input{1, spec.input_height, spec.input_width, 3};
  const auto shapes = infer_shapes(built.network, built.weights.parameters, {{input}});
  EXPECT_TRUE(shapes) << shapes.error().message;
  for (std::size_t i = 0; shapes && i < shapes->size(); ++i) built.network.tensors[i].shape = (*shapes)[i];
  return built;
}

ModelSpec unknown() {
  ModelSpec spec;
  spec.architecture = Architecture::graph;
  return spec;
}

TensorId layer(const Network& network, const std::string& name) {
  for (const std::vector<Layer>* list : {&network.layers, &network.aliases})
    for (const Layer& candidate : *list)
      if (candidate.name == name) return candidate.tensor;
  return kNoTensor;
}

struct Case {
  Architecture architecture;
  double depth_multiplier;
  int size;
  int classes;
};

constexpr Case kCases[] = {
    {Architecture::mobilenet_v1, 0.25, 128, 1001}, {Architecture::mobilenet_v1, 0.35, 96, 3},
    {Architecture::mobilenet_v1, 0.5, 97, 0},      {Architecture::mobilenet_v1, 0.75, 64, 10},
    {Architecture::mobilenet_v1, 1.0, 33, 2},      {Architecture::mobilenet_v2, 0.35, 96, 1000},
    {Architecture::mobilenet_v2, 0.5, 65, 0},      {Architecture::mobilenet_v2, 0.75, 96, 7},
    {Architecture::mobilenet_v2, 1.0, 64, 1001},   {Architecture::mobilenet_v2, 1.3, 33, 4},
    {Architecture::mobilenet_v2, 1.4, 32, 5},      {Architecture::mobilenet_v2, 0.1, 32, 5},
    {Architecture::mobilenet_v2, 2.0, 32, 2},
};

TEST(RecogniseGraph, FindsWhatTheBuildersMade) {
  for (const Case& c : kCases) {
    const bool v1 = c.architecture == Architecture::mobilenet_v1;
    const ModelSpec spec = v1 ? published_spec(Architecture::mobilenet_v1, c.depth_multiplier, c.size, c.classes)
                              : published_spec(Architecture::mobilenet_v2, c.depth_multiplier, c.size, c.classes);
    const std::string what = (v1 ? "V1 " : "V2 ") + std::to_string(c.depth_multiplier);
    Built built = build(spec);
    const std::vector<Layer> layers = std::exchange(built.network.layers, {});
    const std::vector<Layer> aliases = std::exchange(built.network.aliases, {});
    ModelSpec found = unknown();
    recognise_graph(built.network, found);

    EXPECT_EQ(found.architecture, spec.architecture) << what;
    EXPECT_EQ(found.depth_multiplier, c.depth_multiplier) << what;
    EXPECT_EQ(found.stem, spec.stem) << what;
    EXPECT_EQ(found.last, spec.last) << what;
    EXPECT_EQ(found.blocks, spec.blocks) << what;
    for (const Layer& expected : layers)
      EXPECT_EQ(layer(built.network, expected.name), expected.tensor) << what << " " << expected.name;
    for (const Layer& expected : aliases)
      EXPECT_EQ(layer(built.network, expected.name), expected.tensor) << what << " " << expected.name;
    EXPECT_EQ(built.network.layers.size(), layers.size()) << what;
    EXPECT_EQ(built.network.aliases.size(), aliases.size()) << what;
  }
}

// Widths of no multiplier are still the architecture.
TEST(RecogniseGraph, WidthsOfItsOwn) {
  ModelSpec spec = published_spec(Architecture::mobilenet_v1, 0.5, 32, 10);
  spec.blocks[3].outputs = 77;
  spec.blocks[4].inputs = spec.blocks[4].hidden = 77;
  Built built = build(spec);
  ModelSpec found = unknown();
  recognise_graph(built.network, found);
  EXPECT_EQ(found.architecture, Architecture::mobilenet_v1);
  EXPECT_EQ(found.depth_multiplier, 0);
}

// Networks of a MobileNet's blocks that are none of the architectures, some of which begin exactly like one.
TEST(RecogniseGraph, AnotherNetworkStaysUntouched) {
  const ModelSpec v1 = published_spec(Architecture::mobilenet_v1, 0.25, 32, 10);
  const ModelSpec v2 = published_spec(Architecture::mobilenet_v2, 0.35, 32, 10);
  const auto without_block = [](ModelSpec spec, std::ptrdiff_t index) {
    spec.blocks.erase(spec.blocks.begin() + index);
    return spec;
  };
  const auto with_one_more = [](ModelSpec spec, BlockSpec block) {
    block.inputs = spec.blocks.back().outputs;
    block.hidden = (block.expand ? 6 : 1) * block.inputs;
    block.outputs = block.residual ? block.inputs : 64;
    spec.blocks.push_back(block);
    return spec;
  };
  const auto headless = [](ModelSpec spec) {
    spec.last = spec.classes = 0;
    return spec;
  };
  const BlockSpec separable, expands{.expand = true}, adds{.expand = true, .residual = true},
      halves{.stride = 2, .expand = true};
  const struct {
    const char* what;
    ModelSpec spec;
  } networks[] = {
      {"V1, one block less", without_block(v1, 9)},
      {"V1, one block more", with_one_more(v1, separable)},
      {"V1, one block more, no classifier", with_one_more(headless(v1), separable)},
      {"V2, one block less", without_block(v2, 7)},
      {"V2, one block more", with_one_more(v2, expands)},
      {"V2, one block more, strided", with_one_more(v2, halves)},
      {"V2, one block more, with a sum", with_one_more(v2, adds)},
      {"V2, one block more, no classifier", with_one_more(headless(v2), expands)},
      {"V2, one block more, no convolution behind it", with_one_more(headless(v2), adds)},
      {"V2, two blocks more", with_one_more(with_one_more(v2, expands), expands)},
  };
  for (const auto& [what, spec] : networks) {
    Built built = build(spec);
    built.network.layers = {{"mine", 0}};
    ModelSpec found = unknown();
    recognise_graph(built.network, found);
    EXPECT_EQ(found.architecture, Architecture::graph) << what;
    EXPECT_EQ(found.depth_multiplier, 0) << what;
    ASSERT_EQ(built.network.layers.size(), 1u) << what;
    EXPECT_EQ(built.network.layers[0].name, "mine") << what;
  }
}

// Detectors and segmenters: the layers of the backbone are found, whatever stands on it and in its middle.
TEST(RecogniseGraph, BackboneBelowEveryHead) {
  for (const ArchitectureRow& row : architectures())
    for (const double depth_multiplier : {0.35, 1.0}) {
      if (row.head == Head::classifier) continue;
      const std::string what = std::string(row.name) + " " + std::to_string(depth_multiplier);
      const ModelSpec spec = published_spec(row.architecture, depth_multiplier, 128, row.classes);
      Built built = build(spec);
      const std::vector<Layer> layers = std::exchange(built.network.layers, {});
      ModelSpec found = unknown();
      recognise_graph(built.network, found);
      EXPECT_EQ(found.architecture, Architecture::graph) << what;
      EXPECT_EQ(found.depth_multiplier, depth_multiplier) << what;
      EXPECT_GT(built.network.layers.size(), 2 * spec.blocks.size()) << what;
      for (const Layer& name : built.network.layers) {
        const auto same = [&](const Layer& expected) { return expected.name == name.name; };
        const auto expected = std::find_if(layers.begin(), layers.end(), same);
        ASSERT_NE(expected, layers.end()) << what << " " << name.name;
        EXPECT_EQ(expected->tensor, name.tensor) << what << " " << name.name;
      }
    }
}

// A detector: the heads read an inner layer and the outputs are not the classifier's.
TEST(RecogniseGraph, BackboneInsideALargerGraph) {
  Built built = build(published_spec(Architecture::mobilenet_v1, 0.25, 64, 0));
  const TensorId tap = layer(built.network, "pointwise11");
  Network& network = built.network;
  Tensor scores;
  scores.name = "scores";
  scores.shape = network.tensor(tap).shape;
  network.tensors.push_back(scores);
  const TensorId output = static_cast<TensorId>(network.tensors.size()) - 1;
  network.nodes.push_back({"scores", ActivationOp{Activation::sigmoid}, {tap}, output});
  network.outputs = {output};
  network.layers.clear();
  network.aliases.clear();
  ModelSpec found = unknown();
  recognise_graph(network, found);
  EXPECT_EQ(found.architecture, Architecture::graph);
  EXPECT_EQ(found.depth_multiplier, 0.25);
  EXPECT_EQ(layer(network, "pointwise11"), tap);
  EXPECT_EQ(layer(network, "pool"), kNoTensor);
}

}  // namespace
}  // namespace mobilenet
