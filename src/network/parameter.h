// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Reading constants of any type and layout as numbers.

#include <cstdint>
#include <vector>

#include "network/network.h"

namespace mobilenet {

// A convolution's weight seen as [outputs][height][width][inputs], whatever the file's layout.
struct FilterView {
  const Parameter* parameter = nullptr;
  int outputs = 0, height = 0, width = 0, inputs = 0;
  std::int64_t output_stride = 0, row_stride = 0, column_stride = 0, input_stride = 0;  // in elements
  std::int64_t first = 0;                                                               // where [0][0][0][0] lies

  // Of inputs begin..begin + count alone.
  FilterView of_inputs(int begin, int count) const {
    FilterView part = *this;
    part.first += begin * input_stride;
    part.inputs = count;
    return part;
  }
  std::int64_t offset(int o, int y, int x, int i) const {
    return first + o * output_stride + y * row_stride + x * column_stride + i * input_stride;
  }
};

// Fails when the layout and rank do not belong to a convolution's weight.
Result<FilterView> filter_view(const Parameter& parameter);

// One stored number, exactly: f32, f16 and integers up to 32 bits. `index` counts elements in file order.
double stored_value(const Parameter& parameter, std::int64_t index);
// An integer of an integer type.
std::int32_t stored_integer(const Parameter& parameter, std::int64_t index);
std::int64_t stored_wide_integer(const Parameter& parameter, std::int64_t index);

// The real number that an element of a constant tensor stands for: dequantised where the tensor is quantised.
double real_value(const Tensor& tensor, const Parameter& parameter, std::int64_t index);
// All of them, in file order, as float.
std::vector<float> real_values(const Tensor& tensor, const Parameter& parameter);

// The anchors of a constant tensor [anchors, 4]: centre y, centre x, height, width.
Result<std::vector<AnchorBox>> stored_anchors(const Tensor& tensor, const Parameter& parameter);

// The quantisation of output channel `channel` of a weight or bias.
struct ChannelQuantization {
  float scale = 1;
  std::int32_t zero_point = 0;
};
ChannelQuantization channel_quantization(const Tensor& tensor, int channel);

// How to read a map of f32, u8, i8 or i16 elements as real numbers: scale * (stored - zero_point).
struct RealReader {
  DataType type = DataType::f32;
  ChannelQuantization quantization;
  // Elements first..first + count of `stored`: in place where they are f32, else converted into `converted`.
  const float* read(const std::byte* stored, std::size_t first, std::size_t count, float* converted) const;
};

}  // namespace mobilenet
