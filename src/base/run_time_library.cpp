// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/run_time_library.h"

#include <dlfcn.h>

#include "base/error.h"

namespace mobilenet {

Result<void> RunTimeLibrary::open() {
  if (is_open_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(opening_);
  if (is_open_.load(std::memory_order_relaxed)) return {};
  void* const library = dlopen(file_, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const why = dlerror();
    return failure(ErrorCode::unsupported, use_, " need ", file_, ", which this machine does not have, or not whole: ",
                   why != nullptr ? why : "the system gives no reason");
  }
  for (const Function& function : functions_) {
    void* const found = dlsym(library, function.name);
    if (found == nullptr)
      return failure(ErrorCode::unsupported, use_, " need a ", file_, " that has ", function.name, "()");
    function.keep(found);
  }
  is_open_.store(true, std::memory_order_release);
  return {};
}

}  // namespace mobilenet
