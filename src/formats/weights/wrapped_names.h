// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What trainers put around a network: modules that hold it and whose names stand before its own ("module.",
// "timm_model.", "backbone."), copies of it (a moving average), and tensors of their own (losses, counters).

#include <mobilenet/model.h>
#include <mobilenet/result.h>

#include <string>
#include <string_view>
#include <vector>

#include "formats/weights/named_tensors.h"

namespace mobilenet {

struct Unwrapped {
  NamedTensors network;             // under the names that a convention knows
  std::vector<NamedTensor> beside;  // what lies outside of the network, by its way from the module that holds both
  std::vector<Decision> decisions;  // what was taken off, which copy was taken
};

// Takes off what stands before every landmark of a convention. Of two networks it takes the moving average; refuses to
// choose between others. A file without landmarks stays as it is.
Result<Unwrapped> unwrap(NamedTensors file);

// Whether a name outside of the network tells that its tensor only served training: "criterion.weight".
bool only_serves_training(std::string_view name);

// The layer whose "weight" or "bias" a tensor is, when it is called what people call the last layer: "fc", "head",
// "classifier.1". Empty for all else.
std::string_view last_layer(std::string_view name);

}  // namespace mobilenet
