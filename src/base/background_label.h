// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Names of classes that mean none: many lists begin with one.

#include <algorithm>
#include <array>
#include <string_view>

#include "base/letter_case.h"

namespace mobilenet {

inline constexpr std::string_view kBackground = "background";
// What label maps say for a class without a name; it stands for numbers that a list leaves out.
inline constexpr std::string_view kUnknownLabel = "???";

inline bool is_background(std::string_view label) {
  constexpr std::array<std::string_view, 6> kNames{kBackground,    kUnknownLabel, "__background__",
                                                   "_background_", "dummy",       "unlabeled"};
  return std::find(kNames.begin(), kNames.end(), lower_case(label)) != kNames.end();
}

}  // namespace mobilenet
