// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/replace_file.h"

#include <cerrno>
#include <fstream>
#include <new>
#include <random>
#include <string>
#include <system_error>

#include "base/error.h"

namespace mobilenet {
namespace {

// A name beside `path` that is gone at the end, unless the file was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& path) : path_(path) {
    path_ += ".part" + std::to_string(std::random_device{}());
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

Result<void> replace_file(const std::filesystem::path& path, const std::function<Result<void>(std::ostream&)>& write) {
  const TemporaryFile temporary(path);
  {
    errno = 0;
    std::ofstream out(temporary.path(), std::ios::binary | std::ios::trunc);
    if (!out && errno == ENOMEM) throw std::bad_alloc();
    if (!out) return failure(ErrorCode::io, path.string(), ": its folder cannot be written to");
    if (auto written = write(out); !written) return at(path.string(), std::move(written).error());
    out.flush();
    if (!out) return failure(ErrorCode::io, path.string(), ": could not be written: the disk may be full");
  }
  std::error_code code;
  std::filesystem::rename(temporary.path(), path, code);
  if (code) return failure(ErrorCode::io, path.string(), ": could not be written: ", code.message());
  return {};
}

}  // namespace mobilenet
