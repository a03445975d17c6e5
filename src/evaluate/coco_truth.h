// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// COCO's files: pictures with their true objects from an instances file, and what was found in them.

#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/results.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/coco_ap.h"
#include "evaluate/coco_names.h"

namespace mobilenet::evaluation {

// Pictures in the order of their ids.
class CocoTruth {
 public:
  static Result<CocoTruth> read(const std::filesystem::path& path);

  std::optional<std::size_t> picture_named(std::string_view picture) const;
  std::optional<std::size_t> category_with_id(std::int64_t id) const;
  std::size_t categories() const { return category_ids_.size(); }
  std::string_view example() const { return by_name_.empty() ? std::string_view() : by_name_.begin()->first; }
  const std::vector<CocoPicture>& pictures() const { return pictures_; }

  // As those of CocoEvaluation.
  Result<std::string> match_classes(const ModelInfo& info);
  Result<void> read_results(const std::filesystem::path& path);
  Result<void> set_found(std::size_t picture, std::span<const Detection> detections);

 private:
  std::optional<std::size_t> picture_with_id(const CocoImageId& id) const;

  std::vector<CocoImageId> ids_;  // sorted, as are the categories
  std::vector<CocoPicture> pictures_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::vector<std::int64_t> category_ids_;
  std::vector<std::string> category_names_;                                   // as many; empty where the file has none
  std::optional<std::vector<std::optional<std::size_t>>> category_of_class_;  // of the model that was matched
  std::string source_;
};

}  // namespace mobilenet::evaluation
