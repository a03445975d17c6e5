// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Ends: what lies before and behind a network, from pictures to its input and from its outputs to an answer. They are
// no part of the Network, which stays what the file says. A backend that can compute an end itself claims it and gets
// it compiled into the program; what it does not claim, host_ends.h and preprocess/ run on the host.

#include <mobilenet/image.h>

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "network/network.h"
#include "postprocess/detection.h"
#include "postprocess/top_k.h"
#include "preprocess/geometry.h"
#include "spec/detection_spec.h"
#include "spec/input_encoding.h"
#include "spec/preprocess_spec.h"
#include "spec/segmentation_spec.h"

namespace mobilenet {

// From one picture a row of the batch to the network's only input.
struct PictureEnd {
  PreprocessSpec preprocess;
  PictureSize input;  // of the network, as compiled
  InputElements elements;

  bool operator==(const PictureEnd&) const = default;
};

// The rows with the largest scores.
struct TopKEnd {
  TensorId logits =
      kNoTensor;  // [batch, ...], `classes` numbers a picture; or one, the probability of the second of two
  int classes = 0;
  ScoreFunction scores = ScoreFunction::identity;
  std::vector<int> rows;  // that may be an answer; empty: all
  int top = 1;

  bool operator==(const TopKEnd&) const = default;
};

// Boxes that are decoded and suppressed.
struct BoxesEnd {
  TensorId boxes = kNoTensor;   // [batch, anchors, 4]
  TensorId scores = kNoTensor;  // [batch, anchors, classes (+ 1)]
  DetectionSpec detection;
  std::vector<AnchorBox> anchors;
  std::vector<bool> wanted;  // per class whether it may be an answer; empty: all
  std::size_t most = 0;      // objects of a picture

  bool operator==(const BoxesEnd&) const = default;
};

// A class for every pixel of a picture.
struct MaskEnd {
  TensorId logits = kNoTensor;  // [batch, rows, columns, classes]
  SegmentationSpec segmentation;
  bool probabilities = false;  // of every class at every pixel, too

  bool operator==(const MaskEnd&) const = default;
};

using AnswerEnd = std::variant<std::monostate, TopKEnd, BoxesEnd, MaskEnd>;

struct Ends {
  std::optional<PictureEnd> picture;
  AnswerEnd answer;

  bool operator==(const Ends&) const = default;
};

// One picture of a run, and where the network's input lies on it.
struct PictureCall {
  ImageView image;
  Geometry geometry;
};

// Of the upright picture: [height][width], and [classes][height][width] where asked for. What the network did not see
// is class 0, for certain.
struct RawMask {
  std::span<const std::uint8_t> classes;
  std::span<const float> probabilities;
};

// What an AnswerEnd makes of a run; of these, what its kind says. The arrays belong to whoever made them and stay valid
// until it runs again.
struct RawAnswers {
  std::span<const std::span<const ScoredRow>> rows;      // TopKEnd: per picture, best first
  std::span<const std::span<const RawDetection>> boxes;  // BoxesEnd: per picture, best first, in sides of the input
  std::span<const RawMask> masks;                        // MaskEnd: per picture
};

}  // namespace mobilenet
