// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/picture_sources.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "cli/files.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 7> kExtensions = {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".dib"};

bool has_picture_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

bool has_picture_content(const fs::path& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  std::array<char, 12> bytes{};
  if (!file || std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) return false;
  const std::string_view head(bytes.data(), bytes.size());
  return head.starts_with("\xff\xd8\xff") || head.starts_with("\x89PNG\r\n\x1a\n") ||
         (head.starts_with("RIFF") && head.substr(8) == "WEBP") ||
         (head.starts_with("BM") && head.substr(6, 4) == std::string_view("\0\0\0\0", 4));
}

// A file named like a picture counts even when it is broken: then its error is reported. Hidden files do not count.
bool is_picture(const fs::directory_entry& entry) {
  std::error_code ignored;
  if (entry.path().filename().string().starts_with('.') || !entry.is_regular_file(ignored)) return false;
  return has_picture_extension(entry.path()) || has_picture_content(entry.path());
}

void add_folder(const std::string& folder, std::vector<PictureSource>& sources) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (is_picture(*entry)) names.push_back(entry->path().string());
  }
  if (error) {
    sources.push_back({folder, folder + ": cannot list this folder: " + error.message()});
  } else if (names.empty()) {
    sources.push_back({folder, folder + ": no pictures in this folder (folders inside it are not searched)"});
  }
  std::sort(names.begin(), names.end());
  for (std::string& name : names) sources.push_back({std::move(name), {}});
}

void add_path(const std::string& path, std::vector<PictureSource>& sources) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    add_folder(path, sources);
  } else {
    sources.push_back({path, {}});
  }
}

void add_pattern(const std::string& pattern, std::vector<PictureSource>& sources) {
  glob_t found{};
  const int status = glob(pattern.c_str(), GLOB_TILDE, nullptr, &found);
  if (status == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) add_path(found.gl_pathv[i], sources);
  } else {
    sources.push_back({pattern, pattern + ": no file matches this pattern"});
  }
  globfree(&found);
}

}  // namespace

std::vector<PictureSource> expand_pictures(std::span<const std::string> words) {
  std::vector<PictureSource> sources;
  for (const std::string& word : words) {
    std::error_code ignored;
    const bool pattern = word.find_first_of("*?[") != std::string::npos;
    if (word != kStandardInput && pattern && !fs::exists(fs::symlink_status(word, ignored))) {
      add_pattern(word, sources);
    } else {
      add_path(word, sources);
    }
  }
  return sources;
}

}  // namespace mobilenet::cli
