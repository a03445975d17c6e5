// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where models that have a name lie: bundled ones beside the program, fetched ones in a folder of the user's.

#include <mobilenet/result.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "cli/models/known_models.h"

namespace mobilenet::cli {

// Of fetched models: $MOBILENET_CACHE, else $XDG_CACHE_HOME/mobilenet, else ~/.cache/mobilenet. It need not exist.
Result<std::filesystem::path> cache_folder();

// A file of bundled models: beside the installed program (../share/mobilenet/models) or in the source tree that this
// program was built from.
Result<std::filesystem::path> bundled_file(std::string_view file);

// Where its file lies, or will lie once it is fetched.
Result<std::filesystem::path> place_of(const KnownModel& model);
// Whether that is there, and as long as it must be.
bool is_in_place(const KnownModel& model);

// The file of a known model of this name, to be opened. The error says how it is fetched, which it is not.
Result<std::filesystem::path> known_model_file(const KnownModel& model);

// "3.6 MB, licence Apache-2.0".
std::string size_and_licence(const KnownModel& model);

}  // namespace mobilenet::cli
