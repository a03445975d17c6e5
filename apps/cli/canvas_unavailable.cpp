// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/canvas.h"

// Stands in for canvas.cpp in builds without Cairo, FreeType or the font.

namespace mobilenet::cli {

Result<void> can_draw() {
  return Error{ErrorCode::unsupported,
               "this build cannot draw on pictures: it was made without Cairo, FreeType or DejaVu Sans (Debian: "
               "libcairo2-dev, libfreetype-dev, fonts-dejavu-core)"};
}

bool can_write(std::string_view) { return true; }

double text_width(std::string_view, double) { return 0; }

void Canvas::fill(const Box&, double, Colour, double) {}
void Canvas::fill_between(const Box&, double, const Box&, double, Colour, double) {}
void Canvas::text(double, double, std::string_view, double, Colour) {}

Result<void> paint(RgbPicture&, const Box&, const std::function<void(Canvas&)>&) { return can_draw(); }

}  // namespace mobilenet::cli
