// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// One table of operator cases for all backends: each row is a one-operator network with seeded random constants and
// inputs. A backend is tested by running every row on it and on `reference`:
//
//   for (const OperatorCase& c : operator_cases()) {
//     const OperatorModel model = make_model(c, seed);
//     auto expected = run_on(reference_backend(), model), got = run_on(backend, model);
//     ... expect_close(c, *got, *expected, kTolerance)
//   }

#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "network/network.h"

namespace mobilenet::testing {

// What a network's activations and constants are stored as.
enum class Numbers {
  f32,             // all float32
  f16_weights,     // float32 activations, float16 constants
  i8_weights,      // float32 activations, weights i8 per channel, to be dequantised
  u8,              // u8, weights with a zero point
  i8,              // i8, one scale for the weight
  i8_per_channel,  // i8, one scale per output channel
  int4_weights     // i8, weights of 4 bits with one scale per output channel
};
constexpr bool is_integer(Numbers numbers) {
  return numbers == Numbers::u8 || numbers == Numbers::i8 || numbers == Numbers::i8_per_channel ||
         numbers == Numbers::int4_weights;
}

// Where the zero points of activations lie in their type.
enum class ZeroPoints { middle, lowest, highest };

constexpr int kIndex64 = 64;  // OperatorCase::outputs of an argmax that makes i64

struct OperatorCase {
  std::string name;  // what could break, and in which numbers: "stride two on an odd width, u8"
  Op op;
  std::vector<Shape> inputs;  // of the activations
  int outputs = 0;  // output channels of convolution and dense; a depthwise has its own; bits of an argmax's indices
  Numbers numbers = Numbers::f32;
  ZeroPoints zero_points = ZeroPoints::middle;
  bool with_bias = true;
  bool torch_layout = false;  // weights as PyTorch stores them, otherwise as TensorFlow Lite does
};

// For GoogleTest's messages.
inline void PrintTo(const OperatorCase& c, std::ostream* out) { *out << c.name; }

// All rows. Names are unique.
const std::vector<OperatorCase>& operator_cases();

// A network ready to be packed, and bytes for its inputs. Parameters view `constants`.
struct OperatorModel {
  Network network;
  Parameters parameters;
  std::vector<Shape> input_shapes;
  std::vector<std::vector<std::byte>> inputs;
};
// The same seed gives the same numbers on every platform. Integer scales are chosen so that results spread over the
// type and some saturate.
OperatorModel make_model(const OperatorCase& c, std::uint32_t seed);

struct OperatorOutput {
  DataType type = DataType::f32;
  Shape shape;
  std::vector<std::byte> bytes;
};
// Packs, compiles and runs once on fresh memory: the outputs of the network.
Result<std::vector<OperatorOutput>> run_on(const Backend& backend, const OperatorModel& model, int threads = 1,
                                           Precision precision = Precision::source);

// Empty when `got` equals `expected`: bytes for integers, max|got - expected| <= tolerance * max|expected| for floats.
// Otherwise the first or worst difference in words.
std::string difference(const std::vector<OperatorOutput>& got, const std::vector<OperatorOutput>& expected,
                       double tolerance);

}  // namespace mobilenet::testing
