// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators of two bytes, or of two integers of 16 bits, whose operands are repeated along the axes that they do not
// have.

#include "backend/cpu/steps/broadcast.h"
#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"
#include "base/quoted.h"
#include "network/parameter.h"
#include "network/quantized_int16_elementwise.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kGrain = 16 * 1024;  // bytes; fewer are not worth another thread

struct BinaryOperand {
  Place place;
  std::shared_ptr<const AlignedBuffer> constant;

  const std::byte* data(const RunContext& context) const { return constant ? constant->data() : context.at(place); }
};

// T: the stored type. Element: the formula.
template <class T, class Element>
struct BinaryStep {
  Element element;
  BinaryOperand a, b;
  Place output;
  Broadcast loop;

  void run(RunContext& context) const {
    const auto* const from_a = reinterpret_cast<const T*>(a.data(context));
    const auto* const from_b = reinterpret_cast<const T*>(b.data(context));
    auto* const out = reinterpret_cast<T*>(context.at(output));
    for_runs(context, loop, kGrain, [&](const Broadcast& part, std::size_t at_a, std::size_t at_b, std::size_t at_out) {
      compute_run(part, from_a + at_a, from_b + at_b, out + at_out,
                  [this](T x, T y) { return static_cast<T>(element(x, y)); });
    });
  }
};

// A constant as T, which may be wider than what is stored.
template <class T>
Result<BinaryOperand> operand_of(const StepSource& source, TensorId id) {
  if (!source.tensor(id).is_constant()) {
    if (size_of(source.tensor(id).type) != sizeof(T))
      return failure(ErrorCode::unsupported, "input ", quoted(source.tensor(id).name), " is ",
                     name_of(source.tensor(id).type), " and no constant");
    return BinaryOperand{source.place(id), nullptr};
  }
  const Parameter& parameter = source.parameter(id);
  const DataType type = sizeof(T) == 2 ? DataType::i16 : parameter.type;
  const PackKey key{.kind = PackKey::Kind::constant, .type = type, .weight = id};
  const auto count = static_cast<std::size_t>(parameter.shape.elements());
  BinaryOperand operand;
  MOBILENET_TRY(operand.constant, source.pack(key, count * sizeof(T), [&](AlignedBuffer& buffer) {
    for (std::size_t i = 0; i < count; ++i)
      buffer.as<T>()[i] = static_cast<T>(stored_integer(parameter, static_cast<std::int64_t>(i)));
  }));
  return operand;
}

template <class T, class Arithmetic>
Result<CompiledStep> step_by(const StepSource& source, const Node& node, const Arithmetic& arithmetic) {
  const TensorId a = node.inputs[0], b = node.inputs[1];
  MOBILENET_TRY(const BinaryOperand from_a, operand_of<T>(source, a));
  MOBILENET_TRY(const BinaryOperand from_b, operand_of<T>(source, b));
  const Broadcast loop = broadcast_loop(source.shape(a), source.shape(b), source.shape(node.output));
  return std::visit(
      [&]<class Element>(const Element& element) {
        return step_of(BinaryStep<T, Element>{element, from_a, from_b, source.place(node.output), loop});
      },
      arithmetic);
}

}  // namespace

Result<CompiledStep> compile_integer_binary(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const auto* add = std::get_if<AddOp>(&node.op);
  const BinaryOp op = add != nullptr ? BinaryOp{BinaryKind::add, add->activation} : std::get<BinaryOp>(node.op);
  const Tensor &a = source.tensor(node.inputs[0]), &b = source.tensor(node.inputs[1]);
  const Tensor& output = source.tensor(node.output);
  if (output.type == DataType::i16) {
    MOBILENET_TRY(const Int16BinaryArithmetic arithmetic,
                  int16_binary_arithmetic(op.kind, a, b, output, op.activation));
    return step_by<std::int16_t>(source, node, arithmetic);
  }
  MOBILENET_TRY(const BinaryArithmetic arithmetic, binary_arithmetic(op.kind, a, b, output, op.activation));
  return output.type == DataType::i8 ? step_by<std::int8_t>(source, node, arithmetic)
                                     : step_by<std::uint8_t>(source, node, arithmetic);
}

}  // namespace mobilenet::cpu
