// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How the raw boxes and scores of a single-shot detector become detections: plain data, filled by the weights readers.

#include <mobilenet/detector.h>

#include <vector>

namespace mobilenet {

// One anchor: its centre and size in units of the picture's sides.
struct AnchorBox {
  float y = 0, x = 0, height = 0, width = 0;
  bool operator==(const AnchorBox&) const = default;
};

// What the sizes of anchor shapes are counted in, for inputs of any size.
enum class AnchorUnit {
  sides,         // of the picture: an anchor becomes as flat as the input is
  shorter_side,  // of the input, for both: TensorFlow's anchor generators
  pixel,         // of the input: Caffe's prior boxes
};

struct DetectionSpec {
  int classes = 0;                // without background; 0: not a detector
  bool background_column = true;  // the first score column is background
  // Per feature map the anchors of a cell, in the order of the network's boxes; empty: the file stores every anchor.
  std::vector<std::vector<AnchorShape>> anchor_shapes;
  AnchorUnit anchor_unit = AnchorUnit::sides;
  BoxCoder coder;
  ScoreFunction score_function = ScoreFunction::identity;
  SuppressionSpec suppression;
  bool operator==(const DetectionSpec&) const = default;
};

// Rows of the answer for one picture.
inline int max_results(const DetectionSpec& spec) {
  return spec.suppression.max_detections * spec.suppression.max_classes_per_anchor;
}

}  // namespace mobilenet
