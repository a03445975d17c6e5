// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The names of ADE20K's 150 classes, without background, one per line of ade20k_labels.txt, which the build turns into
// source.

#include <span>
#include <string_view>

namespace mobilenet {

extern const std::span<const std::string_view> kAde20kLabels;

}  // namespace mobilenet
