// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// One file out of a .zip or .tgz.

#include <mobilenet/result.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

namespace mobilenet::cli {

// Whether this build can; without, nothing needs to be downloaded.
bool can_unpack();

// Writes the regular file that the archive calls `member` to `out`; names in the archive are compared, never used.
// Fails where it is missing, something else than a file, or longer than `most_bytes`, and on an archive that unpacks to
// more than 4 GiB before it.
Result<void> unpack_member(const std::filesystem::path& archive, const std::string& member, std::FILE* out,
                           std::uint64_t most_bytes);

}  // namespace mobilenet::cli
