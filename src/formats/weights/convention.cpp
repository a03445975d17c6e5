// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/weights/convention.h"

#include <algorithm>
#include <array>

#include "models/registry.h"

namespace mobilenet {
namespace {

constexpr std::array<const Convention*, 4> kConventions{&kOwnConvention, &kHuggingFaceConvention,
                                                        &kNcnnSsdliteConvention, &kTimmConvention};

}  // namespace

std::span<const Convention* const> conventions() { return kConventions; }

bool any_name(const NamedTensors& file, bool (*matches)(std::string_view)) {
  return std::any_of(file.tensors.begin(), file.tensors.end(),
                     [&](const NamedTensor& tensor) { return matches(tensor.name); });
}

std::vector<int> published_stages(Architecture architecture) {
  std::vector<int> counts;
  for (const Stage& stage : backbone_of(architecture).stages) counts.push_back(stage.blocks);
  return counts;
}

}  // namespace mobilenet
