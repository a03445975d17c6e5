// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/models/unpack.h"

// Without libarchive.

namespace mobilenet::cli {

bool can_unpack() { return false; }

Result<void> unpack_member(const std::filesystem::path& archive, const std::string& member, std::FILE*, std::uint64_t) {
  return Error{ErrorCode::unsupported, archive.string() + ": this build unpacks no archives, and so no " + member};
}

}  // namespace mobilenet::cli
