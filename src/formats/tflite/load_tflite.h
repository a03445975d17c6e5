// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A .tflite file becomes a model: its graph, operator by operator.

#include "formats/formats.h"

namespace mobilenet {

bool takes_tflite(const SourceFile& file);
Result<LoadedModel> load_tflite(const SourceFile& file);

}  // namespace mobilenet
