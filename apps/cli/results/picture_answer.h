// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The answer about one picture, from the thread that computed it to where it is printed and written.

#include <mobilenet/image.h>
#include <mobilenet/results.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/output.h"

namespace mobilenet::cli {

struct PictureAnswer {
  int width = 0, height = 0;  // of the upright picture
  // What the verb's network gives; labels live as long as the Model.
  std::vector<Classification> classes;
  std::vector<Detection> detections;
  std::vector<SegmentClass> segments;
  const Segmentation* mask = nullptr;  // of segments, only while ResultKind::write() runs
  bool sure = true;                    // the best class has the score that was asked for
  Json line;                           // what --json prints
  std::string title;                   // what people read, above the table
  std::string text;                    // what is printed in the end
  std::optional<Image> thumbnail;      // where a result wants one

  // The class that the picture counts as: the best one, that of the best object, that of most pixels. Empty: none.
  std::string main_class() const;
  // All classes in it, each once: what a summary counts.
  std::vector<std::string> all_classes() const;
};

}  // namespace mobilenet::cli
