// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Answer ends as launches behind a network's own: which of them the GPU computes, and where their results lie.

#include <cstddef>

#include "backend/cuda/program/step.h"
#include "backend/ends.h"

namespace mobilenet::cuda {

// What a run has to know of a compiled end. Kernels write small results into pinned memory of the host themselves,
// whose writes across the bus nobody waits for; a copy would be a command more.
struct AnswerCode {
  enum class Kind { none, rows, boxes, mask };
  Kind kind = Kind::none;
  std::size_t pictures = 0;
  std::size_t most = 0;        // results of a picture
  std::size_t results = 0;     // where in the pinned memory they begin; what there is to say of pictures lies before
  std::size_t host_bytes = 0;  // of pinned memory
  // Of masks.
  std::size_t calls = 0;  // where in the arena the pictures' MaskCalls lie
  SegmentationSpec segmentation = {};
  int rows = 0, columns = 0, input_height = 0, input_width = 0;
  std::size_t probabilities = 0;  // of a pixel: one for every class, or none
};

// Whether the GPU gives the same answer as the host would.
bool claims_answer(const Network& network, const AnswerEnd& end);

// Adds the launches of a claimed end; the tensors that it reads are outputs of the plan.
Result<AnswerCode> compile_answer(const StepSource& source, const AnswerEnd& end);

}  // namespace mobilenet::cuda
