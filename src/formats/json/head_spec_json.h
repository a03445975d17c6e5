// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The parts of a ModelSpec that only detectors or segmenters have, as JSON.

#include <mobilenet/result.h>

#include "json/json_text.h"
#include "json/json_value.h"
#include "spec/detection_spec.h"
#include "spec/head_spec.h"
#include "spec/segmentation_spec.h"

namespace mobilenet {

JsonText detector_to_json(const DetectionHeadSpec& head, const DetectionSpec& detection);
JsonText segmenter_to_json(const SegmentationHeadSpec& head, const SegmentationSpec& segmentation);

// Every field is checked for type and range; models/ checks that they fit each other and the backbone.
Result<void> detector_from_json(const JsonValue& value, DetectionHeadSpec& head, DetectionSpec& detection);
Result<void> segmenter_from_json(const JsonValue& value, SegmentationHeadSpec& head, SegmentationSpec& segmentation);

}  // namespace mobilenet
