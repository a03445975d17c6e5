// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The conventions of the frameworks that save weights without saying how they are meant: padding, epsilon,
// preprocessing and labels, out of the configuration files beside the weights where there are any, else by the
// framework's defaults.

#include <mobilenet/model.h>
#include <mobilenet/result.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "formats/json/json_value.h"
#include "formats/weights/named_weights.h"
#include "spec/model_spec.h"

namespace mobilenet {

struct SourceReading {
  ModelSpec spec;
  std::vector<std::string> labels;  // of the configuration; empty: none that fit
  std::string labels_place;         // "id2label in config.json"
  std::vector<Decision> decisions;
};

// `model` is the weights file's path; empty when it came from memory.
Result<SourceReading> read_hugging_face(const NamedWeights& weights, const std::filesystem::path& model);
Result<SourceReading> read_timm(const NamedWeights& weights, const std::filesystem::path& model);

// Fills the preprocessing and the input's size from preprocessor_config.json, else as Hugging Face's published
// MobileNets of this image size have it.
Result<void> read_hugging_face_preprocessor(const std::filesystem::path& model, int image_size, ModelSpec& spec,
                                            std::vector<Decision>& decisions);

// Turns the weights of the box predictors to the order of this library, in copies.
Result<SourceReading> read_ncnn_ssdlite(NamedWeights& weights);

// A JSON object in the folder of `model`; nothing when there is no such file.
Result<std::optional<JsonValue>> json_beside(const std::filesystem::path& model, const std::string& name);

}  // namespace mobilenet
