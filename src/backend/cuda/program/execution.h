// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

#include <memory>

#include "backend/backend.h"
#include "backend/cuda/program/code.h"

namespace mobilenet::cuda {

// Takes the memory of one caller, and makes its CUDA graph.
Result<std::unique_ptr<Execution>> open_execution(std::shared_ptr<const Code> code, const ExecutionOptions& options);

}  // namespace mobilenet::cuda
