// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where the model lies that runs when none is named: $MOBILENET_MODEL, else the bundled one of the task, beside the
// installed program (../share/mobilenet/models) or in the source tree that this program was built from.

#include <mobilenet/result.h>

#include <filesystem>
#include <string_view>

namespace mobilenet::cli {

// `task`: "classify", "detect" or "segment".
Result<std::filesystem::path> default_model(std::string_view task);

}  // namespace mobilenet::cli
