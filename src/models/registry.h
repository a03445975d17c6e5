// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The architectures, a row each: whatever depends on which one a model is, is read off its row. Names, titles, what
// `Model::random` takes, what our own file stores, and how networks are assembled and recognised all come from here.

#include <span>
#include <string_view>

#include "models/backbone.h"
#include "spec/model_spec.h"

namespace mobilenet {

// What stands on the backbone.
enum class Head { classifier, detector, segmenter };

struct ArchitectureRow {
  Architecture architecture;
  std::string_view name;   // as ModelInfo and our own file have it: "ssdlite_mobilenet_v2"
  std::string_view title;  // as a person reads it: "SSDLite on MobileNet V2"
  const Backbone* backbone = nullptr;
  Head head = Head::classifier;
  int input_size = 0, classes = 0;  // as published; classes include a classifier's or segmenter's background

  // Detectors: the block of the first feature map, counted from 1, and what the head is made of.
  int tap = 0;
  PredictorKind predictor = PredictorKind::pointwise;
  bool separable_extras = false;

  // Segmenters: dilations of the atrous branches, and the block, counted from 1, that a decoder joins; 0: no decoder.
  std::span<const int> rates = {};
  int low_level = 0;
};

// All that networks can be built of: every one but Architecture::graph.
std::span<const ArchitectureRow> architectures();

// Of Architecture::graph too, which has a name, but no backbone.
const ArchitectureRow& row_of(Architecture architecture);

inline std::string_view name_of(Architecture architecture) { return row_of(architecture).name; }
inline std::string_view title_of(Architecture architecture) { return row_of(architecture).title; }
// Not of Architecture::graph.
inline const Backbone& backbone_of(Architecture architecture) { return *row_of(architecture).backbone; }

}  // namespace mobilenet
