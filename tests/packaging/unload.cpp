// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// unload LIBRARY: a plug-in host that loads the shared library, uses it, and lets it go.

#include <dlfcn.h>

#include <cstdio>

int main(int, char** arguments) {
  void* library = dlopen(arguments[1], RTLD_NOW);
  if (library == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
  if (dlsym(library, "_ZN9mobilenet7versionEv") == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
  dlclose(library);
  if (dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) != nullptr)
    return std::fprintf(stderr, "%s stays in memory after dlclose\n", arguments[1]), 1;
}
