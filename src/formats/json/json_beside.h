// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The configuration files that lie beside a model.

#include <mobilenet/result.h>

#include <filesystem>
#include <optional>
#include <string>

#include "json/json_value.h"

namespace mobilenet {

// A JSON file in the folder of `model`; nothing when there is no such file, or the model came from memory.
Result<std::optional<JsonValue>> json_beside(const std::filesystem::path& model, const std::string& name);

}  // namespace mobilenet
