// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The constants of a quantised convolution, depthwise convolution or dense layer: read from the file's tensors and
// packed for one kernel, of which running steps see only PackedFilters, or for plain loops.

#include <cstdint>
#include <memory>
#include <vector>

#include "backend/cpu/kernels/int8.h"
#include "backend/cpu/program/step.h"
#include "network/fixed_convolution.h"
#include "network/parameter.h"

namespace mobilenet::cpu {

// How a convolution's input becomes its output: filters in the layout of its kernel, and what surrounds them.
struct QuantizedFilters {
  std::shared_ptr<const AlignedBuffer> memory;
  PackedFilters filters;
  std::uint8_t input_flip = 0;
  std::uint8_t padding = 0;  // the stored byte that stands for zero in the input
  ByteOutput to_byte;
};

// Packs when the model first needs them; later compilations share the memory. Fails on types that
// convolution_arithmetic refuses; the message does not name the node.
Result<QuantizedFilters> quantized_filters(const StepSource& source, const Node& node, Activation activation,
                                           const FilterLayout& layout);

// The same for plain loops, which take any layer's arithmetic.
struct PlainFilters {
  LayerArithmetic arithmetic;
  std::shared_ptr<const AlignedBuffer> weights;  // i16, less their zero point, as pack_taps() leaves them
  std::vector<std::uint32_t> bias;               // sums wrap around
  std::uint8_t flip = 0;
  std::int16_t input_zero = 0;  // of unsigned bytes
};
Result<PlainFilters> plain_filters(const StepSource& source, const Node& node, const FilterView& view);

}  // namespace mobilenet::cpu
