// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What stands on a backbone to make it a detector or a segmenter: plain data, filled by the weights readers. What its
// raw outputs mean is said in detection_spec.h and segmentation_spec.h.

#include <vector>

namespace mobilenet {

// A feature map after the backbone's: a 1x1 convolution to `reduced` channels, then a 3x3 one with stride two.
struct ExtraMapSpec {
  int reduced = 0;
  int outputs = 0;
  bool operator==(const ExtraMapSpec&) const = default;
};

// What turns a feature map into boxes or scores.
enum class PredictorKind {
  pointwise,  // a 1x1 convolution: TensorFlow's SSD on V1
  dense,      // a 3x3 convolution: TensorFlow's SSD on V2
  separable,  // a depthwise 3x3 convolution, then 1x1: SSDLite
};

// SSD and SSDLite. Feature maps: the tap, the end of the backbone, the extra ones.
struct DetectionHeadSpec {
  int tap = 0;  // a block, from 1: its output in MobileNet V1, its expansion in V2
  std::vector<ExtraMapSpec> extras;
  bool separable_extras = false;  // their 3x3 convolutions are depthwise, followed by 1x1
  PredictorKind predictor = PredictorKind::pointwise;
  bool operator==(const DetectionHeadSpec&) const = default;
};

// DeepLab.
struct SegmentationHeadSpec {
  int channels = 256;      // of every branch and of what joins them
  std::vector<int> rates;  // v3+: dilations of the atrous branches
  int low_level = 0;       // v3+: a block, from 1, whose depthwise output the decoder joins
  int low_level_channels = 48;
  bool operator==(const SegmentationHeadSpec&) const = default;
};

}  // namespace mobilenet
