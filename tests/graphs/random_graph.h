// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Valid .tflite graphs made up: 1 to 8 operators out of all that the reader knows, in floats and in integers of every
// kind, with zero points anywhere, scales far from the natural ones, odd sizes, several inputs, detectors at the end.
// What LiteRT leaves undefined is not made (docs/fidelity.md lists it).

#include <cstddef>
#include <string>
#include <vector>

#include "formats/tflite/tflite_graph.h"
#include "support/choices.h"

namespace mobilenet::testing {

struct RandomGraph {
  GraphFile file;
  std::vector<std::vector<std::byte>> inputs;  // one picture's values for each of file.inputs
  // Of a detector, whose four outputs are boxes, classes, scores and the count of boxes; 0: something else.
  int rows_a_box = 0;
};

RandomGraph random_graph(Choices& choices);

// One line an operator: "CONV_2D t0 u8 1x5x7x3 * 0.02 + 3, t1 ..., -> t3 ...".
std::string description(const GraphFile& file);

}  // namespace mobilenet::testing
