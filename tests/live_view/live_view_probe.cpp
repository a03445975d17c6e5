// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Shows made frames in a view, for the tests beside this file.
//
//   live_view_probe window | page PORT    frames until standard input ends or the view is closed
//
// Prints the view's address, a line for every wish, and for "size W H" or "still" read from standard input what they
// are: another size, no further frames. A frame has four quarters: red, green, blue and white.

#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/live/view.h"

namespace mobilenet::cli {
namespace {

struct Picture {
  std::vector<unsigned char> pixels;
  int width = 0, height = 0;
  ImageView view() const { return ImageView::packed(pixels.data(), PixelFormat::rgb, width, height); }
};

Picture quarters(int width, int height) {
  constexpr std::array<std::array<unsigned char, 3>, 4> kColours{
      {{220, 30, 30}, {30, 200, 30}, {30, 30, 220}, {250, 250, 250}}};
  Picture picture{{}, width, height};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto& colour = kColours[static_cast<std::size_t>(2 * (2 * y >= height) + (2 * x >= width))];
      picture.pixels.insert(picture.pixels.end(), colour.begin(), colour.end());
    }
  }
  return picture;
}

// The next line of standard input, if there is one; false at its end.
bool read_line(std::string& line) {
  line.clear();
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (::poll(&input, 1, 0) <= 0) return true;
  for (char letter = 0; letter != '\n'; line += letter) {
    if (read(STDIN_FILENO, &letter, 1) <= 0) return false;
  }
  return true;
}

void print_line(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

const char* name_of(LiveKey key) {
  switch (key) {
    case LiveKey::none:
      return "none";
    case LiveKey::quit:
      return "quit";
    case LiveKey::pause:
      return "pause";
    case LiveKey::save:
      return "save";
    case LiveKey::next_overlay:
      return "next_overlay";
  }
  return "?";
}

int fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

int show_frames(LiveView& view) {
  Picture picture = quarters(320, 180);
  LiveStatus status{.fps = 29.97,
                    .latency_p50 = 12.5,
                    .latency_p99 = 21.25,
                    .dropped = 3,
                    .source = "made <b>frames",
                    .model = "no model",
                    .device = "cpu"};
  bool still = false;
  for (std::string line; read_line(line);) {
    int width = 0, height = 0;
    if (std::sscanf(line.c_str(), "size %d %d", &width, &height) == 2) picture = quarters(width, height);
    if (line == "still\n") still = true;
    for (LiveKey key = view.poll(); key != LiveKey::none; key = view.poll()) {
      print_line(name_of(key));
      if (key == LiveKey::quit) return 0;
      if (key == LiveKey::pause) status.paused = !status.paused;
    }
    if (!still) {
      ++status.frames;
      const std::string results = R"({"detections":[{"label":"a <i>cup","score":0.75,"box":[1,2,3,4]}],"frame":)" +
                                  std::to_string(status.frames) + "}";
      if (auto shown = view.show(picture.view(), results, status); !shown) return fail(shown.error());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return 0;
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "window") {
    const auto window = open_window("live_view_probe", 320, 180);
    if (!window) return fail(window.error());
    print_line("open");
    return show_frames(**window);
  }
  if (words.size() == 2 && words[0] == "page") {
    const auto page = serve_mjpeg(std::atoi(words[1].c_str()));
    if (!page) return fail(page.error());
    print_line(page->address);
    return show_frames(*page->view);
  }
  std::fprintf(stderr, "live_view_probe window | page PORT\n");
  return 2;
}

}  // namespace
}  // namespace mobilenet::cli

int main(int argc, char** argv) { return mobilenet::cli::run({argv + 1, argv + argc}); }
