// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Small float networks with random constants, what a backend makes of them, and how far two answers lie apart.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "backend/packed.h"
#include "network/network.h"

namespace mobilenet::testing {

class FloatNetwork {
 public:
  explicit FloatNetwork(unsigned seed) : random_(seed) {}

  TensorId input() {
    network.inputs.push_back(tensor("input"));
    return network.inputs.back();
  }

  // A constant of values between low and high.
  TensorId constant(const Shape& shape, WeightLayout layout, float low, float high) {
    std::uniform_real_distribution<float> value(low, high);
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    for (float& v : values) v = value(random_);
    return constant(shape, layout, std::move(values));
  }
  TensorId constant(const Shape& shape, WeightLayout layout, std::vector<float> numbers) {
    const std::vector<float>& values = memory_.emplace_back(std::move(numbers));
    Parameter parameter;
    parameter.name = "constant" + std::to_string(parameters.values.size());
    parameter.shape = shape;
    parameter.layout = layout;
    parameter.bytes = std::as_bytes(std::span(values));
    parameters.values.push_back(std::move(parameter));
    const TensorId id = tensor(parameters.values.back().name);
    network.tensors.back().shape = shape;
    network.tensors.back().parameter = static_cast<int>(parameters.values.size()) - 1;
    return id;
  }
  TensorId vector(int count, float low, float high) { return constant({count}, WeightLayout::none, low, high); }

  TensorId add(Op op, std::vector<TensorId> inputs) {
    Node node;
    node.name = std::string(kind_of(op)) + std::to_string(network.nodes.size());
    node.op = std::move(op);
    node.inputs = std::move(inputs);
    node.output = tensor(node.name);
    network.nodes.push_back(node);
    return node.output;
  }

  TensorId batch_norm(TensorId x, int channels) {
    return add(BatchNormOp{}, {x, vector(channels, 0.5f, 1.5f), vector(channels, -0.5f, 0.5f),
                               vector(channels, -0.5f, 0.5f), vector(channels, 0.25f, 2.0f)});
  }

  Network network;
  Parameters parameters;

 private:
  TensorId tensor(const std::string& name) {
    Tensor t;
    t.name = name;
    network.tensors.push_back(std::move(t));
    return static_cast<TensorId>(network.tensors.size()) - 1;
  }

  std::mt19937 random_;
  std::deque<std::vector<float>> memory_;
};

struct Answers {
  std::vector<std::vector<float>> tensors;
  std::string isa;
};

// Runs `backend` on the same random inputs every time; twice, since a second run must not depend on the first.
inline void run_network(const Backend& backend, const Network& network, const Parameters& parameters,
                        const CompileRequest& request, int threads, Answers& answers,
                        Precision precision = Precision::f32) {
  auto weights = packed(backend, network, parameters, precision);
  ASSERT_TRUE(weights) << weights.error().message;
  CompileRequest threaded = request;
  threaded.threads = threads;
  auto program = backend.compile(*weights, threaded);
  ASSERT_TRUE(program) << program.error().message;
  auto execution = (*program)->open({});
  ASSERT_TRUE(execution) << execution.error().message;
  answers.isa = (*program)->isa();
  std::mt19937 random(7);
  std::uniform_real_distribution<float> value(-1, 1);
  for (const TensorMemory& input : (*execution)->inputs()) {
    auto* numbers = reinterpret_cast<float*>(input.data);
    for (std::int64_t i = 0; i < input.shape.elements(); ++i) numbers[i] = value(random);
  }
  for (int run = 0; run < 2; ++run) {
    EXPECT_TRUE((*execution)->run());
    answers.tensors.clear();
    for (const TensorMemory& output : (*execution)->outputs()) {
      const auto* numbers = reinterpret_cast<const float*>(output.data);
      answers.tensors.emplace_back(numbers, numbers + output.shape.elements());
    }
  }
}

// Largest difference between two tensors, as a part of the largest number in the second.
inline double relative_difference(const std::vector<float>& got, const std::vector<float>& expected) {
  if (got.size() != expected.size()) return HUGE_VAL;
  double difference = 0, largest = 1e-30;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!std::isfinite(got[i])) return HUGE_VAL;
    difference = std::max(difference, std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])));
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return difference / largest;
}

}  // namespace mobilenet::testing
