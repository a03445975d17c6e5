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
#include "models/registry.h"

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
    bool activated = true;  // the activation follows
    bool norm = true;       // batch norm where the weights have no bias; false: a bias in any case
  };
  // Of the layers that follow; the spec's until then.
  void use_convention(double epsilon, BlockActivation activation);

  TensorId input();
  // Convolution, batch norm (or bias, where the weights have one instead), activation; a layer of that name.
  TensorId convolution(const std::string& layer, TensorId x, int inputs, const Filter& filter);
  TensorId depthwise(const std::string& layer, TensorId x, int channels, const Filter& filter);
  TensorId add(const std::string& layer, TensorId a, TensorId b);
  // Layer "pool": [batch, channels], of `both` twice as many; the map itself where there is no pooling.
  TensorId pool(TensorId x, HeadPooling pooling);
  TensorId dense(TensorId x, int inputs, int outputs);     // layer "logits"
  TensorId pool_map(const std::string& name, TensorId x);  // [batch, 1, 1, channels]
  // Bilinear, corners aligned, to the height and width of `like`.
  TensorId resize(const std::string& name, TensorId x, TensorId like);
  TensorId concat(const std::string& name, std::vector<TensorId> parts, int axis);
  // [batch, any number, columns]
  TensorId rows(const std::string& name, TensorId x, int columns);

  // Another name for a tensor: listed among the layers, or accepted silently.
  void layer(std::string name, TensorId tensor);
  void alias(std::string name, TensorId tensor);

  // Where the network ends; one of the three.
  void end(TensorId output);
  void end_detector(TensorId boxes, TensorId scores, std::vector<TensorId> anchor_maps);
  void end_segmenter(TensorId logits);

  Result<Network> finish();
  std::vector<NeededWeight> needed() && { return std::move(needed_); }

 private:
  TensorId tensor(std::string name);
  TensorId node(std::string name, Op op, std::vector<TensorId> inputs);
  // The constant layer + part; kNoTensor after a mistake.
  TensorId weight(const std::string& layer, std::string_view part, const Shape& expected);
  // What makes stored integers real numbers: the weight's ".weight_scale", one number an output channel.
  Quantization weight_scales(const std::string& layer, std::string_view part, int outputs);
  bool has(const std::string& layer, std::string_view part) const;
  Window window(const Filter& filter) const;
  TensorId finish_layer(const std::string& layer, Op op, TensorId x, const Shape& weight_shape, const Filter& filter);

  const ModelSpec& spec_;
  const Parameters* parameters_;
  const WeightIndex* weights_;
  Network network_;
  std::vector<NeededWeight> needed_;
  std::optional<Error> mistake_;
  double epsilon_;
  BlockActivation activation_;
};

// The architectures, over an assembly with or without weights.

struct BlockTensors {
  TensorId expansion = kNoTensor;  // what the depthwise convolution reads
  TensorId depthwise = kNoTensor;
  TensorId output = kNoTensor;
};
struct BackboneTensors {
  std::vector<BlockTensors> blocks;
  TensorId output = kNoTensor;  // of the last block, or of "last"
  int channels = 0;             // of the output
};
// Blocks, the first of which reads `x`.
std::vector<BlockTensors> assemble_separable_blocks(const ModelSpec& spec, TensorId x, Assembly& net);
std::vector<BlockTensors> assemble_inverted_residuals(const ModelSpec& spec, TensorId x, Assembly& net);
// Heads.
void assemble_ssd(const ModelSpec& spec, const BackboneTensors& backbone, Assembly& net);      // and SSDLite
void assemble_deeplab(const ModelSpec& spec, const BackboneTensors& backbone, Assembly& net);  // v3 and v3+

// Heads that fit their backbone; the backbone has been checked.
Result<void> check_ssd(const ModelSpec& spec);
Result<void> check_deeplab(const ModelSpec& spec);

// Put TensorFlow's published head on the backbone's spec.
void add_ssd(const ArchitectureRow& row, int classes, ModelSpec& spec);
void add_deeplab(const ArchitectureRow& row, int classes, ModelSpec& spec);

}  // namespace mobilenet
