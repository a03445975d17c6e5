// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The steps of integer computation, one compile function per kind of operator, and what they share.

#include <cstdint>

#include "backend/cpu/kernels/int8.h"
#include "backend/cpu/program/step.h"
#include "backend/cpu/steps/window_geometry.h"
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

// Of picture `image` of the batch that begins at `maps`.
inline Rows input_rows(const WindowGeometry& g, std::byte* maps, std::int64_t image) {
  return picture_rows(maps, image, static_cast<int>(g.input_height), g.input_width * g.input_channels);
}

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
// A convolution, depthwise or dense layer for which fixed_layer() has a kernel of the runtime's.
Result<CompiledStep> compile_int8_fixed_layer(const StepSource& source, const Node& node);

Result<CompiledStep> compile_int8_add(const StepSource& source, const Node& node, const AddOp& op);
Result<CompiledStep> compile_int8_activation(const StepSource& source, const Node& node, const ActivationOp& op);
Result<CompiledStep> compile_int8_unary(const StepSource& source, const Node& node, const UnaryOp& op);
Result<CompiledStep> compile_int8_quantize(const StepSource& source, const Node& node, const QuantizeOp& op);
Result<CompiledStep> compile_int8_softmax(const StepSource& source, const Node& node, const SoftmaxOp& op);

// Of 16 bits, too.
Result<CompiledStep> compile_integer_concat(const StepSource& source);
Result<CompiledStep> compile_integer_binary(const StepSource& source);  // add as well
Result<CompiledStep> compile_integer_reduction(const StepSource& source);
Result<CompiledStep> compile_integer_resize(const StepSource& source);

Result<CompiledStep> compile_int8_pool(const StepSource& source, const Node& node, const PoolOp& op);
Result<CompiledStep> compile_int8_mean(const StepSource& source, const Node& node, const GlobalAveragePoolOp& op);
Result<CompiledStep> compile_int8_log_softmax(const StepSource& source, const Node& node, const LogSoftmaxOp& op);
Result<CompiledStep> compile_int8_l2_normalize(const StepSource& source, const Node& node, const L2NormalizeOp& op);

}  // namespace mobilenet::cpu
