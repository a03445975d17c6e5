// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How a picture becomes the input of a .tflite graph: which part of it, and how bytes become the input's numbers.

#include <optional>

#include "formats/tflite/graph_reading.h"
#include "formats/tflite/metadata.h"

namespace mobilenet::tflite {

// Fills the preprocessing of a graph whose task is known; records what was decided, and why.
void decide_picture_input(const std::optional<ModelMetadata>& metadata, GraphReading& model);

}  // namespace mobilenet::tflite
