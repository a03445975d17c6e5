// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The launches that make detections of boxes and scores, for an answer or for an operator's outputs.

#include <vector>

#include "backend/cuda/kernels/answer_arguments.h"
#include "backend/cuda/program/step.h"
#include "spec/detection_spec.h"

namespace mobilenet::cuda {

// `arguments` and `fields` say what is read and where results go, and for how many images; the rest is added here.
// Fails where DetectionDecoder::create does.
Result<void> compile_detections(const StepSource& source, const DetectionSpec& spec,
                                const std::vector<AnchorBox>& anchors, const std::vector<bool>& wanted,
                                DetectionArguments arguments, const std::vector<Launch::Field>& fields);

}  // namespace mobilenet::cuda
