// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/export_family.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mobilenet::tflite {
namespace {

struct Habit {
  std::string_view part;  // of some tensor's name
  ExportFamily family;
};

// The first that is found counts: what says more comes first.
constexpr std::array<Habit, 21> kHabits{{{"MobilenetV1/", ExportFamily::tf_slim},
                                         {"MobilenetV2/", ExportFamily::tf_slim},
                                         {"normalized_input_image_tensor", ExportFamily::tf_slim},
                                         {"dense_Dense1", ExportFamily::teachable_machine},
                                         {"/model1/", ExportFamily::teachable_machine},
                                         {"hub_input", ExportFamily::tf_hub},
                                         {"keras_layer", ExportFamily::tf_hub},
                                         {"hub_feature_vector", ExportFamily::tf_hub},
                                         {"torch.nn.", ExportFamily::pytorch},
                                         {"onnx::", ExportFamily::pytorch},
                                         {"onnx_tf_prefix", ExportFamily::pytorch},
                                         {"serving_default_", ExportFamily::keras},
                                         {"StatefulPartitionedCall", ExportFamily::keras},
                                         {"keras_tensor", ExportFamily::keras},
                                         {"sequential", ExportFamily::keras},
                                         {"functional_", ExportFamily::keras},
                                         {"mobilenetv2_", ExportFamily::keras},
                                         {"mobilenet_1.00_", ExportFamily::keras},
                                         {"global_average_pooling2d", ExportFamily::keras},
                                         {"input_1", ExportFamily::keras},
                                         {"Conv1_relu", ExportFamily::keras}}};

}  // namespace

ExportFamily export_family(const Network& network) {
  for (const Habit& habit : kHabits) {
    const bool found = std::any_of(network.tensors.begin(), network.tensors.end(), [&](const Tensor& tensor) {
      return std::string_view(tensor.name).find(habit.part) != std::string_view::npos;
    });
    if (found) return habit.family;
  }
  return ExportFamily::unknown;
}

}  // namespace mobilenet::tflite
