// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What to say to somebody who misspelt a name.

#include <span>
#include <string>
#include <string_view>

namespace mobilenet {

// The name nearest to `name` by letters changed, added, left out or swapped, upper and lower case alike; empty when
// none is near enough to be meant.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

// The end of a sentence: "; did you mean block3/expand?", else "; there are stem, pool and 58 more"; empty when nothing
// is known.
std::string instead_of(std::string_view name, std::span<const std::string_view> known);

}  // namespace mobilenet
