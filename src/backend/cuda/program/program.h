// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A network compiled for a GPU: launches in the order they run. An Execution has an arena of the device's memory and a
// CUDA graph of the launches, so that a run is one call.

#include <memory>

#include "backend/backend.h"
#include "backend/cuda/program/weights.h"

namespace mobilenet::cuda {

Result<std::shared_ptr<const Program>> compile_program(std::shared_ptr<const CudaWeights> weights,
                                                       const CompileRequest& request);

}  // namespace mobilenet::cuda
