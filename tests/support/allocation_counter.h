// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Counts the process's calls of operator new. Programs that link allocation_counter.cpp replace it.

namespace mobilenet::testing {

void start_counting_allocations();
// Since the start, in all threads.
long stop_counting_allocations();

}  // namespace mobilenet::testing
