// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Class names: read from text verbatim, found beside a model, or built in.

#include <mobilenet/result.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mobilenet {

struct FoundLabels {
  std::vector<std::string> labels;
  std::string why;  // "labels.txt beside the model has 1001 lines", for Decision::why
};

// One label per line, verbatim but for the line end (LF or CR LF) and a UTF-8 byte-order mark; trailing empty lines
// are dropped. Also the numbered form "0  person", when the numbers of all lines rise from 0; the classes that it
// leaves out become "???".
std::vector<std::string> parse_labels(std::string_view text);

// A text file near the model (labels.txt, labelmap.txt, <stem>.txt, <stem>_labels.txt, ...) whose line count fits
// `classes`; `classes` - 1 fits too when the first row is background, which is then put in front, and `classes` + 1
// when the text begins with a background that the classifier has not.
std::optional<FoundLabels> labels_beside(const std::filesystem::path& model, int classes, bool has_background);

// The file the user names: any count that fits as above, else an error with both counts.
Result<FoundLabels> labels_from_file(const std::filesystem::path& path, int classes, bool has_background);

// Names from the caller's own program, by the same rule.
Result<FoundLabels> labels_from_caller(std::vector<std::string> labels, int classes, bool has_background);

// Names for detectors by their classes without background: COCO's 90 ids, PASCAL VOC's 20, the 23 of MediaPipe's Open
// Images detector. Ids that a data set leaves out are "".
std::optional<FoundLabels> built_in_detection_labels(int classes);
// Names for segmenters by their channels, background included: PASCAL VOC's 21, Cityscapes' 19,
// ADE20K's 150 or 151.
std::optional<FoundLabels> built_in_segmentation_labels(int channels);

// ImageNet's names for 1000 classes, with "background" in front for 1001.
std::optional<FoundLabels> built_in_labels(int classes);

}  // namespace mobilenet
