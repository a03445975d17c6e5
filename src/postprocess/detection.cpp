// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "postprocess/detection.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/error.h"
#include "network/check_detection.h"

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

// A vector of trivial elements in somebody else's memory, which is large enough.
template <class T>
struct Stack {
  T* data = nullptr;
  std::size_t size = 0;

  void push_back(const T& value) { data[size++] = value; }
  void clear() { size = 0; }
  T* begin() const { return data; }
  T* end() const { return data + size; }
  std::span<const T> view() const { return {data, size}; }
};

Result<void> check(std::span<const AnchorBox> anchors) {
  for (std::size_t i = 0; i < anchors.size(); ++i)
    for (const float number : {anchors[i].y, anchors[i].x, anchors[i].height, anchors[i].width})
      if (!std::isfinite(number)) return failure(ErrorCode::bad_format, "anchor ", i, " is not finite");
  return {};
}

}  // namespace

struct DetectionDecoder::Candidate {
  float score;
  int anchor;
  int class_index;
};

// One anchor's scores: probability = exp(score - largest) / sum.
struct DetectionDecoder::SoftmaxRow {
  float largest;
  double sum;
};

// Fixed arrays in the caller's memory, as large as they can ever get.
struct DetectionDecoder::Workspace {
  Stack<Candidate> ranked;  // one anchor's classes
  Stack<SoftmaxRow> softmax_rows;
  Stack<Candidate> candidates;  // of one suppression, best first
  Stack<RawDetection> decoded;  // boxes that the suppression has kept
  Stack<Candidate> selected;
  Stack<RawDetection> results;

  // `memory` may be null to learn the size.
  Workspace(const DetectionDecoder& decoder, std::byte* memory) : next_(memory) {
    const auto count = static_cast<std::size_t>(decoder.anchors());
    const SuppressionSpec& s = decoder.spec_.suppression;
    take(ranked, static_cast<std::size_t>(decoder.spec_.classes));
    take(softmax_rows, decoder.spec_.score_function == ScoreFunction::softmax ? count : 0);
    take(candidates, count);
    take(decoded, count);
    // Per class the best so far and one class more.
    take(selected, std::min(count, static_cast<std::size_t>(std::max(s.max_detections, s.max_per_class))) +
                       static_cast<std::size_t>(s.max_detections));
    take(results, decoder.most_results());
  }

  std::size_t bytes = 0;

 private:
  template <class T>
  void take(Stack<T>& stack, std::size_t capacity) {
    constexpr std::size_t kAlign = 16;
    stack.data = next_ == nullptr ? nullptr : reinterpret_cast<T*>(next_ + bytes);
    bytes += (capacity * sizeof(T) + kAlign - 1) / kAlign * kAlign;
  }
  std::byte* next_;
};

Result<DetectionDecoder> DetectionDecoder::create(const DetectionSpec& spec, std::vector<AnchorBox> anchors,
                                                  std::vector<bool> wanted) {
  MOBILENET_CHECK(check(spec));
  MOBILENET_CHECK(check(anchors));
  DetectionDecoder decoder;
  decoder.spec_ = spec;
  decoder.anchors_ = std::move(anchors);
  decoder.wanted_ = std::move(wanted);
  return decoder;
}

std::size_t DetectionDecoder::most_results() const {
  const SuppressionSpec& s = spec_.suppression;
  const auto most = static_cast<std::size_t>(s.max_detections), count = anchors_.size();
  if (s.rule == SuppressionRule::fast)
    return std::min(most, count) * static_cast<std::size_t>(std::min(s.max_classes_per_anchor, spec_.classes));
  return std::min(most, count * static_cast<std::size_t>(spec_.classes));
}

std::size_t DetectionDecoder::workspace_bytes() const { return Workspace(*this, nullptr).bytes; }

float DetectionDecoder::threshold(int class_index) const {
  const SuppressionSpec& s = spec_.suppression;
  if (s.class_thresholds.empty()) return s.score_threshold;
  return std::max(s.score_threshold, s.class_thresholds[static_cast<std::size_t>(class_index)]);
}

float DetectionDecoder::probability(const DetectorOutput& output, int anchor, int class_index,
                                    const Workspace& work) const {
  const int column = class_index + (spec_.background_column ? 1 : 0);
  const float score = output.scores[static_cast<std::ptrdiff_t>(anchor) * columns() + column];
  switch (spec_.score_function) {
    case ScoreFunction::identity:
      return score;
    case ScoreFunction::sigmoid:
      return 1 / (1 + std::exp(-score));
    case ScoreFunction::softmax:
      break;
  }
  const SoftmaxRow& row = work.softmax_rows.data[anchor];
  return static_cast<float>(std::exp(static_cast<double>(score - row.largest)) / row.sum);
}

// What softmax needs of every anchor, once for all of its classes.
void DetectionDecoder::measure_softmax_rows(const DetectorOutput& output, Workspace& work) const {
  if (spec_.score_function != ScoreFunction::softmax) return;
  for (int anchor = 0; anchor < anchors(); ++anchor) {
    const float* scores = output.scores + static_cast<std::ptrdiff_t>(anchor) * columns();
    SoftmaxRow row{*std::max_element(scores, scores + columns()), 0};
    for (int c = 0; c < columns(); ++c) row.sum += std::exp(static_cast<double>(scores[c] - row.largest));
    work.softmax_rows.push_back(row);
  }
}

// The best class of every anchor that reaches its threshold. All score functions keep the order of the columns, so only
// the best one is worth an exponential.
void DetectionDecoder::collect_best_classes(const DetectorOutput& output, Workspace& work) const {
  work.candidates.clear();
  for (int anchor = 0; anchor < anchors(); ++anchor) {
    const float* scores =
        output.scores + static_cast<std::ptrdiff_t>(anchor) * columns() + (spec_.background_column ? 1 : 0);
    // Among a NaN and numbers the best of the numbers: NaN compares like the least.
    const int best =
        static_cast<int>(std::max_element(scores, scores + spec_.classes,
                                          [](float a, float b) { return a < b || (std::isnan(a) && !std::isnan(b)); }) -
                         scores);
    const float score = probability(output, anchor, best, work);
    if (score >= threshold(best)) work.candidates.push_back({score, anchor, best});
  }
}

void DetectionDecoder::collect_class(const DetectorOutput& output, int class_index, Workspace& work) const {
  work.candidates.clear();
  for (int anchor = 0; anchor < anchors(); ++anchor) {
    const float score = probability(output, anchor, class_index, work);
    if (score >= threshold(class_index)) work.candidates.push_back({score, anchor, class_index});
  }
}

// A candidate stands for its best class, and where anchors answer several, for all that reach their thresholds.
bool DetectionDecoder::may_be_result(const Candidate& candidate, const DetectorOutput& output,
                                     const Workspace& work) const {
  if (is_wanted(candidate.class_index)) return true;
  if (spec_.suppression.rule == SuppressionRule::per_class || spec_.suppression.max_classes_per_anchor == 1)
    return false;
  for (int c = 0; c < spec_.classes; ++c)
    if (is_wanted(c) && probability(output, candidate.anchor, c, work) >= threshold(c)) return true;
  return false;
}

// Appends to work.selected at most `most` candidates, best first, none of which overlaps a better one.
void DetectionDecoder::suppress(const DetectorOutput& output, int most, Workspace& work) const {
  // Equal scores stay in the order of the anchors. (Not stable_sort, which allocates.)
  std::sort(work.candidates.begin(), work.candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.anchor < b.anchor;
  });
  work.decoded.clear();
  const std::size_t enough = work.selected.size + static_cast<std::size_t>(most);
  for (const Candidate& candidate : work.candidates) {
    if (work.selected.size == enough) break;
    const auto anchor = static_cast<std::size_t>(candidate.anchor);
    const RawDetection box = decode(output.boxes + 4 * anchor, anchors_[anchor], spec_.coder);
    const bool overlaps = std::any_of(work.decoded.begin(), work.decoded.end(), [&](const RawDetection& better) {
      return intersection_over_union(better, box) > spec_.suppression.iou_threshold;
    });
    if (overlaps) continue;
    work.decoded.push_back(box);
    if (may_be_result(candidate, output, work)) work.selected.push_back(candidate);
  }
}

void DetectionDecoder::add_result(const Candidate& candidate, const float* boxes, Workspace& work) const {
  const auto anchor = static_cast<std::size_t>(candidate.anchor);
  RawDetection result = decode(boxes + 4 * anchor, anchors_[anchor], spec_.coder);
  result.anchor = candidate.anchor;
  result.class_index = candidate.class_index;
  result.score = candidate.score;
  work.results.push_back(result);
}

// The anchor's best classes, each a result of its own; a score that is not a number is none. Equal scores come in
// std::partial_sort's order, as in the runtime's own builds.
void DetectionDecoder::add_best_classes(int anchor, const DetectorOutput& output, Workspace& work) const {
  work.ranked.clear();
  for (int c = 0; c < spec_.classes; ++c)
    if (const float score = probability(output, anchor, c, work); !std::isnan(score))
      work.ranked.push_back({score, anchor, c});
  const std::size_t most =
      std::min(work.ranked.size, static_cast<std::size_t>(spec_.suppression.max_classes_per_anchor));
  std::partial_sort(work.ranked.begin(), work.ranked.begin() + most, work.ranked.end(),
                    [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  for (const Candidate& candidate : work.ranked.view().first(most))
    if (is_wanted(candidate.class_index)) add_result(candidate, output.boxes, work);
}

std::span<const RawDetection> DetectionDecoder::run(const DetectorOutput& output, std::byte* workspace) const {
  const SuppressionSpec& s = spec_.suppression;
  Workspace work(*this, workspace);
  measure_softmax_rows(output, work);
  if (s.rule == SuppressionRule::fast) {
    collect_best_classes(output, work);
    suppress(output, s.max_detections, work);
    for (const Candidate& candidate : work.selected) {
      if (s.max_classes_per_anchor == 1) {
        add_result(candidate, output.boxes, work);
        continue;
      }
      add_best_classes(candidate.anchor, output, work);
    }
    return work.results.view();
  }
  for (int class_index = 0; class_index < spec_.classes; ++class_index) {
    if (!is_wanted(class_index)) continue;
    collect_class(output, class_index, work);
    if (work.candidates.size == 0) continue;
    suppress(output, s.max_per_class, work);
    // Only the best of all classes so far can be in the answer; equal scores stay in the order of the classes.
    std::sort(work.selected.begin(), work.selected.end(), [](const Candidate& a, const Candidate& b) {
      if (a.score != b.score) return a.score > b.score;
      return a.class_index != b.class_index ? a.class_index < b.class_index : a.anchor < b.anchor;
    });
    work.selected.size = std::min(work.selected.size, static_cast<std::size_t>(s.max_detections));
  }
  for (const Candidate& candidate : work.selected) add_result(candidate, output.boxes, work);
  return work.results.view();
}

}  // namespace mobilenet
