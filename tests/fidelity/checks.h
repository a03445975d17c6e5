// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the library promises about real weights and real pictures, as a list of checks. Each runs one model against what
// its source framework computed and says what it measured. The test runs the list; with --table it is printed as the
// table of docs/fidelity.md.

#include <mobilenet/device.h>

#include <functional>
#include <string>
#include <vector>

namespace mobilenet::testing {

struct Outcome {
  bool passed = false;
  std::string measured;  // "0 of 4004 bytes differ", "largest difference 3.1e-06"
};

struct Check {
  std::string model;
  std::string check;  // what is compared with what
  std::function<Outcome()> run;
};

// Checks of the TensorFlow Lite classifiers, detectors and segmenters, of the Hugging Face and timm files, and of the
// default model. They throw when a file of the test data is missing or cannot be read.
std::vector<Check> tflite_checks();
std::vector<Check> detection_checks();
std::vector<Check> segmentation_checks();
std::vector<Check> framework_checks();
std::vector<Check> default_model_checks();
// Of bf16 on the processor and of f16 on a GPU against f32; none where this machine has neither.
std::vector<Check> precision_checks();
bool computes(Device device, Precision precision);

}  // namespace mobilenet::testing
