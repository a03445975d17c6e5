// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/output/output_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

// Links and .. resolved as far as the path exists.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path found = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? path.lexically_normal() : found;
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> identity_of(const fs::path& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return std::nullopt;
  return std::pair<std::uint64_t, std::uint64_t>(found.st_dev, found.st_ino);
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// /dev/stdout and its like, a terminal, a pipe, another device.
bool is_special(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) return true;
  const fs::path folder = resolved(folder_of(path));
  return folder == "/dev" || folder.string().starts_with("/dev/fd") || folder.string().starts_with("/proc/");
}

// A mask that this program wrote, which anybody can have again from the picture: its PNG says so, before its pixels.
bool is_own_mask(const fs::path& path) {
  constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
  constexpr std::string_view kSoftware("tEXtSoftware\0mobilenet.cpp", 26);
  std::ifstream file(path, std::ios::binary);
  std::string head(2048, '\0');  // behind header and palette
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return head.starts_with(kSignature) && head.find(kSoftware) < head.find("IDAT");
}

Result<void> check_folder(const fs::path& path) {
  const fs::path folder = folder_of(path);
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found)
    return Error{ErrorCode::not_found, path.string() + ": there is no folder " + folder.string()};
  if (!fs::is_directory(status)) return Error{ErrorCode::io, path.string() + ": " + folder.string() + " is no folder"};
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    return system_error(path, "nothing can be written to its folder", errno);
  return {};
}

}  // namespace

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Error{ErrorCode::io, folder.string() + ": no folder can be made there: " + error.message()};
  return {};
}

void OutputFiles::reads(const fs::path& path) {
  const auto identity = identity_of(path);
  if (!identity) return;
  read_.insert(resolved(path));
  read_identities_.insert(*identity);
}

Result<Destination> OutputFiles::add(const fs::path& path, const std::string& content) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    return Error{ErrorCode::invalid_argument,
                 path.string() + ": " + content + " cannot be written there, it is a folder"};
  if (is_special(path))
    return Error{ErrorCode::invalid_argument,
                 path.string() + ": " + content + " is written to a file, and this is none; name one"};
  if (auto folder = check_folder(path); !folder) return folder.error();
  const auto identity = identity_of(path);
  if (read_.contains(resolved(path)) || (identity && read_identities_.contains(*identity)))
    return Error{ErrorCode::invalid_argument,
                 path.string() + ": " + content + " would replace a file that this command reads; name another place"};
  const std::lock_guard lock(mutex_);
  // Names that differ in upper and lower case only are one file on many disks.
  const auto [place, is_new] =
      content_.emplace(resolved(folder_of(path)) / lower_case(path.filename().string()), content);
  if (!is_new)
    return Error{ErrorCode::invalid_argument, path.string() + ": both " + place->second + " and " + content +
                                                  " would be written there; give them different places"};
  if (is_own_mask(path)) return Destination(path, IfExists::replace);
  if (fs::exists(fs::symlink_status(path, ignored)) && existing_count_++ == 0) existing_ = path;
  return Destination(path, if_exists_);
}

Result<void> OutputFiles::check_existing() const {
  if (if_exists_ == IfExists::replace || existing_count_ == 0) return {};
  const std::string others =
      existing_count_ == 1 ? " exists" : " and " + counted(existing_count_ - 1, "other file") + " exist";
  return Error{ErrorCode::io,
               existing_.string() + others + " already; --force replaces " + (existing_count_ == 1 ? "it" : "them")};
}

Result<Destination> OutputFiles::only(const fs::path& path, const std::string& content) {
  auto destination = add(path, content);
  if (!destination) return destination;
  if (auto free = check_existing(); !free) return free.error();
  return destination;
}

}  // namespace mobilenet::cli
