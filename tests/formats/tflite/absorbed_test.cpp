// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators that become something else when a graph is read, or nothing: transpositions, convolutions spread over a
// batch, new axes, parts. That the numbers are right is what random graphs are for.

#include <gtest/gtest.h>

#include <memory>

#include "formats/tflite/load_graph.h"

namespace mobilenet::testing {
namespace {

using schema::BuiltinOperator;
using schema::BuiltinOptions;
using schema::TensorType;

class Maker {
 public:
  int map(std::vector<int> shape) { return graph.add({"t" + std::to_string(graph.tensors.size()), std::move(shape)}); }
  int integers(const std::vector<std::int32_t>& values, std::vector<int> shape = {}) {
    if (shape.empty()) shape = {static_cast<int>(values.size())};
    return graph.add({"", std::move(shape), TensorType::INT32, as_data(values)});
  }
  int floats(const std::vector<int>& shape) {
    std::size_t count = 1;
    for (const int axis : shape) count *= static_cast<std::size_t>(axis);
    return graph.add({"", shape, TensorType::FLOAT32, as_data(std::vector<float>(count, 0.5f))});
  }
  GraphOperator& put(BuiltinOperator code, std::vector<int> inputs, std::vector<int> outputs) {
    graph.operators.push_back({code, std::move(inputs), std::move(outputs)});
    return graph.operators.back();
  }
  // From the first tensor to the outputs of the last operator.
  Result<LoadedModel> read() {
    graph.inputs = {0};
    graph.outputs = graph.operators.back().outputs;
    return load(graph);
  }

  GraphFile graph;
};

template <class Op>
int count_of(const Network& network) {
  int count = 0;
  for (const Node& node : network.nodes) count += std::holds_alternative<Op>(node.op) ? 1 : 0;
  return count;
}

TEST(Absorbed, TwoTranspositionsAreOne) {
  Maker maker;
  const int planes = maker.map({1, 3, 4, 5}), pixels = maker.map({1, 4, 5, 3}), again = maker.map({1, 3, 4, 5}),
            last = maker.map({1, 5, 4, 3});
  maker.put(BuiltinOperator::TRANSPOSE, {planes, maker.integers({0, 2, 3, 1})}, {pixels});
  maker.put(BuiltinOperator::TRANSPOSE, {pixels, maker.integers({0, 3, 1, 2})}, {again});
  maker.put(BuiltinOperator::TRANSPOSE, {pixels, maker.integers({0, 2, 1, 3})}, {last});
  const auto model = maker.read();
  ASSERT_TRUE(model) << model.error().message;
  const Network& network = model->network();
  ASSERT_EQ(network.nodes.size(), 3u);
  // There and back is the input itself, under another name.
  EXPECT_TRUE(std::holds_alternative<ReshapeOp>(network.nodes[1].op));
  EXPECT_EQ(network.nodes[1].inputs[0], network.inputs[0]);
  const auto& both = std::get<TransposeOp>(network.nodes[2].op);
  EXPECT_EQ(network.nodes[2].inputs[0], network.inputs[0]);
  EXPECT_EQ((std::vector<int>{both.order.begin(), both.order.begin() + 4}), (std::vector<int>{0, 3, 2, 1}));
}

TEST(Absorbed, ATranspositionOfOnePixelIsAReshape) {
  Maker maker;
  const int pixel = maker.map({1, 1, 1, 5}), planes = maker.map({1, 5, 1, 1});
  maker.put(BuiltinOperator::TRANSPOSE, {pixel, maker.integers({0, 3, 1, 2})}, {planes});
  const auto model = maker.read();
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(std::get<ReshapeOp>(model->network().nodes[0].op).shape, (Shape{1, 5, 1, 1}));
}

// 9x9 with two zeros before and three behind, in blocks of 2: a 3x3 convolution that skips every second pixel.
struct Spread : Maker {
  explicit Spread(BuiltinOperator between = BuiltinOperator::CONV_2D) {
    const int x = map({1, 9, 9, 3});
    const int blocks = integers({2, 2}), border = integers({2, 3, 2, 3}, {2, 2}),
              crops = integers({1, 0, 0, 1}, {2, 2});
    const int parts = map({4, 7, 7, 3}), made = map({4, 5, 5, 8}), whole = map({1, 9, 9, 8});
    put(BuiltinOperator::SPACE_TO_BATCH_ND, {x, blocks, border}, {parts});
    if (between == BuiltinOperator::CONV_2D) {
      GraphOperator& op = put(between, {parts, floats({8, 3, 3, 3}), floats({8})}, {made});
      set_options(op, BuiltinOptions::Conv2DOptions, [](auto& builder) {
        return schema::CreateConv2DOptions(builder, schema::PaddingRule::VALID, 1, 1, schema::FusedActivation::RELU);
      });
    } else {
      put(between, {parts}, {made});
    }
    put(BuiltinOperator::BATCH_TO_SPACE_ND, {made, blocks, crops}, {whole});
  }
};

TEST(Absorbed, AConvolutionSpreadOverABatchIsOneWithHoles) {
  const auto model = Spread().read();
  ASSERT_TRUE(model) << model.error().message;
  const Network& network = model->network();
  ASSERT_EQ(network.nodes.size(), 1u);
  const auto& op = std::get<Conv2dOp>(network.nodes[0].op);
  EXPECT_EQ(op.window.dilation_height, 2);
  EXPECT_EQ(op.window.dilation_width, 2);
  EXPECT_EQ(op.window.padding.top, 1);
  EXPECT_EQ(op.window.padding.bottom, 3);
  EXPECT_EQ(op.window.padding.left, 2);
  EXPECT_EQ(op.window.padding.right, 2);
  EXPECT_EQ(op.activation, Activation::relu);
  EXPECT_EQ(network.tensor(network.outputs[0]).shape, (Shape{1, 9, 9, 8}));
}

TEST(Absorbed, OtherOperatorsOfASpreadPictureAreRefused) {
  const auto model = Spread(BuiltinOperator::RELU).read();
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("is spread over a batch by SPACE_TO_BATCH_ND, which is supported around one "
                                       "convolution only"),
            std::string::npos)
      << model.error().message;
  Maker alone;
  const int x = alone.map({4, 5, 5, 8}), whole = alone.map({1, 10, 10, 8});
  alone.put(BuiltinOperator::BATCH_TO_SPACE_ND, {x, alone.integers({2, 2}), alone.integers({0, 0, 0, 0}, {2, 2})},
            {whole});
  EXPECT_FALSE(alone.read());
}

// What detectors with feature pyramids do: each pixel twice along both axes.
TEST(Absorbed, PacksOfOneMapDoubleIt) {
  Maker maker;
  const int x = maker.map({1, 2, 3, 4}), wide = maker.map({1, 2, 3, 2, 4}), both = maker.map({1, 2, 2, 3, 2, 4}),
            doubled = maker.map({1, 4, 6, 4});
  const auto pack = [&](int from, int axis, int to) {
    set_options(maker.put(BuiltinOperator::PACK, {from, from}, {to}), BuiltinOptions::PackOptions,
                [axis](auto& builder) { return schema::CreatePackOptions(builder, 2, axis); });
  };
  pack(x, 3, wide);
  pack(wide, 2, both);
  maker.put(BuiltinOperator::RESHAPE, {both, maker.integers({1, 4, 6, 4})}, {doubled});
  const auto model = maker.read();
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(count_of<ConcatOp>(model->network()), 2);
  EXPECT_EQ(model->network().tensor(model->network().outputs[0]).shape, (Shape{1, 4, 6, 4}));
}

TEST(Absorbed, WhatCannotBeIsRefused) {
  struct Case {
    const char* name;
    BuiltinOperator code;
    std::vector<std::int32_t> numbers;
    std::vector<int> output;
    const char* says;
  };
  for (const Case& c : {
           Case{"an axis twice", BuiltinOperator::TRANSPOSE, {0, 1, 1, 3}, {1, 2, 3, 4}, "its order of axes names"},
           Case{"axes of another rank", BuiltinOperator::TRANSPOSE, {0, 1}, {1, 2, 3, 4}, "orders 2 axes of 1x2x3x4"},
           Case{"no copy", BuiltinOperator::TILE, {1, 0, 1, 1}, {1, 2, 3, 4}, "repeats 1x2x3x4 0 times"},
           Case{"two axes of four", BuiltinOperator::PAD, {0, 0, 1, 1}, {1, 2, 3, 4}, "pads 2 axes of 1x2x3x4"},
           Case{"an axis that is not there", BuiltinOperator::REDUCE_MAX, {4}, {1, 2, 3, 4}, "reduces axis 4"},
       }) {
    Maker maker;
    const int x = maker.map({1, 2, 3, 4});
    maker.put(c.code, {x, maker.integers(c.numbers)}, {maker.map(c.output)});
    const auto model = maker.read();
    ASSERT_FALSE(model) << c.name;
    EXPECT_NE(model.error().message.find(c.says), std::string::npos) << c.name << ": " << model.error().message;
  }
}

}  // namespace
}  // namespace mobilenet::testing
