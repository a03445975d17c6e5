// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/weights/structure.h"

#include <array>

#include "base/error.h"
#include "models/registry.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

// The output channels of a layer: axis 0 of its weight.
Result<int> outputs_of(const NamedWeights& weights, const std::string& layer, std::int64_t most = kMostChannels) {
  const auto found = weights.index.find(layer + ".weight");
  if (found == weights.index.end()) return failure(ErrorCode::bad_format, layer, ": weight is missing");
  const Shape& shape = weights.parameters.value(found->second).shape;
  if (shape.rank() < 2 || shape[0] < 1 || shape[0] > most)
    return failure(ErrorCode::bad_format, layer, ": weight is ", to_string(shape), ", expected 1 to ", most,
                   " output channels on the first of several axes");
  return static_cast<int>(shape[0]);
}

Result<BlockSpec> block_of(const NamedWeights& weights, int number, int inputs) {
  BlockSpec block{.inputs = inputs, .hidden = inputs};
  const std::string text = std::to_string(number);
  switch (backbone_of(weights.recognition.architecture).blocks) {
    case BlockKind::separable: {
      MOBILENET_TRY(block.outputs, outputs_of(weights, "pointwise" + text));
      break;
    }
    case BlockKind::inverted_residual: {
      const std::string name = "block" + text;
      block.expand = weights.index.contains(name + "/expand.weight");
      if (block.expand) {
        MOBILENET_TRY(block.hidden, outputs_of(weights, name + "/expand"));
      }
      MOBILENET_TRY(block.outputs, outputs_of(weights, name + "/project"));
      break;
    }
  }
  return block;
}

// The multipliers of published weights first: others may round to the same channels.
constexpr std::array<double, 12> kUsualMultipliers{1, 0.75, 0.5, 0.35, 0.25, 1.4, 1.3, 1.1, 1.2, 1.25, 1.5, 2};

double find_multiplier(const ModelSpec& spec, const NamedWeights& weights, ChannelRounding rounding) {
  const auto stages = backbone_of(spec.architecture).stages;
  const auto matches = [&](double multiplier) {
    std::size_t block = 0;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const int expected = scale_channels(rounding, stages[s].outputs, multiplier);
      for (int i = 0; i < weights.recognition.stage_blocks[s]; ++i)
        if (spec.blocks[block++].outputs != expected) return false;
    }
    return true;
  };
  for (const double multiplier : kUsualMultipliers)
    if (matches(multiplier)) return multiplier;
  for (int percent = 5; percent <= 400; ++percent)
    if (matches(percent / 100.0)) return percent / 100.0;
  return 0;
}

}  // namespace

Result<ModelSpec> structure_of(const NamedWeights& weights, const StructureOptions& options) {
  ModelSpec spec;
  spec.architecture = weights.recognition.architecture;
  MOBILENET_TRY(spec.stem, outputs_of(weights, "stem"));
  int channels = spec.stem;
  const auto stages = backbone_of(weights.recognition.architecture).stages;
  for (std::size_t s = 0; s < stages.size(); ++s)
    for (int i = 0; i < weights.recognition.stage_blocks[s]; ++i) {
      MOBILENET_TRY(BlockSpec block, block_of(weights, static_cast<int>(spec.blocks.size()) + 1, channels));
      block.stride = i == 0 ? stages[s].stride : 1;
      channels = block.outputs;
      spec.blocks.push_back(block);
    }
  limit_output_stride(spec.blocks, options.output_stride);
  if (has_residuals(backbone_of(spec.architecture).blocks))
    for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
      BlockSpec& block = spec.blocks[i];
      const bool may_add = i > 0 || options.first_block_adds;
      block.residual = may_add && block.stride == 1 && block.inputs == block.outputs;
    }
  if (weights.index.contains("last.weight")) {
    MOBILENET_TRY(spec.last, outputs_of(weights, "last"));
  }
  int logits = 0;
  if (weights.index.contains("logits.weight")) {
    MOBILENET_TRY(logits, outputs_of(weights, "logits", kMostClasses));
  }
  switch (row_of(spec.architecture).head) {
    case Head::classifier:
    case Head::detector:
      spec.classes = logits;
      break;
    case Head::segmenter: {
      spec.segmentation.classes = logits;
      MOBILENET_TRY(spec.segmentation_head.channels, outputs_of(weights, "aspp"));
      break;
    }
  }
  spec.depth_multiplier = find_multiplier(spec, weights, options.rounding);
  return spec;
}

}  // namespace mobilenet
