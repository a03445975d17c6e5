// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators without neighbours, and those that only move numbers.

#include <algorithm>
#include <array>
#include <limits>

#include "backend/cuda/program/step.h"
#include "base/error.h"
#include "base/half.h"
#include "network/movement.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::cuda {
namespace {

constexpr const char* kFile = "elements";

UnaryFunction function_of(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::absolute:
      return UnaryFunction::absolute;
    case UnaryKind::elu:
      return UnaryFunction::elu;
    case UnaryKind::exp:
      return UnaryFunction::exp;
    case UnaryKind::leaky_relu:
      return UnaryFunction::leaky_relu;
    case UnaryKind::log:
      return UnaryFunction::log;
    case UnaryKind::negate:
      return UnaryFunction::negate;
    case UnaryKind::rsqrt:
      return UnaryFunction::rsqrt;
    case UnaryKind::sqrt:
      return UnaryFunction::sqrt;
    case UnaryKind::square:
      return UnaryFunction::square;
    case UnaryKind::tanh:
      break;
  }
  return UnaryFunction::tanh;
}

// Of the integers on either side of a QuantizeOp.
Result<void> take_quantization(const Tensor& input, const Tensor& output, UnaryArguments& arguments) {
  if ((input.type == DataType::f32) == (output.type == DataType::f32)) {
    if (input.type == DataType::f32) return arguments.function = UnaryFunction::copy, Result<void>();
    return failure(ErrorCode::unsupported, "integers cannot be rescaled on the GPU");
  }
  MOBILENET_TRY(const AffineType type, affine_type(input.type == DataType::f32 ? output : input));
  const IntegerRange range = type_range(type.type);
  arguments.function = UnaryFunction::quantize;
  arguments.scale = type.scale, arguments.zero_point = type.zero_point;
  arguments.lowest = range.low, arguments.highest = range.high;
  return {};
}

// Extents of the output, the last axis last, and how far neighbours along each lie apart in an operand.
void take_axes(const Shape& out, const Shape& operand, std::int32_t (&extents)[kAxes], std::int32_t (&strides)[kAxes]) {
  std::int64_t stride = 1;
  for (int i = 0; i < kAxes; ++i) {  // from the last axis on
    const int axis = out.rank() - 1 - i, own = operand.rank() - 1 - i, to = kAxes - 1 - i;
    const std::int64_t extent = own >= 0 ? operand[own] : 1;
    extents[to] = axis >= 0 ? static_cast<std::int32_t>(out[axis]) : 1;
    strides[to] = extent == 1 ? 0 : static_cast<std::int32_t>(stride);
    stride *= extent;
  }
}

// Where along the input every position of every axis of the output lies; kAxes of them, those in front with one.
struct MoveTables {
  std::vector<std::int64_t> positions;
  std::array<std::int32_t, kAxes> extents{};
};
template <class Moving>
MoveTables move_tables(const Moving& op, const Shape& in, const Shape& out) {
  std::array<std::int64_t, kAxes> strides{};
  std::int64_t stride = 1;
  for (int axis = in.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= in[axis];
  }
  MoveTables tables;
  for (int i = 0; i < kAxes; ++i) {
    const int axis = i - (kAxes - out.rank());
    tables.extents[static_cast<std::size_t>(i)] = axis < 0 ? 1 : static_cast<std::int32_t>(out[axis]);
    if (axis < 0) {
      tables.positions.push_back(0);
      continue;
    }
    const int from = input_axis(op, axis);
    for (std::int64_t at = 0; at < out[axis]; ++at) {
      const std::int64_t position = input_position(op, axis, at, in[from], out[axis]);
      tables.positions.push_back(position == kNowhere ? -1 : position * strides[static_cast<std::size_t>(from)]);
    }
  }
  return tables;
}

}  // namespace

Result<void> compile_unary(const StepSource& source, const Step& step) {
  const Node& node = source.node(step.nodes.front());
  UnaryArguments arguments{};
  arguments.in_type = source.type_of(node.inputs[0]);
  arguments.out_type = source.type_of(step.output);
  arguments.count = source.shape(step.output).elements();
  arguments.function = UnaryFunction::copy;
  if (const auto* unary = std::get_if<UnaryOp>(&node.op)) {
    arguments.function = function_of(unary->kind);
    arguments.alpha = unary->alpha;
  } else if (const auto* activation = std::get_if<ActivationOp>(&node.op)) {
    arguments.function = UnaryFunction::activation;
    arguments.ending = ending_of(activation->activation);
  } else if (std::holds_alternative<CastOp>(node.op)) {
    if (source.tensor(node.inputs[0]).is_constant()) return failure(ErrorCode::unsupported, "a cast of a constant");
    arguments.function = UnaryFunction::cast;
  } else if (std::holds_alternative<QuantizeOp>(node.op)) {
    MOBILENET_CHECK(take_quantization(source.tensor(node.inputs[0]), source.tensor(step.output), arguments));
  }
  MOBILENET_TRY(Launch launch, launch_for(source, kFile, "unary", arguments.count));
  return put_launch(source, arguments, std::move(launch), node.inputs[0], step.output);
}

Result<void> compile_binary(const StepSource& source, const Step& step) {
  const Node& node = source.node(step.nodes.front());
  const Shape& out = source.shape(step.output);
  BinaryArguments arguments{};
  arguments.a_type = source.type_of(node.inputs[0]);
  arguments.b_type = source.type_of(node.inputs[1]);
  arguments.out_type = source.type_of(step.output);
  arguments.count = out.elements();
  const auto* binary = std::get_if<BinaryOp>(&node.op);
  arguments.kind = binary != nullptr ? static_cast<std::int32_t>(binary->kind) : 0;
  arguments.ending = ending_of(binary != nullptr ? binary->activation : std::get<AddOp>(node.op).activation);
  take_axes(out, source.shape(node.inputs[0]), arguments.extents, arguments.a_strides);
  take_axes(out, source.shape(node.inputs[1]), arguments.extents, arguments.b_strides);
  MOBILENET_TRY(Launch launch, launch_for(source, kFile, "binary", arguments.count));
  launch.take(arguments);
  MOBILENET_TRY(const Place a, source.place_of(node.inputs[0]));
  MOBILENET_TRY(const Place b, source.place_of(node.inputs[1]));
  MOBILENET_TRY(const Place output, source.place_of(step.output));
  MOBILENET_ADDRESS(launch, BinaryArguments, a, a);
  MOBILENET_ADDRESS(launch, BinaryArguments, b, b);
  MOBILENET_ADDRESS(launch, BinaryArguments, output, output);
  source.launches.push_back(std::move(launch));
  return {};
}

Result<void> compile_batch_norm(const StepSource& source, const Step& step) {
  const Node& node = source.node(step.nodes.front());
  for (std::size_t i = 1; i < 5; ++i)
    if (!source.tensor(node.inputs[i]).is_constant())
      return failure(ErrorCode::unsupported, "its statistics are not constants");
  const Shape& out = source.shape(step.output);
  ScaleArguments arguments{};
  arguments.in_type = source.type_of(node.inputs[0]);
  arguments.out_type = source.type_of(step.output);
  arguments.count = out.elements();
  arguments.channels = static_cast<std::int32_t>(out[out.rank() - 1]);
  const auto packed = [&](int part) {
    const PackKey key{.kind = PackKey::Kind::scale, .node = step.nodes.front(), .columns = part};
    return source.weights.pack(key, [&] {
      const ChannelScale scale = channel_scale(source.network(), source.parameters(), node);
      const std::vector<double>& values = part == 0 ? scale.factors : scale.shifts;
      return bytes_of(std::vector<float>(values.begin(), values.end()));
    });
  };
  MOBILENET_TRY(const Place factors, packed(0));
  MOBILENET_TRY(const Place shifts, packed(1));
  MOBILENET_TRY(Launch launch, launch_for(source, kFile, "scale", arguments.count));
  MOBILENET_ADDRESS(launch, ScaleArguments, factors, factors);
  MOBILENET_ADDRESS(launch, ScaleArguments, shifts, shifts);
  return put_launch(source, arguments, std::move(launch), node.inputs[0], step.output);
}

Result<void> compile_rows(const StepSource& source, const Step& step) {
  const Node& node = source.node(step.nodes.front());
  const Shape& in = source.shape(node.inputs[0]);
  RowArguments arguments{};
  arguments.in_type = source.type_of(node.inputs[0]);
  arguments.out_type = source.type_of(step.output);
  arguments.columns = static_cast<std::int32_t>(in[in.rank() - 1]);
  arguments.rows = in.elements() / arguments.columns;
  arguments.beta = 1;
  if (const auto* softmax = std::get_if<SoftmaxOp>(&node.op)) {
    arguments.function = RowFunction::softmax;
    arguments.beta = softmax->beta;
  } else if (std::holds_alternative<LogSoftmaxOp>(node.op)) {
    arguments.function = RowFunction::log_softmax;
  } else if (std::holds_alternative<L2NormalizeOp>(node.op)) {
    arguments.function = RowFunction::l2_normalize;
  } else {
    const DataType index = source.tensor(step.output).type;
    if (index != DataType::i32 && index != DataType::i64)
      return failure(ErrorCode::unsupported, "argmax gives i32 or i64, not ", name_of(index));
    arguments.function = RowFunction::argmax;
  }
  MOBILENET_TRY(Launch launch, launch_for(source, kFile, "row", arguments.rows * 256));
  launch.flags = {offsetof(RowArguments, flag)};
  return put_launch(source, arguments, std::move(launch), node.inputs[0], step.output);
}

Result<void> compile_movement(const StepSource& source, const Step& step) {
  const Node& node = source.node(step.nodes.front());
  const Shape &in = source.shape(node.inputs[0]), &out = source.shape(step.output);
  if (source.tensor(node.inputs[0]).type != source.tensor(step.output).type)
    return failure(ErrorCode::unsupported, "its input and its output are of different types");
  MoveArguments arguments{};
  arguments.in_type = source.type_of(node.inputs[0]);
  arguments.out_type = source.type_of(step.output);
  arguments.element_bytes = static_cast<std::int32_t>(size_of(arguments.out_type));
  arguments.count = out.elements();
  MoveTables tables;
  if (const auto* op = std::get_if<TransposeOp>(&node.op))
    tables = move_tables(*op, in, out);
  else if (const auto* slice = std::get_if<SliceOp>(&node.op))
    tables = move_tables(*slice, in, out);
  else if (const auto* tile = std::get_if<TileOp>(&node.op))
    tables = move_tables(*tile, in, out);
  else if (const auto* nearest = std::get_if<ResizeNearestOp>(&node.op))
    tables = move_tables(*nearest, in, out);
  else
    tables = move_tables(std::get<PadOp>(node.op), in, out);
  if (const auto* pad = std::get_if<PadOp>(&node.op)) {
    MOBILENET_TRY(const StoredElement element,
                  pad_element(*pad, source.tensor(node.inputs[0]), source.tensor(step.output)));
    std::memcpy(&arguments.fill, element.data(), sizeof arguments.fill);
    arguments.fill_value = pad->value;
    if (arguments.out_type == Stored::f16) arguments.fill = float_to_half(pad->value);
  }
  std::copy(tables.extents.begin(), tables.extents.end(), arguments.extents);
  MOBILENET_TRY(const Place table, packed_table(source, std::move(tables.positions)));
  MOBILENET_TRY(Launch launch, launch_for(source, kFile, "move", arguments.count));
  MOBILENET_ADDRESS(launch, MoveArguments, tables, table);
  return put_launch(source, arguments, std::move(launch), node.inputs[0], step.output);
}

Result<void> compile_concat(const StepSource& source, const Step& step) {
  if (step.nodes.size() > 1) return compile_convolution(source, step);  // one of its inputs becomes a bias
  const Node& node = source.node(step.nodes.front());
  const Shape& out = source.shape(step.output);
  std::int64_t rows = 1;
  for (int axis = 0; axis < std::get<ConcatOp>(node.op).axis; ++axis) rows *= out[axis];
  ConcatArguments arguments{};
  arguments.out_type = source.type_of(step.output);
  arguments.out_row = out.elements() / rows;
  MOBILENET_TRY(const Place output, source.place_of(step.output));
  const auto memory_of = [&](TensorId id) { return source.plan.memory[static_cast<std::size_t>(id)]; };
  for (const TensorId id : node.inputs) {
    arguments.in_type = source.type_of(id);
    arguments.count = source.shape(id).elements();
    arguments.row = arguments.count / rows;
    if (memory_of(id) == memory_of(step.output)) {  // written where it belongs (program/joined.h)
      arguments.first += arguments.row;
      continue;
    }
    MOBILENET_TRY(Launch launch, launch_for(source, kFile, "concat", arguments.count));
    MOBILENET_TRY(const Place input, source.place_of(id));
    launch.take(arguments);
    MOBILENET_ADDRESS(launch, ConcatArguments, input, input);
    MOBILENET_ADDRESS(launch, ConcatArguments, output, output);
    source.launches.push_back(std::move(launch));
    arguments.first += arguments.row;
  }
  return {};
}

}  // namespace mobilenet::cuda
