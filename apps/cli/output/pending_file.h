// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Results on their way to the disk: a file is written under a name that nobody uses, beside the place where it belongs,
// and gets its own name when it is complete. Whatever ends the program before that, Ctrl-C included, nothing is left.

#include <mobilenet/result.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace mobilenet::cli {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// What happens to a file that already has the name of a result.
enum class IfExists { refuse, replace };

struct Destination {
  Destination(std::filesystem::path file, IfExists policy = IfExists::refuse)
      : path(std::move(file)), if_exists(policy) {}

  std::filesystem::path path;
  IfExists if_exists;
};

// What the operating system says about errno `code`, as the rest of a sentence: "cannot open it: Permission denied".
Error system_error(const std::filesystem::path& path, std::string_view what, int code);

class PendingFile {
 public:
  // Empty, open for reading and writing.
  static Result<PendingFile> create(const Destination& destination);
  PendingFile(PendingFile&& other) noexcept;
  PendingFile& operator=(PendingFile&&) = delete;
  // Removes the file, and what others made of its name while they wrote it (NAME.something), unless it is committed.
  ~PendingFile();

  // Where to write: through this, or by the temporary name.
  std::FILE* file() const { return file_.get(); }
  const std::filesystem::path& path() const { return path_; }
  // The file without a name: it goes when it is closed.
  File take_nameless() &&;

  // Closes the file and gives it its name. A file that came to have that name meanwhile stays, and that is an error,
  // unless the destination says otherwise.
  Result<void> commit();

 private:
  PendingFile(Destination destination, std::filesystem::path path, File file)
      : destination_(std::move(destination)), path_(std::move(path)), file_(std::move(file)) {}

  Destination destination_;
  std::filesystem::path path_;  // empty: nothing to remove
  File file_;
};

// From now on SIGINT, SIGTERM and SIGHUP remove all pending files before they end the program. Call it before other
// threads start.
void remove_pending_files_when_interrupted();

// While one lives, the first of these signals calls `finish`, on another thread, in place of ending the program: what
// is recorded from a camera has no other end. The second ends it.
class FinishWhenInterrupted {
 public:
  explicit FinishWhenInterrupted(std::function<void()> finish);
  FinishWhenInterrupted(const FinishWhenInterrupted&) = delete;
  FinishWhenInterrupted& operator=(const FinishWhenInterrupted&) = delete;
  ~FinishWhenInterrupted();
};

}  // namespace mobilenet::cli
