// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Floats of the types that trainers save and that nothing here computes with: bfloat16, which is the upper half of a
// float32, and float64.

#include <mobilenet/result.h>

#include <memory>
#include <string_view>
#include <vector>

#include "formats/weights/named_tensors.h"

namespace mobilenet {

// "F32, F16, BF16 or F64": for messages.
std::string_view float_types();

// Whether as_f32() takes tensors of this type.
bool converts_to_f32(std::string_view dtype);

// A copy as float32: exact from bfloat16, the nearest from float64. Refuses numbers that float32 cannot hold.
Result<std::shared_ptr<const std::vector<float>>> as_f32(const NamedTensor& tensor);

}  // namespace mobilenet
