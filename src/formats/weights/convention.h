// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How a framework names the weights that it saves, and what it leaves unsaid: padding, epsilon, preprocessing and
// labels, out of the configuration files beside the weights where there are any, else by the framework's defaults. A
// convention is one file in conventions/ and a row of the table in convention.cpp; it knows nothing of containers.

#include <mobilenet/decision.h>
#include <mobilenet/result.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/weights/named_tensors.h"
#include "models/models.h"
#include "spec/model_spec.h"

namespace mobilenet {

// What the names tell.
struct Recognition {
  Architecture architecture = Architecture::graph;  // graph: the file's own spec says
  std::vector<int> stage_blocks;                    // blocks of each stage; empty: the file's own spec says
};

struct NamedWeights {
  Recognition recognition;
  Parameters parameters;  // views of the container's tensors, without their owners
  WeightIndex index;      // by canonical name
};

// What the names, the shapes and the files beside them come to.
struct WeightsReading {
  ModelSpec spec;
  std::vector<std::string> labels;  // of the configuration; empty: none that fit
  std::string labels_place;         // "id2label in config.json"
  std::vector<Decision> decisions;
};

struct Convention {
  std::string_view name;  // "timm"; as LoadedModel::format and messages have it
  // Nothing when the names are not of this convention; an error when they are, but of a network that is not supported.
  Result<std::optional<Recognition>> (*recognise)(const NamedTensors& file);
  // models/models.h; nothing for a tensor that has no place in the network.
  std::optional<std::string> (*canonical_name)(const Recognition& recognition, std::string_view name);
  // `model` is the weights file's path, empty when it came from memory. May replace weights by copies in the order of
  // this library.
  Result<WeightsReading> (*read)(const NamedTensors& file, NamedWeights& weights, const std::filesystem::path& model);
  // Endings of one name that every network has, once; what stands before it is no part of the convention. None: names
  // always stand alone.
  std::span<const std::string_view> landmarks = {};
  // Tensors that are saved all the same and take no part in the answer; null: there are none.
  bool (*ignores)(const Recognition& recognition, std::string_view name) = nullptr;
};

extern const Convention kOwnConvention, kHuggingFaceConvention, kNcnnSsdliteConvention, kTimmConvention;

// Best first: a file belongs to the first that recognises it.
std::span<const Convention* const> conventions();

// Whether any tensor's name fulfils it.
bool any_name(const NamedTensors& file, bool (*matches)(std::string_view name));

// As many blocks in each stage as the published network has.
std::vector<int> published_stages(Architecture architecture);

}  // namespace mobilenet
