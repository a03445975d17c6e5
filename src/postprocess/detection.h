// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From raw boxes and class scores to detections: box decoding and non-maximum suppression, equal to TensorFlow Lite's
// TFLite_Detection_PostProcess where a file has that operator. Shared by every backend and by sessions.

#include <mobilenet/result.h>

#include <cstddef>
#include <span>
#include <vector>

#include "spec/detection_spec.h"

namespace mobilenet {

// All anchors of a spec whose rule is not `stored`: map by map, row by row, cell by cell, shape by shape.
std::vector<AnchorBox> generate_anchors(const DetectionSpec& spec);

// TensorFlow's multiple-grid shapes: 3 on the first map (0.1, and the smallest scale with ratios 2 and 1/2), 6 on the
// others (1, 2, 1/2, 3, 1/3 and the interpolated scale), scales evenly from `min_scale` to `max_scale`.
std::vector<AnchorMap> multiple_grid_maps(std::span<const int> rows, std::span<const int> columns,
                                          float min_scale = 0.2f, float max_scale = 0.95f);

struct RawDetection {
  float top = 0, left = 0, bottom = 0, right = 0;  // in units of the picture's sides, not clipped
  int class_index = 0;                             // without background
  float score = 0;
};

// One picture's worth of network output.
struct DetectorOutput {
  const float* boxes = nullptr;   // [anchors][4]: ty, tx, th, tw
  const float* scores = nullptr;  // [anchors][classes (+ 1 with background_column)]
  int anchors = 0;
};

// Decodes and suppresses without allocating once it has been used with as many anchors.
class DetectionDecoder {
 public:
  // Refuses impossible options: non-positive coder scales, thresholds outside 0..1, no classes, counts that overflow,
  // anchors that are not finite.
  static Result<DetectionDecoder> create(const DetectionSpec& spec, std::vector<AnchorBox> anchors);

  // Best first; valid until the next call.
  std::span<const RawDetection> run(const DetectorOutput& output);

  int anchors() const { return static_cast<int>(anchors_.size()); }
  const DetectionSpec& spec() const { return spec_; }

 private:
  DetectionDecoder() = default;
  DetectionSpec spec_;
  std::vector<AnchorBox> anchors_;
  std::vector<RawDetection> kept_;
  std::vector<float> work_scores_;
  std::vector<int> work_order_;
};

}  // namespace mobilenet
