// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What kind of network a file seems to hold that cannot be opened, for the sentence that says so. It is told by the
// habits of those who make such files, and nothing else depends on it.

#include <string_view>

#include "formats/tflite/model_file.h"

namespace mobilenet::tflite {

// "a transformer"; empty where nothing tells.
std::string_view looks_like(const ModelFile& file);

}  // namespace mobilenet::tflite
