// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A .safetensors file becomes a model: the container here, the meaning of its tensors' names in formats/weights/.

#include "formats/formats.h"

namespace mobilenet {

bool takes_safetensors(const SourceFile& file);
Result<LoadedModel> load_safetensors(const SourceFile& file);

}  // namespace mobilenet
