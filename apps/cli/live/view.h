// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where annotated frames are shown while they are computed, and what the person in front of them asks for: a window
// (window.cpp), or a page for a browser (mjpeg_page.cpp).

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mobilenet::cli {

// What is said beside a frame.
struct LiveStatus {
  double fps = 0;
  double latency_p50 = 0;  // milliseconds from a frame to its answer
  double latency_p99 = 0;
  std::uint64_t frames = 0;
  std::uint64_t dropped = 0;
  std::string source = {}, model = {}, device = {};
  bool paused = false;
};

enum class LiveKey : std::uint8_t { none, quit, pause, save, next_overlay };

// Used by one thread, the one that opened it.
class LiveView {
 public:
  LiveView() = default;
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;
  virtual ~LiveView() = default;

  // Takes the place of the frame before: an upright picture, rgb or bgr, whose size may differ from frame to frame.
  // `results` is a JSON object. All are read until the call returns. A frame may be shown again, with another status.
  virtual Result<void> show(const ImageView& frame, std::string_view results, const LiveStatus& status) = 0;
  // The next wish since the last call, in their order. Never waits; a window needs the call some ten times a second,
  // paused or not, to stay alive for its desktop.
  virtual LiveKey poll() = 0;
};

// A window for frames of this size, smaller where the screen is. Needs SDL2 and a display.
Result<std::unique_ptr<LiveView>> open_window(const std::string& title, int width, int height);

struct LivePage {
  std::unique_ptr<LiveView> view;
  std::string address;  // "http://127.0.0.1:8080/"
};
// A page that browsers of this machine, and nobody else, can open. Port 0: any that is free.
Result<LivePage> serve_mjpeg(int port);

}  // namespace mobilenet::cli
