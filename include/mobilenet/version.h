// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The library's version, and what this build of it was made of.

#include <mobilenet/export.h>

#include <span>
#include <string_view>

#define MOBILENET_VERSION_MAJOR 0
#define MOBILENET_VERSION_MINOR 1
#define MOBILENET_VERSION_PATCH 0

namespace mobilenet {

struct Component {
  std::string_view name;     // "jpeg", "png", ...
  std::string_view version;  // empty when the component was not built in
};

// "0.1.0"
MOBILENET_API std::string_view version();
// The commit the build was made from, "unknown" outside a git checkout.
MOBILENET_API std::string_view commit();
// Optional parts, built in or not, in a fixed order.
MOBILENET_API std::span<const Component> components();

}  // namespace mobilenet
