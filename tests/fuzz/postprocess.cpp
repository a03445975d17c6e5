// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Boxes, scores, anchors and score maps of any bits at all: answers in range, ordered, and the same again.

#include <cmath>
#include <cstring>

#include "fuzz/fuzz.h"
#include "postprocess/detection.h"
#include "postprocess/mask.h"
#include "postprocess/top_k.h"
#include "support/choices.h"

using namespace mobilenet;
using testing::Choices;

namespace {

std::vector<float> hostile_floats(Choices& choices, std::size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = choices.hostile_float();
  return values;
}

DetectionSpec random_spec(Choices& choices) {
  DetectionSpec spec;
  spec.classes = choices.between(0, 6);
  spec.background_column = choices.one_in(2);
  spec.score_function = static_cast<ScoreFunction>(choices.below(3));
  spec.suppression.rule = static_cast<SuppressionRule>(choices.below(2));
  spec.suppression.max_detections = choices.between(-1, 30);
  spec.suppression.max_per_class = choices.between(0, 10);
  spec.suppression.max_classes_per_anchor = choices.between(0, 8);
  if (choices.one_in(2)) spec.suppression.iou_threshold = choices.hostile_float();
  if (choices.one_in(2)) spec.suppression.score_threshold = choices.hostile_float();
  if (choices.one_in(4)) spec.coder.height = choices.hostile_float();
  if (choices.one_in(4)) spec.suppression.class_thresholds = hostile_floats(choices, choices.below(7));
  return spec;
}

void check_detections(std::span<const RawDetection> found, const DetectionSpec& spec) {
  fuzz::expect(found.size() <= static_cast<std::size_t>(max_results(spec)), "more objects than asked for");
  // Further classes of a chosen box are answers whatever their score, as in TensorFlow Lite.
  const bool one_class =
      spec.suppression.max_classes_per_anchor == 1 || spec.suppression.rule == SuppressionRule::per_class;
  for (std::size_t i = 0; i < found.size(); ++i) {
    fuzz::expect(found[i].class_index >= 0 && found[i].class_index < spec.classes, "a class that is not there");
    fuzz::expect(!std::isnan(found[i].score), "a score that is no number");
    if (spec.score_function != ScoreFunction::identity)
      fuzz::expect(found[i].score >= 0 && found[i].score <= 1.0001f, "a probability outside 0 to 1");
    if (!one_class) continue;
    fuzz::expect(!(found[i].score < spec.suppression.score_threshold), "a score below the threshold");
    fuzz::expect(i == 0 || found[i - 1].score >= found[i].score, "not the best first");
  }
}

struct alignas(16) Block {
  std::byte bytes[16];
};

void decode_boxes(Choices& choices) {
  const DetectionSpec spec = random_spec(choices);
  const auto count = static_cast<std::size_t>(choices.between(0, 40));
  std::vector<AnchorBox> anchors(count, {0.4f, 0.3f, 0.2f, 0.2f});
  if (choices.one_in(3))
    for (AnchorBox& anchor : anchors) anchor = {choices.hostile_float(), 0.5f, choices.hostile_float(), 0.1f};
  const auto decoder = DetectionDecoder::create(spec, anchors);
  if (!fuzz::succeeds(decoder)) return;
  const auto columns = static_cast<std::size_t>(spec.classes + (spec.background_column ? 1 : 0));
  const std::vector<float> boxes = hostile_floats(choices, count * 4),
                           scores = hostile_floats(choices, count * columns);
  std::vector<RawDetection> first;
  for (const int fill : {0x00, 0xa5}) {
    // As large as it asked for, and full of something.
    std::vector<Block> workspace(decoder->workspace_bytes() / sizeof(Block) + 1);
    std::memset(workspace.data(), fill, workspace.size() * sizeof(Block));
    const auto found = decoder->run({boxes.data(), scores.data()}, workspace[0].bytes);
    check_detections(found, spec);
    if (fill != 0)
      fuzz::expect(first.size() == found.size() &&
                       (found.empty() || std::memcmp(first.data(), found.data(), found.size_bytes()) == 0),
                   "the answer depends on old memory");
    first.assign(found.begin(), found.end());
  }
}

MaskAxis random_axis(Choices& choices) {
  MaskAxis axis;
  axis.cells = choices.between(1, 9);
  axis.pixels = choices.between(1, 60);
  axis.offset = choices.one_in(2) ? 0 : choices.real(-16, 16);
  axis.step = choices.one_in(2) ? static_cast<double>(axis.cells) / axis.pixels : choices.real(0, 8);
  return axis;
}

void enlarge(Choices& choices) {
  const int channels = choices.between(1, 12);
  const MaskAxis rows = random_axis(choices), columns = random_axis(choices);
  const auto cells = static_cast<std::size_t>(rows.cells * columns.cells);
  const auto pixels = static_cast<std::size_t>(rows.pixels * columns.pixels);
  std::vector<float> values = hostile_floats(choices, cells * static_cast<std::size_t>(channels));
  const bool ordinary = choices.one_in(2), stored = ordinary && choices.one_in(2);
  if (ordinary)
    for (float& value : values) value = static_cast<float>(choices.between(-128, 127));
  std::vector<std::uint8_t> mask(pixels);
  std::vector<float> probabilities(choices.one_in(2) ? pixels * static_cast<std::size_t>(channels) : 0);
  MaskEnlargement enlargement(*best_or_forced(runnable_mask_kernels()).kernels);
  enlargement.run({values.data(), channels, stored ? 0.1f : 0.0f}, rows, columns, mask.data(), probabilities);
  for (const std::uint8_t pixel : mask) fuzz::expect(pixel < channels, "a class that is not there");
  if (ordinary)
    for (const float share : probabilities)
      fuzz::expect(share >= 0 && share <= 1.0001f, "a probability outside 0 to 1");
}

void rank(Choices& choices) {
  std::vector<float> scores = hostile_floats(choices, choices.below(60));
  std::vector<ScoredRow> best(choices.below(12));
  const int found = top_k(scores, best);
  fuzz::expect(found == static_cast<int>(std::min(scores.size(), best.size())), "another number of classes");
  std::vector<bool> seen(scores.size());
  for (int i = 0; i < found; ++i) {
    const ScoredRow& row = best[static_cast<std::size_t>(i)];
    fuzz::expect(row.row >= 0 && row.row < static_cast<int>(scores.size()), "a class that is not there");
    fuzz::expect(!seen[static_cast<std::size_t>(row.row)], "a class twice");
    seen[static_cast<std::size_t>(row.row)] = true;
    if (i == 0) continue;
    const ScoredRow& before = best[static_cast<std::size_t>(i) - 1];
    fuzz::expect(!(row.score > before.score), "not the best first");
    fuzz::expect(std::isnan(row.score) || !std::isnan(before.score), "no number before a number");
  }
  softmax(scores);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices(std::span(data, size));
  switch (choices.below(4)) {
    case 0:
      enlarge(choices);
      return 0;
    case 1:
      rank(choices);
      return 0;
    default:
      decode_boxes(choices);
      return 0;
  }
}
