// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Runs of TensorFlow Lite's own runtime that were recorded: exact inputs and raw tensors, outputs and inner ones.

#include <mobilenet/mobilenet.h>

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace mobilenet::testing {

struct RecordedTensor {
  std::string name;
  std::string file;
  bool is_mask = false;  // one byte per pixel: the class, that is the largest channel or the number itself
};

struct RecordedRun {
  std::string input;      // .u8, one byte per channel
  std::string transform;  // "u8" as is, "f" (x - 127.5) / 127.5, "raw" as float
  std::vector<RecordedTensor> tensors;
};

// By the model's file name; every input once.
std::map<std::string, std::vector<RecordedRun>> recorded_runs();

// What run() takes.
std::vector<std::byte> recorded_input(const RecordedRun& run);
std::vector<std::byte> recorded_output(const RecordedTensor& tensor);

// How far a model's tensors are from the recorded ones.
struct Differences {
  std::size_t bytes = 0, different_bytes = 0;    // of integer tensors
  std::size_t pixels = 0, different_pixels = 0;  // of masks
  std::size_t floats = 0;
  double absolute = 0, relative = 0;  // of the worst float; relative to its tensor's largest
};
Differences replay(const Model& model, std::span<const RecordedRun> runs, Device device);

// "0 of 800 bytes, 0 of 66049 pixels differ, floats by 1.2e-07", without what did not occur.
std::string describe(const Differences& differences);

// The classes of a tensor's pixels: the largest channel of [1, height, width, channels], the first of equal ones, or
// the number itself of [1, height, width].
std::vector<int> classes_of(const TensorView& tensor);

}  // namespace mobilenet::testing
