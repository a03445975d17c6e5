// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/index_update.h"

#include <sys/stat.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

// The same file by whatever words: "a.jpg", "./a.jpg", "/home/b/a.jpg".
class WholePaths {
 public:
  std::string of(std::string_view name) const { return (here_ / name).lexically_normal().string(); }

 private:
  std::error_code ignored_;
  fs::path here_ = fs::current_path(ignored_);
};

bool is_gone(const fs::path& file) {
  std::error_code ignored;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  return fs::status(file, ignored).type() == fs::file_type::not_found && fs::is_directory(folder, ignored);
}

}  // namespace

FileStamp stamp_of(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  return {static_cast<std::uint64_t>(found.st_size), found.st_mtim.tv_sec * kPerSecond + found.st_mtim.tv_nsec};
}

IndexUpdate::IndexUpdate(const SearchIndex& old, std::span<PictureSource> sources, std::span<const FileStamp> stamps)
    : old_(old), kept_(sources.size()), was_there_(sources.size()) {
  const WholePaths paths;
  std::vector<std::string> path_of_row;
  std::unordered_map<std::string_view, std::size_t> row_of_path;
  path_of_row.reserve(old.size());
  for (std::size_t row = 0; row < old.size(); ++row)
    row_of_path.emplace(path_of_row.emplace_back(paths.of(old.name(row))), row);
  std::unordered_set<std::size_t> used;
  std::unordered_set<std::string> named;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (stamps[i] == FileStamp{}) continue;
    const std::string path = paths.of(sources[i].name);
    named.insert(path);
    const auto found = row_of_path.find(path);
    was_there_[i] = found != row_of_path.end();
    if (!was_there_[i] || old.stamp(found->second) != stamps[i]) continue;
    kept_[i] = found->second;
    sources[i].done = true;
    used.insert(found->second);
    ++counts_.kept;
  }
  for (std::size_t row = 0; row < old.size(); ++row) {
    if (used.contains(row)) continue;
    const bool is_named = named.contains(path_of_row[row]);
    if (!is_named && (old.stamp(row) == FileStamp{} || !is_gone(path_of_row[row]))) {
      unnamed_.push_back(row);
      continue;
    }
    ++lost_;
    if (!is_named) ++counts_.gone;
  }
}

Result<void> IndexUpdate::finish(const SearchIndex& fresh, std::span<const std::size_t> places,
                                 SearchIndexBuilder& builder) {
  // Pictures without a file, of standard input, replace those that had their names.
  std::unordered_set<std::string_view> without_file;
  for (std::size_t row = 0; row < fresh.size(); ++row)
    if (fresh.stamp(row) == FileStamp{}) without_file.insert(fresh.name(row));
  for (const std::size_t row : unnamed_) {
    if (without_file.contains(old_.name(row))) {
      ++lost_;
      continue;
    }
    ++counts_.kept;
    if (auto added = builder.add_row(old_, row); !added) return added;
  }
  std::size_t next = 0;
  for (std::size_t place = 0; place < kept_.size(); ++place) {
    if (kept_[place])
      if (auto added = builder.add_row(old_, *kept_[place]); !added) return added;
    for (; next < places.size() && places[next] == place; ++next) {
      ++(was_there_[place] ? counts_.changed : counts_.added);
      if (auto added = builder.add_row(fresh, next); !added) return added;
    }
  }
  return {};
}

}  // namespace mobilenet::cli
