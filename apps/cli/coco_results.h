// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Detections as COCO writes them down: picture and category ids, boxes as left, top, width, height. `detect` writes
// them to a file, `evaluate` compares them with the truth.

#include <mobilenet/result.h>
#include <mobilenet/results.h>

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <variant>

#include "cli/coco_ap.h"
#include "cli/output/output.h"
#include "cli/output/pending_file.h"

namespace mobilenet::cli {

using CocoImageId = std::variant<std::int64_t, std::string>;

// COCO names its pictures by number: 000000000139.jpg is 139. Others keep their name, without folder and ending.
CocoImageId coco_image_id(const std::string& picture);

// Category ids count from 1.
std::int64_t coco_category_id(const Detection& detection);
CocoBox coco_box(const Detection& detection);

// Every object of every picture in one array.
class CocoResults {
 public:
  void add(const std::string& picture, std::span<const Detection> detections);
  std::size_t size() const { return results_.size(); }
  Result<void> write(const Destination& destination) const;

 private:
  Json results_ = Json::array();
};

}  // namespace mobilenet::cli
