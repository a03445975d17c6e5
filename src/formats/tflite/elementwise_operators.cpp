// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The operators that work on one element (softmax: one row) at a time: of one number, of two, changes of type.

#include <array>
#include <cmath>

#include "formats/tflite/operator_reader.h"
#include "network/parameter.h"

namespace mobilenet::tflite {
namespace {

constexpr std::int64_t kMaxSpreadChannels = 1 << 16;

// A number for each channel of a constant that has one for each, or one for all; or what it is divided by.
std::vector<float> spread(const Parameter& constant, std::int64_t channels, bool inverse) {
  const bool one = constant.shape.elements() == 1;
  std::vector<float> values(static_cast<std::size_t>(channels));
  for (std::int64_t i = 0; i < channels; ++i) {
    const double value = stored_value(constant, one ? 0 : i);
    values[static_cast<std::size_t>(i)] = static_cast<float>(inverse ? 1 / value : value);
  }
  return values;
}

template <class Options>
schema::FusedActivation fused_by(const Call& call) {
  const auto* options = call.options<Options>();
  return options != nullptr ? options->fused_activation_function() : schema::FusedActivation::NONE;
}

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
      return Activation::relu_n1_to_1;
    case schema::FusedActivation::TANH:
    case schema::FusedActivation::SIGN_BIT:
      break;
  }
  return failure(ErrorCode::unsupported, "its fused activation ", static_cast<int>(activation), " ",
                 schema::EnumNameFusedActivation(activation), " is not supported");
}

Result<void> OperatorReader::add(const Call& call) {
  const auto fused = fused_by<schema::AddOptions>(call);
  const bool maps =
      call.has(0) && call.has(1) && !tensors_.is_constant(call.inputs[0]) && !tensors_.is_constant(call.inputs[1]);
  if (!maps) return binary(call, BinaryKind::add, fused);
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 2));
  if (!(shape(operands[0]) == shape(operands[1])) || adds_finely(call)) return binary(call, BinaryKind::add, fused);
  AddOp op;
  MOBILENET_TRY(op.activation, activation_of(fused));
  return append(call, op, std::move(operands));
}

// Whether an input is so fine beside the output that the runtime's fast addition leaves it to another one.
bool OperatorReader::adds_finely(const Call& call) const {
  constexpr float kFinest = 0x1p-10f;
  const auto output = tensors_.scale(call.output);
  for (const int input : call.inputs)
    if (const auto scale = tensors_.scale(input); scale && output && *scale / *output < kFinest) return true;
  return false;
}

Result<void> OperatorReader::multiply(const Call& call) {
  return binary(call, BinaryKind::multiply, fused_by<schema::MulOptions>(call));
}

Result<void> OperatorReader::subtract(const Call& call) {
  return binary(call, BinaryKind::subtract, fused_by<schema::SubOptions>(call));
}

Result<void> OperatorReader::divide(const Call& call) {
  return binary(call, BinaryKind::divide, fused_by<schema::DivOptions>(call));
}

Result<void> OperatorReader::binary(const Call& call, BinaryKind kind, schema::FusedActivation activation) {
  if (scales_and_shifts(call)) return scale_and_shift(call, activation);
  BinaryOp op;
  op.kind = kind;
  MOBILENET_TRY(op.activation, activation_of(activation));
  std::vector<TensorId> operands;
  TensorId x = kNoTensor;  // an activation
  for (std::size_t i = 0; i < 2; ++i) {
    if (!call.has(i)) return failure(ErrorCode::bad_format, "one of its two inputs is missing");
    const int index = call.inputs[i];
    MOBILENET_TRY(const TensorId id, tensors_.is_constant(index) ? tensors_.constant(index, WeightLayout::none)
                                                                 : tensors_.activation(index));
    if (!tensor(id).is_constant()) x = id;
    operands.push_back(id);
  }
  if (x == kNoTensor) return failure(ErrorCode::unsupported, "two constants are not supported");
  const Tensor &a = tensor(operands[0]), &b = tensor(operands[1]);
  const bool real = tensor(x).type == DataType::f32;
  const auto is_real = [](const Tensor& t) {
    return t.type == DataType::f32 || (t.is_constant() && (t.type == DataType::f16 || t.quantization.has_value()));
  };
  // Networks of 16 bits have slopes of i8, like weights.
  const bool slopes = kind == BinaryKind::prelu && a.type == DataType::i16 && b.is_constant() && b.type == DataType::i8;
  if (real ? !is_real(a) || !is_real(b) : a.type != b.type && !slopes)
    return failure(ErrorCode::unsupported, "inputs of type ", name_of(a.type), " and ", name_of(b.type),
                   " are not supported");
  MOBILENET_TRY(const TensorId output, tensors_.define(call.output));
  if (tensor(output).type != tensor(x).type)
    return failure(ErrorCode::unsupported, "an input of type ", name_of(tensor(x).type), " and an output of type ",
                   name_of(tensor(output).type), " are not supported");
  return append_node(op, std::move(operands), output);
}

Result<void> OperatorReader::unary(const Call& call, const UnaryOp& op) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  return append(call, op, std::move(operands));
}

Result<void> OperatorReader::leaky_relu(const Call& call) {
  const auto* options = call.options<schema::LeakyReluOptions>();
  if (options == nullptr) return missing_options();
  if (!std::isfinite(options->alpha())) return failure(ErrorCode::bad_format, "its alpha is ", options->alpha());
  return unary(call, {.kind = UnaryKind::leaky_relu, .alpha = options->alpha()});
}

// A constant of one number, or of one for each channel, with floats: a batch norm computes exactly the same, and goes
// into the weights of a convolution before it.
bool OperatorReader::scales_and_shifts(const Call& call) const {
  if (!call.has(0) || !call.has(1)) return false;
  const std::size_t constant_input = tensors_.is_constant(call.inputs[0]) ? 0 : 1;
  const int c = call.inputs[constant_input], x = call.inputs[1 - constant_input];
  if (!tensors_.is_constant(c) || tensors_.is_constant(x)) return false;
  using schema::BuiltinOperator;
  const bool scales = call.code == BuiltinOperator::ADD || call.code == BuiltinOperator::SUB ||
                      call.code == BuiltinOperator::MUL || (call.code == BuiltinOperator::DIV && constant_input == 1);
  if (!scales) return false;
  const auto id = tensors_.activation(x);
  const auto extent = tensors_.shape(c);
  if (!id || !extent || tensor(*id).type != DataType::f32) return false;
  const std::optional<DataType> type = tensors_.type(c);
  if (type != DataType::f32 && type != DataType::f16) return false;
  const int rank = shape(*id).rank();
  const std::int64_t channels = rank > 0 ? shape(*id)[rank - 1] : 0;
  const bool one = extent->elements() == 1;
  const bool per_channel =
      extent->rank() > 0 && extent->elements() == channels && (*extent)[extent->rank() - 1] == channels;
  return channels > 0 && channels <= kMaxSpreadChannels && extent->rank() <= rank && (one || per_channel);
}

Result<void> OperatorReader::scale_and_shift(const Call& call, schema::FusedActivation activation) {
  const std::size_t constant_input = tensors_.is_constant(call.inputs[0]) ? 0 : 1;
  MOBILENET_TRY(const TensorId x, tensors_.activation(call.inputs[1 - constant_input]));
  MOBILENET_TRY(const TensorId constant, tensors_.constant(call.inputs[constant_input], WeightLayout::none));
  MOBILENET_TRY(const Activation fused, activation_of(activation));
  const std::int64_t channels = shape(x)[shape(x).rank() - 1];
  const std::vector<float> values =
      spread(tensors_.parameter(constant), channels, call.code == schema::BuiltinOperator::DIV);
  const std::vector<float> zeros(values.size(), 0.0f);
  const std::vector<float> ones(values.size(), 1.0f);
  const std::vector<float> minus_ones(values.size(), -1.0f);
  struct Part {
    const char* name;
    const std::vector<float>* values;
  };
  std::array<Part, 4> parts{{{"gamma", &ones}, {"beta", &zeros}, {"mean", &zeros}, {"variance", &ones}}};
  if (call.code == schema::BuiltinOperator::MUL || call.code == schema::BuiltinOperator::DIV) {
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
  if (linear.type != DataType::f32)
    return failure(ErrorCode::unsupported, "an output of type ", name_of(linear.type), " is not supported");
  linear.name += "/linear";
  MOBILENET_TRY(const TensorId before, tensors_.make_activation(std::move(linear)));
  MOBILENET_CHECK(append_node(BatchNormOp{.epsilon = 0}, std::move(inputs), before));
  return append_node(ActivationOp{fused}, {before}, output);
}

Result<void> OperatorReader::softmax(const Call& call) {
  const auto* options = call.options<schema::SoftmaxOptions>();
  if (options == nullptr) return missing_options();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  return append(call, SoftmaxOp{options->beta()}, std::move(operands));
}

// L2_NORMALIZATION and LOG_SOFTMAX, over the last axis.
Result<void> OperatorReader::rows(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  if (call.code == schema::BuiltinOperator::LOG_SOFTMAX) return append(call, LogSoftmaxOp{}, std::move(operands));
  if (fused_by<schema::L2NormOptions>(call) != schema::FusedActivation::NONE)
    return failure(ErrorCode::unsupported, "a fused activation is not supported here");
  return append(call, L2NormalizeOp{}, std::move(operands));
}

Result<void> OperatorReader::activation(const Call& call, Activation activation) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  return append(call, ActivationOp{activation}, std::move(operands));
}

Result<void> OperatorReader::quantize(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  MOBILENET_TRY(const TensorId output, tensors_.define(call.output));
  if (tensor(output).type == DataType::f32) return failure(ErrorCode::bad_format, "its output is of type f32");
  return append_node(QuantizeOp{}, std::move(operands), output);
}

// Weights of half precision or quantised are stored as constants behind a DEQUANTIZE, which is left out: who reads
// constants as numbers takes any type.
Result<void> OperatorReader::dequantize(const Call& call) {
  if (call.has(0) && tensors_.is_constant(call.inputs[0])) return tensors_.set_alias(call.output, call.inputs[0]);
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  if (tensor(operands[0]).type == DataType::f32) return failure(ErrorCode::bad_format, "its input is of type f32");
  MOBILENET_TRY(const TensorId output, tensors_.define(call.output));
  if (tensor(output).type != DataType::f32)
    return failure(ErrorCode::bad_format, "its output is of type ", name_of(tensor(output).type), ", expected f32");
  return append_node(QuantizeOp{}, std::move(operands), output);
}

Result<void> OperatorReader::cast(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  MOBILENET_TRY(const TensorId output, tensors_.define_numbers(call.output));
  return append_node(CastOp{}, std::move(operands), output);
}

}  // namespace mobilenet::tflite
