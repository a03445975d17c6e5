// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What transformers' pipeline for image classification makes of a network's numbers.

#include <mobilenet/model.h>

#include <string>
#include <vector>

#include "spec/model_spec.h"

namespace mobilenet {

// By problem_type in config.json (empty: it is not there) and the number of classes.
void decide_hugging_face_scores(const std::string& problem_type, ModelSpec& spec, std::vector<Decision>& decisions);

}  // namespace mobilenet
