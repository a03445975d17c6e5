// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

#include <mobilenet/result.h>

#include <filesystem>
#include <string>

namespace mobilenet::cli {

// Of a whole file, as 64 digits of 0..9 and a..f.
Result<std::string> sha256_of(const std::filesystem::path& path);

}  // namespace mobilenet::cli
