// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Class names: where they are found, which of them a model takes, and what row 0 is. The one home of these decisions,
// whatever the model's format and wherever the names come from.

#include <mobilenet/decision.h>
#include <mobilenet/result.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/labels/label_text.h"
#include "spec/model_spec.h"

namespace mobilenet {

// One place where names may be.
struct LabelSource {
  std::string place;                   // "labels.txt beside the model"
  std::vector<LabelReading> readings;  // empty: `trouble` says why
  std::string trouble;                 // "line 3 is not UTF-8 text"
};

// The bytes of a text as a source.
LabelSource label_source(std::string place, std::span<const std::byte> text);
// Names that somebody has in hand.
LabelSource label_source(std::string place, std::vector<std::string> labels);

// Text files near the model, by their names: <stem>_labels.txt, labels.txt, class_indices.json, label_map.pbtxt, ...
// Those that exist, the model's own name first. Empty where `model` is.
std::vector<LabelSource> labels_beside(const std::filesystem::path& model);

// Gives the model the first names that fit, else those that are built in for its count, and decides whether row 0 is
// background. Every source that did not fit is mentioned. Names that the spec has already stay.
void decide_labels(std::span<const LabelSource> sources, ModelSpec& spec, std::vector<Decision>& decisions);

// Names that the user gives instead: where they do not fit, a sentence with both counts.
Result<void> set_labels(const LabelSource& source, ModelSpec& spec, std::vector<Decision>& decisions);
Result<void> set_labels_from_file(const std::filesystem::path& path, ModelSpec& spec, std::vector<Decision>& decisions);

// Names for detectors by their classes without background: COCO's 90 ids, PASCAL VOC's 20, the 23 of MediaPipe's Open
// Images detector. Ids that a data set leaves out are "".
std::optional<LabelSource> built_in_detection_labels(int classes);
// Names for segmenters by their channels, background included: PASCAL VOC's 21, Cityscapes' 19,
// ADE20K's 150 or 151.
std::optional<LabelSource> built_in_segmentation_labels(int channels);
// ImageNet's names for 1000 classes, with "background" in front for 1001.
std::optional<LabelSource> built_in_labels(int classes);

}  // namespace mobilenet
