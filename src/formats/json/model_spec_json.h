// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// ModelSpec as JSON text, as the project's own files carry it.

#include <mobilenet/result.h>

#include <string>
#include <string_view>

#include "spec/model_spec.h"

namespace mobilenet {

std::string model_spec_to_json(const ModelSpec& spec);

// Every field is checked for type and range, and the whole for consistency; a newer version is unsupported.
Result<ModelSpec> model_spec_from_json(std::string_view text);

}  // namespace mobilenet
