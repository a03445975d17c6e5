// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What runs when no model is named on the command line.

#include <mobilenet/result.h>
#include <mobilenet/task.h>

#include <filesystem>
#include <string>

namespace mobilenet::cli {

// $MOBILENET_MODEL, which may be all that -m may be; empty: not set.
std::string environment_model();

// The bundled model to classify, detect or segment.
Result<std::filesystem::path> bundled_model(Task task);

}  // namespace mobilenet::cli
