// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/litert_golden.h"

#include <cstring>
#include <string_view>

namespace mobilenet::testing {
namespace {

constexpr std::uint32_t kNoData = 0xffffffff;

struct GoldenTensor {
  DataType type;
  std::vector<std::int64_t> shape;
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;
  int axis;
  WeightLayout layout;
  bool constant;
  std::uint32_t seed;  // of the data; 0: a ramp
};

struct GoldenRow {
  const char* name;
  Op op;
  std::vector<GoldenTensor> inputs;
  GoldenTensor output;
  std::string_view bytes;  // of the output, in hexadecimal
};

const std::vector<GoldenRow>& rows() {
  static const std::vector<GoldenRow> all = {
#include "backend/litert_golden_rows.inc"
  };
  return all;
}

Shape shape_of(const GoldenTensor& tensor) {
  Shape shape;
  for (const std::int64_t axis : tensor.shape) shape.push_back(axis);
  return shape;
}

template <class T>
void append(std::vector<std::byte>& bytes, T value) {
  const auto* from = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), from, from + sizeof value);
}

// The same numbers as in make_litert_golden.py.
std::vector<std::byte> data_of(const GoldenTensor& tensor) {
  std::vector<std::byte> bytes;
  const std::int64_t elements = shape_of(tensor).elements();
  std::uint32_t state = tensor.seed;
  for (std::int64_t i = 0; i < elements; ++i) {
    if (tensor.seed == 0) {
      append(bytes, static_cast<std::uint8_t>(i));
      continue;
    }
    state = state * 1664525u + 1013904223u;
    if (tensor.type == DataType::i32) {
      append(bytes, static_cast<std::int32_t>(state >> 20) - 2048);
    } else if (tensor.type == DataType::f32) {
      append(bytes, static_cast<float>(static_cast<std::int32_t>(state >> 8) - (1 << 23)) * 0x1p-20f);
    } else {
      const auto byte = static_cast<std::uint8_t>(state >> 24);
      const bool lowest = tensor.constant && tensor.type == DataType::i8 && byte == 0x80;
      append(bytes, static_cast<std::uint8_t>(lowest ? 0x81 : byte));  // constants are symmetric
    }
  }
  return bytes;
}

Tensor tensor_of(const GoldenTensor& golden, std::string name) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.type = golden.type;
  tensor.shape = shape_of(golden);
  if (!golden.scales.empty()) tensor.quantization = Quantization{golden.scales, golden.zero_points, golden.axis};
  return tensor;
}

OperatorModel model_of(const GoldenRow& row) {
  OperatorModel model;
  Node node;
  node.name = "node";
  node.op = row.op;
  for (std::size_t i = 0; i < row.inputs.size(); ++i) {
    const GoldenTensor& golden = row.inputs[i];
    Tensor tensor = tensor_of(golden, "x" + std::to_string(i));
    const auto id = static_cast<TensorId>(i);
    if (golden.constant) {
      auto owner = std::make_shared<const std::vector<std::byte>>(data_of(golden));
      tensor.parameter = static_cast<int>(model.parameters.values.size());
      model.parameters.values.push_back({tensor.name, tensor.type, tensor.shape, golden.layout, *owner});
      model.parameters.owners.push_back(std::move(owner));
    } else {
      model.network.inputs.push_back(id);
      model.input_shapes.push_back(tensor.shape);
      model.inputs.push_back(data_of(golden));
    }
    node.inputs.push_back(id);
    model.network.tensors.push_back(std::move(tensor));
  }
  node.output = static_cast<TensorId>(row.inputs.size());
  model.network.outputs = {node.output};
  model.network.tensors.push_back(tensor_of(row.output, "y"));
  model.network.nodes.push_back(std::move(node));
  return model;
}

int digit(char letter) { return letter <= '9' ? letter - '0' : letter - 'a' + 10; }

}  // namespace

std::vector<GoldenCase> golden_cases() {
  std::vector<GoldenCase> cases;
  for (const GoldenRow& row : rows()) {
    OperatorOutput expected{row.output.type, shape_of(row.output), {}};
    for (std::size_t i = 0; i + 1 < row.bytes.size(); i += 2)
      expected.bytes.push_back(static_cast<std::byte>(digit(row.bytes[i]) * 16 + digit(row.bytes[i + 1])));
    cases.push_back({row.name, model_of(row), {std::move(expected)}});
  }
  return cases;
}

}  // namespace mobilenet::testing
