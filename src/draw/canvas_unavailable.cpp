// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/draw.h>

#include "base/caught.h"
#include "base/error.h"
#include "draw/canvas.h"

// Stands in for canvas.cpp in builds without Cairo, FreeType or the font.

namespace mobilenet::drawing {

bool has_letters(std::string_view) { return true; }

double text_width(std::string_view, double) { return 0; }

void Canvas::fill(const Box&, double, Colour, double) {}
void Canvas::fill_between(const Box&, double, const Box&, double, Colour, double) {}
void Canvas::text(double, double, std::string_view, double, Colour) {}

Result<void> paint(const Pixels&, const Box&, const std::function<void(Canvas&)>&) { return can_draw(); }

}  // namespace mobilenet::drawing

mobilenet::Result<void> mobilenet::can_draw() try {
  return failure(ErrorCode::unsupported,
                 "this build cannot draw on pictures: it was made without Cairo, FreeType or DejaVu Sans (Debian: "
                 "libcairo2-dev, libfreetype-dev, fonts-dejavu-core)");
} catch (...) {
  return caught("drawing");
}
