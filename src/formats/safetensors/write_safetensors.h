// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The writer of the project's own file.

#include <mobilenet/result.h>

#include <filesystem>

#include "models/models.h"

namespace mobilenet {

// Writes the project's own file: canonical names, weights as f32 or f16, vectors and batch norm as f32, and the spec as
// JSON in the metadata. A temporary file beside `path` is renamed at the end, so nobody sees half a file.
Result<void> write_safetensors(const std::filesystem::path& path, const ModelSpec& spec, const Parameters& parameters,
                               const WeightIndex& weights, DataType type);

}  // namespace mobilenet
