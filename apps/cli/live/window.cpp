// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The window, through SDL2: a texture of the frame's size, scaled to the window with its proportions kept.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "cli/live/frame_copy.h"
#include "cli/live/sdl.h"
#include "cli/live/view.h"

namespace mobilenet::cli {
namespace {

// What every sentence about a window that cannot be ends with.
Error no_window(const std::string& why) {
  return Error{ErrorCode::unsupported,
               "no window can be opened: " + why + "; --mjpeg PORT shows the frames in a browser"};
}

bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// SDL as a guest of a program that is no game. A driver that the user names in SDL_VIDEODRIVER comes before ours.
void set_hints(const Sdl& sdl) {
  sdl.SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
  sdl.SetHint(SDL_HINT_VIDEODRIVER, is_set("DISPLAY") ? "x11" : "wayland");
  sdl.SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
  sdl.SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
  sdl.SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
}

// A thing of SDL, given back by one of its functions.
template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

LiveKey meaning_of(const SDL_Event& event) {
  if (event.type == SDL_QUIT) return LiveKey::quit;
  if (event.type != SDL_KEYDOWN || event.key.repeat != 0) return LiveKey::none;
  switch (event.key.keysym.sym) {  // SDL's list of all keys
    case SDLK_q:
    case SDLK_ESCAPE:
      return LiveKey::quit;
    case SDLK_SPACE:
      return LiveKey::pause;
    case SDLK_s:
      return LiveKey::save;
    case SDLK_o:
    case SDLK_TAB:
      return LiveKey::next_overlay;
    default:
      return LiveKey::none;
  }
}

class Window final : public LiveView {
 public:
  Window(const Sdl& sdl, std::string title)
      : sdl_(sdl),
        title_(std::move(title)),
        window_(nullptr, sdl.DestroyWindow),
        renderer_(nullptr, sdl.DestroyRenderer),
        texture_(nullptr, sdl.DestroyTexture) {}
  ~Window() override {
    texture_.reset();
    renderer_.reset();
    window_.reset();
    if (is_initialised_) sdl_.QuitSubSystem(SDL_INIT_VIDEO);
  }

  Result<void> open(int width, int height) {
    set_hints(sdl_);
    is_initialised_ = sdl_.InitSubSystem(SDL_INIT_VIDEO) == 0;
    if (!is_initialised_) return no_window(sdl_.GetError());
    fit_to_screen(width, height);
    window_.reset(sdl_.CreateWindow(title_.c_str(), SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width, height,
                                    SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI));
    if (window_) renderer_.reset(sdl_.CreateRenderer(window_.get(), -1, 0));
    if (!renderer_) return no_window(sdl_.GetError());
    return {};
  }

  Result<void> show(const ImageView& frame, std::string_view /*results*/, const LiveStatus& status) override {
    if (auto possible = can_be_shown(frame); !possible) return possible;
    if (auto made = make_texture(frame); !made) return made;
    void* pixels = nullptr;
    int row_bytes = 0;
    if (sdl_.LockTexture(texture_.get(), nullptr, &pixels, &row_bytes) != 0) return failed(frame);
    copy_rows(frame, static_cast<std::byte*>(pixels), row_bytes);
    sdl_.UnlockTexture(texture_.get());
    if (status.paused != says_paused_) {
      says_paused_ = status.paused;
      sdl_.SetWindowTitle(window_.get(), (says_paused_ ? title_ + " (paused)" : title_).c_str());
    }
    return draw() ? Result<void>() : failed(frame);
  }

  LiveKey poll() override {
    bool uncovered = false;
    LiveKey key = LiveKey::none;
    SDL_Event event;
    while (key == LiveKey::none && sdl_.PollEvent(&event) != 0) {
      key = meaning_of(event);
      uncovered |= event.type == SDL_WINDOWEVENT && (event.window.event == SDL_WINDOWEVENT_EXPOSED ||
                                                     event.window.event == SDL_WINDOWEVENT_SIZE_CHANGED);
    }
    if (uncovered) draw();  // or not: the next frame says what is wrong
    return key;
  }

 private:
  // Leaves a tenth of the screen for the frame and the bars of the desktop.
  void fit_to_screen(int& width, int& height) const {
    SDL_Rect screen;
    if (sdl_.GetDisplayUsableBounds(0, &screen) != 0) return;
    const double scale = std::min({1.0, 0.9 * screen.w / width, 0.9 * screen.h / height});
    width = std::max(1, static_cast<int>(width * scale));
    height = std::max(1, static_cast<int>(height * scale));
  }

  Result<void> make_texture(const ImageView& frame) {
    if (texture_ && frame.width == width_ && frame.height == height_ && frame.format == format_) return {};
    texture_.reset(sdl_.CreateTexture(renderer_.get(),
                                      frame.format == PixelFormat::rgb ? SDL_PIXELFORMAT_RGB24 : SDL_PIXELFORMAT_BGR24,
                                      SDL_TEXTUREACCESS_STREAMING, frame.width, frame.height));
    if (!texture_ || sdl_.RenderSetLogicalSize(renderer_.get(), frame.width, frame.height) != 0) return failed(frame);
    width_ = frame.width;
    height_ = frame.height;
    format_ = frame.format;
    return {};
  }

  bool draw() {
    if (!texture_) return true;
    sdl_.SetRenderDrawColor(renderer_.get(), 0, 0, 0, SDL_ALPHA_OPAQUE);
    if (sdl_.RenderClear(renderer_.get()) != 0 ||
        sdl_.RenderCopy(renderer_.get(), texture_.get(), nullptr, nullptr) != 0) {
      return false;
    }
    sdl_.RenderPresent(renderer_.get());
    return true;
  }

  Result<void> failed(const ImageView& frame) const {
    return Error{ErrorCode::unsupported, "the window cannot show a frame of " + std::to_string(frame.width) + "x" +
                                             std::to_string(frame.height) + " pixels: " + sdl_.GetError()};
  }

  const Sdl& sdl_;
  std::string title_;
  bool says_paused_ = false;
  bool is_initialised_ = false;
  Owned<SDL_Window> window_;
  Owned<SDL_Renderer> renderer_;
  Owned<SDL_Texture> texture_;
  int width_ = 0, height_ = 0;  // of the texture
  PixelFormat format_ = PixelFormat::rgb;
};

}  // namespace

Result<std::unique_ptr<LiveView>> open_window(const std::string& title, int width, int height) {
  if (width <= 0 || height <= 0) {
    return Error{ErrorCode::invalid_argument,
                 "no window has " + std::to_string(width) + "x" + std::to_string(height) + " pixels"};
  }
  // Left to itself, SDL would take over the bare console.
  if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") && !is_set("SDL_VIDEODRIVER"))
    return no_window("there is no display, neither DISPLAY nor WAYLAND_DISPLAY is set");
  const auto sdl = load_sdl();
  if (!sdl) return no_window(sdl.error().message);
  auto window = std::make_unique<Window>(**sdl, title);
  if (auto opened = window->open(width, height); !opened) return std::move(opened).error();
  return std::unique_ptr<LiveView>(std::move(window));
}

}  // namespace mobilenet::cli
