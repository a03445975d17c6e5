// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput; what must hold and does not is a find,
// which ends the run, and libFuzzer writes the input.

#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mobilenet::fuzz {

[[noreturn]] void find(const std::string& what);

inline void expect(bool good, const char* what) {
  if (!good) find(what);
}

// Every error is one sentence that a terminal can show: not empty, no control characters, not endless.
void check(const Error& error);
template <class T>
bool succeeds(const Result<T>& result) {
  if (!result) check(result.error());
  return static_cast<bool>(result);
}

// A copy of exactly this size, so that a read behind the end is a read outside the allocation.
class ExactCopy {
 public:
  ExactCopy(const std::uint8_t* data, std::size_t size);
  std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.get()), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

// Of this process, in memory where the system has such a folder; what is written replaces what was there.
class Folder {
 public:
  Folder();
  ~Folder();
  std::filesystem::path write(const std::string& name, std::string_view text) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace mobilenet::fuzz

// libFuzzer's own changes to bytes, for mutators that know a structure.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
