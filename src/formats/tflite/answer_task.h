// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Graphs that detect, segment or classify, recognised by how they end, and what their end says about post-processing.

#include "formats/tflite/graph_reading.h"

namespace mobilenet::tflite {

// Fills spec.detection, Network::{boxes, scores, anchor_maps} and the anchors when the graph ends in detections or in
// raw boxes and scores. Returns why, empty when it does not.
Result<std::string> recognise_detector(GraphReading& model);

// Fills spec.segmentation and Network::mask_logits when an output says of every pixel which class it is: the best one,
// or a score for each. The decision is empty when none does.
Decision recognise_segmenter(GraphReading& model);

// Fills spec.classes, spec.class_scores and Network::class_row when an output is a row of scores.
Decision recognise_classifier(GraphReading& model);

}  // namespace mobilenet::tflite
