// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How the raw boxes and scores of a single-shot detector become detections: plain data, filled by the weights readers.

#include <array>
#include <vector>

namespace mobilenet {

// Where the anchors come from. All are centre y, centre x, height, width in units of the picture's sides.
enum class AnchorRule {
  stored,         // a constant of the file
  multiple_grid,  // TensorFlow's Object Detection API: FeatureMapAnchors::scales and ratios, centres (i + 0.5) / grid
  prior_box,      // Caffe's PriorBox: sizes in pixels of the network's input
};

// One anchor: its centre and size in units of the picture's sides.
struct AnchorBox {
  float y = 0, x = 0, height = 0, width = 0;
  bool operator==(const AnchorBox&) const = default;
};

// One feature map's anchors: `count` shapes per cell, cell by cell, row by row.
struct AnchorShape {
  float height = 0, width = 0;  // in units of the picture's sides
  bool operator==(const AnchorShape&) const = default;
};
struct AnchorMap {
  int rows = 0, columns = 0;  // of the feature map
  std::vector<AnchorShape> shapes;
  bool operator==(const AnchorMap&) const = default;
};

// box = (ty / y * ha + ya, tx / x * wa + xa, exp(th / h) * ha, exp(tw / w) * wa): Faster R-CNN's coder. SSD's variances
// v are the same thing as 1 / v.
struct BoxCoder {
  float y = 10, x = 10, height = 5, width = 5;
  bool operator==(const BoxCoder&) const = default;
};

// How the network's score column becomes a probability.
enum class ScoreFunction { identity, sigmoid, softmax };

enum class SuppressionRule {
  fast,       // TensorFlow Lite's default: the best class of every anchor, one suppression over all classes
  per_class,  // one suppression a class, then the best of all
};

struct SuppressionSpec {
  SuppressionRule rule = SuppressionRule::fast;
  float iou_threshold = 0.6f;
  float score_threshold = 1e-8f;
  std::vector<float> class_thresholds;  // per class instead of score_threshold; empty: none
  int max_detections = 100;             // of one picture
  int max_per_class = 100;              // per_class only
  int max_classes_per_anchor = 1;       // fast only
  bool operator==(const SuppressionSpec&) const = default;
};

struct DetectionSpec {
  int classes = 0;                // without background; 0: not a detector
  bool background_column = true;  // the first score column is background
  AnchorRule anchor_rule = AnchorRule::stored;
  std::vector<AnchorMap> anchor_maps;  // unless stored
  BoxCoder coder;
  ScoreFunction score_function = ScoreFunction::identity;
  SuppressionSpec suppression;
  bool operator==(const DetectionSpec&) const = default;
};

}  // namespace mobilenet
