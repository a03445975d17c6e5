// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Whole integer networks with random weights: every tensor of the CPU backend equals the reference's, byte for byte, on
// every instruction set, for batches and threads. Zero points and scales are those that real files stretch to.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "backend/cpu/every_isa.h"
#include "backend/cpu/integer_network.h"
#include "backend/cpu/program/cpu_backend.h"
#include "backend/packed.h"
#include "backend/reference/reference_backend.h"

namespace mobilenet {
namespace {

struct NetworkCase {
  const char* name;
  DataType type;
  int height, width;
  int channels;  // of the stem
  int batch;
  int threads;
};

void build(testing::IntegerNetwork& b, const NetworkCase& c) {
  TensorId x = b.activation("input", {1, c.height, c.width, 3});
  b.network().inputs = {x};
  x = b.convolution("stem", x, 3, c.channels, 3, 2);
  int channels = c.channels;
  int index = 0;
  for (const auto& [outputs, stride, kernel, dilation] : {std::array{c.channels, 1, 3, 1},
                                                          {c.channels + 8, 2, 3, 1},
                                                          {c.channels + 8, 1, 3, 2},
                                                          {48, 2, 5, 1},
                                                          {48, 1, 3, 1}}) {
    const std::string name = "block" + std::to_string(++index);
    const TensorId shortcut = x;
    x = b.convolution(name + "/expand", x, channels, channels * 6, 1, 1);
    x = b.depthwise(name + "/depthwise", x, channels * 6, kernel, stride, dilation);
    x = b.convolution(name + "/project", x, channels * 6, outputs, 1, 1);
    if (stride == 1 && outputs == channels) x = b.node(name + "/add", AddOp{}, {shortcut, x}, {});
    channels = outputs;
  }
  x = b.node("pool", GlobalAveragePoolOp{true}, {x}, {});
  std::vector<TensorId> inputs = {x};
  for (const TensorId id : b.constants("logits", {77, channels}, WeightLayout::oi, 77, channels)) inputs.push_back(id);
  x = b.node("logits", DenseOp{}, inputs, {});
  b.network().outputs = {x};
}

std::vector<std::vector<std::byte>> run(const Backend& backend, testing::IntegerNetwork& b, const NetworkCase& c,
                                        const std::vector<std::byte>& input) {
  const std::shared_ptr<const Weights> weights =
      packed(backend, b.network(), b.parameters(), Precision::source).value();
  CompileRequest request;
  request.input_shapes = {Shape{c.batch, c.height, c.width, 3}};
  for (const Node& node : b.network().nodes) request.outputs.push_back(node.output);
  request.threads = c.threads;
  const std::shared_ptr<const Program> program = backend.compile(weights, request).value();
  const std::unique_ptr<Execution> execution = program->open({}).value();
  std::copy(input.begin(), input.end(), execution->inputs()[0].data);
  EXPECT_TRUE(execution->run());
  std::vector<std::vector<std::byte>> outputs;
  for (const TensorMemory& tensor : execution->outputs()) outputs.emplace_back(tensor.data, tensor.data + tensor.bytes);
  return outputs;
}

constexpr NetworkCase kCases[] = {
    {"u8", DataType::u8, 32, 32, 16, 1, 1},
    {"i8 per channel", DataType::i8, 32, 32, 16, 1, 1},
    {"odd sizes and channels", DataType::u8, 37, 29, 13, 1, 1},
    {"odd sizes and channels, signed", DataType::i8, 29, 41, 11, 1, 1},
    {"a batch", DataType::u8, 24, 24, 8, 3, 1},
    {"a batch of signed bytes", DataType::i8, 17, 17, 24, 2, 1},
    {"two threads", DataType::u8, 48, 48, 16, 1, 2},
    {"three threads and a batch", DataType::i8, 33, 35, 16, 2, 3},
    {"one pixel left", DataType::u8, 5, 5, 32, 1, 2},
};

class Int8Networks : public testing::EveryIsa {};

TEST_P(Int8Networks, EveryTensorEqualsTheReference) {
  for (const NetworkCase& c : kCases)
    for (unsigned seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(std::string(c.name) + ", seed " + std::to_string(seed));
      testing::IntegerNetwork b(c.type, seed);
      build(b, c);
      std::vector<std::byte> input(static_cast<std::size_t>(c.batch * c.height * c.width * 3));
      for (std::byte& byte : input) byte = static_cast<std::byte>(b.random()());
      const auto expected = run(reference_backend(), b, c, input);
      // Constants that drove most layers into saturation would prove nothing.
      const auto lively = std::count_if(expected.begin(), expected.end(), [](const std::vector<std::byte>& bytes) {
        return std::set<std::byte>(bytes.begin(), bytes.end()).size() > 12;
      });
      EXPECT_GT(4 * lively, 3 * static_cast<std::ptrdiff_t>(expected.size()));
      const auto actual = run(cpu::cpu_backend(), b, c, input);
      for (std::size_t i = 0; i < expected.size(); ++i)
        ASSERT_EQ(actual[i], expected[i]) << b.network().nodes[i].name << " differs first";
    }
}

INSTANTIATE_TEST_SUITE_P(Isas, Int8Networks, testing::every_isa(), testing::isa_test_name);

}  // namespace
}  // namespace mobilenet
