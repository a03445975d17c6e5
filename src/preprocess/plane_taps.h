// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pillow's filters on planes of luma and colours, in arithmetic of 16 bits that every device repeats to the bit.
//
// Samples have kPlaneBits of fraction after each pass, and colours are made of those: rounding to bytes on the way
// would cost a step of a plane, which is two of blue. Either pass adds up products of samples and weights, of which
// each loses what is below the last bit; half of that is given back for every tap. Of more than kMostCutTaps the sum is
// exact, and rounded. Results are bounded to what bytes can be.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pictures/ycbcr.h"
#include "preprocess/geometry.h"
#include "preprocess/pil_taps.h"

namespace mobilenet {

constexpr int kPlaneBits = ycbcr::kFineBits, kMostSample = 255 << kPlaneBits;
constexpr std::size_t kMostCutTaps = 24;

// Of weights, and what they take from products: of bytes, and of samples with a fraction.
enum class PlanePass { of_bytes, of_samples };
constexpr int weight_bits(PlanePass pass) { return pass == PlanePass::of_bytes ? 15 : 16; }
constexpr int cut_bits(PlanePass pass) { return weight_bits(pass) - (pass == PlanePass::of_bytes ? kPlaneBits : 0); }

// A weight that does not fit into 16 bits counts as two taps, with halves of it: these two.
constexpr std::int32_t kMostWeight = 65535;
constexpr std::int32_t first_half(std::int32_t weight) { return weight > kMostWeight ? weight / 2 : weight; }
constexpr std::int32_t second_half(std::int32_t weight) { return weight - first_half(weight); }

// Weights of a pixel add up to 1, so that even planes stay even. Those of filters with lobes may be larger than 1.
class PlaneTapMaker {
 public:
  void make(PilFilter filter, const AxisGeometry& geometry, PlanePass pass, PilAxis<std::int32_t>& made);

 private:
  PilAxis<float> exact_;
  std::vector<double> memory_;
};

}  // namespace mobilenet
