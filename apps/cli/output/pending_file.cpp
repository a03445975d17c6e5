// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/output/pending_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

// The names on the disk. Whoever ends the program holds the mutex until it is over, so that no file appears behind it.
struct Pending {
  std::mutex mutex;
  std::set<fs::path> names;
};

Pending& pending() {
  static auto* const all = new Pending;  // never destroyed: a signal may come while the program ends
  return *all;
}

// What is to be done at the first signal; taken by it.
struct Finish {
  std::mutex mutex;  // held while it is called, so that its owner outlives that
  std::function<void()> call;
};

Finish& finish() {
  static auto* const wish = new Finish;
  return *wish;
}

// libzip and Model::save() write beside the name that they are given, and rename.
void remove_with_siblings(const fs::path& path) {
  const std::string name = path.filename().string();
  std::error_code error;
  for (fs::directory_iterator entry(path.has_parent_path() ? path.parent_path() : ".", error), end;
       !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().filename().string().starts_with(name)) fs::remove(entry->path(), ignored);
  }
}

[[noreturn]] void end_on_signal(const sigset_t& signals) {
  int number = SIGTERM;
  for (bool finishing = true; finishing;) {
    sigwait(&signals, &number);
    const std::lock_guard lock(finish().mutex);
    const std::function<void()> call = std::exchange(finish().call, {});
    finishing = static_cast<bool>(call);
    if (call) call();
  }
  const std::lock_guard lock(pending().mutex);
  for (const fs::path& path : pending().names) remove_with_siblings(path);
  std::signal(number, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  std::raise(number);
  _exit(128 + number);
}

// Gives `from` the name `to` if nobody has it. Returns errno.
int rename_without_replacing(const fs::path& from, const fs::path& to) {
  if (link(from.c_str(), to.c_str()) == 0) {
    unlink(from.c_str());
    return 0;
  }
  if (errno == EEXIST) return EEXIST;
  // A file system without hard links (FAT, some network shares): the name is taken first, then replaced.
  const int descriptor = open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return errno;
  close(descriptor);
  return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

Error system_error(const fs::path& path, std::string_view what, int code) {
  const ErrorCode kind = code == ENOENT ? ErrorCode::not_found : ErrorCode::io;
  return Error{kind, path.string() + ": " + std::string(what) + ": " + std::strerror(code != 0 ? code : EIO)};
}

Result<PendingFile> PendingFile::create(const Destination& destination) {
  const std::lock_guard lock(pending().mutex);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    // Short, because the file's own name may be as long as names can be.
    const fs::path name = destination.path.parent_path() /
                          (".mobilenet." + std::to_string(getpid()) + '.' + std::to_string(attempt) + ".part");
    const int descriptor = open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) {
      if (errno == EEXIST) continue;
      break;
    }
    File file(fdopen(descriptor, "w+b"));
    if (!file) {
      const int code = errno;
      close(descriptor);
      unlink(name.c_str());
      return system_error(destination.path, "cannot create it", code);
    }
    pending().names.insert(name);
    return PendingFile(destination, name, std::move(file));
  }
  return system_error(destination.path, "cannot create it", errno);
}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : destination_(std::move(other.destination_)),
      path_(std::exchange(other.path_, {})),
      file_(std::move(other.file_)) {}

PendingFile::~PendingFile() {
  if (path_.empty()) return;  // moved from, committed or nameless
  const std::lock_guard lock(pending().mutex);
  remove_with_siblings(path_);
  pending().names.erase(path_);
}

File PendingFile::take_nameless() && {
  const std::lock_guard lock(pending().mutex);
  unlink(path_.c_str());
  pending().names.erase(path_);
  path_.clear();
  return std::move(file_);
}

Result<void> PendingFile::commit() {
  errno = 0;
  const bool failed = file_ && std::ferror(file_.get()) != 0;
  if (file_ && (std::fclose(file_.release()) != 0 || failed))
    return system_error(destination_.path, "cannot write it", errno);
  const std::lock_guard lock(pending().mutex);
  const int code = destination_.if_exists == IfExists::refuse ? rename_without_replacing(path_, destination_.path)
                   : std::rename(path_.c_str(), destination_.path.c_str()) == 0 ? 0
                                                                                : errno;
  if (code != 0) return system_error(destination_.path, "cannot rename it into place", code);
  pending().names.erase(path_);
  path_.clear();
  return {};
}

void remove_pending_files_when_interrupted() {
  static sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction current {};
    // Who started the program may want it to ignore one: nohup, a shell's background job.
    if (sigaction(number, nullptr, &current) == 0 && current.sa_handler != SIG_IGN) sigaddset(&signals, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    std::thread([] { end_on_signal(signals); }).detach();
  } catch (const std::system_error&) {
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // no thread to spare: they end the program as they always do
  }
}

FinishWhenInterrupted::FinishWhenInterrupted(std::function<void()> call) {
  const std::lock_guard lock(finish().mutex);
  finish().call = std::move(call);
}

FinishWhenInterrupted::~FinishWhenInterrupted() {
  const std::lock_guard lock(finish().mutex);
  finish().call = {};
}

}  // namespace mobilenet::cli
