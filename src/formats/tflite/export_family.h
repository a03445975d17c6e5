// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which tool exported a graph, by the names that it gives to tensors: tools have habits that their files do not state.

#include "network/network.h"

namespace mobilenet::tflite {

enum class ExportFamily {
  unknown,
  tf_slim,            // TensorFlow's own checkpoints: "MobilenetV1/...", "FeatureExtractor/MobilenetV2/..."
  tf_hub,             // "hub_input", "keras_layer/..."
  teachable_machine,  // "sequential_3/dense_Dense1/..."
  pytorch,            // "torch.nn.modules...", "onnx::Conv_1"
  keras,              // "serving_default_input_1:0", "sequential/dense/...", "mobilenetv2_1.00_224/..."
};

ExportFamily export_family(const Network& network);

}  // namespace mobilenet::tflite
