// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV, FULLY_CONNECTED: an activation, a constant weight and perhaps a constant
// bias.

#include <algorithm>

#include "formats/tflite/operator_reader.h"

namespace mobilenet::tflite {
namespace {

Error misfit(const Shape& weight, const Shape& x) {
  return failure(ErrorCode::bad_format, "its weight ", to_string(weight), " does not fit the input ", to_string(x));
}

template <class Options>
Result<Window> convolution_window(const Options& options, const Shape& weight) {
  MOBILENET_TRY(Window window, window_of(options));
  window.kernel_height = static_cast<int>(weight[1]);
  window.kernel_width = static_cast<int>(weight[2]);
  window.dilation_height = options.dilation_h_factor();
  window.dilation_width = options.dilation_w_factor();
  return window;
}

// A constant that stands for floats: of such a type, or quantised.
bool is_real(const Tensor& tensor) {
  return tensor.type == DataType::f32 || tensor.type == DataType::f16 || tensor.quantization.has_value();
}

// f32 with f32 or f16 weights and bias, or with quantised ones, which are then computed as the reals they stand for
// (dynamic-range quantisation); u8 with u8 weights, i8 and i16 with i8 weights; i32 bias for integers, i64 for i16.
Result<void> check_types(const Tensor& x, const Tensor& weight, const Tensor* bias) {
  const bool floats = x.type == DataType::f32;
  const bool wide = x.type == DataType::i16;
  if (floats ? !is_real(weight) : weight.type != (wide ? DataType::i8 : x.type))
    return failure(ErrorCode::unsupported, "weights of type ", name_of(weight.type), " with activations of type ",
                   name_of(x.type), " are not supported");
  if (bias != nullptr &&
      (floats ? !is_real(*bias) : bias->type != DataType::i32 && !(wide && bias->type == DataType::i64)))
    return failure(ErrorCode::unsupported, "a bias of type ", name_of(bias->type), " with activations of type ",
                   name_of(x.type), " is not supported");
  return {};
}

Result<void> check_quantization(const Tensor& weight, int channel_axis) {
  if (!weight.quantization) return failure(ErrorCode::unsupported, "its weight has no scale");
  const Quantization& q = *weight.quantization;
  if (q.scales.size() > 1 && (q.axis != channel_axis || weight.type != DataType::i8))
    return failure(ErrorCode::unsupported, "scales along axis ", q.axis, " of the ", name_of(weight.type), " weight ",
                   to_string(weight.shape), " are not supported");
  if (weight.type == DataType::i8 &&
      std::any_of(q.zero_points.begin(), q.zero_points.end(), [](std::int32_t zero_point) { return zero_point != 0; }))
    return failure(ErrorCode::unsupported, "i8 weights with a zero point are not supported");
  return {};
}

}  // namespace

Result<std::vector<TensorId>> OperatorReader::weighted(const Call& call, WeightLayout layout, int channel_axis) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  if (!call.has(1)) return failure(ErrorCode::bad_format, "its weight is missing");
  MOBILENET_TRY(const TensorId weight, tensors_.constant(call.inputs[1], layout));
  operands.push_back(weight);
  if (call.has(2)) {
    MOBILENET_TRY(const TensorId bias, tensors_.constant(call.inputs[2], WeightLayout::none));
    operands.push_back(bias);
  }
  const Tensor& x = tensor(operands[0]);
  MOBILENET_CHECK(check_types(x, tensor(weight), operands.size() > 2 ? &tensor(operands[2]) : nullptr));
  if (x.type != DataType::f32 && tensor(weight).int4) {
    if (x.type != DataType::i8 || call.code == schema::BuiltinOperator::TRANSPOSE_CONV)
      return failure(ErrorCode::unsupported, "weights of 4 bits with activations of type ", name_of(x.type),
                     " are not supported here");
    if (operands.size() < 3 && layout != WeightLayout::oi)
      return failure(ErrorCode::unsupported, "weights of 4 bits without a bias are not supported here");
  }
  if (x.type != DataType::f32) MOBILENET_CHECK(check_quantization(tensor(weight), channel_axis));
  if (tensor(weight).shape.rank() != (layout == WeightLayout::oi ? 2 : 4)) return misfit(tensor(weight).shape, x.shape);
  return operands;
}

Result<void> OperatorReader::convolution(const Call& call) {
  if (waits_for_space(call)) return wait_for_space(call);
  const auto* options = call.options<schema::Conv2DOptions>();
  if (options == nullptr) return missing_options();
  MOBILENET_TRY(std::vector<TensorId> operands, weighted(call, WeightLayout::ohwi, 0));
  const Shape& x = shape(operands[0]);
  const Shape& weight = shape(operands[1]);
  if (x.rank() != 4 || x[3] % weight[3] != 0) return misfit(weight, x);
  Conv2dOp op;
  MOBILENET_TRY(op.window, convolution_window(*options, weight));
  if (spread_ != nullptr) MOBILENET_CHECK(spread_window(*spread_, op.window));
  MOBILENET_TRY(op.activation, activation_of(options->fused_activation_function()));
  op.groups = static_cast<int>(x[3] / weight[3]);
  return append(call, op, std::move(operands));
}

Result<void> OperatorReader::depthwise(const Call& call) {
  if (waits_for_space(call)) return wait_for_space(call);
  const auto* options = call.options<schema::DepthwiseConv2DOptions>();
  if (options == nullptr) return missing_options();
  MOBILENET_TRY(std::vector<TensorId> operands, weighted(call, WeightLayout::hwc, 3));
  const Shape& x = shape(operands[0]);
  const Shape& weight = shape(operands[1]);
  if (x.rank() != 4 || x[3] == 0 || weight[3] % x[3] != 0) return misfit(weight, x);
  DepthwiseConv2dOp op;
  MOBILENET_TRY(op.window, convolution_window(*options, weight));
  if (spread_ != nullptr) MOBILENET_CHECK(spread_window(*spread_, op.window));
  MOBILENET_TRY(op.activation, activation_of(options->fused_activation_function()));
  op.multiplier = static_cast<int>(weight[3] / x[3]);
  if (options->depth_multiplier() != 0 && options->depth_multiplier() != op.multiplier)
    return failure(ErrorCode::bad_format, "its depth multiplier is ", options->depth_multiplier(),
                   ", but its weight is ", to_string(weight), " and its input ", to_string(x));
  return append(call, op, std::move(operands));
}

// The constant with the height and width of the output comes first, then the weight, then x.
Result<void> OperatorReader::transpose_convolution(const Call& call) {
  const auto* options = call.options<schema::TransposeConvOptions>();
  if (options == nullptr) return missing_options();
  if (!call.has(1) || !call.has(2)) return failure(ErrorCode::bad_format, "one of its inputs is missing");
  Call ordered = call;
  ordered.inputs = {call.inputs[2], call.inputs[1]};
  if (call.has(3)) ordered.inputs.push_back(call.inputs[3]);
  MOBILENET_TRY(std::vector<TensorId> operands, weighted(ordered, WeightLayout::ohwi, 0));
  const Shape& x = shape(operands[0]);
  const Shape& weight = shape(operands[1]);
  if (x.rank() != 4 || x[3] != weight[3]) return misfit(weight, x);
  TransposeConv2dOp op;
  MOBILENET_TRY(op.window, window_of(*options));
  op.window.kernel_height = static_cast<int>(weight[1]);
  op.window.kernel_width = static_cast<int>(weight[2]);
  MOBILENET_TRY(op.activation, activation_of(options->fused_activation_function()));
  if (!tensors_.is_unknown(call.inputs[0])) {
    MOBILENET_TRY(const std::vector<std::int64_t> size, integers(call, 0));
    if (size.size() != 4 || std::min(size[1], size[2]) < 1 || std::max(size[1], size[2]) > kMaxExtent)
      return failure(ErrorCode::bad_format, "the height and width of its output are impossible");
    op.height = static_cast<int>(size[1]);
    op.width = static_cast<int>(size[2]);
  }
  return append(ordered, op, std::move(operands));
}

Result<void> OperatorReader::fully_connected(const Call& call) {
  const auto* options = call.options<schema::FullyConnectedOptions>();
  MOBILENET_TRY(std::vector<TensorId> operands, weighted(call, WeightLayout::oi, 0));
  const Shape& x = shape(operands[0]);
  const Shape& weight = shape(operands[1]);
  DenseOp op;
  if (options != nullptr) {
    MOBILENET_TRY(op.activation, activation_of(options->fused_activation_function()));
    if (options->weights_format() != schema::WeightsFormat::DEFAULT)
      return failure(ErrorCode::unsupported, "its shuffled weights are not supported");
  }
  const std::int64_t rows = weight[1] == 0 ? 0 : x.elements() / weight[1];
  if (rows * weight[1] != x.elements() || rows == 0) return misfit(weight, x);
  const bool keeps = options != nullptr && options->keep_num_dims() && x.rank() != 2;
  Shape made{rows, weight[0]};
  if (keeps) {
    if (x.rank() == 0 || x[x.rank() - 1] != weight[1]) return misfit(weight, x);
    made = x;
    made[x.rank() - 1] = weight[0];
  }
  if (rows == 1 && !keeps) return append(call, op, std::move(operands));
  // The same for each of several rows: a convolution of 1x1 over them.
  Conv2dOp each;
  each.activation = op.activation;
  if (x.rank() == 4 && x[3] == weight[1] && keeps) return append(call, each, std::move(operands));
  const Shape lines{1, rows, 1, weight[1]}, made_lines{1, rows, 1, weight[0]};
  MOBILENET_TRY(operands[0], reshaped(operands[0], lines, "/rows"));
  MOBILENET_TRY(const TensorId output, tensors_.define(call.output));
  if (tensor(output).type != tensor(operands[0]).type)
    return failure(ErrorCode::unsupported, "an input of type ", name_of(tensor(operands[0]).type),
                   " and an output of type ", name_of(tensor(output).type), " are not supported");
  MOBILENET_TRY(const TensorId computed, between(output, made_lines, "/rows"));
  MOBILENET_CHECK(append_node(each, std::move(operands), computed));
  return append_node(ReshapeOp{made}, {computed}, output);
}

}  // namespace mobilenet::tflite
