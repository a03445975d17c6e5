// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The class of each picture from lines of a table, by number or name.

#include <mobilenet/evaluate.h>

#include <charconv>

#include "base/caught.h"
#include "base/error.h"
#include "base/file_bytes.h"
#include "base/letter_case.h"

namespace mobilenet {
namespace {

namespace fs = std::filesystem;

// Takes the next field off a line of CSV; quoted ones may hold commas and doubled quotes.
std::string take_field(std::string_view& line) {
  std::string field;
  bool quoted = false;
  std::size_t i = 0;
  for (; i < line.size() && (quoted || line[i] != ','); ++i) {
    if (line[i] != '"') {
      field += line[i];
    } else if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
      field += line[i++];
    } else {
      quoted = !quoted;
    }
  }
  line.remove_prefix(std::min(line.size(), i + 1));
  const auto first = field.find_first_not_of(" \t"), last = field.find_last_not_of(" \t");
  return first == std::string::npos ? std::string() : field.substr(first, last - first + 1);
}

}  // namespace

Result<TrueClasses> TrueClasses::read(const fs::path& path, const ModelInfo& info) try {
  MOBILENET_TRY(const auto file, FileBytes::read(path));
  std::string_view rest(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  std::map<std::string, int> by_name;
  for (std::size_t row = 0; row < info.labels.size(); ++row)
    by_name.emplace(plain_name(info.labels[row]), static_cast<int>(row) - (info.has_background ? 1 : 0));
  TrueClasses truth;
  if (rest.starts_with("\xef\xbb\xbf")) rest.remove_prefix(3);  // the mark that spreadsheets put in front of UTF-8
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::string picture = take_field(line), label = take_field(line);
    int index = 0;
    const auto [stop, error] = std::from_chars(label.data(), label.data() + label.size(), index);
    const bool is_number = error == std::errc() && stop == label.data() + label.size();
    const auto named = by_name.find(plain_name(label));
    if (is_number) {
      truth.classes_.insert_or_assign(picture, index);
    } else if (named != by_name.end() && !label.empty()) {
      truth.classes_.insert_or_assign(picture, named->second);
    } else if (number > 1) {
      return failure(ErrorCode::bad_format, path.native(), ": line ", number, ": '", label,
                     "' is neither a class number nor a class of ", info.source, "; lines are image,label");
    }
  }
  if (truth.classes_.empty()) return failure(ErrorCode::bad_format, path.native(), ": has no lines image,label");
  return truth;
} catch (...) {
  return caught(path.native());
}

std::optional<int> TrueClasses::of(std::string_view picture) const {
  for (const std::string_view name : {picture, picture.substr(picture.rfind('/') + 1)}) {
    if (const auto at = classes_.find(name); at != classes_.end()) return at->second;
  }
  return std::nullopt;
}

}  // namespace mobilenet
