// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The functions of SDL2, found in its library when a window is opened. Linked, it would bring 40 libraries of desktop
// and sound into every start of the program: one that does nothing took 5.1 ms with it, 0.6 without.

#include <SDL.h>
#include <mobilenet/result.h>

namespace mobilenet::cli {

// clang-format off
#define MOBILENET_SDL_FUNCTIONS(X) \
  X(SetHint) X(GetError) X(InitSubSystem) X(QuitSubSystem) X(GetDisplayUsableBounds) X(PollEvent) \
  X(CreateWindow) X(DestroyWindow) X(SetWindowTitle) X(CreateRenderer) X(DestroyRenderer) \
  X(CreateTexture) X(DestroyTexture) X(LockTexture) X(UnlockTexture) \
  X(RenderSetLogicalSize) X(SetRenderDrawColor) X(RenderClear) X(RenderCopy) X(RenderPresent)
// clang-format on

struct Sdl {
#define MOBILENET_SDL_FIELD(name) decltype(&::SDL_##name) name = nullptr;
  MOBILENET_SDL_FUNCTIONS(MOBILENET_SDL_FIELD)
#undef MOBILENET_SDL_FIELD
};

// Loaded once. The error says what to install.
Result<const Sdl*> load_sdl();

}  // namespace mobilenet::cli
