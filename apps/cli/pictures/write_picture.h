// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures that the program writes: annotated copies and masks. A file appears under its name only when it is complete.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "cli/output/pending_file.h"

namespace mobilenet::cli {

// Draws on an upright copy and writes it as PNG or JPEG, by the ending of its name.
Result<void> annotate(const Destination& destination, const Image& image,
                      const std::function<Result<void>(Image&)>& draw_on);
// Says, once, that a class is drawn with its number because no font has the letters of its label.
void note_label(std::string_view label);

// `mask` is [height][width]: an indexed PNG, the pixel is the class. Its name must end in .png.
Result<void> write_mask(const Destination& destination, std::span<const std::uint8_t> mask, int width, int height);

}  // namespace mobilenet::cli
