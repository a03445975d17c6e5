// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Whose weights a safetensors file holds, told by its tensors' names, and every tensor under its canonical name
// (models/models.h).

#include <mobilenet/result.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/safetensors/container.h"
#include "models/models.h"

namespace mobilenet {

enum class WeightSource { mobilenet_cpp, hugging_face, timm, ncnn_ssdlite };

struct NamedWeights {
  WeightSource source = WeightSource::mobilenet_cpp;
  Architecture architecture = Architecture::graph;  // graph: the file's own spec says
  std::vector<int> stage_blocks;                    // blocks of each stage; empty: the file's own spec says
  Parameters parameters;                            // views of the container's tensors, without owners
  WeightIndex index;
};

// Fails with a sentence for files that are no MobileNet V1 or V2, nor a detector or segmenter on one, and for single
// tensors that belong to neither.
Result<NamedWeights> name_weights(const SafetensorsContainer& container);

// Hugging Face transformers: "mobilenet_v2.layer.3.expand_1x1.convolution.weight" -> "block5/expand.weight". The part
// before the first module ("mobilenet_v2.") may be missing. Nothing for names that are not of this architecture.
std::optional<std::string> hugging_face_name(Architecture architecture, std::string_view name);

// timm: "blocks.2.1.conv_pwl.weight" -> "block5/project.weight" when the first two stages have three blocks.
std::optional<std::string> timm_name(Architecture architecture, const std::vector<int>& stage_blocks,
                                     std::string_view name);

// SSDLite's Caffe and ncnn port: "layer_19_2_3_mbox_loc/depthwise.weight" -> "head3/box/depthwise.weight".
std::optional<std::string> ncnn_ssdlite_name(std::string_view name);

}  // namespace mobilenet
