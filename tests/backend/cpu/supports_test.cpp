// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Which operators run is said before anything is compiled, by node and alike on every device.

#include <gtest/gtest.h>

#include "backend/cpu/every_isa.h"
#include "backend/cpu/program/cpu_backend.h"
#include "backend/reference/reference_backend.h"

namespace mobilenet {
namespace {

struct Case {
  const char* name;
  Op op;
  int operands;
  DataType input, output;
  bool runs;
};

const Case kCases[] = {
    {"floats", AddOp{}, 2, DataType::f32, DataType::f32, true},
    {"bytes", AddOp{}, 2, DataType::u8, DataType::u8, true},
    {"bytes become floats", QuantizeOp{}, 1, DataType::i8, DataType::f32, true},
    {"an index", ArgMaxOp{}, 1, DataType::u8, DataType::i64, true},
    {"a product of floats", BinaryOp{}, 2, DataType::f32, DataType::f32, true},
    {"a product of bytes", BinaryOp{}, 2, DataType::u8, DataType::u8, true},
    {"a batch norm of bytes", BatchNormOp{}, 1, DataType::i8, DataType::i8, false},
    {"sums of i32", AddOp{}, 2, DataType::i32, DataType::i32, false},
    {"a reshape to another type", ReshapeOp{{1, 2, 2, 8}}, 1, DataType::u8, DataType::i8, false},
};

ModelGraph graph_of(const Case& c) {
  ModelGraph graph;
  Network& network = graph.network;
  Node node;
  node.name = "the node";
  node.op = c.op;
  const auto tensor = [&](DataType type) {
    Tensor made;
    made.name = "tensor";
    made.type = type;
    made.shape = {1, 2, 2, 8};
    if (type == DataType::u8 || type == DataType::i8) made.quantization = Quantization{{0.5f}, {0}};
    network.tensors.push_back(std::move(made));
    return static_cast<TensorId>(network.tensors.size()) - 1;
  };
  for (int i = 0; i < c.operands; ++i) network.inputs.push_back(tensor(c.input));
  node.inputs = network.inputs;
  node.output = tensor(c.output);
  network.outputs = {node.output};
  network.nodes.push_back(std::move(node));
  return graph;
}

TEST(Supports, NamesWhatCannotRun) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const ModelGraph graph = graph_of(c);
    for (const Backend* backend : {&cpu::cpu_backend(), &reference_backend()}) {
      const auto supported = backend->supports(graph);
      EXPECT_EQ(supported.has_value(), c.runs) << (supported ? "" : supported.error().message);
      if (supported) continue;
      EXPECT_EQ(supported.error().code, ErrorCode::unsupported);
      EXPECT_TRUE(supported.error().message.starts_with("the node: ")) << supported.error().message;
    }
  }
}

TEST(Choose, IsThePrecisionOfTheNetworksTensors) {
  const ModelGraph floats = graph_of(kCases[0]), bytes = graph_of(kCases[1]), carried = graph_of(kCases[2]);
  for (const Backend* backend : {&cpu::cpu_backend(), &reference_backend()}) {
    EXPECT_EQ(backend->choose(floats.network, Precision::source).value(), Precision::f32);
    EXPECT_EQ(backend->choose(carried.network, Precision::source).value(), Precision::f32)
        << "nothing computes with the bytes";
    for (const Precision asked : {Precision::automatic, Precision::source})
      EXPECT_EQ(backend->choose(bytes.network, asked).value(), Precision::int8);
    EXPECT_FALSE(backend->choose(floats.network, Precision::int8));
    for (const Precision asked : {Precision::f32, Precision::bf16x3, Precision::bf16})
      EXPECT_FALSE(backend->choose(bytes.network, asked));
  }
  EXPECT_EQ(reference_backend().choose(floats.network, Precision::automatic).value(), Precision::f32);
  for (const Precision asked : {Precision::bf16x3, Precision::bf16})
    EXPECT_FALSE(reference_backend().choose(floats.network, asked));
}

TEST(Choose, TakesBf16OnlyWhereTheProcessorMultipliesIt) {
  const ModelGraph floats = graph_of(kCases[0]);
  const Backend& cpu = cpu::cpu_backend();
  for (const cpu::KernelSet& kernels : cpu::runnable_kernels()) {
    SCOPED_TRACE(kernels.isa);
    const testing::ForcedIsa forced(kernels);
    const bool splits = kernels.bf16x3_gemm != nullptr;
    EXPECT_EQ(cpu.choose(floats.network, Precision::automatic).value(), splits ? Precision::bf16x3 : Precision::f32);
    for (const auto& [asked, has] :
         {std::pair{Precision::bf16, kernels.bf16_gemm != nullptr}, {Precision::bf16x3, splits}}) {
      const auto chosen = cpu.choose(floats.network, asked);
      ASSERT_EQ(chosen.has_value(), has);
      if (!chosen) {
        EXPECT_NE(chosen.error().message.find(kernels.isa), std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace mobilenet
