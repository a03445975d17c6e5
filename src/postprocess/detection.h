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
  int anchor = 0;
  int class_index = 0;  // without background
  float score = 0;
};

// One picture's worth of network output.
struct DetectorOutput {
  const float* boxes = nullptr;   // [anchors][4]: ty, tx, th, tw
  const float* scores = nullptr;  // [anchors][classes (+ 1 with background_column)]
};

// Decodes and suppresses. Immutable, so that one may serve many threads; memory comes from the caller.
class DetectionDecoder {
 public:
  // Refuses options that check() of network/check_detection.h does, and anchors that are not finite. `wanted`: for
  // every class whether it may be a result; empty: all may. Others still suppress, but take no place of the limits.
  static Result<DetectionDecoder> create(const DetectionSpec& spec, std::vector<AnchorBox> anchors,
                                         std::vector<bool> wanted = {});

  // Bytes of working memory for one call of run, aligned to 16.
  std::size_t workspace_bytes() const;
  // Best first, at most max_results(spec()); the span points into the workspace. Allocates nothing.
  std::span<const RawDetection> run(const DetectorOutput& output, std::byte* workspace) const;

  // Results that one call can have.
  std::size_t most_results() const;

  int anchors() const { return static_cast<int>(anchors_.size()); }
  const DetectionSpec& spec() const { return spec_; }

 private:
  struct Candidate;
  struct SoftmaxRow;
  struct Workspace;
  DetectionDecoder() = default;
  int columns() const { return spec_.classes + (spec_.background_column ? 1 : 0); }
  float threshold(int class_index) const;
  bool is_wanted(int class_index) const { return wanted_.empty() || wanted_[static_cast<std::size_t>(class_index)]; }
  bool may_be_result(const Candidate& candidate, const DetectorOutput& output, const Workspace& work) const;
  void measure_softmax_rows(const DetectorOutput& output, Workspace& work) const;
  float probability(const DetectorOutput& output, int anchor, int class_index, const Workspace& work) const;
  void collect_best_classes(const DetectorOutput& output, Workspace& work) const;
  void collect_class(const DetectorOutput& output, int class_index, Workspace& work) const;
  void suppress(const DetectorOutput& output, int most, Workspace& work) const;
  void add_best_classes(int anchor, const DetectorOutput& output, Workspace& work) const;
  void add_result(const Candidate& candidate, const float* boxes, Workspace& work) const;

  DetectionSpec spec_;
  std::vector<AnchorBox> anchors_;
  std::vector<bool> wanted_;
};

}  // namespace mobilenet
