// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a model is made for, and what a session can be asked for.

#include <mobilenet/export.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace mobilenet {

enum class Task : std::uint8_t {
  classify,
  detect,
  segment,
  features,  // of a model: it gives neither classes, objects nor a mask
  run,       // raw tensors; of sessions alone
};

MOBILENET_API std::string_view name_of(Task task);  // "classify", "detect", ...
MOBILENET_API std::optional<Task> task_from_name(std::string_view name);

}  // namespace mobilenet
