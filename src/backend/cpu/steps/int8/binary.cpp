// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators of two bytes whose operands are repeated along the axes that they do not have.

#include <cstring>

#include "backend/cpu/steps/broadcast.h"
#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"
#include "network/quantized_elementwise.h"

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

Result<BinaryOperand> operand_of(const StepSource& source, TensorId id) {
  if (!source.tensor(id).is_constant()) return BinaryOperand{source.place(id), nullptr};
  const Parameter& parameter = source.parameter(id);
  const PackKey key{.kind = PackKey::Kind::constant, .type = parameter.type, .weight = id};
  BinaryOperand operand;
  MOBILENET_TRY(operand.constant, source.pack(key, parameter.bytes.size(), [&](AlignedBuffer& buffer) {
    std::memcpy(buffer.data(), parameter.bytes.data(), parameter.bytes.size());
  }));
  return operand;
}

}  // namespace

Result<CompiledStep> compile_int8_binary(const StepSource& source, const Node& node, const BinaryOp& op) {
  const TensorId a = node.inputs[0], b = node.inputs[1];
  const Tensor& output = source.tensor(node.output);
  MOBILENET_TRY(const BinaryArithmetic arithmetic,
                binary_arithmetic(op.kind, source.tensor(a), source.tensor(b), output, op.activation));
  MOBILENET_TRY(const BinaryOperand from_a, operand_of(source, a));
  MOBILENET_TRY(const BinaryOperand from_b, operand_of(source, b));
  const Broadcast loop = broadcast_loop(source.shape(a), source.shape(b), source.shape(node.output));
  return std::visit(
      [&]<class Element>(const Element& element) {
        const Place to = source.place(node.output);
        return output.type == DataType::i8
                   ? step_of(BinaryStep<std::int8_t, Element>{element, from_a, from_b, to, loop})
                   : step_of(BinaryStep<std::uint8_t, Element>{element, from_a, from_b, to, loop});
      },
      arithmetic);
}

}  // namespace mobilenet::cpu
