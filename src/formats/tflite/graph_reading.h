// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A model while its graph file is read: what becomes a LoadedModel when nothing changes any more.

#include "formats/formats.h"

namespace mobilenet::tflite {

struct GraphReading {
  ModelSpec spec;
  ModelGraph graph;
  std::vector<AnchorBox> anchors;
  std::vector<Decision> decisions;
  InputSizes sizes = InputSizes::own;
};

}  // namespace mobilenet::tflite
