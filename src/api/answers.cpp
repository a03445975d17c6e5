// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "api/answers.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "api/answer_options.h"
#include "base/error.h"
#include "models/anchors.h"
#include "network/picture_axes.h"

namespace mobilenet {
namespace {

std::string_view label_of(const ModelSpec& spec, std::size_t row) {
  return row < spec.labels.size() ? std::string_view(spec.labels[row]) : std::string_view();
}

Result<AnswerEnd> top_k_end(const ModelState& model, const SessionOptions& options) {
  const ModelSpec& spec = model.loaded.spec;
  TopKEnd end;
  end.logits = class_row(model.loaded.network());
  end.classes = class_count(spec);
  end.scores = spec.class_scores.value_or(ScoreFunction::identity);
  end.top = options.top;
  MOBILENET_TRY(const std::vector<bool> wanted, wanted_classes(model, options));
  for (std::size_t row = 0; row < wanted.size(); ++row)
    if (wanted[row]) end.rows.push_back(static_cast<int>(row));
  return AnswerEnd(std::move(end));
}

Result<AnswerEnd> boxes_end(const ModelState& model, const SessionOptions& options, std::span<const Shape> inputs) {
  const Network& network = model.loaded.network();
  BoxesEnd end;
  end.boxes = network.boxes;
  end.scores = network.scores;
  MOBILENET_TRY(end.detection, wanted_detection(model, options));
  MOBILENET_TRY(end.wanted, wanted_classes(model, options));
  end.most = static_cast<std::size_t>(options.max_detections.value_or(max_results(end.detection)));
  end.anchors = model.loaded.anchors;
  MOBILENET_TRY(const std::vector<Shape> shapes, infer_shapes(network, model.loaded.parameters(), inputs));
  if (!end.detection.anchor_shapes.empty()) end.anchors = network_anchors(end.detection, network, shapes);
  const std::int64_t boxes = shape_of(shapes, network.boxes)[1];
  if (static_cast<std::int64_t>(end.anchors.size()) != boxes)
    return failure(ErrorCode::bad_format, "the network makes ", boxes, " boxes, but there are ", end.anchors.size(),
                   " anchors");
  return AnswerEnd(std::move(end));
}

}  // namespace

Result<AnswerEnd> answer_end(const ModelState& model, const SessionOptions& options, Task task,
                             std::span<const Shape> inputs) {
  switch (task) {
    case Task::classify:
      return top_k_end(model, options);
    case Task::detect:
      return boxes_end(model, options, inputs);
    case Task::segment:
      return AnswerEnd(
          MaskEnd{model.loaded.network().mask_logits, model.loaded.spec.segmentation, options.probabilities});
    case Task::features:
    case Task::run:
      break;
  }
  return AnswerEnd();
}

ClassAnswers::ClassAnswers(const ModelState& model, const SessionOptions& options, const TopKEnd& end,
                           std::size_t batch)
    : spec_(model.loaded.spec), threshold_(options.score_threshold.value_or(0.0f)), answers_(batch) {
  classes_.reserve(batch * std::min(static_cast<std::size_t>(end.top), static_cast<std::size_t>(end.classes)));
}

std::span<const std::span<const Classification>> ClassAnswers::of(const RawAnswers& raw) {
  classes_.clear();
  for (std::size_t picture = 0; picture < answers_.size(); ++picture) {
    const std::size_t first = classes_.size();
    for (const ScoredRow& best : raw.rows[picture]) {
      if (best.score < threshold_) break;
      classes_.push_back(
          {best.row - (spec_.has_background ? 1 : 0), label_of(spec_, static_cast<std::size_t>(best.row)), best.score});
    }
    answers_[picture] = std::span(classes_).subspan(first);
  }
  return answers_;
}

ObjectAnswers::ObjectAnswers(const ModelState& model, const BoxesEnd& end, const Shape& input)
    : spec_(model.loaded.spec),
      input_height_(static_cast<int>(input[map_axes(input).height])),
      input_width_(static_cast<int>(input[map_axes(input).width])),
      answers_(static_cast<std::size_t>(input[0])) {
  objects_.reserve(answers_.size() * std::min(end.most, static_cast<std::size_t>(max_results(end.detection))));
}

std::span<const std::span<const Detection>> ObjectAnswers::of(const RawAnswers& raw,
                                                              std::span<const PictureCall> pictures) {
  objects_.clear();
  for (std::size_t picture = 0; picture < answers_.size(); ++picture) {
    const Geometry& geometry = pictures[picture].geometry;
    const PictureCoordinate to_x(geometry.columns), to_y(geometry.rows);
    const auto x = [&](float side) { return to_x(static_cast<double>(side) * input_width_); };
    const auto y = [&](float side) { return to_y(static_cast<double>(side) * input_height_); };
    const std::size_t first = objects_.size();
    for (const RawDetection& found : raw.boxes[picture])
      objects_.push_back({found.class_index, label_of(spec_, static_cast<std::size_t>(found.class_index)), found.score,
                          x(found.left), y(found.top), x(found.right), y(found.bottom)});
    answers_[picture] = std::span(objects_).subspan(first);
  }
  return answers_;
}

namespace {

// Eight pixels at once where they are of one class, as nearly all are: to add one and the same number again and again
// took as long as finding the classes, 2.6 ms of a mask of 1920x1080.
void count_classes(std::span<const std::uint8_t> mask, std::array<std::int64_t, 256>& counts) {
  std::uint64_t eight;
  for (; mask.size() >= sizeof eight; mask = mask.subspan(sizeof eight)) {
    std::memcpy(&eight, mask.data(), sizeof eight);
    if (eight == mask[0] * std::uint64_t{0x0101010101010101})
      counts[mask[0]] += sizeof eight;
    else
      for (const std::uint8_t index : mask.first(sizeof eight)) ++counts[index];
  }
  for (const std::uint8_t index : mask) ++counts[index];
}

}  // namespace

MaskAnswer::MaskAnswer(const ModelState& model) : spec_(model.loaded.spec) {
  classes_.reserve(static_cast<std::size_t>(spec_.segmentation.classes));
}

Segmentation MaskAnswer::of(const RawMask& raw, const PictureCall& picture) {
  std::array<std::int64_t, 256> counts{};
  count_classes(raw.classes, counts);
  classes_.clear();
  for (std::size_t index = 0; index < counts.size(); ++index)
    if (counts[index] > 0) classes_.push_back({static_cast<int>(index), label_of(spec_, index), counts[index]});
  std::sort(classes_.begin(), classes_.end(), [](const SegmentClass& a, const SegmentClass& b) {
    return a.pixels != b.pixels ? a.pixels > b.pixels : a.index < b.index;
  });
  return {picture.image.upright_width(), picture.image.upright_height(), raw.classes, classes_, raw.probabilities};
}

}  // namespace mobilenet
