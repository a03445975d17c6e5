// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// All ways in which one network can be run, and whether they agree: backends, threads, instruction sets, a batch, a
// second call, tensors inside that somebody wants to see.

#include <mobilenet/mobilenet.h>

#include <cstddef>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace mobilenet::testing {

struct OwnedTensor {
  std::string name;
  DataType type = DataType::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;

  TensorView view() const { return {name, type, shape, bytes.data(), bytes.size()}; }
};

std::vector<OwnedTensor> copies_of(std::span<const TensorView> tensors);

// Inputs of one picture, made of a seed: bytes of any value, floats of -1 to 1.
std::vector<OwnedTensor> inputs_of(const ModelInfo& info, std::uint64_t seed);

struct Tolerance {
  double relative = 0;  // of floats: of the largest number of the tensor
  double absolute = 0;  // of floats: where sums of ordinary numbers cancel
  int steps = 0;        // of integers
};

// Empty, or the first difference. Floats that no arithmetic defines (infinite, NaN or beyond 1e30 in `expected`) make a
// tensor incomparable, and it counts as equal. With a tolerance, detections of equal scores may stand in another order.
std::string difference(std::span<const OwnedTensor> got, std::span<const OwnedTensor> expected,
                       const Tolerance& tolerance);

struct Ways {
  Tolerance backends = {};               // between cpu and reference, and between instruction sets
  std::vector<std::string> isas = {};    // others to force, besides the best
  std::vector<std::string> wanted = {};  // tensors inside
};

// The answer of the best cpu way; an Error where no way runs; a difference as text.
struct Disagreement {
  std::string text;
};
using Answer = std::variant<std::vector<OwnedTensor>, Error, Disagreement>;
Answer answer_of_all_ways(const Model& model, std::span<const OwnedTensor> inputs, const Ways& ways);

// All that this machine runs, but the best.
std::vector<std::string> other_isas();

}  // namespace mobilenet::testing
