// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The names of ImageNet's 1000 classes, one per line of imagenet_labels.txt, which the build turns into source.

#include <span>
#include <string_view>

namespace mobilenet {

extern const std::span<const std::string_view> kImageNetLabels;

}  // namespace mobilenet
