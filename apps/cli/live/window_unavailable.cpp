// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/live/view.h"

// Stands in for window.cpp in builds without SDL2.

namespace mobilenet::cli {

Result<std::unique_ptr<LiveView>> open_window(const std::string&, int, int) {
  return Error{
      ErrorCode::unsupported,
      "no window can be opened: this build was made without SDL2 (Debian: libsdl2-dev); --mjpeg PORT shows the frames "
      "in a browser"};
}

}  // namespace mobilenet::cli
