// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a session answers. Views point into the model (labels) or the session (arrays).

#include <string_view>

namespace mobilenet {

struct Classification {
  int index = 0;           // 0-based without background; the background row of 1001-class files is -1
  std::string_view label;  // empty when the model has no labels; lives as long as the Model
  float score = 0;         // probability 0..1
};

// Milliseconds of a session's last call. A batch counts as one call.
struct Timing {
  double preprocess = 0;
  double network = 0;
  double postprocess = 0;
};

}  // namespace mobilenet
