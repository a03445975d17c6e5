// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How much memory there is, for limits and messages.

#include <cstddef>
#include <string>

namespace mobilenet {

// Bytes of memory that this process may use: the machine's, or less where a control group (a container) limits it.
std::size_t usable_memory();

// "8.5 GB", in powers of 1024, as people give limits.
std::string in_bytes(std::size_t bytes);

}  // namespace mobilenet
