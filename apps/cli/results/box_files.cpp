// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/results/box_files.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <span>

#include "cli/output/answer_text.h"
#include "cli/output/files.h"
#include "cli/output/utf8.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

Result<void> write_text(const Destination& destination, const std::string& text) {
  return write_bytes(destination, std::as_bytes(std::span(text)));
}

}  // namespace

Detection clipped(Detection d, int width, int height) {
  const auto w = static_cast<float>(width), h = static_cast<float>(height);
  d.left = std::clamp(d.left, 0.0f, w), d.right = std::clamp(d.right, 0.0f, w);
  d.top = std::clamp(d.top, 0.0f, h), d.bottom = std::clamp(d.bottom, 0.0f, h);
  return d;
}

std::vector<std::string> names_of_classes(const ModelInfo& model) {
  const std::size_t background = model.has_background ? 1 : 0;
  std::vector<std::string> names;
  for (std::size_t row = background; row < static_cast<std::size_t>(model.classes); ++row) {
    const std::string_view label = row < model.labels.size() ? std::string_view(model.labels[row]) : "";
    names.push_back(class_name(static_cast<int>(row - background), label));
  }
  return names;
}

std::string xml_text(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const Utf8 next = first_code_point(text);
    const char c = text.front();
    if (!next.valid || next.code_point < 0x20 || next.code_point == 0x7f) {
      safe += "\xef\xbf\xbd";
    } else if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else {
      safe += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return safe;
}

YoloFiles::YoloFiles(std::string folder)
    : files_(std::move(folder) + '/', "the YOLO labels of ", [](const fs::path&) { return ".txt"; }) {}

Result<void> YoloFiles::prepare(const ResultRequest& request, OutputFiles& files) {
  if (auto ready = files_.prepare(request, files); !ready) return ready;
  const fs::path path = fs::path(files_.output()) / "classes.txt";
  std::error_code ignored;
  if (request.resume && fs::exists(path, ignored)) return {};
  auto added = files.add(path, "the names of the classes");
  if (!added) return added.error();
  names_file_ = *std::move(added);
  for (const std::string& name : names_of_classes(request.model)) names_ += printable(name) + '\n';
  return {};
}

Result<void> YoloFiles::finish() { return names_file_ ? write_text(*names_file_, names_) : Result<void>(); }

Result<void> YoloFiles::write(const LoadedPicture& picture, PictureAnswer& answer) {
  if (files_.is_done(picture.place)) return {};
  const auto place = files_.at(picture);
  if (!place) return place.error();
  std::string text;
  for (const Detection& found : answer.detections) {
    const Detection d = clipped(found, answer.width, answer.height);
    const double w = answer.width, h = answer.height;
    char line[128];
    std::snprintf(line, sizeof line, "%d %.6f %.6f %.6f %.6f\n", d.class_index, (d.left + d.right) / 2 / w,
                  (d.top + d.bottom) / 2 / h, d.width() / w, d.height() / h);
    text += line;
  }
  return write_text(*place, text);
}

VocFiles::VocFiles(std::string folder)
    : files_(std::move(folder) + '/', "the VOC labels of ", [](const fs::path&) { return ".xml"; }) {}

Result<void> VocFiles::prepare(const ResultRequest& request, OutputFiles& files) {
  return files_.prepare(request, files);
}

Result<void> VocFiles::write(const LoadedPicture& picture, PictureAnswer& answer) {
  if (files_.is_done(picture.place)) return {};
  const auto place = files_.at(picture);
  if (!place) return place.error();
  const fs::path name(picture.name);
  const auto element = [](const char* tag, const std::string& text) {
    return "<" + std::string(tag) + ">" + text + "</" + tag + ">";
  };
  std::string xml = "<annotation>\n  " + element("folder", xml_text(name.parent_path().filename().string())) + "\n  " +
                    element("filename", xml_text(name.filename().string())) + "\n  <size>" +
                    element("width", std::to_string(answer.width)) + element("height", std::to_string(answer.height)) +
                    element("depth", "3") + "</size>\n  " + element("segmented", "0") + "\n";
  for (const Detection& found : answer.detections) {
    const Detection d = clipped(found, answer.width, answer.height);
    const auto first = [](float edge, int size) {
      return std::clamp(static_cast<int>(std::lround(edge)) + 1, 1, size);
    };
    const int left = first(d.left, answer.width), top = first(d.top, answer.height);
    const int right = std::max(left, static_cast<int>(std::lround(d.right)));
    const int bottom = std::max(top, static_cast<int>(std::lround(d.bottom)));
    xml += "  <object>" + element("name", xml_text(class_name(d.class_index, d.label))) + element("difficult", "0") +
           "<bndbox>" + element("xmin", std::to_string(left)) + element("ymin", std::to_string(top)) +
           element("xmax", std::to_string(right)) + element("ymax", std::to_string(bottom)) + "</bndbox></object>\n";
  }
  return write_text(*place, xml + "</annotation>\n");
}

}  // namespace mobilenet::cli
