// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The detections of the real runtime's TFLite_Detection_PostProcess. Written by make_detection_golden.py.

#include <gtest/gtest.h>

#include <cmath>

#include "postprocess/detection.h"

namespace mobilenet {
namespace {

struct GoldenDetection {
  float top, left, bottom, right, class_index, score;
};

struct GoldenRow {
  std::uint32_t seed;
  int anchors, classes;
  bool background;
  SuppressionRule rule;
  int max_detections, max_classes_per_anchor, max_per_class;
  float score_threshold, iou_threshold;
  int steps;  // scores are multiples of 1 / steps; 0: any
  std::vector<GoldenDetection> found;
};

const std::vector<GoldenRow> kRows = {
#include "postprocess/detection_golden_rows.inc"
};

// The same numbers as in make_detection_golden.py.
std::vector<float> uniform(std::uint32_t state, int count, double low, double high) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    values.push_back(static_cast<float>(low + (high - low) * ((state >> 16) / 65536.0)));
  }
  return values;
}

TEST(DetectionGolden, TheRuntimesDetections) {
  for (const GoldenRow& row : kRows) {
    SCOPED_TRACE("seed " + std::to_string(row.seed));
    DetectionSpec spec;
    spec.classes = row.classes;
    spec.background_column = row.background;
    SuppressionSpec& s = spec.suppression;
    s.rule = row.rule;
    s.iou_threshold = row.iou_threshold;
    s.score_threshold = row.score_threshold;
    s.max_detections = row.max_detections;
    s.max_per_class = row.max_per_class;
    s.max_classes_per_anchor = row.max_classes_per_anchor;

    const std::vector<float> centres = uniform(row.seed, row.anchors * 2, 0, 1),
                             sizes = uniform(row.seed + 1, row.anchors * 2, 0.125, 0.625),
                             boxes = uniform(row.seed + 2, row.anchors * 4, -3, 3);
    std::vector<float> scores = uniform(row.seed + 3, row.anchors * (row.classes + (row.background ? 1 : 0)), 0, 1);
    const auto steps = static_cast<float>(row.steps);
    if (row.steps > 0)
      for (float& score : scores) score = std::floor(score * steps) / steps;
    std::vector<AnchorBox> anchors;
    for (std::size_t i = 0; i < centres.size(); i += 2)
      anchors.push_back({centres[i], centres[i + 1], sizes[i], sizes[i + 1]});

    const DetectionDecoder decoder = DetectionDecoder::create(spec, anchors).value();
    std::vector<std::byte> workspace(decoder.workspace_bytes());
    const auto found = decoder.run({boxes.data(), scores.data()}, workspace.data());
    ASSERT_EQ(found.size(), row.found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].class_index, static_cast<int>(row.found[i].class_index)) << i;
      EXPECT_EQ(found[i].score, row.found[i].score) << i;
      // Bit for bit where exp() is the runtime's; other C libraries round it otherwise.
      EXPECT_FLOAT_EQ(found[i].top, row.found[i].top) << i;
      EXPECT_FLOAT_EQ(found[i].left, row.found[i].left) << i;
      EXPECT_FLOAT_EQ(found[i].bottom, row.found[i].bottom) << i;
      EXPECT_FLOAT_EQ(found[i].right, row.found[i].right) << i;
    }
  }
}

}  // namespace
}  // namespace mobilenet
