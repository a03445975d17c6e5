// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which steps must wait until those before them are done, when several threads run them. A detector's heads on one map
// need not wait for each other.

#include <span>
#include <vector>

#include "plan/plan.h"

namespace mobilenet::cpu {

// Per block of the plan: whether it reads what a block since the last one that waits writes, or writes what such a
// block reads or writes. `bindings`: StepSource::bindings.
std::vector<bool> blocks_that_wait(const Network& network, const Plan& plan, std::span<const int> bindings);

}  // namespace mobilenet::cpu
