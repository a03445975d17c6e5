// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the raw boxes and scores of a single-shot detector mean: plain data, shared by detectors of files and of
// network.h.

#include <vector>

namespace mobilenet {

// The size of an anchor around every cell of a feature map, in units of the picture's sides; centres lie at
// ((row + 0.5) / rows, (column + 0.5) / columns).
struct AnchorShape {
  float height = 0, width = 0;
  bool operator==(const AnchorShape&) const = default;
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
  std::vector<float> class_thresholds{};  // per class, where larger than score_threshold; empty: none
  int max_detections = 100;               // of one picture
  int max_per_class = 100;                // per_class only
  int max_classes_per_anchor = 1;         // fast only
  bool operator==(const SuppressionSpec&) const = default;
};

}  // namespace mobilenet
