// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// DejaVuSans.ttf, which the build makes part of the library (embed_font.cmake): pictures then look the same on machines
// without fonts. Its copyright and licence are inside it, in its name table.

#include <cstddef>
#include <span>

namespace mobilenet::drawing {

std::span<const std::byte> embedded_font();

}  // namespace mobilenet::drawing
