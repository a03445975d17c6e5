// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace mobilenet {
namespace {

Error last_error(const std::filesystem::path& path) {
  const int code = errno;
  return failure(code == ENOENT ? ErrorCode::not_found : ErrorCode::io, path.string(), ": ", std::strerror(code));
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

Result<std::shared_ptr<const FileBytes>> FileBytes::read(const std::filesystem::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) return last_error(path);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return last_error(path);
  if (S_ISDIR(status.st_mode)) return failure(ErrorCode::io, path.string(), ": is a directory, expected a file");
  if (!S_ISREG(status.st_mode)) return failure(ErrorCode::io, path.string(), ": is not a regular file");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return std::shared_ptr<const FileBytes>(new FileBytes({}));
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (start == MAP_FAILED) return last_error(path);
  return std::shared_ptr<const FileBytes>(new FileBytes({static_cast<const std::byte*>(start), size}));
}

FileBytes::~FileBytes() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace mobilenet
