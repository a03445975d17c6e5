// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What comes after a segmenter's logits: plain data, filled by the weights readers.

#include <mobilenet/detector.h>
#include <mobilenet/layers.h>

namespace mobilenet {

struct SegmentationSpec {
  int classes = 0;  // channels of the logits, background included, or two of one channel; 0: no segmenter
  Enlargement enlargement = Enlargement::top_left;  // of the logits to the network's input size
  // What makes probabilities of the enlarged logits; identity where they are probabilities before.
  ScoreFunction score_function = ScoreFunction::softmax;
  bool operator==(const SegmentationSpec&) const = default;
};

}  // namespace mobilenet
