// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/draw.h>

#include "base/caught.h"
#include "base/error.h"
#include "draw/letters.h"

// Stands in for letters.cpp in builds without Cairo, FreeType or the font, in which nothing is ever drawn.

namespace mobilenet::drawing {

struct Letters::Font {};

Letters::Letters() = default;
Letters::~Letters() = default;

bool Letters::have(std::string_view, int) { return true; }
double Letters::width(std::string_view, int) { return 0; }
void Letters::draw(const Pixels&, int, int, std::string_view, int, Colour) {}
void Letters::trim() {}

bool fonts_have(std::string_view) { return true; }

}  // namespace mobilenet::drawing

mobilenet::Result<void> mobilenet::can_draw() try {
  return failure(ErrorCode::unsupported,
                 "this build cannot draw on pictures: it was made without Cairo, FreeType or DejaVu Sans (Debian: "
                 "libcairo2-dev, libfreetype-dev, fonts-dejavu-core)");
} catch (...) {
  return caught("drawing");
}
