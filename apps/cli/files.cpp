// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace mobilenet::cli {
namespace {

// Larger input is a mistake (or an endless pipe): no picture and no tensor of these networks comes near.
constexpr std::size_t kMaxBytes = std::size_t{4} << 30;

Result<std::vector<std::byte>> read_to_end(std::FILE* file, const std::filesystem::path& name) {
  std::vector<std::byte> bytes;
  std::vector<std::byte> chunk(std::size_t{1} << 16);
  for (;;) {
    errno = 0;
    const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file);
    bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(count));
    if (count < chunk.size()) {
      if (std::ferror(file) != 0) return system_error(name, "cannot read it", errno);
      return bytes;
    }
    if (bytes.size() > kMaxBytes) {
      return Error{ErrorCode::out_of_memory,
                   name.string() + ": larger than the limit of " + std::to_string(kMaxBytes >> 30) + " GiB"};
    }
  }
}

// A new file beside `path` under a name that nobody uses.
Result<int> create_beside(const std::filesystem::path& path, std::string& name) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    name = path.string() + '.' + std::to_string(getpid()) + '.' + std::to_string(attempt) + ".part";
    const int descriptor = open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) return descriptor;
    if (errno != EEXIST) break;
  }
  return system_error(path, "cannot create it", errno);
}

}  // namespace

Error system_error(const std::filesystem::path& path, std::string_view what, int code) {
  const ErrorCode kind = code == ENOENT ? ErrorCode::not_found : ErrorCode::io;
  return Error{kind, path.string() + ": " + std::string(what) + ": " + std::strerror(code != 0 ? code : EIO)};
}

Result<std::vector<std::byte>> read_file(const std::filesystem::path& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return system_error(path, "cannot open it", errno);
  return read_to_end(file.get(), path);
}

Result<std::vector<std::byte>> read_standard_input(std::string_view name) {
  static bool used = false;
  if (std::exchange(used, true)) {
    return Error{ErrorCode::invalid_argument, std::string(name) + ": standard input can be read only once"};
  }
  return read_to_end(stdin, std::filesystem::path(name));
}

Result<void> write_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> parts) {
  std::string temporary;
  auto descriptor = create_beside(path, temporary);
  if (!descriptor) return descriptor.error();
  const auto give_up = [&](std::string_view what, int code) {
    unlink(temporary.c_str());
    return system_error(path, what, code);
  };
  std::FILE* file = fdopen(*descriptor, "wb");
  if (file == nullptr) {
    const int code = errno;
    close(*descriptor);
    return give_up("cannot write it", code);
  }
  int code = 0;
  for (const auto part : parts) {
    if (std::fwrite(part.data(), 1, part.size(), file) != part.size() && code == 0) code = errno != 0 ? errno : EIO;
  }
  if (std::fclose(file) != 0 && code == 0) code = errno != 0 ? errno : EIO;
  if (code != 0) return give_up("cannot write it", code);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return give_up("cannot rename it into place", errno);
  return {};
}

Result<File> open_nameless_file(const std::filesystem::path& path) {
  std::string name;
  auto descriptor = create_beside(path, name);
  if (!descriptor) return descriptor.error();
  unlink(name.c_str());
  File file(fdopen(*descriptor, "w+b"));
  if (!file) {
    const int code = errno;
    close(*descriptor);
    return system_error(path, "cannot write beside it", code);
  }
  return file;
}

}  // namespace mobilenet::cli
