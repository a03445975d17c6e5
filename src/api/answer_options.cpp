// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "api/answer_options.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/letter_case.h"
#include "base/nearest_name.h"
#include "base/text.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

constexpr float kDetectionThreshold = 0.5f;  // where neither the caller nor the model says more

// Rows with the label; where none has it as it is written, those that differ in its case.
std::vector<std::size_t> rows_called(const std::string& label, const std::vector<std::string>& labels) {
  const std::string similar_label = lower_case(label);
  std::vector<std::size_t> same, similar;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == label) same.push_back(row);
    if (lower_case(labels[row]) == similar_label) similar.push_back(row);
  }
  return same.empty() ? similar : same;
}

Result<std::vector<std::size_t>> chosen_rows(const ModelState& model, const std::vector<int>& classes,
                                             const std::vector<std::string>& names) {
  const ModelSpec& spec = model.loaded.spec;
  const int count = class_count(spec), first = spec.has_background ? -1 : 0, last = first + count - 1;
  std::vector<std::size_t> rows;
  for (const int index : classes) {
    if (index < first || index > last)
      return failure(ErrorCode::invalid_argument, model.info.source, ": has no class ", index, "; its ", count,
                     " classes are ", first, " to ", last);
    rows.push_back(static_cast<std::size_t>(index - first));
  }
  for (const std::string& name : names) {
    const std::vector<std::size_t> called = rows_called(name, spec.labels);
    if (called.empty())
      return failure(ErrorCode::not_found, model.info.source, ": has no class '", name, "'",
                     spec.labels.empty()
                         ? text("; its ", count, " classes have no names, only the numbers ", first, " to ", last)
                         : instead_of(name, std::vector<std::string_view>(spec.labels.begin(), spec.labels.end())));
    rows.insert(rows.end(), called.begin(), called.end());
  }
  return rows;
}

}  // namespace

Result<std::vector<bool>> wanted_classes(const ModelState& model, const SessionOptions& options) {
  MOBILENET_TRY(const auto chosen, chosen_rows(model, options.classes, options.class_names));
  MOBILENET_TRY(const auto excluded, chosen_rows(model, options.excluded_classes, options.excluded_class_names));
  if (chosen.empty() && excluded.empty()) return std::vector<bool>();
  std::vector<bool> wanted(static_cast<std::size_t>(class_count(model.loaded.spec)), chosen.empty());
  for (const std::size_t row : chosen) wanted[row] = true;
  for (const std::size_t row : excluded) wanted[row] = false;
  if (std::find(wanted.begin(), wanted.end(), true) == wanted.end())
    return failure(ErrorCode::invalid_argument, "classes, excluded_classes: they leave no class of ",
                   model.info.source);
  return wanted;
}

Result<DetectionSpec> wanted_detection(const ModelState& model, const SessionOptions& options) {
  DetectionSpec spec = model.loaded.spec.detection;
  SuppressionSpec& own = spec.suppression;
  const SuppressionOptions& asked = options.suppression;
  // A box below the caller's threshold cannot suppress one above it, so it need not be looked at.
  own.score_threshold = std::max(own.score_threshold, options.score_threshold.value_or(kDetectionThreshold));
  own.iou_threshold = asked.iou_threshold.value_or(own.iou_threshold);
  if (asked.max_per_class && own.rule == SuppressionRule::fast)
    return failure(ErrorCode::unsupported, "suppression.max_per_class: ", model.info.source,
                   " suppresses over all classes together, so that classes have no limits of their own");
  own.max_per_class = asked.max_per_class.value_or(own.max_per_class);
  if (!asked.class_thresholds.empty()) {
    if (asked.class_thresholds.size() != static_cast<std::size_t>(spec.classes))
      return failure(ErrorCode::invalid_argument, "suppression.class_thresholds: ", asked.class_thresholds.size(),
                     " thresholds for the ", spec.classes, " classes of ", model.info.source);
    own.class_thresholds = asked.class_thresholds;
  }
  // More than the format holds is as good as all; none is the caller's own business.
  if (options.max_detections)
    own.max_detections = std::clamp(*options.max_detections, 1, kMostDetections / own.max_classes_per_anchor);
  return spec;
}

Result<void> check_answer_options(const ModelState& model, const SessionOptions& options) {
  const ModelSpec& spec = model.loaded.spec;
  if (is_classifier(spec) || spec.detection.classes > 0) MOBILENET_CHECK(wanted_classes(model, options));
  if (spec.detection.classes > 0) MOBILENET_CHECK(wanted_detection(model, options));
  return {};
}

}  // namespace mobilenet
