// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Detections as COCO's JSON of results.

#include <mobilenet/evaluate.h>

#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "base/caught.h"
#include "evaluate/coco_names.h"
#include "json/json_text.h"

namespace mobilenet::evaluation {

CocoImageId coco_image_id(std::string_view picture) {
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

double shortest(float value) {
  if (!std::isfinite(value)) return value;
  std::array<char, 64> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  double number = value;
  std::from_chars(digits.data(), end, number);
  return number;
}

}  // namespace mobilenet::evaluation

namespace mobilenet {

Result<void> CocoResults::add(std::string_view picture, std::span<const Detection> detections) try {
  const JsonText id = std::visit([](const auto& value) { return JsonText(value); }, evaluation::coco_image_id(picture));
  std::string rows;
  for (const Detection& detection : detections) {
    const JsonText row = JsonText::object({{"image_id", id},
                                           {"category_id", evaluation::coco_category_id(detection)},
                                           {"bbox", JsonText::array_of(evaluation::coco_box(detection))},
                                           {"score", evaluation::shortest(detection.score)}});
    if (size_ > 0 || !rows.empty()) rows += ',';
    rows += row.text();
  }
  constexpr std::size_t kEnd = 2;  // "]\n"
  json_.insert(json_.size() - kEnd, rows);
  size_ += detections.size();
  return {};
} catch (...) {
  return caught("COCO results");
}

}  // namespace mobilenet
