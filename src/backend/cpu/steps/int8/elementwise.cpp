// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators that make one byte of one or two: addition, tables, conversion to and from float; and softmax.

#include <algorithm>
#include <cstring>
#include <vector>

#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"
#include "network/quantized_elementwise.h"

namespace mobilenet::cpu {
namespace {

// Elements of one task: large enough to be worth handing to a thread, small enough to divide small tensors.
constexpr std::size_t kTaskElements = 16 * 1024;

std::size_t elements_of(const StepSource& source, TensorId id) {
  return static_cast<std::size_t>(source.shape(id).elements());
}

struct Add {
  const Int8ElementwiseKernels* kernels = nullptr;
  AddTask task;  // without pointers
  Place a, b, output;
  std::size_t elements = 0;

  void run(RunContext& context) const {
    context.for_parts(elements, kTaskElements, [&](std::size_t begin, std::size_t end) {
      const std::size_t count = end - begin;
      AddTask part = task;
      part.a = bytes_at(context, a) + begin;
      part.b = bytes_at(context, b) + begin;
      part.output = bytes_at(context, output) + begin;
      part.count = count;
      kernels->add(part);
    });
  }

  // As a stage of a block.
  void run_rows(const RowCall& call) const {
    for (int y = call.begin; y < call.end; ++y) {
      AddTask row = task;
      row.a = call.in.row<std::uint8_t>(y);
      row.b = call.residual.row<std::uint8_t>(y);
      row.output = call.out.row<std::uint8_t>(y);
      row.count = static_cast<std::size_t>(call.out.row_bytes);
      kernels->add(row);
    }
  }
};

struct Lookup {
  ByteTable table{};
  Place input, output;
  std::size_t elements = 0;
  bool flips = false;  // only from signed to unsigned or back, as the first and last operators of many files

  void run(RunContext& context) const {
    context.for_parts(elements, kTaskElements, [&](std::size_t begin, std::size_t end) {
      const std::size_t count = end - begin;
      const std::uint8_t* from = bytes_at(context, input) + begin;
      std::uint8_t* to = bytes_at(context, output) + begin;
      if (flips)
        for (std::size_t i = 0; i < count; ++i) to[i] = from[i] ^ 0x80;
      else
        for (std::size_t i = 0; i < count; ++i) to[i] = table[from[i]];
    });
  }
};

// QUANTIZE from one integer type to another where the last elements of a picture are rounded in another way. A picture
// at a time: such tensors are answers.
struct Rescale {
  RescaleTables tables;
  Place input, output;
  std::size_t pictures = 1, elements = 0;  // elements of a picture

  void run(RunContext& context) const {
    const std::size_t in_vectors = elements - elements % kRescaleVector;
    context.for_each(pictures, [&](std::size_t picture) {
      const std::uint8_t* from = bytes_at(context, input) + picture * elements;
      std::uint8_t* to = bytes_at(context, output) + picture * elements;
      for (std::size_t i = 0; i < in_vectors; ++i) to[i] = tables.vectors[from[i]];
      for (std::size_t i = in_vectors; i < elements; ++i) to[i] = tables.rest[from[i]];
    });
  }
};

struct FloatToBytes {
  AffineType type;
  float inverse_scale = 1;
  Place input, output;
  std::size_t elements = 0;

  void run(RunContext& context) const {
    context.for_parts(elements, kTaskElements, [&](std::size_t begin, std::size_t end) {
      const std::size_t count = end - begin;
      const auto* from = reinterpret_cast<const float*>(context.at(input)) + begin;
      std::uint8_t* to = bytes_at(context, output) + begin;
      const IntegerRange range = type_range(type.type);
      for (std::size_t i = 0; i < count; ++i)
        to[i] = static_cast<std::uint8_t>(quantize(from[i], inverse_scale, type.zero_point, range));
    });
  }
};

struct BytesToFloat {
  std::array<float, 256> table{};  // by byte as stored
  Place input, output;
  std::size_t elements = 0;

  void run(RunContext& context) const {
    context.for_parts(elements, kTaskElements, [&](std::size_t begin, std::size_t end) {
      const std::size_t count = end - begin;
      const std::uint8_t* from = bytes_at(context, input) + begin;
      auto* to = reinterpret_cast<float*>(context.at(output)) + begin;
      for (std::size_t i = 0; i < count; ++i) to[i] = table[from[i]];
    });
  }
};

struct Softmax {
  SoftmaxArithmetic arithmetic;
  std::uint8_t flip = 0;
  Place input, output;
  std::size_t rows = 0, columns = 0;

  void run(RunContext& context) const {
    context.for_each(rows, [&](std::size_t row) {
      run_row(bytes_at(context, input) + row * columns, bytes_at(context, output) + row * columns);
    });
  }

  void run_row(const std::uint8_t* x, std::uint8_t* out) const {
    int highest = 0;
    for (std::size_t i = 0; i < columns; ++i) highest = std::max(highest, x[i] ^ flip);
    const auto exponential = [&](std::size_t i) {
      return arithmetic.exponentials[static_cast<std::size_t>(highest - (x[i] ^ flip))];
    };
    float total = 0;
    for (std::size_t i = 0; i < columns; ++i) total += exponential(i);
    const float factor = softmax_factor(arithmetic, total);
    for (std::size_t i = 0; i < columns; ++i)
      out[i] = static_cast<std::uint8_t>(softmax_element(arithmetic, exponential(i), factor));
  }
};

CompiledStep lookup_step(const StepSource& source, const Node& node, const ByteTable& table) {
  Lookup step{table, source.place(node.inputs[0]), source.place(node.output), elements_of(source, node.output), true};
  for (std::size_t byte = 0; byte < table.size(); ++byte) step.flips = step.flips && table[byte] == (byte ^ 0x80);
  return step_of(std::move(step));
}

}  // namespace

Result<CompiledStep> compile_int8_add(const StepSource& source, const Node& node, const AddOp& op) {
  const Tensor& a = source.tensor(node.inputs[0]);
  const Tensor& b = source.tensor(node.inputs[1]);
  const Tensor& output = source.tensor(node.output);
  MOBILENET_TRY(const AddArithmetic add, add_arithmetic(a, b, output, op.activation));
  Add step;
  step.kernels = source.kernels.int8_elementwise;
  step.task.a_flip = flip_of(a.type);
  step.task.b_flip = flip_of(b.type);
  step.task.a_multiplier = add.a_multiplier;
  step.task.b_multiplier = add.b_multiplier;
  // The kernel sees bytes 128 higher where they are signed.
  step.task.bias = add.bias - to_unsigned(a.type, 0) * add.a_multiplier - to_unsigned(b.type, 0) * add.b_multiplier;
  step.task.shift = add.shift;
  step.task.to_byte = byte_output(output.type, add.output_zero_point, add.range);
  step.a = source.place(node.inputs[0]);
  step.b = source.place(node.inputs[1]);
  step.output = source.place(node.output);
  step.elements = elements_of(source, node.output);
  CompiledStep compiled = step_of(std::move(step));
  compiled.rows = row_stage_of<Add, &Add::run_rows>(0);
  return compiled;
}

Result<CompiledStep> compile_int8_activation(const StepSource& source, const Node& node, const ActivationOp& op) {
  MOBILENET_TRY(const ByteTable table,
                activation_table(op.activation, source.tensor(node.inputs[0]), source.tensor(node.output)));
  return lookup_step(source, node, table);
}

Result<CompiledStep> compile_int8_unary(const StepSource& source, const Node& node, const UnaryOp& op) {
  MOBILENET_TRY(const ByteTable table, unary_table(op, source.tensor(node.inputs[0]), source.tensor(node.output)));
  return lookup_step(source, node, table);
}

Result<CompiledStep> compile_int8_quantize(const StepSource& source, const Node& node, const QuantizeOp&) {
  const Tensor& input = source.tensor(node.inputs[0]);
  const Tensor& output = source.tensor(node.output);
  const Place from = source.place(node.inputs[0]), to = source.place(node.output);
  const std::size_t elements = elements_of(source, node.output);
  if (input.type == DataType::f32) {
    MOBILENET_TRY(const AffineType type, affine_type(output));
    return step_of(FloatToBytes{type, 1.0f / type.scale, from, to, elements});
  }
  if (output.type == DataType::f32) {
    MOBILENET_TRY(const AffineType type, affine_type(input));
    BytesToFloat step{{}, from, to, elements};
    for (std::int32_t byte = 0; byte < 256; ++byte)
      step.table[static_cast<std::size_t>(byte)] =
          dequantize(type.type == DataType::i8 ? static_cast<std::int8_t>(byte) : byte, type);
    return step_of(std::move(step));
  }
  MOBILENET_TRY(const RescaleTables tables, rescale_tables(input, output));
  const auto pictures = static_cast<std::size_t>(source.plan.batch);
  if (elements % (pictures * kRescaleVector) == 0 || tables.vectors == tables.rest)
    return lookup_step(source, node, tables.vectors);
  return step_of(Rescale{tables, from, to, pictures, elements / pictures});
}

Result<CompiledStep> compile_int8_softmax(const StepSource& source, const Node& node, const SoftmaxOp& op) {
  const Tensor& input = source.tensor(node.inputs[0]);
  Softmax step;
  MOBILENET_TRY(step.arithmetic, softmax_arithmetic(input, source.tensor(node.output), op.beta));
  const Shape& shape = source.shape(node.output);
  step.flip = flip_of(input.type);
  step.input = source.place(node.inputs[0]);
  step.output = source.place(node.output);
  step.columns = static_cast<std::size_t>(shape[shape.rank() - 1]);
  step.rows = elements_of(source, node.output) / step.columns;
  return step_of(std::move(step));
}

}  // namespace mobilenet::cpu
