// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a .tflite file leaves unsaid: whether the graph is a classifier, how a picture becomes its input, which labels
// its rows have. Each choice is recorded with its reason.

#include "formats/tflite/graph_reading.h"
#include "formats/tflite/model_file.h"

namespace mobilenet::tflite {

// Fills input size, classes and background of a finished network's spec: what recognise_graph wants to know.
Result<void> decide_task(GraphReading& model);
// Fills preprocess and labels; the architecture is known.
Result<void> decide_preprocess_and_labels(const SourceFile& source, const ModelFile& file, GraphReading& model);

}  // namespace mobilenet::tflite
