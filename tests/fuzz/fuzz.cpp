// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "fuzz/fuzz.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace mobilenet::fuzz {

// Lists of names make messages long; whole files in them are a mistake.
constexpr std::size_t kLongestMessage = 4000;

void find(const std::string& what) {
  std::fprintf(stderr, "\nFIND: %s\n", what.c_str());
  std::abort();
}

void check(const Error& error) {
  if (error.message.empty()) find("an error without a message");
  if (error.message.size() > kLongestMessage) find("a message of " + std::to_string(error.message.size()) + " bytes");
  if (std::any_of(error.message.begin(), error.message.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    find("a control character in a message: " + error.message);
}

ExactCopy::ExactCopy(const std::uint8_t* data, std::size_t size) : bytes_(new std::byte[size]), size_(size) {
  if (size > 0) std::memcpy(bytes_.get(), data, size);
}

Folder::Folder() {
  const std::filesystem::path memory = "/dev/shm";
  path_ = (std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path()) /
          ("mobilenet_fuzz_" + std::to_string(getpid()));
  std::filesystem::create_directories(path_);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path Folder::write(const std::string& name, std::string_view text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return path_ / name;
}

}  // namespace mobilenet::fuzz
