// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A copy of a Prediction's arrays, which lie in the memory of a session that goes on to the next frame.

#include <mobilenet/runner.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mobilenet {

class KeptAnswer {
 public:
  // The same Prediction with its arrays in here, until the next call. Allocates where they are larger than any before.
  Prediction keep(const Prediction& answer);

 private:
  std::vector<Classification> classes_;
  std::vector<Detection> objects_;
  std::vector<std::uint8_t> mask_;
  std::vector<SegmentClass> segments_;
  std::vector<float> probabilities_;
  std::vector<TensorView> tensors_;
  std::vector<std::byte> tensor_bytes_;
  std::vector<std::int64_t> extents_;
};

}  // namespace mobilenet
