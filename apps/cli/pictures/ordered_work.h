// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Work whose parts are taken in order, done by several threads at once, and delivered in order.

#include <cstddef>
#include <functional>

namespace mobilenet::cli {

// A part lives in a slot, a number below slots_of(workers); what belongs to it is the caller's, who gets the slot again
// only when the part is delivered. Whatever one of these throws ends the work and is thrown by do_in_order().
struct OrderedWork {
  std::function<bool(std::size_t slot)> take;                      // one at a time, in order; false: nothing is left
  std::function<void(std::size_t worker, std::size_t slot)> work;  // on several threads, each with its number
  std::function<bool(std::size_t slot)> deliver;                   // on the caller's thread, in order; false: no more
};

// Two a worker, so that one that is done early need not wait for the slowest; one worker waits for nobody.
constexpr std::size_t slots_of(std::size_t workers) { return workers == 1 ? 1 : 2 * workers; }

// Returns when all is delivered, or no more is wanted: then what was taken already is dropped. One worker is the
// caller's thread. Where the system has no more threads, there are fewer workers.
void do_in_order(std::size_t workers, const OrderedWork& work);

}  // namespace mobilenet::cli
