// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/output/files.h"

#include <cerrno>
#include <cstdio>
#include <string>
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

}  // namespace

Result<std::vector<std::byte>> read_file(const std::filesystem::path& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return system_error(path, "cannot open it", errno);
  return read_to_end(file.get(), path);
}

Result<void> take_standard_input(std::string_view name) {
  static bool used = false;
  if (!std::exchange(used, true)) return {};
  return Error{ErrorCode::invalid_argument, std::string(name) + ": standard input can be read only once"};
}

Result<std::vector<std::byte>> read_standard_input(std::string_view name) {
  if (auto first = take_standard_input(name); !first) return first.error();
  return read_to_end(stdin, std::filesystem::path(name));
}

Result<void> write_file(const Destination& destination, std::span<const std::span<const std::byte>> parts) {
  auto pending = PendingFile::create(destination);
  if (!pending) return pending.error();
  for (const auto part : parts) {
    errno = 0;
    if (std::fwrite(part.data(), 1, part.size(), pending->file()) != part.size())
      return system_error(destination.path, "cannot write it", errno);
  }
  return pending->commit();
}

Result<void> write_bytes(const Destination& destination, std::span<const std::byte> content) {
  return write_file(destination, std::span(&content, 1));
}

Result<void> save_file(const Destination& destination,
                       const std::function<Result<void>(const std::filesystem::path& path)>& save) {
  auto pending = PendingFile::create(destination);
  if (!pending) return pending.error();
  if (auto saved = save(pending->path()); !saved) {
    const std::string& message = saved.error().message;
    const std::string temporary = pending->path().string();
    if (!message.starts_with(temporary)) return saved;
    return Error{saved.error().code, destination.path.string() + message.substr(temporary.size())};
  }
  return pending->commit();
}

}  // namespace mobilenet::cli
