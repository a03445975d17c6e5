// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Memory that runs out at a chosen allocation. Programs that link failing_allocator.cpp replace malloc and its kin, so
// that operator new, the codecs and the standard library all ask here.

namespace mobilenet::testing {

enum class Shortage {
  once,     // that allocation fails, later ones succeed
  lasting,  // that one and all later ones fail
};

// From now on allocations are counted, in all threads, and the `nth` fails; 0: none does.
void begin_shortage(long nth, Shortage shortage);
// All succeed again. Returns how many were asked for.
long end_shortage();

// Blocks that are allocated and not yet freed.
long live_blocks();

}  // namespace mobilenet::testing
