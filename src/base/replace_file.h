// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A file that appears under its name when it is complete: whatever happens before, what had the name stays as it was,
// and nothing is left beside it.

#include <mobilenet/result.h>

#include <filesystem>
#include <functional>
#include <iosfwd>

namespace mobilenet {

// The path stands in front of any message, also of those that `write` gives.
Result<void> replace_file(const std::filesystem::path& path, const std::function<Result<void>(std::ostream&)>& write);

}  // namespace mobilenet
