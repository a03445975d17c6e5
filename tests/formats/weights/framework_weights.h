// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Weights with the names and shapes that Hugging Face and timm give them, all zero.

#include <string>
#include <vector>

#include "formats/safetensors/safetensors_file.h"

namespace mobilenet::testing {

// `prefix` stands before every name but the classifier's: "mobilenet_v2." or "". `dtype`, F32 or one of two bytes, is
// the classifier's.
SafetensorsText hugging_face_v2(const ModelSpec& spec, const std::string& prefix, const std::string& dtype = "F32");

// `stages` counts blocks; V1 and V2, by what the blocks are.
SafetensorsText timm(const ModelSpec& spec, const std::vector<int>& stages);

}  // namespace mobilenet::testing
