// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

#include <mobilenet/result.h>

#include <atomic>
#include <mutex>
#include <span>

namespace mobilenet {

// A shared library that is opened when it is first needed, and its functions, by their names. One that is linked is
// opened at every start of every program: FFmpeg and the decoders of HEIC and AVIF bring 150 others, which took 40 of
// 45 ms until `mobilenet --version` had begun.
class RunTimeLibrary {
 public:
  struct Function {
    const char* name;
    void (*keep)(void* found);
  };

  // `use`: what is done with it, as in "HEIC pictures". `file`: as the dynamic linker knows it, "libheif.so.1".
  constexpr RunTimeLibrary(const char* use, const char* file, std::span<const Function> functions) noexcept
      : use_(use), file_(file), functions_(functions) {}

  // Once, from any thread; what failed is tried again the next time. Never closed: what such libraries bring along was
  // not made for that. An error is of the kind unsupported, and says what is missing.
  Result<void> open();

 private:
  const char* use_;
  const char* file_;
  std::span<const Function> functions_;
  std::mutex opening_;
  std::atomic<bool> is_open_ = false;
};

}  // namespace mobilenet

// Of a pointer of the function's own name and type: an entry of RunTimeLibrary's list.
#define MOBILENET_RUN_TIME_FUNCTION(name) \
  ::mobilenet::RunTimeLibrary::Function{#name, [](void* found) { name = reinterpret_cast<decltype(name)>(found); }},
