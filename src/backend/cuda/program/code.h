// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What Programs own and Executions share.

#include <memory>
#include <optional>
#include <vector>

#include "backend/cuda/ends/answer.h"
#include "backend/cuda/ends/picture_end.h"
#include "backend/cuda/program/storage.h"
#include "backend/cuda/program/weights.h"

namespace mobilenet::cuda {

struct Code {
  std::shared_ptr<const CudaWeights> weights;
  Plan plan;
  TensorStorage storage;
  std::vector<Launch> launches;
  AnswerCode answer;
  std::optional<CompiledPictureEnd> pictures;
  bool has_flag = false;  // whether launches look for what is no number, beside those of the answer
};

}  // namespace mobilenet::cuda
