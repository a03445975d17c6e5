// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Concatenations without copies: a convolution or dense layer whose output only a concatenation reads, possibly under
// another shape, writes its numbers where they belong in the joined tensor. A detector joins twelve heads, and each
// copy would cost as long as a small layer.

#include <vector>

#include "plan/grouping.h"

namespace mobilenet::cuda {

// Makes such outputs parts of the joined tensors (Step::part, Plan::memory). Their concatenations no longer read them,
// and those with nothing left to copy are no steps any more.
void join_in_place(const PlanView& plan, std::vector<Step>& steps, std::vector<TensorId>& memory);

}  // namespace mobilenet::cuda
