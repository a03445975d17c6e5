// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The operators that work on one element (softmax: one row) at a time: sums, activations, changes of type.

#include <array>

#include "formats/tflite/operator_reader.h"
#include "network/parameter.h"

namespace mobilenet::tflite {
namespace {

constexpr std::int64_t kMaxSpreadChannels = 1 << 16;

}  // namespace

Result<Activation> activation_of(schema::FusedActivation activation) {
  switch (activation) {
    case schema::FusedActivation::NONE:
      return Activation::none;
    case schema::FusedActivation::RELU:
      return Activation::relu;
    case schema::FusedActivation::RELU6:
      return Activation::relu6;
    case schema::FusedActivation::RELU_N1_TO_1:
    case schema::FusedActivation::TANH:
    case schema::FusedActivation::SIGN_BIT:
      break;
  }
  return failure(ErrorCode::unsupported, "its fused activation ", static_cast<int>(activation), " ",
                 schema::EnumNameFusedActivation(activation), " is not supported");
}

Result<void> OperatorReader::add(const Call& call) {
  const auto* options = call.options<schema::AddOptions>();
  const auto fused = options != nullptr ? options->fused_activation_function() : schema::FusedActivation::NONE;
  if (call.has(0) && call.has(1) && (tensors_.is_constant(call.inputs[0]) || tensors_.is_constant(call.inputs[1])))
    return scale_and_shift(call, fused);
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 2));
  if (!(shape(operands[0]) == shape(operands[1])))
    return failure(ErrorCode::unsupported, "adding ", to_string(shape(operands[0])), " and ",
                   to_string(shape(operands[1])), " is not supported");
  AddOp op;
  MOBILENET_TRY(op.activation, activation_of(fused));
  return append(call, op, std::move(operands));
}

Result<void> OperatorReader::multiply(const Call& call) {
  const auto* options = call.options<schema::MulOptions>();
  const auto fused = options != nullptr ? options->fused_activation_function() : schema::FusedActivation::NONE;
  if (!call.has(0) || !call.has(1) || tensors_.is_constant(call.inputs[0]) || tensors_.is_constant(call.inputs[1]))
    return scale_and_shift(call, fused);
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 2));
  if (tensor(operands[0]).type != DataType::f32)
    return failure(ErrorCode::unsupported, "multiplying activations of type ", name_of(tensor(operands[0]).type),
                   " is not supported");
  // A gate of one row and column may come first.
  if (shape(operands[0]).elements() < shape(operands[1]).elements()) std::swap(operands[0], operands[1]);
  MulOp op;
  MOBILENET_TRY(op.activation, activation_of(fused));
  return append(call, op, std::move(operands));
}

Result<void> OperatorReader::subtract(const Call& call) {
  const auto* options = call.options<schema::SubOptions>();
  return scale_and_shift(call, options ? options->fused_activation_function() : schema::FusedActivation::NONE);
}

// A constant of one number, or of one for each channel, makes a batch norm that computes exactly the same.
Result<void> OperatorReader::scale_and_shift(const Call& call, schema::FusedActivation activation) {
  const auto unsupported = [](const auto&... parts) { return failure(ErrorCode::unsupported, parts...); };
  if (!call.has(0) || !call.has(1)) return failure(ErrorCode::bad_format, "one of its two inputs is missing");
  const std::size_t constant_input = tensors_.is_constant(call.inputs[0]) ? 0 : 1;
  if (!tensors_.is_constant(call.inputs[constant_input]))
    return unsupported("is supported for an activation and a constant only");
  MOBILENET_TRY(const TensorId x, tensors_.activation(call.inputs[1 - constant_input]));
  MOBILENET_TRY(const TensorId constant, tensors_.constant(call.inputs[constant_input], WeightLayout::none));
  const DataType type = tensor(constant).type;
  if (tensor(x).type != DataType::f32 || (type != DataType::f32 && type != DataType::f16))
    return unsupported("of an activation of type ", name_of(tensor(x).type), " and a constant of type ", name_of(type),
                       " is not supported");
  MOBILENET_TRY(const Activation fused, activation_of(activation));
  const Shape extent = shape(constant);
  const std::int64_t channels = shape(x).rank() > 0 ? shape(x)[shape(x).rank() - 1] : 0;
  const bool one = extent.elements() == 1;
  const bool per_channel = extent.rank() > 0 && extent.elements() == channels && extent[extent.rank() - 1] == channels;
  if (channels == 0 || channels > kMaxSpreadChannels || extent.rank() > shape(x).rank() || !(one || per_channel))
    return unsupported("a constant of ", to_string(extent), " with ", to_string(shape(x)), " is not supported");

  std::vector<float> values(static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(stored_value(tensors_.parameter(constant), one ? 0 : static_cast<std::int64_t>(i)));
  const std::vector<float> zeros(values.size(), 0.0f);
  const std::vector<float> ones(values.size(), 1.0f);
  const std::vector<float> minus_ones(values.size(), -1.0f);
  struct Part {
    const char* name;
    const std::vector<float>* values;
  };
  std::array<Part, 4> parts{{{"gamma", &ones}, {"beta", &zeros}, {"mean", &zeros}, {"variance", &ones}}};
  if (call.code == schema::BuiltinOperator::MUL) {
    parts[0].values = &values;
  } else if (call.code == schema::BuiltinOperator::ADD) {
    parts[1].values = &values;
  } else if (constant_input == 1) {
    parts[2].values = &values;
  } else {
    parts[0].values = &minus_ones;
    parts[1].values = &values;
  }
  std::vector<TensorId> inputs{x};
  for (const Part& part : parts) {
    MOBILENET_TRY(const TensorId id, tensors_.make_constant(tensor(constant).name + "." + part.name, *part.values));
    inputs.push_back(id);
  }
  if (fused == Activation::none) return append(call, BatchNormOp{.epsilon = 0}, std::move(inputs));
  MOBILENET_TRY(const TensorId output, tensors_.define(call.output));
  Tensor linear = tensor(output);
  if (linear.type != DataType::f32) return unsupported("an output of type ", name_of(linear.type), " is not supported");
  linear.name += "/linear";
  network_.tensors.push_back(std::move(linear));
  const auto before = static_cast<TensorId>(network_.tensors.size() - 1);
  MOBILENET_CHECK(append_node(BatchNormOp{.epsilon = 0}, std::move(inputs), before));
  return append_node(ActivationOp{fused}, {before}, output);
}

Result<void> OperatorReader::softmax(const Call& call) {
  const auto* options = call.options<schema::SoftmaxOptions>();
  if (options == nullptr) return missing_options();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  return append(call, SoftmaxOp{options->beta()}, std::move(operands));
}

Result<void> OperatorReader::activation(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  ActivationOp op;
  if (call.code == schema::BuiltinOperator::RELU) op.activation = Activation::relu;
  if (call.code == schema::BuiltinOperator::RELU6) op.activation = Activation::relu6;
  if (call.code == schema::BuiltinOperator::HARD_SWISH) op.activation = Activation::hard_swish;
  if (call.code == schema::BuiltinOperator::LOGISTIC) op.activation = Activation::sigmoid;
  return append(call, op, std::move(operands));
}

Result<void> OperatorReader::quantize(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  MOBILENET_TRY(const TensorId output, tensors_.define(call.output));
  if (tensor(output).type == DataType::f32) return failure(ErrorCode::bad_format, "its output is of type f32");
  return append_node(QuantizeOp{}, std::move(operands), output);
}

// Half-precision weights are stored as constants behind a DEQUANTIZE, which is left out: readers of constants take any
// float type.
Result<void> OperatorReader::dequantize(const Call& call) {
  if (call.has(0) && tensors_.is_constant(call.inputs[0])) return tensors_.set_alias(call.output, call.inputs[0]);
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  if (tensor(operands[0]).type == DataType::f32) return failure(ErrorCode::bad_format, "its input is of type f32");
  MOBILENET_TRY(const TensorId output, tensors_.define(call.output));
  if (tensor(output).type != DataType::f32)
    return failure(ErrorCode::bad_format, "its output is of type ", name_of(tensor(output).type), ", expected f32");
  return append_node(QuantizeOp{}, std::move(operands), output);
}

}  // namespace mobilenet::tflite
