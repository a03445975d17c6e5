// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The steps of integer computation, one compile function per kind of operator, and what they share.

#include <algorithm>
#include <cstdint>

#include "backend/cpu/kernels/int8.h"
#include "backend/cpu/program/step.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::cpu {

// What turns the stored bytes of a tensor into unsigned ones.
constexpr std::uint8_t flip_of(DataType type) { return type == DataType::i8 ? 0x80 : 0; }
constexpr std::int32_t to_unsigned(DataType type, std::int32_t stored) {
  return type == DataType::i8 ? stored + 128 : stored;
}
constexpr ByteOutput byte_output(DataType type, std::int32_t zero_point, const IntegerRange& range) {
  return {to_unsigned(type, zero_point), to_unsigned(type, range.low), to_unsigned(type, range.high), flip_of(type)};
}

// A window over a batch of maps.
struct WindowGeometry {
  std::int64_t batch = 1;
  std::int64_t input_height = 1, input_width = 1, input_channels = 1;
  std::int64_t output_height = 1, output_width = 1, output_channels = 1;
  std::int64_t pad_top = 0, pad_left = 0;
  std::int64_t kernel_height = 1, kernel_width = 1;
  std::int64_t stride_height = 1, stride_width = 1;
  std::int64_t dilation_height = 1, dilation_width = 1;

  std::int64_t taps() const { return kernel_height * kernel_width; }
  std::int64_t output_pixels() const { return batch * output_height * output_width; }

  // Picture `image` of the batch that begins at `maps`.
  Rows input_rows(std::byte* maps, std::int64_t image) const {
    return picture_rows(maps, image, static_cast<int>(input_height), input_width * input_channels);
  }

  // Output columns whose window lies inside the picture's width; begin may exceed end.
  std::int64_t inner_begin() const { return std::min(output_width, (pad_left + stride_width - 1) / stride_width); }
  std::int64_t inner_end() const {
    const std::int64_t last_left = input_width - 1 - (kernel_width - 1) * dilation_width + pad_left;
    return last_left < 0 ? 0 : std::min(output_width, last_left / stride_width + 1);
  }
};

// Of a node whose input and output are maps.
WindowGeometry window_geometry(const StepSource& source, const Node& node, const Window& window);

inline std::uint8_t* bytes_at(const RunContext& context, const Place& place) {
  return reinterpret_cast<std::uint8_t*>(context.at(place));
}

Result<CompiledStep> compile_int8_convolution(const StepSource& source, const Node& node, const Conv2dOp& op);
Result<CompiledStep> compile_int8_depthwise(const StepSource& source, const Node& node, const DepthwiseConv2dOp& op);
Result<CompiledStep> compile_int8_dense(const StepSource& source, const Node& node, const DenseOp& op);
// Grouped convolutions and depthwise ones with a multiplier: no vector kernel.
Result<CompiledStep> compile_int8_grouped(const StepSource& source, const Node& node, const Window& window, int groups,
                                          Activation activation);

Result<CompiledStep> compile_int8_transposed(const StepSource& source, const Node& node, const TransposeConv2dOp& op);

Result<CompiledStep> compile_int8_add(const StepSource& source, const Node& node, const AddOp& op);
Result<CompiledStep> compile_int8_activation(const StepSource& source, const Node& node, const ActivationOp& op);
Result<CompiledStep> compile_int8_unary(const StepSource& source, const Node& node, const UnaryOp& op);
Result<CompiledStep> compile_int8_binary(const StepSource& source, const Node& node, const BinaryOp& op);
Result<CompiledStep> compile_int8_quantize(const StepSource& source, const Node& node, const QuantizeOp& op);
Result<CompiledStep> compile_int8_softmax(const StepSource& source, const Node& node, const SoftmaxOp& op);

Result<CompiledStep> compile_integer_concat(const StepSource& source);  // of 16 bits, too

Result<CompiledStep> compile_int8_pool(const StepSource& source, const Node& node, const PoolOp& op);
Result<CompiledStep> compile_int8_mean(const StepSource& source, const Node& node, const GlobalAveragePoolOp& op);
Result<CompiledStep> compile_int8_reduction(const StepSource& source, const Node& node, const ReduceOp& op);
Result<CompiledStep> compile_int8_log_softmax(const StepSource& source, const Node& node, const LogSoftmaxOp& op);
Result<CompiledStep> compile_int8_l2_normalize(const StepSource& source, const Node& node, const L2NormalizeOp& op);
Result<CompiledStep> compile_int8_resize(const StepSource& source, const Node& node, const ResizeBilinearOp& op);

}  // namespace mobilenet::cpu
