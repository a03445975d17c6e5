// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a session's options ask of a model's answers: classes by number and name, thresholds and limits. That they are
// in their ranges has been checked.

#include <mobilenet/result.h>
#include <mobilenet/session.h>

#include <vector>

#include "api/model_state.h"

namespace mobilenet {

// For every class of the answers whether it may be one; empty: all may. Fails for a class that the model has not.
Result<std::vector<bool>> wanted_classes(const ModelState& model, const SessionOptions& options);

// The model's detection with the options' thresholds and limits instead of its own. Fails where it has no such limit.
Result<DetectionSpec> wanted_detection(const ModelState& model, const SessionOptions& options);

// Whether the options' classes and limits are the model's.
Result<void> check_answer_options(const ModelState& model, const SessionOptions& options);

}  // namespace mobilenet
