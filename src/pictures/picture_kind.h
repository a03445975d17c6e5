// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which codec a file belongs to, by its first bytes; for files that no codec takes, what they are and what to do.

#include <mobilenet/result.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "pictures/decode.h"

namespace mobilenet {

struct Codec {
  Result<DecodedPicture> (*decode)(const PictureFile& file);
};

// `head` is the beginning of the file, of at least 512 bytes where it is that long; `name` stands for it in messages.
Result<Codec> codec_of(std::span<const std::byte> head, std::string_view name);

}  // namespace mobilenet
