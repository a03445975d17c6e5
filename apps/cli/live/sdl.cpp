// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/live/sdl.h"

#include <dlfcn.h>

#include <string>

namespace mobilenet::cli {
namespace {

constexpr const char* kLibrary = "libSDL2-2.0.so.0";

Result<Sdl> find_functions() {
  // Never closed: what it brings along was not made for that.
  void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return Error{ErrorCode::unsupported, std::string(kLibrary) + " is not found (Debian: libsdl2-2.0-0)"};
  Sdl found;
#define MOBILENET_SDL_FIND(name)                                                        \
  found.name = reinterpret_cast<decltype(&::SDL_##name)>(dlsym(library, "SDL_" #name)); \
  if (found.name == nullptr) return Error{ErrorCode::unsupported, std::string(kLibrary) + " has no SDL_" #name "()"};
  MOBILENET_SDL_FUNCTIONS(MOBILENET_SDL_FIND)
#undef MOBILENET_SDL_FIND
  return found;
}

}  // namespace

Result<const Sdl*> load_sdl() {
  static const Result<Sdl> loaded = find_functions();
  if (!loaded) return loaded.error();
  return &*loaded;
}

}  // namespace mobilenet::cli
