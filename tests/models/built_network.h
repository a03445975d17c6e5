// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A network of random weights with the shapes of all its tensors.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/models.h"

namespace mobilenet {

struct Built {
  ModelSpec spec;
  RandomWeights weights;
  Network network;
  std::vector<Shape> shapes;

  const Shape& shape(TensorId id) const { return shapes[static_cast<std::size_t>(id)]; }
  Shape shape_of(const std::string& name) const {
    const TensorId id = network.find(name);
    return id == kNoTensor ? Shape{} : shape(id);
  }
};

inline Built build(const ModelSpec& spec, std::int64_t batch = 1) {
  Built built{spec, random_weights(spec), {}, {}};
  auto network = build_network(spec, built.weights.parameters, built.weights.index);
  EXPECT_TRUE(network) << network.error().message;
  built.network = network.value();
  const Shape input{batch, spec.input_height, spec.input_width, 3};
  auto shapes = infer_shapes(built.network, built.weights.parameters, std::vector{input});
  EXPECT_TRUE(shapes) << shapes.error().message;
  built.shapes = shapes.value();
  return built;
}

}  // namespace mobilenet
