// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures one after the other in the same bytes, as a pipe of video frames brings them.

#include <cstddef>
#include <span>

namespace mobilenet::cli {

// Whether another picture of the same format follows the first. What phones hang on (previews, depth maps, the second
// pictures that a JPEG's own index lists) is part of the first.
bool holds_another_picture(std::span<const std::byte> file);

}  // namespace mobilenet::cli
