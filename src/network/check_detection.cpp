// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/check_detection.h"

#include <cmath>

#include "base/error.h"
#include "spec/limits.h"

namespace mobilenet {

Result<void> check(const DetectionSpec& spec) {
  const SuppressionSpec& s = spec.suppression;
  if (spec.classes < 1 || spec.classes > kMostDetectorClasses)
    return failure(ErrorCode::bad_format, "a detector of ", spec.classes, " classes is impossible");
  for (const float scale : {spec.coder.y, spec.coder.x, spec.coder.height, spec.coder.width})
    if (!(scale > 0) || !std::isfinite(scale))
      return failure(ErrorCode::bad_format, "a box coder with scale ", scale, " is impossible");
  if (!(s.iou_threshold >= 0 && s.iou_threshold <= 1))
    return failure(ErrorCode::bad_format, "an IoU threshold of ", s.iou_threshold, " is not between 0 and 1");
  if (!std::isfinite(s.score_threshold))
    return failure(ErrorCode::bad_format, "a score threshold of ", s.score_threshold, " is impossible");
  const bool no_class = s.rule == SuppressionRule::per_class && s.max_per_class < 1;
  if (s.max_detections < 1 || no_class || s.max_classes_per_anchor < 1 || s.max_classes_per_anchor > kMostDetections ||
      s.max_detections > kMostDetections / s.max_classes_per_anchor)
    return failure(ErrorCode::bad_format, "at most ", s.max_detections, " detections, ", s.max_per_class,
                   " of a class, ", s.max_classes_per_anchor, " classes of an anchor is impossible");
  if (!s.class_thresholds.empty() && static_cast<int>(s.class_thresholds.size()) != spec.classes)
    return failure(ErrorCode::bad_format, s.class_thresholds.size(), " class thresholds for ", spec.classes,
                   " classes");
  for (std::size_t i = 0; i < s.class_thresholds.size(); ++i)
    if (!std::isfinite(s.class_thresholds[i]))
      return failure(ErrorCode::bad_format, "the score threshold of class ", i, " is ", s.class_thresholds[i]);
  return {};
}

}  // namespace mobilenet
