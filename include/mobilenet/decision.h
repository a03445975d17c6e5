// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What was decided about a model where its file leaves something open, as ModelInfo lists it.

#include <string>

namespace mobilenet {

// One decision and its reason, for people: {"labels", "built in ImageNet names, because the file has 1001 classes"}.
struct Decision {
  std::string what;
  std::string why;
  bool is_guess = false;  // the file does not say it, and other files of its kind differ
};

}  // namespace mobilenet
