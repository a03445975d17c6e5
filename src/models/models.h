// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A ModelSpec and the weights by their canonical names become a Network, whatever the architecture: one way for every
// kind of block and head (assembly.h).
//
// Canonical names are layer + part: "stem", "depthwise1", "pointwise1", ... (V1); "stem", "block1/expand",
// "block1/depthwise", "block1/project", ..., "last" (V2); "logits"; detectors: "extra1/reduce", "extra1/depthwise"
// (where extras are separable), "extra1", ..., "head0/box", "head0/class", each with "/depthwise" before it in SSDLite;
// DeepLab: "pool_branch", "aspp", "projection", and in v3+ "aspp1/depthwise", "aspp1", ..., "low_level",
// "decoder1/depthwise", "decoder1", "decoder2/depthwise", "decoder2". Parts: ".weight" and either ".bias" or
// ".norm.gamma", ".norm.beta", ".norm.mean", ".norm.variance". A weight of integers has ".weight_scale", one number an
// output channel.

#include <mobilenet/result.h>

#include <string>
#include <string_view>
#include <unordered_map>

#include "network/network.h"
#include "spec/model_spec.h"

namespace mobilenet {

// Canonical name -> index into Parameters::values.
using WeightIndex = std::unordered_map<std::string, int>;

// Checks every weight's shape against the spec: "block3/project: weight is 24x144x1x1, expected 32x144x1x1".
Result<Network> build_network(const ModelSpec& spec, const Parameters& parameters, const WeightIndex& weights);

// The architecture as TensorFlow publishes it, for random models and for what a file does not say: its channel
// rounding; classes of a classifier or segmenter with background (ImageNet's 1001, VOC's 21, output stride 16), of a
// detector without (COCO's 90).
ModelSpec published_spec(Architecture architecture, double depth_multiplier, int input_size, int classes);

// "mobilenet_v2:1.0:224", "ssdlite_mobilenet_v2:1.0:320" or "mobilenet_v1:0.25:128:101" as a spec; the message lists
// the known architectures.
Result<ModelSpec> spec_from_name(std::string_view architecture);

// He-initialised float32 weights for a spec, from a fixed seed, batch norm included.
struct RandomWeights {
  Parameters parameters;
  WeightIndex index;
};
RandomWeights random_weights(const ModelSpec& spec);

// Finds a MobileNet in a graph by its structure. Where there is one, it names the layers (Network::layers, aliases) and
// fills spec.depth_multiplier; where it is all there is, spec's architecture, stem, blocks, last, activation and
// tf_padding too. Leaves anything else untouched.
void recognise_graph(Network& network, ModelSpec& spec);

}  // namespace mobilenet
