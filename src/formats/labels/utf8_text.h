// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The text of a file that people wrote: UTF-8, or UTF-16 that begins with a byte-order mark, as Windows writes it.

#include <mobilenet/result.h>

#include <cstddef>
#include <span>
#include <string>

namespace mobilenet {

// As UTF-8 without a mark, every line end a single LF. Bytes that are neither encoding are refused rather than shown
// as other letters; so are control characters.
Result<std::string> utf8_text(std::span<const std::byte> bytes);

}  // namespace mobilenet
