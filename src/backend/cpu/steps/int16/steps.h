// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The steps of networks with 16-bit activations and 8-bit weights, which TensorFlow's converter makes on request and
// few people have: plain loops on all threads.

#include "backend/cpu/program/step.h"

namespace mobilenet::cpu {

Result<CompiledStep> compile_int16_layer(const StepSource& source);  // convolution, depthwise, dense, transposed
Result<CompiledStep> compile_int16_pool(const StepSource& source);   // pools, mean over height and width
Result<CompiledStep> compile_int16_activation(const StepSource& source);
Result<CompiledStep> compile_int16_unary(const StepSource& source);
Result<CompiledStep> compile_int16_quantize(const StepSource& source);
Result<CompiledStep> compile_int16_softmax(const StepSource& source);

}  // namespace mobilenet::cpu
