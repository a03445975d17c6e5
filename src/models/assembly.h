// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Puts a MobileNet's network together layer by layer, and checks every weight's shape on the way. The first mistake is
// remembered; later calls do nothing, and finish() reports it. Without weights it only lists those that it would need.

#include <mobilenet/result.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/models.h"

namespace mobilenet {

struct NeededWeight {
  std::string name;  // canonical: "block1/expand.weight"
  Shape shape;       // OIHW, or [outputs, inputs]
};

// Numbers that fit together: each block reads what the one before it writes, residuals join equal shapes, ...
Result<void> check_structure(const ModelSpec& spec);

// Every weight of a network whose convolutions are followed by batch norm.
Result<std::vector<NeededWeight>> needed_weights(const ModelSpec& spec);

class Assembly {
 public:
  Assembly(const ModelSpec& spec, const Parameters* parameters, const WeightIndex* weights);

  struct Filter {
    int outputs = 0;
    int kernel = 1;
    int stride = 1;
    int dilation = 1;
    bool activated = true;  // the spec's activation follows
  };
  TensorId input();
  // Convolution, batch norm (or bias, where the weights have one instead), activation; a layer of that name.
  TensorId convolution(const std::string& layer, TensorId x, int inputs, const Filter& filter);
  TensorId depthwise(const std::string& layer, TensorId x, int channels, const Filter& filter);
  TensorId add(const std::string& layer, TensorId a, TensorId b);
  TensorId pool(TensorId x);                            // layer "pool": [batch, channels]
  TensorId dense(TensorId x, int inputs, int outputs);  // layer "logits"

  // Another name for a tensor: listed among the layers, or accepted silently.
  void layer(std::string name, TensorId tensor);
  void alias(std::string name, TensorId tensor);

  Result<Network> finish(TensorId output);
  std::vector<NeededWeight> needed() && { return std::move(needed_); }

 private:
  TensorId tensor(std::string name);
  TensorId node(std::string name, Op op, std::vector<TensorId> inputs);
  // The constant layer + part; kNoTensor after a mistake.
  TensorId weight(const std::string& layer, std::string_view part, const Shape& expected);
  bool has(const std::string& layer, std::string_view part) const;
  Window window(const Filter& filter) const;
  TensorId finish_layer(const std::string& layer, Op op, TensorId x, const Shape& weight_shape, const Filter& filter);

  const ModelSpec& spec_;
  const Parameters* parameters_;
  const WeightIndex* weights_;
  Network network_;
  std::vector<NeededWeight> needed_;
  std::optional<Error> mistake_;
};

// The architectures, over an assembly with or without weights; they return the network's output.
TensorId assemble_mobilenet_v1(const ModelSpec& spec, Assembly& net);
TensorId assemble_mobilenet_v2(const ModelSpec& spec, Assembly& net);

}  // namespace mobilenet
