// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How the numbers of float tensors lie in memory. Inputs, outputs and most of what lies between are floats. In bf16 the
// tensors inside a block are narrower: what a matrix product clamps and a depthwise convolution reads is kept in halves
// (11 bits, where bf16 has 8), and what that leaves for the next product is rounded to bf16 once, not again for every
// product that reads it.

#include <cstddef>
#include <functional>
#include <vector>

#include "plan/plan.h"

namespace mobilenet::cpu {

struct StepSource;

enum class Storage {
  f32,
  f16,  // pixels of halves
  bf16  // pixels of bf16_row_bytes(channels): filled up with zeros, as a matrix product reads them
};

// From pixel to pixel. Never more than those of floats take, for as many channels as halves are chosen for.
std::ptrdiff_t pixel_bytes(Storage storage, std::int64_t channels);

// Per tensor. `source`: of a step of the plan.
std::vector<Storage> choose_storage(const Plan& plan, const std::function<StepSource(const Step&)>& source);

}  // namespace mobilenet::cpu
