// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The window on SDL's driver without a screen: what keys mean, and what cannot be. What it looks like is for
// window_test.py.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "cli/live/view.h"
#ifdef MOBILENET_WITH_SDL
#include "cli/live/sdl.h"
#endif

namespace mobilenet::cli {
namespace {

TEST(Window, WithoutADisplayThereIsThePage) {
  for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"}) unsetenv(name);
  const auto window = open_window("test", 64, 48);
  ASSERT_FALSE(window);
  EXPECT_EQ(window.error().code, ErrorCode::unsupported);
  EXPECT_TRUE(window.error().message.starts_with("no window can be opened: ")) << window.error().message;
  EXPECT_TRUE(window.error().message.ends_with("; --mjpeg PORT shows the frames in a browser"))
      << window.error().message;
}

#ifdef MOBILENET_WITH_SDL
class WindowWithoutScreen : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto sdl = load_sdl(); !sdl) GTEST_SKIP() << sdl.error().message;
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    auto opened = open_window("test", 64, 48);
    ASSERT_TRUE(opened) << opened.error().message;
    view_ = *std::move(opened);
  }
  void TearDown() override {
    view_.reset();
    unsetenv("SDL_VIDEODRIVER");
  }

  // SDL's own queue, as a keyboard fills it.
  static void push(SDL_Event event) {
    void* const library = dlopen("libSDL2-2.0.so.0", RTLD_NOW | RTLD_NOLOAD);
    ASSERT_NE(library, nullptr);
    const auto push_event = reinterpret_cast<decltype(&::SDL_PushEvent)>(dlsym(library, "SDL_PushEvent"));
    ASSERT_EQ(push_event(&event), 1);
    dlclose(library);
  }
  static void press(SDL_Keycode key, bool held = false) {
    SDL_Event event{};
    event.type = SDL_KEYDOWN;
    event.key.keysym.sym = key;
    event.key.repeat = held ? 1 : 0;
    push(event);
    event.type = SDL_KEYUP;
    push(event);
  }

  std::unique_ptr<LiveView> view_;
};

TEST_F(WindowWithoutScreen, KeysAreWishes) {
  struct Case {
    SDL_Keycode key;
    LiveKey wish;
  };
  const Case cases[] = {{SDLK_SPACE, LiveKey::pause},      {SDLK_s, LiveKey::save}, {SDLK_o, LiveKey::next_overlay},
                        {SDLK_TAB, LiveKey::next_overlay}, {SDLK_q, LiveKey::quit}, {SDLK_ESCAPE, LiveKey::quit}};
  EXPECT_EQ(view_->poll(), LiveKey::none);
  press(SDLK_x);
  for (const Case& c : cases) press(c.key);
  press(SDLK_s, true);
  for (const Case& c : cases) EXPECT_EQ(view_->poll(), c.wish) << c.key;
  EXPECT_EQ(view_->poll(), LiveKey::none) << "a key that is held down counts once";
}

TEST_F(WindowWithoutScreen, ClosingItEnds) {
  SDL_Event event{};
  event.type = SDL_QUIT;
  push(event);
  EXPECT_EQ(view_->poll(), LiveKey::quit);
}

TEST_F(WindowWithoutScreen, FramesOfAnySizeFollowOneAnother) {
  const std::vector<unsigned char> pixels(std::size_t{3} * 200 * 100, 127);
  for (const PixelFormat format : {PixelFormat::rgb, PixelFormat::bgr}) {
    for (const auto& [width, height] : {std::pair{64, 48}, std::pair{1, 1}, std::pair{200, 100}, std::pair{64, 48}}) {
      const auto shown = view_->show(ImageView::packed(pixels.data(), format, width, height), "{}", {});
      ASSERT_TRUE(shown) << shown.error().message;
      EXPECT_EQ(view_->poll(), LiveKey::none);
    }
  }
  EXPECT_FALSE(view_->show(ImageView::packed(pixels.data(), PixelFormat::grey, 4, 4), "{}", {}));
  EXPECT_TRUE(view_->show(ImageView::packed(pixels.data(), PixelFormat::rgb, 4, 4), "{}", {.paused = true}));
}

TEST_F(WindowWithoutScreen, OneAfterTheOther) {
  view_.reset();
  auto again = open_window("test", 5000, 4000);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(open_window("test", 0, 10));
}
#endif

}  // namespace
}  // namespace mobilenet::cli
