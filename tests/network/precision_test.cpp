// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/precision.h"

#include <gtest/gtest.h>

#include "network/golden.h"

namespace mobilenet {
namespace {

// One operator between two activations.
Network network_of(const Op& op, DataType input, DataType output) {
  const auto activation = [](DataType type) {
    Tensor tensor = testing::tensor_of(type, {0.01f, 0});
    if (type == DataType::f32) tensor.quantization.reset();
    return tensor;
  };
  Network network;
  network.tensors = {activation(input), activation(output)};
  network.nodes.push_back({.name = "node", .op = op, .inputs = {0}, .output = 1});
  network.inputs = {0};
  network.outputs = {1};
  return network;
}

TEST(Precision, OfWhatIsComputed) {
  const struct {
    const char* name;
    Op op;
    DataType input, output;
    bool integers;
  } cases[] = {
      {"floats", ActivationOp{}, DataType::f32, DataType::f32, false},
      {"bytes", ActivationOp{}, DataType::u8, DataType::u8, true},
      {"16 bits", ActivationOp{}, DataType::i16, DataType::i16, true},
      {"16 bits from bytes", QuantizeOp{}, DataType::i8, DataType::i16, true},
      {"16 bits renamed", ReshapeOp{Shape{1, -1}}, DataType::i16, DataType::i16, false},
      {"16 bits made floats", QuantizeOp{}, DataType::i16, DataType::f32, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Network network = network_of(c.op, c.input, c.output);
    EXPECT_EQ(computes_in_integers(network), c.integers);
    EXPECT_EQ(*own_precision(network, Precision::source), c.integers ? Precision::int8 : Precision::f32);
    EXPECT_EQ(bool{own_precision(network, Precision::int8)}, c.integers);
    EXPECT_EQ(bool{own_precision(network, Precision::f32)}, !c.integers);
  }
}

}  // namespace
}  // namespace mobilenet
