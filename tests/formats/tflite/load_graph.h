// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A graph of a test as its reader gives it.

#include <memory>

#include "formats/tflite/load_tflite.h"
#include "formats/tflite/tflite_graph.h"

namespace mobilenet::testing {

inline Result<LoadedModel> load(const GraphFile& graph) {
  // The parameters view these bytes for the rest of the test.
  auto bytes = std::make_shared<const std::vector<std::uint8_t>>(graph.bytes());
  SourceFile source = source_of(*bytes);
  source.owner = bytes;
  return load_tflite(source);
}

}  // namespace mobilenet::testing
