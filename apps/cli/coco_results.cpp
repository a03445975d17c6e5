// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/coco_results.h"

#include <charconv>
#include <cstddef>

#include "cli/output/files.h"

namespace mobilenet::cli {

CocoImageId coco_image_id(const std::string& picture) {
  std::string stem = std::filesystem::path(picture).stem().string();
  // COCO's pictures of 2014 are named COCO_val2014_000000000042.
  const std::size_t digits = stem.starts_with("COCO_") ? stem.rfind('_') + 1 : 0;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(stem.data() + digits, stem.data() + stem.size(), number);
  if (error == std::errc() && end == stem.data() + stem.size()) return number;
  return stem;
}

std::int64_t coco_category_id(const Detection& detection) { return std::int64_t{detection.class_index} + 1; }

CocoBox coco_box(const Detection& detection) {
  return {shortest(detection.left), shortest(detection.top), shortest(detection.right - detection.left),
          shortest(detection.bottom - detection.top)};
}

void CocoResults::add(const std::string& picture, std::span<const Detection> detections) {
  const Json id = std::visit([](const auto& value) { return Json(value); }, coco_image_id(picture));
  for (const Detection& detection : detections)
    results_.push_back({{"image_id", id},
                        {"category_id", coco_category_id(detection)},
                        {"bbox", coco_box(detection)},
                        {"score", shortest(detection.score)}});
}

Result<void> CocoResults::write(const Destination& destination) const {
  const std::string text = json_line(results_);
  const std::span<const std::byte> part = std::as_bytes(std::span(text));
  return write_file(destination, {&part, 1});
}

}  // namespace mobilenet::cli
