// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The description of a model: a small JSON that says what the model's own file leaves open, by hand or written by
// Model::description(). docs/formats.md lists its keys.

#include <mobilenet/result.h>

#include <filesystem>
#include <string>

#include "formats/formats.h"

namespace mobilenet {

// "flowers.mobilenet.json" for "flowers.tflite".
std::filesystem::path description_path(const std::filesystem::path& model);

// Puts what the file says over what the reader decided. Every key is checked; a message names the file and the key.
Result<void> apply_description(const std::filesystem::path& path, LoadedModel& model);

// Everything that a description can say of this model, as JSON text.
std::string description_of(const LoadedModel& model);

}  // namespace mobilenet
