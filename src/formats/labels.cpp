// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/labels.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/mapped_file.h"
#include "formats/imagenet_labels.h"

namespace mobilenet {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kBackground = "background";
constexpr std::string_view kUnknown = "???";  // what TensorFlow's label maps say for classes without a name

std::vector<std::string> lines_of(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// "12  person", "12: person", "12,person" or "12\tperson".
bool split_number(std::string_view line, std::size_t& number, std::string_view& name) {
  const auto [end, code] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (code != std::errc() || end == line.data() + line.size()) return false;
  name = line.substr(static_cast<std::size_t>(end - line.data()));
  const std::size_t begin = name.find_first_not_of(" \t:,");
  if (begin == 0 || begin == std::string_view::npos) return false;
  name.remove_prefix(begin);
  return true;
}

// The numbered form as labels; nothing when a line has no number, or one out of order.
std::optional<std::vector<std::string>> numbered(const std::vector<std::string>& lines) {
  std::vector<std::string> labels;
  // COCO's gaps are a tenth of its numbers; far larger ones mean that the numbers are something else.
  const std::size_t most = 2 * lines.size() + 100;
  for (const std::string& line : lines) {
    std::size_t number = 0;
    std::string_view name;
    if (!split_number(line, number, name) || number < labels.size() || number > most) return std::nullopt;
    if (labels.empty() && number != 0) return std::nullopt;
    labels.resize(number, std::string(kUnknown));
    labels.emplace_back(name);
  }
  return labels;
}

bool is_background(std::string_view label) {
  std::string lower(label);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower == kBackground || lower == kUnknown || lower == "__background__";
}

// One label for each row of the classifier, or nothing when the count cannot fit.
std::optional<FoundLabels> fit(std::vector<std::string> labels, std::size_t classes, bool has_background,
                               const std::string& name) {
  FoundLabels found{std::move(labels), name + " has " + std::to_string(classes) + " lines"};
  const std::size_t count = found.labels.size();
  if (count == classes) return found;
  if (has_background && count + 1 == classes) {
    found.labels.emplace(found.labels.begin(), kBackground);
    found.why = name + " has " + std::to_string(count) + " lines; the first class is background";
    return found;
  }
  if (!has_background && count == classes + 1 && is_background(found.labels.front())) {
    found.labels.erase(found.labels.begin());
    found.why = name + " has " + std::to_string(count) + " lines, the first of which is background";
    return found;
  }
  return std::nullopt;
}

// The same for names that somebody asked for: what does not fit is an error.
Result<FoundLabels> must_fit(std::vector<std::string> labels, int classes, bool has_background,
                             const std::string& name) {
  const std::size_t count = labels.size();
  auto found = fit(std::move(labels), static_cast<std::size_t>(std::max(classes, 0)), has_background, name);
  if (!found)
    return failure(ErrorCode::invalid_argument, name, ": has ", count, " labels, but the model has ", classes,
                   " classes", has_background ? ", background included" : "");
  return *std::move(found);
}

Result<std::vector<std::string>> read_lines(const std::filesystem::path& path) {
  MOBILENET_TRY(const auto file, MappedFile::open(path));
  const std::span<const std::byte> bytes = file->bytes();
  return parse_labels({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

std::vector<std::string> parse_labels(std::string_view text) {
  std::vector<std::string> lines = lines_of(text);
  if (auto labels = numbered(lines)) return *std::move(labels);
  return lines;
}

std::optional<FoundLabels> labels_beside(const std::filesystem::path& model, int classes, bool has_background) {
  if (model.empty() || classes <= 0) return std::nullopt;
  const std::string stem = model.stem().string();
  // The model's own name first, then what people call such a file.
  for (const std::string& name :
       {stem + "_labels.txt", stem + ".labels.txt", stem + "-labels.txt", stem + ".txt", std::string("labels.txt"),
        std::string("labelmap.txt"), std::string("label_map.txt"), std::string("classes.txt"),
        std::string("class_names.txt"), std::string("imagenet_labels.txt")}) {
    std::error_code ignored;
    const std::filesystem::path path = model.parent_path() / name;
    if (!std::filesystem::is_regular_file(path, ignored)) continue;
    auto labels = read_lines(path);
    if (!labels) continue;
    auto found = fit(*std::move(labels), static_cast<std::size_t>(classes), has_background, name + " beside the model");
    if (found) return found;
  }
  return std::nullopt;
}

Result<FoundLabels> labels_from_file(const std::filesystem::path& path, int classes, bool has_background) {
  MOBILENET_TRY(std::vector<std::string> labels, read_lines(path));
  return must_fit(std::move(labels), classes, has_background, path.string());
}

Result<FoundLabels> labels_from_caller(std::vector<std::string> labels, int classes, bool has_background) {
  const std::size_t count = labels.size();
  MOBILENET_TRY(FoundLabels found, must_fit(std::move(labels), classes, has_background, "the list of labels"));
  found.why = "the caller's list of " + std::to_string(count);
  return found;
}

std::optional<FoundLabels> built_in_labels(int classes) {
  const std::size_t count = kImageNetLabels.size();
  const auto rows = static_cast<std::size_t>(std::max(classes, 0));
  if (rows != count && rows != count + 1) return std::nullopt;
  FoundLabels found{{kImageNetLabels.begin(), kImageNetLabels.end()},
                    "built in ImageNet names, because there are " + std::to_string(classes) + " classes"};
  if (rows == count + 1) found.labels.emplace(found.labels.begin(), kBackground);
  return found;
}

}  // namespace mobilenet
