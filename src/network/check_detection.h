// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a file or a caller says about detections, checked before anything is computed with it.

#include <mobilenet/result.h>

#include "spec/detection_spec.h"

namespace mobilenet {

// Whether a detector can have these options: counts and scales are positive and bounded, thresholds are numbers.
Result<void> check(const DetectionSpec& spec);

}  // namespace mobilenet
