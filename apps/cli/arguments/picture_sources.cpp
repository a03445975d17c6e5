// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/picture_sources.h"

#include <glob.h>
#include <mobilenet/video.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/output/files.h"
#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 14> kExtensions = {".jpg", ".jpeg", ".jpe",  ".png",  ".webp", ".bmp", ".dib",
                                                          ".gif", ".tif",  ".tiff", ".heic", ".heif", ".hif", ".avif"};

// HEIF and AVIF share their container with MP4. TIFF is told by its name alone: cameras' raw files begin like it.
bool is_picture_brand(std::string_view brand) {
  constexpr std::array<std::string_view, 5> kBrands = {"heic", "heix", "mif1", "avif", "avis"};
  return std::find(kBrands.begin(), kBrands.end(), brand) != kBrands.end();
}

bool has_picture_content(const fs::path& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  std::array<char, 12> bytes{};
  if (!file || std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) return false;
  const std::string_view head(bytes.data(), bytes.size());
  return head.starts_with("\xff\xd8\xff") || head.starts_with("\x89PNG\r\n\x1a\n") ||
         (head.starts_with("RIFF") && head.substr(8) == "WEBP") ||
         (head.starts_with("BM") && head.substr(6, 4) == std::string_view("\0\0\0\0", 4)) || head.starts_with("GIF8") ||
         (head.substr(4, 4) == "ftyp" && is_picture_brand(head.substr(8)));
}

// A file named like a picture counts even when it is broken: then its error is reported.
bool is_picture(const fs::path& path) { return has_picture_extension(path) || has_picture_content(path); }

// What of a folder is not looked at, by kind: the endings of the names in capital letters.
class Skipped {
 public:
  void add(const fs::directory_entry& entry) {
    std::error_code ignored;
    if (entry.is_directory(ignored)) {
      ++folders_;
      return;
    }
    std::string kind = entry.path().extension().string();
    std::transform(kind.begin(), kind.end(), kind.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    ++kinds_[kind.size() < 2 ? "without ending" : kind.substr(1)];
    ++files_;
  }

  bool empty() const { return files_ + folders_ == 0; }
  bool has_folders() const { return folders_ > 0; }

  // "214 files (212 HEIC, 2 MP4) and 1 folder"
  std::string text() const {
    std::vector<std::pair<std::string, std::size_t>> kinds(kinds_.begin(), kinds_.end());
    std::stable_sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string list;
    std::size_t named = 0;
    for (const auto& [kind, count] : kinds) {
      if (kinds.size() > kMostKinds && named >= kMostKinds - 1) break;
      list += (named++ > 0 ? ", " : "") + std::to_string(count) + ' ' + kind;
    }
    if (named < kinds.size()) list += ", and other kinds";
    std::string text = files_ > 0 ? counted(files_, "file") + " (" + list + ")" : "";
    if (folders_ > 0) text += (text.empty() ? "" : " and ") + counted(folders_, "folder");
    return text;
  }

 private:
  static constexpr std::size_t kMostKinds = 6;  // more are no sentence any more
  std::map<std::string, std::size_t> kinds_;
  std::size_t files_ = 0, folders_ = 0;
};

// Goes through folders. Hidden files and folders are passed over as `ls` passes over them.
class FolderWalk {
 public:
  FolderWalk(const ExpandOptions& options, PictureList& list) : options_(options), list_(list) {}

  void add(const std::string& folder) {
    const std::size_t before = list_.sources.size();
    add_level(folder, {});
    if (list_.sources.size() == before) {
      const std::string where = options_.recursive ? " in this folder and below" : " in this folder";
      list_.sources.push_back(
          {folder, folder + ": no pictures" + where +
                       (skipped_.empty() ? "" : ", but " + skipped_.text() + ", which are not looked into") +
                       (skipped_.has_folders() ? " (-r looks into folders)" : "")});
    } else if (!skipped_.empty()) {
      list_.skipped.push_back(folder + ": skipped " + skipped_.text());
    }
  }

 private:
  bool is_result(const fs::path& folder) const {
    return std::any_of(options_.results.begin(), options_.results.end(), [&folder](const std::string& result) {
      std::error_code ignored;
      return fs::equivalent(folder, result, ignored);
    });
  }

  // `below` is the path from the folder that was named.
  void add_level(const fs::path& folder, const fs::path& below) {
    std::vector<fs::path> pictures, folders;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      std::error_code ignored;
      if (entry->path().filename().string().starts_with('.')) continue;
      if (entry->is_regular_file(ignored) && is_picture(entry->path())) {
        pictures.push_back(entry->path());
      } else if (options_.recursive && entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
        if (!is_result(entry->path())) folders.push_back(entry->path());
      } else {
        skipped_.add(*entry);
      }
    }
    if (error)
      list_.sources.push_back({folder.string(), folder.string() + ": cannot list this folder: " + error.message()});
    std::sort(pictures.begin(), pictures.end());
    std::sort(folders.begin(), folders.end());
    for (const fs::path& picture : pictures)
      list_.sources.push_back({picture.string(), {}, (below / picture.filename()).string()});
    for (const fs::path& inner : folders) add_level(inner, below / inner.filename());
  }

  const ExpandOptions& options_;
  PictureList& list_;
  Skipped skipped_;
};

bool is_number(std::string_view word) {
  return !word.empty() && word.size() <= 3 && word.find_first_not_of("0123456789") == std::string_view::npos;
}

// "rtsp://...", with a scheme of letters, digits, '+', '-' and '.' (RFC 3986).
bool is_address(std::string_view word) {
  const std::size_t colon = word.find("://");
  return colon != std::string_view::npos && colon > 1 && std::isalpha(static_cast<unsigned char>(word.front())) != 0 &&
         std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; });
}

// A device, or its number where no file has that name.
bool is_camera(const std::string& word) {
  std::error_code ignored;
  return word.starts_with("/dev/video") || (is_number(word) && !fs::exists(fs::symlink_status(word, ignored)));
}

bool holds_video(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;  // reading a pipe would take what is read from it
  const File file(std::fopen(path.c_str(), "rb"));
  std::array<std::byte, kVideoHead> head{};
  const std::size_t size = file ? std::fread(head.data(), 1, head.size(), file.get()) : 0;
  return is_video(std::span(head).first(size));
}

void add_path(const std::string& path, const ExpandOptions& options, PictureList& list) {
  std::error_code ignored;
  if (is_camera(path) || is_address(path)) {
    list.moving.push_back({path, true});
  } else if (fs::is_directory(path, ignored)) {
    FolderWalk(options, list).add(path);
  } else if (holds_video(path)) {
    list.moving.push_back({path, false});
  } else {
    list.sources.push_back({path, {}, fs::path(path).filename().string()});
  }
}

void add_pattern(const std::string& pattern, const ExpandOptions& options, PictureList& list) {
  glob_t found{};
  const int status = glob(pattern.c_str(), GLOB_TILDE, nullptr, &found);
  if (status == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) add_path(found.gl_pathv[i], options, list);
  } else {
    list.sources.push_back({pattern, pattern + ": no file matches this pattern"});
  }
  globfree(&found);
}

}  // namespace

bool has_picture_extension(const fs::path& path) {
  const std::string extension = lower_case(path.extension().string());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

PictureList expand_pictures(std::span<const std::string> words, const ExpandOptions& options) {
  PictureList list;
  for (const std::string& word : words) {
    std::error_code ignored;
    const bool pattern = word.find_first_of("*?[") != std::string::npos;
    if (word != kStandardInput && pattern && !is_address(word) && !fs::exists(fs::symlink_status(word, ignored))) {
      add_pattern(word, options, list);
    } else {
      add_path(word, options, list);
    }
  }
  return list;
}

Result<std::vector<std::string>> read_picture_list(const std::string& path) {
  const auto bytes = path == kStandardInput ? read_standard_input(path) : read_file(path);
  if (!bytes) return bytes.error();
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (text.find('\0') != std::string_view::npos)
    return Error{ErrorCode::bad_format, path + ": is no list of names, one a line: it holds zero bytes"};
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view name = text.substr(begin, end - begin);
    if (name.ends_with('\r')) name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
    begin = end + 1;
  }
  if (names.empty()) return Error{ErrorCode::invalid_argument, path + ": names no picture"};
  return names;
}

}  // namespace mobilenet::cli
