// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// unload LIBRARY: a plug-in host that loads the shared library, or a plug-in that needs it, uses it, and lets it go.

#include <dlfcn.h>

#include <cstdio>
#include <filesystem>
#include <iterator>

int main(int, char** arguments) {
  void* library = dlopen(arguments[1], RTLD_NOW);
  if (library == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
  if (dlsym(library, "_ZN9mobilenet7versionEv") == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
  if (auto* use = reinterpret_cast<int (*)()>(dlsym(library, "use_mobilenet")); use != nullptr && use() != 0)
    return std::fprintf(stderr, "%s does not compute\n", arguments[1]), 1;
  dlclose(library);
  if (dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) != nullptr)
    return std::fprintf(stderr, "%s stays in memory after dlclose\n", arguments[1]), 1;
  const std::filesystem::directory_iterator threads("/proc/self/task");
  if (std::distance(begin(threads), end(threads)) != 1)
    return std::fprintf(stderr, "%s leaves threads in code that is gone\n", arguments[1]), 1;
}
