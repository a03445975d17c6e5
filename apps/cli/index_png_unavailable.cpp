// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/annotations.h"

namespace mobilenet::cli {

Result<IndexMask> decode_index_png(std::span<const std::byte>, const std::string& name, std::int64_t) {
  return Error{ErrorCode::unsupported,
               name + ": this build reads no PNG masks: it was made without libspng (Debian: libspng-dev)"};
}

}  // namespace mobilenet::cli
