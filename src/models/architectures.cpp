// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "models/architectures.h"

#include <algorithm>

#include "models/models.h"

namespace mobilenet {
namespace {

// Input size, classes and TensorFlow's conventions, without channels.
ModelSpec published(Architecture architecture, double depth_multiplier, int input_size, int classes) {
  ModelSpec spec;
  spec.architecture = architecture;
  spec.depth_multiplier = depth_multiplier;
  spec.input_height = spec.input_width = input_size;
  spec.classes = classes;
  spec.has_background = classes == 1001;
  spec.tf_padding = true;
  return spec;
}

}  // namespace

Architecture backbone_of(Architecture architecture) {
  switch (architecture) {
    case Architecture::graph:
      return Architecture::graph;
    case Architecture::mobilenet_v1:
    case Architecture::ssd_mobilenet_v1:
      return Architecture::mobilenet_v1;
    case Architecture::mobilenet_v2:
    case Architecture::ssd_mobilenet_v2:
    case Architecture::ssdlite_mobilenet_v2:
    case Architecture::deeplab_mobilenet_v2:
    case Architecture::deeplab_v3plus_mobilenet_v2:
      return Architecture::mobilenet_v2;
  }
  return Architecture::graph;
}

bool is_detector(Architecture architecture) {
  switch (architecture) {
    case Architecture::ssd_mobilenet_v1:
    case Architecture::ssd_mobilenet_v2:
    case Architecture::ssdlite_mobilenet_v2:
      return true;
    case Architecture::graph:
    case Architecture::mobilenet_v1:
    case Architecture::mobilenet_v2:
    case Architecture::deeplab_mobilenet_v2:
    case Architecture::deeplab_v3plus_mobilenet_v2:
      return false;
  }
  return false;
}

bool is_segmenter(Architecture architecture) {
  return architecture == Architecture::deeplab_mobilenet_v2 ||
         architecture == Architecture::deeplab_v3plus_mobilenet_v2;
}

std::string_view name_of(Architecture architecture) {
  switch (architecture) {
    case Architecture::graph:
      return "graph";
    case Architecture::mobilenet_v1:
      return "mobilenet_v1";
    case Architecture::mobilenet_v2:
      return "mobilenet_v2";
    case Architecture::ssd_mobilenet_v1:
      return "ssd_mobilenet_v1";
    case Architecture::ssd_mobilenet_v2:
      return "ssd_mobilenet_v2";
    case Architecture::ssdlite_mobilenet_v2:
      return "ssdlite_mobilenet_v2";
    case Architecture::deeplab_mobilenet_v2:
      return "deeplab_mobilenet_v2";
    case Architecture::deeplab_v3plus_mobilenet_v2:
      return "deeplab_v3plus_mobilenet_v2";
  }
  return "?";
}

std::span<const Stage> stages_of(Architecture architecture) {
  const Architecture backbone = backbone_of(architecture);
  if (backbone == Architecture::mobilenet_v1) return kMobileNetV1Stages;
  if (backbone == Architecture::mobilenet_v2) return kMobileNetV2Stages;
  return {};
}

int scale_channels(int channels, double depth_multiplier) {
  return std::max(static_cast<int>(channels * depth_multiplier), 8);
}

int scale_channels_to_8(int channels, double depth_multiplier) {
  const double wanted = channels * depth_multiplier;
  const int rounded = std::max(8, static_cast<int>(wanted + 4) / 8 * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

void limit_output_stride(std::vector<BlockSpec>& blocks, int output_stride) {
  int stride = 2;  // of the stem
  int dilation = 1;
  for (BlockSpec& block : blocks) {
    if (stride < output_stride) {
      stride *= block.stride;
      continue;
    }
    block.dilation = dilation;
    dilation *= block.stride;  // the block that would have halved the map keeps the old dilation
    block.stride = 1;
  }
}

ModelSpec mobilenet_v1_spec(double depth_multiplier, int input_size, int classes) {
  ModelSpec spec = published(Architecture::mobilenet_v1, depth_multiplier, input_size, classes);
  spec.stem = scale_channels(kStemChannels, depth_multiplier);
  int inputs = spec.stem;
  for (const Stage& stage : kMobileNetV1Stages) {
    const int outputs = scale_channels(stage.outputs, depth_multiplier);
    for (int i = 0; i < stage.blocks; ++i) {
      spec.blocks.push_back(
          {.inputs = inputs, .hidden = inputs, .outputs = outputs, .stride = i == 0 ? stage.stride : 1});
      inputs = outputs;
    }
  }
  return spec;
}

ModelSpec mobilenet_v2_spec(double depth_multiplier, int input_size, int classes) {
  ModelSpec spec = published(Architecture::mobilenet_v2, depth_multiplier, input_size, classes);
  spec.stem = scale_channels_to_8(kStemChannels, depth_multiplier);
  int inputs = spec.stem;
  for (const Stage& stage : kMobileNetV2Stages) {
    const int outputs = scale_channels_to_8(stage.outputs, depth_multiplier);
    for (int i = 0; i < stage.blocks; ++i) {
      const bool expand = !spec.blocks.empty();
      const int stride = i == 0 ? stage.stride : 1;
      spec.blocks.push_back({.inputs = inputs,
                             .hidden = expand ? kExpansion * inputs : inputs,
                             .outputs = outputs,
                             .stride = stride,
                             .expand = expand,
                             .residual = stride == 1 && inputs == outputs});
      inputs = outputs;
    }
  }
  // The last convolution keeps its width below multiplier 1 ("fine-grained" classifiers).
  spec.last = depth_multiplier < 1 ? kLastChannels : scale_channels_to_8(kLastChannels, depth_multiplier);
  return spec;
}

}  // namespace mobilenet
