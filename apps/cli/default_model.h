// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where the model lies that runs when none is named: $MOBILENET_MODEL, else beside the installed program
// (../share/mobilenet/models), else in the source tree that this program was built from.

#include <mobilenet/result.h>

#include <filesystem>

namespace mobilenet::cli {

Result<std::filesystem::path> default_model();

// Whether $MOBILENET_MODEL names one.
bool environment_names_model();

}  // namespace mobilenet::cli
