// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "search/index_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace mobilenet {

class IndexBytes::File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  Result<void> look() {
    if (::fstat(descriptor_, &status_) != 0) return failure(ErrorCode::io, std::strerror(errno));
    if (!S_ISREG(status_.st_mode)) return failure(ErrorCode::io, "is no regular file any more");
    return {};
  }

  std::uint64_t size() const { return static_cast<std::uint64_t>(status_.st_size); }

  bool read(std::uint64_t offset, std::size_t count, std::byte* to) const noexcept {
    while (count > 0) {
      const ssize_t taken = ::pread(descriptor_, to, count, static_cast<off_t>(offset));
      if (taken < 0 && errno == EINTR) continue;
      if (taken <= 0) return false;
      offset += static_cast<std::uint64_t>(taken);
      to += taken;
      count -= static_cast<std::size_t>(taken);
    }
    return true;
  }

  bool is_unchanged() const {
    struct stat now {};
    return ::fstat(descriptor_, &now) == 0 && now.st_size == status_.st_size &&
           now.st_mtim.tv_sec == status_.st_mtim.tv_sec && now.st_mtim.tv_nsec == status_.st_mtim.tv_nsec;
  }

 private:
  int descriptor_;
  struct stat status_ {};
};

Result<IndexBytes> IndexBytes::open(const std::filesystem::path& path) {
  // A pipe that took the file's place meanwhile is not waited for.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const int code = errno;
    return failure(code == ENOENT ? ErrorCode::not_found : ErrorCode::io, std::strerror(code));
  }
  const auto file = std::make_shared<File>(descriptor);
  MOBILENET_CHECK(file->look());
  IndexBytes bytes;
  bytes.file_ = file;
  return bytes;
}

std::uint64_t IndexBytes::size() const { return in_memory() ? memory_.size() : file_->size(); }

const std::byte* IndexBytes::at(std::uint64_t offset, std::size_t count, std::byte* room) const noexcept {
  if (in_memory()) return memory_.data() + offset;
  return file_->read(offset, count, room) ? room : nullptr;
}

Result<void> IndexBytes::check_unchanged() const {
  if (in_memory() || file_->is_unchanged()) return {};
  return failure(ErrorCode::io, "was changed since it was opened");
}

Error IndexBytes::read_error() const {
  if (auto unchanged = check_unchanged(); !unchanged) return std::move(unchanged).error();
  return failure(ErrorCode::io, "cannot be read any more");
}

}  // namespace mobilenet
