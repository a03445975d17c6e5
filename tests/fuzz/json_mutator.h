// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Changes JSON as JSON: values become others, entries come, go and change places.

#include <cstddef>
#include <string>
#include <string_view>

namespace mobilenet::fuzz {

// Text that is no JSON comes back with some bytes changed.
std::string mutated_json(std::string_view text, std::size_t most, unsigned seed);

}  // namespace mobilenet::fuzz
