// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// DetectionPostProcessOp on any backend whose tensors are in host memory: stored or float boxes and scores in, the four
// float outputs of TensorFlow Lite's operator out.

#include <mobilenet/result.h>

#include <cstddef>
#include <vector>

#include "network/ops.h"
#include "network/parameter.h"
#include "postprocess/detection.h"

namespace mobilenet {

class DetectionOperator {
 public:
  // Boxes and scores are f32, u8 or i8.
  static Result<DetectionOperator> create(const DetectionPostProcessOp& op, const Tensor& boxes, const Tensor& scores,
                                          std::vector<AnchorBox> anchors);

  std::size_t workspace_bytes() const;

  struct Memory {
    const std::byte* boxes = nullptr;   // [batch][anchors][4]
    const std::byte* scores = nullptr;  // [batch][anchors][columns]
    float* out_boxes = nullptr;         // [batch][max][4]: top, left, bottom, right
    float* out_classes = nullptr;       // [batch][max]
    float* out_scores = nullptr;        // [batch][max]
    float* out_counts = nullptr;        // [batch]: of boxes
  };
  void run(std::size_t batch, const Memory& memory, std::byte* workspace) const;

 private:
  DetectionOperator(DetectionDecoder decoder, RealReader boxes, RealReader scores);
  std::size_t box_numbers() const { return static_cast<std::size_t>(decoder_.anchors()) * 4; }
  std::size_t score_numbers() const;

  DetectionDecoder decoder_;
  RealReader boxes_, scores_;
};

}  // namespace mobilenet
