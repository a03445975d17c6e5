// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/results/tables.h"

#include <cerrno>
#include <cstdio>
#include <span>

#include "cli/output/files.h"
#include "cli/output/utf8.h"
#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

// The shortest decimal number that stands for this float.
std::string number(float value) { return Json(shortest(value)).dump(); }

std::string labelled(int index, std::string_view label) {
  return std::to_string(index) + ',' + csv_field(label) + "\r\n";
}

std::string head_of(Task task) {
  if (task == Task::detect) return "image,left,top,right,bottom,score,class,label\r\n";
  if (task == Task::segment) return "image,pixels,share,class,label\r\n";
  return "image,rank,score,class,label\r\n";
}

}  // namespace

std::string csv_field(std::string_view text) {
  std::string field;
  bool quoted = false;
  while (!text.empty()) {
    const Utf8 next = first_code_point(text);
    const char c = text.front();
    quoted = quoted || c == ',' || c == '"' || c == '\n' || c == '\r';
    if (c == '"') field += '"';
    field += next.valid ? text.substr(0, next.bytes) : "\xef\xbf\xbd";
    text.remove_prefix(next.bytes);
  }
  return quoted ? '"' + field + '"' : field;
}

Result<void> CsvTable::prepare(const ResultRequest& request, OutputFiles& files) {
  auto added = files.add(output_, "the table");
  if (!added) return added.error();
  destination_ = *std::move(added);
  auto file = PendingFile::create(*destination_);
  if (!file) return file.error();
  file_.emplace(*std::move(file));
  std::fputs(head_of(request.model.task).c_str(), file_->file());
  return {};
}

Result<void> CsvTable::add(const LoadedPicture& picture, const PictureAnswer& answer) {
  const std::string image = csv_field(picture.name) + ',';
  std::string lines;
  int rank = 0;
  for (const Classification& c : answer.classes)
    lines += image + std::to_string(++rank) + ',' + number(c.score) + ',' + labelled(c.index, c.label);
  for (const Detection& d : answer.detections) {
    lines += image + number(d.left) + ',' + number(d.top) + ',' + number(d.right) + ',' + number(d.bottom) + ',' +
             number(d.score) + ',' + labelled(d.class_index, d.label);
  }
  const double all = static_cast<double>(answer.width) * answer.height;
  for (const SegmentClass& c : answer.segments) {
    lines += image + std::to_string(c.pixels) + ',' + number(static_cast<float>(static_cast<double>(c.pixels) / all)) +
             ',' + labelled(c.index, c.label);
  }
  errno = 0;
  if (std::fwrite(lines.data(), 1, lines.size(), file_->file()) != lines.size())
    return system_error(output_, "cannot write it", errno);
  return {};
}

Result<void> CsvTable::finish() { return file_->commit(); }

Result<void> CocoFile::prepare(const ResultRequest&, OutputFiles& files) {
  auto added = files.add(output_, "the COCO results");
  if (!added) return added.error();
  destination_ = *std::move(added);
  return {};
}

Result<void> CocoFile::add(const LoadedPicture& picture, const PictureAnswer& answer) {
  return results_.add(picture.name, answer.detections);
}

Result<void> CocoFile::finish() { return write_bytes(*destination_, std::as_bytes(std::span(results_.json()))); }

std::string CocoFile::summary() const { return counted(results_.size(), "COCO result") + " in " + output_; }

}  // namespace mobilenet::cli
