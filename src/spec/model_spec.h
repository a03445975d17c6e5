// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Everything that is not a weight and that a port gets wrong. Readers fill it, models/ builds a Network from it, and
// the project's own file stores it as JSON.

#include <optional>
#include <string>
#include <vector>

#include "spec/detection_spec.h"
#include "spec/head_spec.h"
#include "spec/preprocess_spec.h"
#include "spec/segmentation_spec.h"

namespace mobilenet {

enum class Architecture {
  graph,
  mobilenet_v1,
  mobilenet_v2,
  ssd_mobilenet_v1,
  ssd_mobilenet_v2,
  ssdlite_mobilenet_v2,        // depthwise separable extras and predictors
  deeplab_mobilenet_v2,        // DeepLabv3: image pooling and a 1x1 convolution
  deeplab_v3plus_mobilenet_v2  // atrous branches too, and a decoder
};

enum class SourceLayout { nhwc, nchw };  // of the framework's activations, at the edge of the library

enum class BlockActivation { relu, relu6 };

// What makes a row of the last map, for a classifier or as features.
enum class HeadPooling {
  average,
  maximum,
  mean_of_both,
  both,  // the averages, then the maxima: twice as many channels
  none   // the map itself; without a classifier
};

// V1: depthwise + pointwise. V2: [expand +] depthwise + project [+ residual].
struct BlockSpec {
  int inputs = 0;
  int hidden = 0;  // channels of the depthwise convolution; equals inputs without expansion
  int outputs = 0;
  int stride = 1;
  int dilation = 1;
  bool expand = false;
  bool residual = false;

  bool operator==(const BlockSpec&) const = default;
};

struct ModelSpec {
  Architecture architecture = Architecture::graph;
  double depth_multiplier = 0;  // 0: unknown
  int input_height = 224;
  int input_width = 224;
  int stem = 32;  // channels of the first convolution
  std::vector<BlockSpec> blocks;
  int last = 0;                                // V2: channels of the last 1x1 convolution; 0: none
  HeadPooling pooling = HeadPooling::average;  // of classifiers and feature extractors
  int classes = 0;                             // rows of the classifier; 0: a feature extractor, no classifier
  bool has_background = false;                 // row 0 is "background"
  // What makes probabilities of the classifier's rows; none: they are numbers of another kind, a regression's.
  std::optional<ScoreFunction> class_scores = ScoreFunction::softmax;
  bool tf_padding = false;  // SAME from the run-time size; false: symmetric
  int padding_size = 0;     // SAME's windows begin where they do for inputs of this side, at any size; 0: for its own
  double epsilon = 1e-3;    // batch norm
  BlockActivation activation = BlockActivation::relu6;
  SourceLayout layout = SourceLayout::nhwc;
  std::string input_name = "input";  // of the input tensor, as the source framework calls it
  PreprocessSpec preprocess;
  DetectionHeadSpec detection_head;
  SegmentationHeadSpec segmentation_head;
  DetectionSpec detection;          // of detectors; labels are then its classes without background
  SegmentationSpec segmentation;    // of segmenters; labels are then one per channel
  std::vector<std::string> labels;  // class_count() of them; empty: unknown

  bool operator==(const ModelSpec&) const = default;
};

// Whether the network's row of numbers says how probable classes are.
inline bool is_classifier(const ModelSpec& spec) { return spec.classes > 0 && spec.class_scores.has_value(); }

// How many classes the answers of a model of any kind tell apart; as many labels, when they are known. One probability
// with two names tells two classes apart.
inline int class_count(const ModelSpec& spec) {
  if (spec.detection.classes > 0) return spec.detection.classes;
  if (spec.segmentation.classes > 0) return spec.segmentation.classes;
  return spec.classes == 1 && spec.labels.size() == 2 ? 2 : spec.classes;
}

}  // namespace mobilenet
