// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/models/fetch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "cli/models/download.h"
#include "cli/models/model_cache.h"
#include "cli/models/sha256.h"
#include "cli/models/unpack.h"
#include "cli/output/output.h"
#include "cli/output/pending_file.h"
#include "cli/output/progress.h"
#include "cli/output/table.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

// Archives hold checkpoints beside the file that is wanted; the largest of TensorFlow's are some 130 MB.
constexpr std::uint64_t kMostArchiveBytes = std::uint64_t{1} << 30;
constexpr int kMostCuts = 5;  // that are mended without asking

// FILE.partial, open and locked: as long as it lives no other process writes to it.
class PartialFile {
 public:
  static Result<PartialFile> open(const fs::path& path, const std::string& name) {
    for (;;) {
      const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
      if (descriptor < 0) return system_error(path, "cannot create it (MOBILENET_CACHE names another folder)", errno);
      PartialFile file(path, descriptor);
      if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        note(name + ": another mobilenet fetches it; waiting");
        while (flock(descriptor, LOCK_EX) != 0)
          if (errno != EINTR) return system_error(path, "cannot lock it", errno);
      }
      // Whoever held it may have given it its own name, or removed it: then this is not the file of that path any more.
      struct stat mine {
      }, there{};
      if (fstat(descriptor, &mine) == 0 && stat(path.c_str(), &there) == 0 && mine.st_ino == there.st_ino &&
          mine.st_dev == there.st_dev)
        return file;
    }
  }

  PartialFile(PartialFile&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  PartialFile& operator=(PartialFile&&) = delete;
  ~PartialFile() {
    if (descriptor_ < 0) return;
    struct stat mine {};
    if (fstat(descriptor_, &mine) == 0 && mine.st_size == 0 && mine.st_nlink > 0) unlink(path_.c_str());
    close(descriptor_);
  }

  const fs::path& path() const { return path_; }
  int descriptor() const { return descriptor_; }
  std::uint64_t size() const {
    struct stat mine {};
    return fstat(descriptor_, &mine) == 0 ? static_cast<std::uint64_t>(mine.st_size) : 0;
  }
  // A size of 0 is also what removes it in the end. What cannot be emptied fails its check the next time.
  void empty() const { [[maybe_unused]] const int failed = ftruncate(descriptor_, 0); }

 private:
  PartialFile(fs::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  fs::path path_;
  int descriptor_;
};

class Fetch {
 public:
  Fetch(const KnownModel& model, fs::path place, int stall_seconds)
      : model_(model), place_(std::move(place)), stall_seconds_(stall_seconds) {}

  Result<Fetched> run() {
    if (const auto there = is_right(place_, model_.sha256); !there || *there) return done(there);
    if (!model_.member.empty() && !can_unpack())
      return Error{ErrorCode::unsupported, model_.name + ": this build unpacks no archives (no libarchive): fetch " +
                                               model_.address + ", and copy " + model_.member + " in it to " +
                                               place_.string()};
    std::error_code error;
    fs::create_directories(place_.parent_path(), error);
    if (error)
      return Error{ErrorCode::io, place_.parent_path().string() + ": cannot make the folder of fetched models: " +
                                      error.message() + " (MOBILENET_CACHE names another)"};
    const auto partial = PartialFile::open(place_.string() + ".partial", model_.name);
    if (!partial) return partial.error();
    // Whoever held the lock may have fetched it.
    if (const auto there = is_right(place_, model_.sha256); !there || *there) return done(there);
    if (const auto came = bring(*partial); !came) return came.error();
    const auto placed = model_.member.empty() ? move_into_place(*partial) : unpack(*partial);
    if (!placed) return placed.error();
    return Fetched{place_, false};
  }

 private:
  // Whether a file is there with this sum; false where there is none.
  static Result<bool> is_right(const fs::path& path, const std::string& sha256) {
    std::error_code error;
    if (!fs::exists(path, error)) return false;
    const auto sum = sha256_of(path);
    if (!sum) return sum.error();
    return *sum == sha256;
  }

  Result<Fetched> done(const Result<bool>& there) const {
    if (!there) return there.error();
    return Fetched{place_, true};
  }

  // What must lie in the partial file; empty: not known.
  const std::string& sha256_of_partial() const { return model_.member.empty() ? model_.sha256 : model_.archive_sha256; }

  // Downloads until the partial file is whole and has the right sum.
  Result<void> bring(const PartialFile& partial) const {
    for (;;) {
      const bool goes_on = partial.size() > 0;
      if (model_.member.empty() && partial.size() > model_.bytes) partial.empty();
      if (!(model_.member.empty() && partial.size() == model_.bytes)) {
        if (const auto came = download_all(partial); !came) return came.error();
      }
      if (sha256_of_partial().empty()) return {};
      const auto sum = sha256_of(partial.path());
      if (!sum) return sum.error();
      if (*sum == sha256_of_partial()) return {};
      const std::uint64_t bytes = partial.size();
      partial.empty();
      if (goes_on) continue;  // the parts were of two files: once more, from the beginning
      return Error{ErrorCode::bad_format, model_.name + ": what " + model_.address +
                                              " sends is not the file that is known (" + std::to_string(bytes) +
                                              " bytes with sha256 " + *sum + ", not " + sha256_of_partial() +
                                              "); nothing is kept"};
    }
  }

  Result<void> download_all(const PartialFile& partial) const {
    DownloadOptions options;
    options.most_bytes = model_.member.empty() ? model_.bytes : kMostArchiveBytes;
    options.stall_seconds = stall_seconds_;
    std::optional<Progress> progress;
    options.progress = [&](std::size_t bytes, std::uint64_t whole) {
      if (!progress) progress.emplace(whole, AnswersGo::to_a_file, kByte);
      progress->advance(bytes);
    };
    for (int cuts = 0;; ++cuts) {
      const std::uint64_t before = partial.size();
      const DownloadResult result = download(model_.address, partial.descriptor(), before, options);
      progress.reset();
      if (result.end == DownloadEnd::complete) return check_length(partial, result.bytes);
      if (result.end == DownloadEnd::cut && result.bytes > before && cuts < kMostCuts) continue;
      if (result.end == DownloadEnd::wrong) partial.empty();
      return failure(result);
    }
  }

  // A server that ends early without saying so.
  Result<void> check_length(const PartialFile& partial, std::uint64_t bytes) const {
    if (!model_.member.empty() || bytes == model_.bytes) return {};
    partial.empty();
    return Error{ErrorCode::bad_format, model_.name + ": " + model_.address + " sends " + std::to_string(bytes) +
                                            " bytes in place of " + std::to_string(model_.bytes) + "; nothing is kept"};
  }

  Error failure(const DownloadResult& result) const {
    std::string sentence = model_.name + " cannot be fetched from " + model_.address + ": " + result.why;
    if (result.offline) {
      sentence += "; where there is no network, fetch that on another machine and copy " +
                  (model_.member.empty() ? "it" : model_.member + " in it") + " to " + place_.string();
    } else if (result.bytes > 0 && result.end != DownloadEnd::wrong) {
      sentence += "; the first " + bytes_text(result.bytes) + " are kept, and the same command goes on from there";
    }
    return {ErrorCode::io, sentence};
  }

  Result<void> move_into_place(const PartialFile& partial) const {
    if (std::rename(partial.path().c_str(), place_.c_str()) == 0) return {};
    return system_error(place_, "cannot rename it into place", errno);
  }

  Result<void> unpack(const PartialFile& partial) const {
    auto pending = PendingFile::create({place_, IfExists::replace});
    if (!pending) return pending.error();
    const auto unpacked = unpack_member(partial.path(), model_.member, pending->file(), model_.bytes);
    partial.empty();
    if (!unpacked) return Error{unpacked.error().code, model_.name + ": " + unpacked.error().message};
    errno = 0;
    if (std::fflush(pending->file()) != 0) return system_error(place_, "cannot write it", errno);
    const auto sum = sha256_of(pending->path());
    if (!sum) return sum.error();
    if (*sum != model_.sha256)
      return Error{ErrorCode::bad_format, model_.name + ": the " + model_.member + " in " + model_.address +
                                              " is not the file that is known (sha256 " + *sum + ", not " +
                                              model_.sha256 + "); nothing is kept"};
    return pending->commit();
  }

  const KnownModel& model_;
  fs::path place_;
  int stall_seconds_;
};

}  // namespace

Result<Fetched> fetch(const KnownModel& model, int stall_seconds) {
  auto place = place_of(model);
  if (!place) return place.error();
  if (model.bundled) return Fetched{*std::move(place), true};
  return Fetch(model, *std::move(place), stall_seconds).run();
}

}  // namespace mobilenet::cli
