// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "postprocess/detection.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/error.h"

namespace mobilenet {
namespace {

// Arithmetic in double, results in float, as TensorFlow Lite decodes.
RawDetection decode(const float* encoded, const AnchorBox& anchor, const BoxCoder& coder) {
  const double anchor_height = anchor.height, anchor_width = anchor.width;
  const double y = static_cast<double>(encoded[0]) / static_cast<double>(coder.y),
               x = static_cast<double>(encoded[1]) / static_cast<double>(coder.x);
  const double h = static_cast<double>(encoded[2]) / static_cast<double>(coder.height),
               w = static_cast<double>(encoded[3]) / static_cast<double>(coder.width);
  const auto centre_y = static_cast<float>(y * anchor_height + static_cast<double>(anchor.y));
  const auto centre_x = static_cast<float>(x * anchor_width + static_cast<double>(anchor.x));
  const auto half_height = static_cast<float>(0.5 * std::exp(h) * anchor_height);
  const auto half_width = static_cast<float>(0.5 * std::exp(w) * anchor_width);
  RawDetection box;
  box.top = centre_y - half_height;
  box.left = centre_x - half_width;
  box.bottom = centre_y + half_height;
  box.right = centre_x + half_width;
  return box;
}

float intersection_over_union(const RawDetection& a, const RawDetection& b) {
  const float area_a = (a.bottom - a.top) * (a.right - a.left), area_b = (b.bottom - b.top) * (b.right - b.left);
  if (!(area_a > 0) || !(area_b > 0)) return 0;
  const float height = std::max(std::min(a.bottom, b.bottom) - std::max(a.top, b.top), 0.0f);
  const float width = std::max(std::min(a.right, b.right) - std::max(a.left, b.left), 0.0f);
  const float intersection = height * width;
  return intersection / (area_a + area_b - intersection);
}

bool is_probability(float value) { return value >= 0 && value <= 1; }

Result<void> check(const DetectionSpec& spec, std::span<const AnchorBox> anchors) {
  const SuppressionSpec& s = spec.suppression;
  if (spec.classes < 1 || spec.classes > 1 << 16)
    return failure(ErrorCode::bad_format, "a detector of ", spec.classes, " classes is impossible");
  for (const float scale : {spec.coder.y, spec.coder.x, spec.coder.height, spec.coder.width})
    if (!(scale > 0) || !std::isfinite(scale))
      return failure(ErrorCode::bad_format, "a box coder with scale ", scale, " is impossible");
  if (!is_probability(s.iou_threshold))
    return failure(ErrorCode::bad_format, "an IoU threshold of ", s.iou_threshold, " is not between 0 and 1");
  if (!std::isfinite(s.score_threshold))
    return failure(ErrorCode::bad_format, "a score threshold of ", s.score_threshold, " is impossible");
  constexpr int kMost = 1 << 20;  // far above any use; keeps products of counts inside an int
  if (s.max_detections < 1 || s.max_detections > kMost || s.max_per_class < 1 || s.max_classes_per_anchor < 1 ||
      s.max_classes_per_anchor > spec.classes || s.max_detections > kMost / s.max_classes_per_anchor)
    return failure(ErrorCode::bad_format, "at most ", s.max_detections, " detections, ", s.max_per_class,
                   " of a class, ", s.max_classes_per_anchor, " classes of an anchor: impossible for ", spec.classes,
                   " classes");
  if (!s.class_thresholds.empty() && static_cast<int>(s.class_thresholds.size()) != spec.classes)
    return failure(ErrorCode::bad_format, s.class_thresholds.size(), " class thresholds for ", spec.classes,
                   " classes");
  for (std::size_t i = 0; i < anchors.size(); ++i)
    for (const float number : {anchors[i].y, anchors[i].x, anchors[i].height, anchors[i].width})
      if (!std::isfinite(number)) return failure(ErrorCode::bad_format, "anchor ", i, " is not finite");
  return {};
}

}  // namespace

Result<DetectionDecoder> DetectionDecoder::create(const DetectionSpec& spec, std::vector<AnchorBox> anchors) {
  MOBILENET_CHECK(check(spec, anchors));
  DetectionDecoder decoder;
  decoder.spec_ = spec;
  decoder.anchors_ = std::move(anchors);
  const std::size_t count = decoder.anchors_.size(), results = static_cast<std::size_t>(max_results(spec));
  decoder.row_.resize(static_cast<std::size_t>(spec.classes) + 1);
  decoder.candidates_.reserve(count);
  decoder.decoded_.reserve(count);
  decoder.selected_.reserve(count);
  decoder.merged_.reserve(results + std::min(count, static_cast<std::size_t>(spec.suppression.max_per_class)));
  decoder.results_.reserve(results);
  return decoder;
}

float DetectionDecoder::threshold(int class_index) const {
  const SuppressionSpec& s = spec_.suppression;
  if (s.class_thresholds.empty()) return s.score_threshold;
  return std::max(s.score_threshold, s.class_thresholds[static_cast<std::size_t>(class_index)]);
}

// Fills row_ with the anchor's probabilities, without background.
void DetectionDecoder::scores_of(const DetectorOutput& output, int anchor) {
  const int background = spec_.background_column ? 1 : 0, columns = spec_.classes + background;
  const float* scores = output.scores + static_cast<std::ptrdiff_t>(anchor) * columns;
  switch (spec_.score_function) {
    case ScoreFunction::identity:
      std::copy_n(scores + background, spec_.classes, row_.begin());
      return;
    case ScoreFunction::sigmoid:
      for (int c = 0; c < spec_.classes; ++c)
        row_[static_cast<std::size_t>(c)] = 1 / (1 + std::exp(-scores[c + background]));
      return;
    case ScoreFunction::softmax: {
      const float largest = *std::max_element(scores, scores + columns);
      double sum = 0;
      for (int c = 0; c < columns; ++c) sum += std::exp(static_cast<double>(scores[c] - largest));
      for (int c = 0; c < spec_.classes; ++c)
        row_[static_cast<std::size_t>(c)] =
            static_cast<float>(std::exp(static_cast<double>(scores[c + background] - largest)) / sum);
      return;
    }
  }
}

// The best class of every anchor that reaches its threshold.
void DetectionDecoder::collect_best_classes(const DetectorOutput& output) {
  candidates_.clear();
  const int background = spec_.background_column ? 1 : 0, columns = spec_.classes + background;
  for (int anchor = 0; anchor < anchors(); ++anchor) {
    const float* scores = output.scores + static_cast<std::ptrdiff_t>(anchor) * columns + background;
    // All three score functions keep the order of the columns, so only the best one is worth an exponential.
    const int best = static_cast<int>(std::max_element(scores, scores + spec_.classes) - scores);
    float score = scores[best];
    if (spec_.score_function == ScoreFunction::sigmoid) {
      score = 1 / (1 + std::exp(-score));
    } else if (spec_.score_function == ScoreFunction::softmax) {
      scores_of(output, anchor);
      score = row_[static_cast<std::size_t>(best)];
    }
    if (score >= threshold(best)) candidates_.push_back({score, anchor, best});
  }
}

void DetectionDecoder::collect_class(const DetectorOutput& output, int class_index) {
  candidates_.clear();
  const int background = spec_.background_column ? 1 : 0, columns = spec_.classes + background;
  for (int anchor = 0; anchor < anchors(); ++anchor) {
    float score = output.scores[static_cast<std::ptrdiff_t>(anchor) * columns + background + class_index];
    if (spec_.score_function == ScoreFunction::sigmoid) {
      score = 1 / (1 + std::exp(-score));
    } else if (spec_.score_function == ScoreFunction::softmax) {
      scores_of(output, anchor);
      score = row_[static_cast<std::size_t>(class_index)];
    }
    if (score >= threshold(class_index)) candidates_.push_back({score, anchor, class_index});
  }
}

// Appends to `selected` at most `most` of candidates_, best first, none of which overlaps a better one.
void DetectionDecoder::suppress(const float* boxes, int most, std::vector<Candidate>& selected) {
  // Equal scores stay in the order of the anchors. (Not stable_sort, which allocates.)
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.anchor < b.anchor;
  });
  decoded_.clear();
  int taken = 0;
  for (const Candidate& candidate : candidates_) {
    if (taken == most) break;
    const auto anchor = static_cast<std::size_t>(candidate.anchor);
    const RawDetection box = decode(boxes + 4 * anchor, anchors_[anchor], spec_.coder);
    const bool overlaps = std::any_of(decoded_.begin(), decoded_.end(), [&](const RawDetection& better) {
      return intersection_over_union(better, box) > spec_.suppression.iou_threshold;
    });
    if (overlaps) continue;
    decoded_.push_back(box);
    selected.push_back(candidate);
    ++taken;
  }
}

void DetectionDecoder::add_result(const Candidate& candidate, const float* boxes) {
  const auto anchor = static_cast<std::size_t>(candidate.anchor);
  RawDetection result = decode(boxes + 4 * anchor, anchors_[anchor], spec_.coder);
  result.class_index = candidate.class_index;
  result.score = candidate.score;
  results_.push_back(result);
}

std::span<const RawDetection> DetectionDecoder::run(const DetectorOutput& output) {
  const SuppressionSpec& s = spec_.suppression;
  results_.clear();
  selected_.clear();
  if (s.rule == SuppressionRule::fast) {
    collect_best_classes(output);
    suppress(output.boxes, s.max_detections, selected_);
    for (const Candidate& candidate : selected_) {
      if (s.max_classes_per_anchor == 1) {
        add_result(candidate, output.boxes);
        continue;
      }
      // The anchor's best classes, each a result of its own.
      scores_of(output, candidate.anchor);
      for (int n = 0; n < s.max_classes_per_anchor; ++n) {
        const auto best = std::max_element(row_.begin(), row_.begin() + spec_.classes);
        add_result({*best, candidate.anchor, static_cast<int>(best - row_.begin())}, output.boxes);
        *best = -1;
      }
    }
    return results_;
  }
  merged_.clear();
  for (int class_index = 0; class_index < spec_.classes; ++class_index) {
    collect_class(output, class_index);
    if (candidates_.empty()) continue;
    suppress(output.boxes, s.max_per_class, merged_);
    // Only the best of all classes so far can be in the answer; equal scores stay in the order of the classes.
    std::sort(merged_.begin(), merged_.end(), [](const Candidate& a, const Candidate& b) {
      if (a.score != b.score) return a.score > b.score;
      return a.class_index != b.class_index ? a.class_index < b.class_index : a.anchor < b.anchor;
    });
    if (merged_.size() > static_cast<std::size_t>(s.max_detections))
      merged_.resize(static_cast<std::size_t>(s.max_detections));
  }
  for (const Candidate& candidate : merged_) add_result(candidate, output.boxes);
  return results_;
}

}  // namespace mobilenet
