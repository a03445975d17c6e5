// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/file_bytes.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "base/error.h"

namespace mobilenet {
namespace {

// How long a pipe may have no writer, and how long a writer may say nothing.
constexpr int kConnectMilliseconds = 1000, kSilenceMilliseconds = 30'000;

bool same_content(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

class FileReader {
 public:
  FileReader(const std::filesystem::path& path, const FileLimits& limits) : path_(path.string()), limits_(limits) {}
  ~FileReader() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  Result<std::shared_ptr<const FileBytes>> read() {
    MOBILENET_CHECK(open());
    MOBILENET_CHECK(read_to_end());
    struct stat now {};
    if (::fstat(descriptor_, &now) != 0) return system_error();
    if (S_ISREG(now.st_mode) && !same_content(now, status_))
      return failure(ErrorCode::io, path_, ": was changed while it was read");
    auto file = std::make_shared<FileBytes>();
    file->data_ = std::move(data_);
    file->size_ = size_;
    return std::shared_ptr<const FileBytes>(std::move(file));
  }

 private:
  Error system_error() const {
    const int code = errno;
    return failure(code == ENOENT ? ErrorCode::not_found : ErrorCode::io, path_, ": ", std::strerror(code));
  }

  // Without O_NONBLOCK the system waits for ever for somebody to write into a pipe.
  Result<void> open() {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0 || ::fstat(descriptor_, &status_) != 0) return system_error();
    if (S_ISDIR(status_.st_mode)) return failure(ErrorCode::io, path_, ": is a directory, expected a file");
    if (!S_ISREG(status_.st_mode) && !S_ISFIFO(status_.st_mode))
      return failure(ErrorCode::io, path_, ": is neither a regular file nor a pipe");
    if (S_ISREG(status_.st_mode) && static_cast<std::uint64_t>(status_.st_size) > limits_.max_bytes)
      return failure(ErrorCode::out_of_memory, path_, ": has ", status_.st_size, " bytes, more than the limit of ",
                     limits_.max_bytes);
    return {};
  }

  Result<void> read_to_end() {
    bool accepted = !limits_.accept;
    for (;;) {
      MOBILENET_CHECK(make_room());
      // The first bytes alone, so that little is read of a file that is not accepted.
      const std::size_t end = accepted ? data_.size() : std::min(data_.size(), FileLimits::kHeadBytes);
      const ssize_t count = ::read(descriptor_, data_.data() + size_, std::min(end - size_, std::size_t{1} << 30));
      if (count < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return system_error();
        MOBILENET_CHECK(wait());
        continue;
      }
      if (count == 0 && size_ == 0 && S_ISFIFO(status_.st_mode) && !waited_) {
        MOBILENET_CHECK(wait_for_writer());
        continue;
      }
      size_ += static_cast<std::size_t>(count);
      if (size_ > limits_.max_bytes)
        return failure(ErrorCode::out_of_memory, path_, ": is longer than the limit of ", limits_.max_bytes, " bytes");
      if (!accepted && (count == 0 || size_ == FileLimits::kHeadBytes)) {
        MOBILENET_CHECK(limits_.accept({data_.data(), size_}));
        accepted = true;
      }
      if (count == 0) return {};
    }
  }

  // At least one free byte; a regular file gets its size and one more, which shows its end.
  Result<void> make_room() {
    if (size_ < data_.size()) return {};
    const std::size_t known = S_ISREG(status_.st_mode) ? static_cast<std::size_t>(status_.st_size) + 1 : 0;
    const std::size_t wanted = std::max({known, 2 * size_, std::size_t{1} << 16});
    try {
      AlignedBuffer grown(wanted);
      std::copy_n(data_.data(), size_, grown.data());
      data_ = std::move(grown);
    } catch (const std::bad_alloc&) {
      return failure(ErrorCode::out_of_memory, path_, ": not enough memory to read it, ", wanted, " bytes are needed");
    }
    return {};
  }

  Result<void> wait() const {
    pollfd poll_me{descriptor_, POLLIN, 0};
    if (::poll(&poll_me, 1, kSilenceMilliseconds) != 0) return {};  // an error shows at the next read
    return failure(ErrorCode::io, path_, ": is a pipe whose writer said nothing for ", kSilenceMilliseconds / 1000,
                   " seconds");
  }

  Result<void> wait_for_writer() {
    waited_ = true;
    pollfd poll_me{descriptor_, POLLIN, 0};
    if (::poll(&poll_me, 1, kConnectMilliseconds) != 0) return {};
    return failure(ErrorCode::io, path_, ": is a pipe that nobody writes to");
  }

  std::string path_;
  const FileLimits& limits_;
  int descriptor_ = -1;
  struct stat status_ {};
  bool waited_ = false;
  AlignedBuffer data_;
  std::size_t size_ = 0;
};

Result<std::shared_ptr<const FileBytes>> FileBytes::read(const std::filesystem::path& path, const FileLimits& limits) {
  return FileReader(path, limits).read();
}

}  // namespace mobilenet
