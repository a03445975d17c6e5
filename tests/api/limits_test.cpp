// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What a session refuses when it is made: networks that take more memory than they may, and operators that it could
// not run, whether this session's answers need them or not.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <span>
#include <string>
#include <vector>

#include "api/graph_model.h"
#include "support/devices.h"

namespace mobilenet::testing {
namespace {

using schema::BuiltinOperator;
using schema::BuiltinOptions;
using schema::TensorType;

// 1x1x1x1 enlarged to side x side, `times` times over.
GraphFile enlargements(int side, int times) {
  GraphFile graph;
  graph.inputs = {graph.add({"x", {1, 1, 1, 1}})};
  const int size = graph.add({"size", {2}, TensorType::INT32, as_data<std::int32_t>({side, side})});
  for (int i = 0; i < times; ++i) {
    const int large = graph.add({"large " + std::to_string(i), {1, side, side, 1}});
    GraphOperator resize{BuiltinOperator::RESIZE_BILINEAR, {0, size}, {large}};
    set_options(resize, BuiltinOptions::ResizeBilinearOptions,
                [](auto& builder) { return schema::CreateResizeBilinearOptions(builder, false, false); });
    graph.operators.push_back(resize);
    graph.outputs.push_back(large);
  }
  return graph;
}

void expect_refused(const Model& model, const SessionOptions& options, const std::vector<std::string>& words) {
  for (const Device device : every_device()) {
    SessionOptions on = options;
    on.device = device;
    const auto session = model.session(on);
    ASSERT_FALSE(session) << words[0];
    for (const std::string& word : words)
      EXPECT_NE(session.error().message.find(word), std::string::npos) << session.error().message;
  }
}

TEST(MemoryLimit, AnEnormousTensorIsNamed) {
  const Model model = open(enlargements(46000, 1));
  expect_refused(model, {}, {"memory: needs 7.9 GB", "\"large 0\", 1x46000x46000x1 (7.9 GB)"});
  const auto session = model.session();
  EXPECT_EQ(session.error().code, ErrorCode::out_of_memory);
}

TEST(MemoryLimit, ManyTensorsCountTogether) {
  expect_refused(open(enlargements(16000, 8)), {}, {"needs 7.6 GB"});  // each is below the limit
}

TEST(MemoryLimit, TheCallersLimit) {
  const Model model = open(enlargements(512, 1));  // 1 MB
  expect_refused(model, {.max_memory_bytes = 1 << 20}, {"the limit is 1.0 MB"});
  EXPECT_TRUE(model.session({.max_memory_bytes = 2 << 20}));
}

TEST(MemoryLimit, ABatchIsRefusedAndTheSessionLives) {
  const Model model = Model::random("mobilenet_v2:0.35:96:5").value();
  for (const Device device : every_device()) {
    Session session = model.session({.device = device, .max_memory_bytes = 16 << 20}).value();
    const std::vector<float> numbers(std::size_t{256} * 3 * 96 * 96);
    const auto batch = [&](std::int64_t pictures) {
      const std::int64_t axes[] = {pictures, 96, 96, 3};
      const TensorView view{"x", DataType::f32, axes, numbers.data(), sizeof(float) * 3 * 96 * 96 * pictures, 0, 0};
      return session.run({&view, 1});
    };
    const auto one = batch(1);
    ASSERT_TRUE(one) << one.error().message;
    const auto refused = batch(256);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::out_of_memory);
    EXPECT_NE(refused.error().message.find("256"), std::string::npos) << refused.error().message;
    EXPECT_TRUE(batch(1));
  }
}

// But inputs and outputs, that is.
TEST(MemoryLimit, MemoryDoesNotGrowWithTheBatch) {
  const Model model = Model::random("mobilenet_v2:0.35:96:5").value();
  constexpr std::int64_t kPictures = 64, kBytes = sizeof(float) * 3 * 96 * 96;  // 7 MB; all tensors would be 60
  Session session = model.session({.threads = 2, .max_memory_bytes = 12 << 20}).value();
  const std::vector<std::byte> numbers(kPictures * kBytes);
  const std::int64_t axes[] = {kPictures, 96, 96, 3};
  const TensorView view{"x", DataType::f32, axes, numbers.data(), numbers.size(), 0, 0};
  const auto outputs = session.run({&view, 1});
  EXPECT_TRUE(outputs) << outputs.error().message;
}

TEST(MemoryLimit, PackedWeightsCount) {
  const Model model = Model::random("mobilenet_v1:1.0:32:1001").value();  // 17 MB of weights, tensors of 100 kB
  const auto session = model.session({.max_memory_bytes = 4 << 20});
  ASSERT_FALSE(session);
  EXPECT_NE(session.error().message.find("packed weights"), std::string::npos) << session.error().message;
}

// Behind the output lies an operator that nothing here can run under its scales.
TEST(Operators, WhatCannotRunIsRefusedThoughNoOutputNeedsIt) {
  GraphFile graph = small_i8_graph();
  GraphTensor swish = graph.tensors[kSum];
  swish.name = "swish";
  swish.scales[0] *= 0x1p-10f;  // finer than its inputs
  const int output = graph.add(swish);
  GraphOperator dead{BuiltinOperator::HARD_SWISH, {kSum}, {output}};
  graph.operators.push_back(dead);
  expect_refused(open(graph), {}, {"swish: ", "scale too far"});
}

struct ArithmeticCase {
  const char* name;
  GraphFile graph;
  bool integer;
};

GraphFile one_operator(GraphOperator op, std::vector<GraphTensor> tensors) {
  GraphFile graph;
  for (GraphTensor& tensor : tensors) graph.add(std::move(tensor));
  graph.inputs = {0};
  op.outputs = {static_cast<int>(graph.tensors.size()) - 1};
  graph.outputs = op.outputs;
  graph.operators = {std::move(op)};
  return graph;
}

std::vector<ArithmeticCase> arithmetic_cases() {
  const auto bytes = [](const char* name, std::vector<int> shape) {
    return GraphTensor{name, std::move(shape), TensorType::UINT8, {}, {0.5f}, {3}};
  };
  GraphOperator dense{BuiltinOperator::FULLY_CONNECTED, {0, 1}};
  set_options(dense, BuiltinOptions::FullyConnectedOptions,
              [](auto& builder) { return schema::CreateFullyConnectedOptions(builder); });
  GraphTensor weight = bytes("w", {2, 4});
  weight.data.assign(8, 5);
  GraphOperator pool{BuiltinOperator::MAX_POOL_2D, {0}};
  set_options(pool, BuiltinOptions::Pool2DOptions, [](auto& builder) {
    return schema::CreatePool2DOptions(builder, schema::PaddingRule::VALID, 1, 1, 2, 2);
  });
  const GraphOperator quantize{BuiltinOperator::QUANTIZE, {0}}, dequantize{BuiltinOperator::DEQUANTIZE, {0}};
  return {
      {"a dense layer", one_operator(dense, {bytes("x", {1, 4}), weight, bytes("y", {1, 2})}), true},
      {"pooling", one_operator(pool, {bytes("x", {1, 2, 2, 3}), bytes("y", {1, 1, 1, 3})}), true},
      {"only from bytes to floats", one_operator(dequantize, {bytes("x", {1, 4}), {"y", {1, 4}}}), false},
      {"only from floats to bytes", one_operator(quantize, {{"x", {1, 4}}, bytes("y", {1, 4})}), false},
  };
}

// The model, both backends and the session say the same.
TEST(Operators, WhetherANetworkIsIntegerIsOneDecision) {
  for (const ArithmeticCase& c : arithmetic_cases()) {
    SCOPED_TRACE(c.name);
    const Model model = open(c.graph);
    EXPECT_EQ(model.info().quantized, c.integer);
    for (const Device device : every_device()) {
      const auto session = model.session({.device = device});
      ASSERT_TRUE(session) << session.error().message;
      EXPECT_EQ(session->precision() == Precision::int8, c.integer);
      EXPECT_EQ(static_cast<bool>(model.session({.device = device, .precision = Precision::int8})), c.integer);
      EXPECT_EQ(static_cast<bool>(model.session({.device = device, .precision = Precision::f32})), !c.integer);
    }
  }
}

}  // namespace
}  // namespace mobilenet::testing
