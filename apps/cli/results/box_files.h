// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Objects as the files that tools for labelling and training read: one a picture, boxes inside of it.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/results/picture_files.h"
#include "cli/results/result_kind.h"

namespace mobilenet::cli {

// YOLO's text: a line an object, its class and the box's centre, width and height as parts of the picture's. Beside
// the files `classes.txt` names the classes, a line each.
class YoloFiles : public ResultKind {
 public:
  explicit YoloFiles(std::string folder);
  Result<void> prepare(const ResultRequest& request, OutputFiles& files) override;
  bool is_done(std::size_t place) const override { return files_.is_done(place); }
  Result<void> write(const LoadedPicture& picture, PictureAnswer& answer) override;
  Result<void> finish() override;
  std::string summary() const override { return "YOLO labels in " + files_.output(); }

 private:
  PictureFiles files_;
  std::optional<Destination> names_file_;  // none: it is there already
  std::string names_;
};

// PASCAL VOC's XML: pixels counted from 1, the last one belongs to the box.
class VocFiles : public ResultKind {
 public:
  explicit VocFiles(std::string folder);
  Result<void> prepare(const ResultRequest& request, OutputFiles& files) override;
  bool is_done(std::size_t place) const override { return files_.is_done(place); }
  Result<void> write(const LoadedPicture& picture, PictureAnswer& answer) override;
  std::string summary() const override { return "VOC labels in " + files_.output(); }

 private:
  PictureFiles files_;
};

// The box cut at the picture's edges.
Detection clipped(Detection detection, int width, int height);
// The labels of classes 0, 1, ..., with a name for those that have none.
std::vector<std::string> names_of_classes(const ModelInfo& model);
// For text and attributes; control characters and bytes that are no UTF-8, which XML cannot hold, become U+FFFD.
std::string xml_text(std::string_view text);

}  // namespace mobilenet::cli
