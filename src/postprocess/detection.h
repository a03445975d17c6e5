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

  struct Candidate {
    float score;
    int anchor;
    int class_index;
  };
  void collect_best_classes(const DetectorOutput& output);
  void collect_class(const DetectorOutput& output, int class_index);
  void suppress(const float* boxes, int most, std::vector<Candidate>& selected);
  void add_result(const Candidate& candidate, const float* boxes);
  float threshold(int class_index) const;
  void scores_of(const DetectorOutput& output, int anchor);

  // Taken at their largest size by create.
  std::vector<float> row_;             // one anchor's probabilities
  std::vector<Candidate> candidates_;  // of one suppression, best first
  std::vector<RawDetection> decoded_;  // boxes of the candidates
  std::vector<Candidate> selected_, merged_;
  std::vector<RawDetection> results_;
};

}  // namespace mobilenet
