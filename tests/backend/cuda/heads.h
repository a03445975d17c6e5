// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Small networks whose layers end in joined tensors.

#include <cmath>
#include <utility>
#include <vector>

#include "backend/float_network.h"
#include "plan/plan.h"

namespace mobilenet::testing {

// Heads of a detector on maps of one picture after the other, each half as wide as the one before.
class Heads : public FloatNetwork {
 public:
  Heads() : FloatNetwork(5) { map_ = layer(input(), 8, {.outputs = channels_, .activation = Activation::relu6}); }

  struct Layer {
    int outputs = 8, kernel = 1, stride = 1;
    Activation activation = Activation::none;
    int groups = 1;
  };
  TensorId layer(TensorId x, int in, const Layer& layer) {
    Conv2dOp convolution;
    convolution.window = {layer.kernel, layer.kernel, layer.stride, layer.stride, 1, 1, {.rule = Padding::Rule::same}};
    convolution.groups = layer.groups;
    convolution.activation = layer.activation;
    const int inputs = in / layer.groups;
    const float most = 1.5f / std::sqrt(static_cast<float>(inputs * layer.kernel * layer.kernel));
    return add(convolution,
               {x, constant({layer.outputs, layer.kernel, layer.kernel, inputs}, WeightLayout::ohwi, -most, most),
                vector(layer.outputs, -0.2f, 0.2f)});
  }
  TensorId on_map(const Layer& head) { return layer(map_, channels_, head); }
  TensorId rows(TensorId x, int columns) { return add(ReshapeOp{{1, -1, columns}}, {x}); }
  void next_map() { map_ = layer(map_, channels_, {.outputs = channels_, .kernel = 3, .stride = 2}); }
  TensorId map() const { return map_; }

  Plan plan(const CompileRequest& request, const Grouping& grouping) const {
    std::vector<Shape> shapes = infer_shapes(network, parameters, request.input_shapes).value();
    return make_plan(network, std::move(shapes), request.outputs, grouping).value();
  }
  static CompileRequest request(std::vector<TensorId> outputs, std::int64_t batch, std::int64_t height = 9,
                                std::int64_t width = 7) {
    CompileRequest request;
    request.input_shapes = {Shape{batch, height, width, 8}};
    request.outputs = std::move(outputs);
    return request;
  }

 private:
  int channels_ = 24;
  TensorId map_ = kNoTensor;
};

}  // namespace mobilenet::testing
