// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How many threads this process should compute with.

#include <string>
#include <string_view>

namespace mobilenet {

// Physical cores that the process may use now, at least 1: those of its main thread's affinity, whichever thread asks
// (one that is pinned to a core speaks for itself alone), and no more than the quota of its control group allows.
int physical_cores();

// Processors that a control group grants, as the text of its cpu.max ("200000 100000", "max 100000") says, rounded up;
// 0: no limit.
int quota_of(std::string_view cpu_max);

}  // namespace mobilenet
