// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The reference backend as a backend: refusals that name the node, several outputs, runs that repeat, no allocations.
#include "backend/reference/reference_backend.h"

#include <gtest/gtest.h>
#include <mobilenet/session.h>

#include <cstring>

#include "backend/operator_cases.h"
#include "backend/packed.h"
#include "support/allocation_counter.h"

namespace mobilenet::testing {
namespace {

constexpr std::uint32_t kSeed = 7;

OperatorModel model_of(const std::string& name) {
  for (const OperatorCase& c : operator_cases())
    if (c.name == name) return make_model(c, kSeed);
  ADD_FAILURE() << "no case " << name;
  return {};
}

std::unique_ptr<Execution> open(const OperatorModel& model, const std::vector<TensorId>& outputs,
                                bool profile = false) {
  auto weights = packed(reference_backend(), model.network, model.parameters, Precision::automatic).value();
  auto program = reference_backend().compile(weights, {model.input_shapes, outputs, 4}).value();
  EXPECT_EQ(program->isa(), "scalar");
  // The Execution outlives Program and Weights.
  return program->open({profile}).value();
}

void write_inputs(Execution& execution, const OperatorModel& model) {
  for (std::size_t i = 0; i < model.inputs.size(); ++i)
    std::memcpy(execution.inputs()[i].data, model.inputs[i].data(), model.inputs[i].size());
}

TEST(ReferenceBackend, RunsAllocateNothing) {
  for (const OperatorCase& c : operator_cases()) {
    const OperatorModel model = make_model(c, kSeed);
    const auto execution = open(model, model.network.outputs);
    write_inputs(*execution, model);
    EXPECT_TRUE(execution->run());  // detections keep working memory for each thread
    start_counting_allocations();
    EXPECT_TRUE(execution->run());
    EXPECT_EQ(stop_counting_allocations(), 0) << c.name;
  }
}

TEST(ReferenceBackend, RepeatsItselfAndKeepsItsInputs) {
  const OperatorModel model = model_of("convolution: stem, odd size, u8");
  const auto execution = open(model, model.network.outputs, true);
  write_inputs(*execution, model);
  EXPECT_TRUE(execution->run());
  const TensorMemory& output = execution->outputs()[0];
  const std::vector<std::byte> first(output.data, output.data + output.bytes);
  std::memset(output.data, 0, output.bytes);
  EXPECT_TRUE(execution->run());
  EXPECT_EQ(std::memcmp(first.data(), output.data, output.bytes), 0);
  EXPECT_EQ(std::memcmp(execution->inputs()[0].data, model.inputs[0].data(), model.inputs[0].size()), 0);
  ASSERT_EQ(execution->step_times().size(), 1u);
  EXPECT_EQ(execution->step_times()[0].name, "node");
  EXPECT_GT(execution->step_times()[0].milliseconds, 0);
}

// Two operators one after the other; the tensor between them is asked for as well.
TEST(ReferenceBackend, GivesEveryTensorThatIsAskedFor) {
  OperatorModel model = model_of("softmax: classifier, f32");
  Node relu;
  relu.name = "relu";
  relu.op = ActivationOp{Activation::relu};
  relu.inputs = {model.network.inputs[0]};
  relu.output = static_cast<TensorId>(model.network.tensors.size());
  model.network.tensors.push_back({"between", DataType::f32, {}, std::nullopt, -1});
  model.network.nodes[0].inputs = {relu.output};
  model.network.nodes.insert(model.network.nodes.begin(), relu);
  const auto execution = open(model, {relu.output, model.network.outputs[0], model.network.inputs[0]});
  write_inputs(*execution, model);
  EXPECT_TRUE(execution->run());
  const auto* x = reinterpret_cast<const float*>(execution->outputs()[2].data);
  const auto* between = reinterpret_cast<const float*>(execution->outputs()[0].data);
  const auto* probabilities = reinterpret_cast<const float*>(execution->outputs()[1].data);
  double total = 0;
  for (int i = 0; i < 1001; ++i) {
    EXPECT_EQ(between[i], x[i] > 0 ? x[i] : 0);
    total += static_cast<double>(probabilities[i]);
  }
  EXPECT_NEAR(total, 1, 1e-5);
}

TEST(ReferenceBackend, FloatToIntegersAndBack) {
  OperatorModel model = model_of("quantize: rescale, i8");
  Network& network = model.network;
  network.tensors[0].type = DataType::f32;
  network.tensors[0].quantization.reset();
  network.tensors[1].quantization = Quantization{{0.5f}, {10}, 0};
  model.input_shapes = {{1, 4}};
  const float values[] = {0.25f, 0.75f, -100, 3};
  model.inputs = {{reinterpret_cast<const std::byte*>(values), reinterpret_cast<const std::byte*>(values) + 16}};
  const auto outputs = run_on(reference_backend(), model);
  ASSERT_TRUE(outputs) << outputs.error().message;
  const std::vector<std::byte> expected = {std::byte{10}, std::byte{12}, std::byte{0x80}, std::byte{16}};
  EXPECT_EQ((*outputs)[0].bytes, expected);
}

TEST(ReferenceBackend, RefusesByName) {
  struct Refusal {
    const char* what;
    const char* row;
    void (*spoil)(OperatorModel&);
    const char* message;  // part of it
  };
  const Refusal refusals[] = {
      {"wide integers", "add: of vectors, u8", [](OperatorModel& m) { m.network.tensors[2].type = DataType::i32; },
       "output \"out\" is i32"},
      {"mixed arithmetic", "add: of vectors, u8", [](OperatorModel& m) { m.network.tensors[1].type = DataType::f32; },
       "input \"x1\" is f32"},
      {"no quantisation", "add: of vectors, u8", [](OperatorModel& m) { m.network.tensors[2].quantization.reset(); },
       "output \"out\" is u8 without quantisation"},
      {"integer batch norm", "batch_norm: channels beside every vector, f32",
       [](OperatorModel& m) {
         for (const std::size_t i : {std::size_t{0}, m.network.tensors.size() - 1}) {
           m.network.tensors[i].type = DataType::u8;
           m.network.tensors[i].quantization = Quantization{{1}, {0}, 0};
         }
       },
       "no integer form"},
      {"float bias", "convolution: relu, u8", [](OperatorModel& m) { m.network.tensors[2].type = DataType::f32; },
       "bias"},
      {"scales along the inputs", "convolution: relu, i8 per channel",
       [](OperatorModel& m) { m.network.tensors[1].quantization->axis = 3; }, "along axis 3"},
      {"scales along no axis", "convolution: relu, i8 weights in floats",
       [](OperatorModel& m) { m.network.tensors[1].quantization->axis = 77; }, "scales along axis 77"},
      {"weight is an activation", "dense: classifier, f32",
       [](OperatorModel& m) { m.network.tensors[1].parameter = -1; }, "not a constant"},
      {"integer hard sigmoid", "activation: relu, u8",
       [](OperatorModel& m) { m.network.nodes[0].op = ActivationOp{Activation::hard_sigmoid}; }, "integer form"},
      {"pad that rescales", "pad: below and right, u8",
       [](OperatorModel& m) { m.network.tensors.back().quantization->scales[0] *= 2; }, "must have one type"},
  };
  for (const Refusal& refusal : refusals) {
    OperatorModel model = model_of(refusal.row);
    refusal.spoil(model);
    const auto weights = packed(reference_backend(), model.network, model.parameters, Precision::source);
    ASSERT_FALSE(weights) << refusal.what;
    const std::string& message = weights.error().message;
    EXPECT_EQ(message.find("node: "), 0u) << message;
    EXPECT_NE(message.find(refusal.message), std::string::npos) << refusal.what << ": " << message;
  }
}

TEST(ReferenceBackend, RefusesAnotherPrecision) {
  const OperatorModel floats = model_of("convolution: relu, f32"), integers = model_of("convolution: relu, u8");
  const Backend& backend = reference_backend();
  EXPECT_FALSE(backend.choose(floats.network, Precision::int8));
  EXPECT_FALSE(backend.choose(integers.network, Precision::f32));
  EXPECT_TRUE(backend.choose(floats.network, Precision::f32));
  EXPECT_TRUE(backend.choose(integers.network, Precision::int8));
}

// Sums beyond 32 bits wrap, in both directions.
TEST(ReferenceBackend, WrapsSumsBeyond32Bits) {
  OperatorModel model = model_of("convolution: one pixel, one channel, u8");
  const std::int32_t bias = std::numeric_limits<std::int32_t>::max();
  model.parameters.values[1].bytes = std::as_bytes(std::span(&bias, 1));
  model.network.tensors[0].quantization = Quantization{{1}, {0}, 0};
  model.network.tensors[1].quantization = Quantization{{1}, {0}, 0};
  model.network.tensors.back().quantization = Quantization{{1}, {0}, 0};
  const std::uint8_t weight = 2;
  model.parameters.values[0].bytes = std::as_bytes(std::span(&weight, 1));
  model.inputs[0][0] = std::byte{1};
  const auto outputs = run_on(reference_backend(), model);
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ((*outputs)[0].bytes[0], std::byte{0});  // INT32_MAX + 2 is very negative
}

}  // namespace
}  // namespace mobilenet::testing
