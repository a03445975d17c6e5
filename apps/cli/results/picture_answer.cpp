// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/results/picture_answer.h"

#include <algorithm>

#include "cli/output/answer_text.h"

namespace mobilenet::cli {

std::string PictureAnswer::main_class() const {
  if (!classes.empty()) return sure ? class_name(classes.front().index, classes.front().label) : "not sure";
  if (!segments.empty()) return class_name(segments.front().index, segments.front().label);
  const auto best = std::max_element(detections.begin(), detections.end(),
                                     [](const Detection& a, const Detection& b) { return a.score < b.score; });
  return best == detections.end() ? "" : class_name(best->class_index, best->label);
}

std::vector<std::string> PictureAnswer::all_classes() const {
  std::vector<std::string> names;
  const auto add = [&names](std::string name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  };
  if (!classes.empty()) add(main_class());
  for (const Detection& d : detections) add(class_name(d.class_index, d.label));
  for (const SegmentClass& c : segments) add(class_name(c.index, c.label));
  return names;
}

}  // namespace mobilenet::cli
