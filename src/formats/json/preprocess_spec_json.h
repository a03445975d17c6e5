// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// PreprocessSpec as JSON, field by field: in the metadata of the project's own files and in descriptions.

#include <mobilenet/result.h>

#include <array>
#include <string>
#include <string_view>

#include "json/json_fields.h"
#include "json/json_text.h"
#include "spec/preprocess_spec.h"

namespace mobilenet {

// The geometry alone: what is not filter, encoding, channel order or fill.
JsonText geometry_to_json(const PreprocessSpec& spec);
void geometry_from_json(JsonFields& fields, PreprocessSpec& spec);

// One number for all channels, or three.
JsonText channels_to_json(const std::array<float, 3>& values);
std::array<float, 3> channels_from_json(JsonFields& fields, std::string_view key, double low, double high,
                                        const std::array<float, 3>& fallback);

// `version` is that of the file around it: 1 knew less.
JsonText preprocess_to_json(const PreprocessSpec& spec);
Result<PreprocessSpec> preprocess_from_json(const JsonValue& value, const std::string& place, int version);

}  // namespace mobilenet
