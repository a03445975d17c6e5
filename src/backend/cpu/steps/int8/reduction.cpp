// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Means, sums and extremes of bytes, and of integers of 16 bits, over any axes.

#include "backend/cpu/steps/reduction.h"

#include <algorithm>

#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"
#include "network/quantized_int16.h"
#include "network/quantized_reduction.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kGrain = 16 * 1024;  // bytes of the input; fewer are not worth another thread

// Of means and sums, from the sum to the stored output.
struct ByteTotal {
  MeanArithmetic arithmetic;
  std::int32_t operator()(std::int32_t sum) const { return mean_element(arithmetic, sum); }
};

// T: the stored type.
template <class T, class Total>
struct ReduceStep {
  ReduceKind kind = ReduceKind::mean;
  Total total;
  Reduction loop;
  Place input, output;

  std::size_t scratch_bytes() const { return loop.width * sizeof(std::int32_t); }

  void run(RunContext& context) const {
    const auto* const in = reinterpret_cast<const T*>(context.at(input));
    auto* const out = reinterpret_cast<T*>(context.at(output));
    context.for_parts(loop.rows, 1 + kGrain / (loop.width * loop.count), [&](std::size_t begin, std::size_t end) {
      for (std::size_t row = begin; row < end; ++row)
        reduce(in + Reduction::offset(loop.kept, row), out + row * loop.width,
               reinterpret_cast<std::int32_t*>(context.scratch));
    });
  }

  void reduce(const T* from, T* to, std::int32_t* values) const {
    switch (kind) {
      case ReduceKind::maximum:
        combine(from, values, [](std::int32_t a, T b) { return std::max<std::int32_t>(a, b); });
        break;
      case ReduceKind::minimum:
        combine(from, values, [](std::int32_t a, T b) { return std::min<std::int32_t>(a, b); });
        break;
      case ReduceKind::mean:
      case ReduceKind::sum:
        combine(from, values, [](std::int32_t a, T b) { return a + b; });
        for (std::size_t c = 0; c < loop.width; ++c) values[c] = total(values[c]);
        break;
    }
    for (std::size_t c = 0; c < loop.width; ++c) to[c] = static_cast<T>(values[c]);
  }

  template <class Combine>
  void combine(const T* from, std::int32_t* values, const Combine& with) const {
    std::copy_n(from, loop.width, values);
    for (std::size_t i = 1; i < loop.count; ++i) {
      const T* const x = from + Reduction::offset(loop.reduced, i);
      for (std::size_t c = 0; c < loop.width; ++c) values[c] = with(values[c], x[c]);
    }
  }
};

template <class T, class Total>
CompiledStep step_with(const StepSource& source, const Node& node, ReduceKind kind, const Total& total,
                       Reduction loop) {
  ReduceStep<T, Total> step{kind, total, std::move(loop), source.place(node.inputs[0]), source.place(node.output)};
  const std::size_t scratch = step.scratch_bytes();
  return step_of(std::move(step), scratch);
}

// A row of the last axis at a time: log softmax, L2 normalisation.
template <class T>
struct LogSoftmaxRow {
  LogSoftmaxArithmetic arithmetic;
  void operator()(const T* x, T* out, std::size_t count) const {
    const T maximum = *std::max_element(x, x + count);
    float total = 0;
    for (std::size_t i = 0; i < count; ++i) total += arithmetic.exponentials[static_cast<std::size_t>(maximum - x[i])];
    const float offset = log_softmax_offset(arithmetic, maximum, total);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<T>(log_softmax_element(arithmetic, offset, x[i]));
  }
};

template <class T>
struct L2Row {
  L2Arithmetic arithmetic;
  void operator()(const T* x, T* out, std::size_t count) const {
    std::int32_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::int32_t value = x[i] - arithmetic.input_zero_point;
      total += value * value;
    }
    const FixedPoint factor = inverse_root(total);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<T>(l2_element(arithmetic, factor, x[i]));
  }
};

template <class T, class Row>
struct RowsStep {
  Row work;
  Place input, output;
  std::size_t rows = 0, columns = 0;

  void run(RunContext& context) const {
    const auto* const in = reinterpret_cast<const T*>(context.at(input));
    auto* const out = reinterpret_cast<T*>(context.at(output));
    context.for_parts(rows, 1 + kGrain / columns, [&](std::size_t begin, std::size_t end) {
      for (std::size_t row = begin; row < end; ++row) work(in + row * columns, out + row * columns, columns);
    });
  }
};

template <class T, class Row>
CompiledStep rows_step(const StepSource& source, const Node& node, const Row& row) {
  const Shape& shape = source.shape(node.output);
  const auto columns = static_cast<std::size_t>(shape[shape.rank() - 1]);
  return step_of(RowsStep<T, Row>{row, source.place(node.inputs[0]), source.place(node.output),
                                  static_cast<std::size_t>(shape.elements()) / columns, columns});
}

}  // namespace

Result<CompiledStep> compile_integer_reduction(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const auto& op = std::get<ReduceOp>(node.op);
  const Tensor &input = source.tensor(node.inputs[0]), &output = source.tensor(node.output);
  Reduction loop = reduction_loop(source.shape(node.inputs[0]), op.axes);
  const auto count = static_cast<std::int64_t>(loop.count);
  const bool extreme = op.kind == ReduceKind::maximum || op.kind == ReduceKind::minimum;
  if (output.type == DataType::i16) {
    Int16TotalArithmetic total;
    if (extreme) {
      MOBILENET_CHECK(check_int16_extreme(input, output));
    } else {
      MOBILENET_TRY(total, int16_total_arithmetic(op.kind, input, output, count));
    }
    return step_with<std::int16_t>(source, node, op.kind, total, std::move(loop));
  }
  ByteTotal total;
  if (op.kind == ReduceKind::mean) {
    MOBILENET_TRY(total.arithmetic, mean_arithmetic(input, output, count));
  } else if (op.kind == ReduceKind::sum) {
    MOBILENET_TRY(total.arithmetic, sum_arithmetic(input, output, count));
  } else {
    MOBILENET_CHECK(check_extreme(input, output));
  }
  return output.type == DataType::i8 ? step_with<std::int8_t>(source, node, op.kind, total, std::move(loop))
                                     : step_with<std::uint8_t>(source, node, op.kind, total, std::move(loop));
}

Result<CompiledStep> compile_int8_log_softmax(const StepSource& source, const Node& node, const LogSoftmaxOp&) {
  const Tensor& output = source.tensor(node.output);
  MOBILENET_TRY(const LogSoftmaxArithmetic arithmetic, log_softmax_arithmetic(source.tensor(node.inputs[0]), output));
  return output.type == DataType::i8 ? rows_step<std::int8_t>(source, node, LogSoftmaxRow<std::int8_t>{arithmetic})
                                     : rows_step<std::uint8_t>(source, node, LogSoftmaxRow<std::uint8_t>{arithmetic});
}

Result<CompiledStep> compile_int8_l2_normalize(const StepSource& source, const Node& node, const L2NormalizeOp&) {
  const Tensor& output = source.tensor(node.output);
  MOBILENET_TRY(const L2Arithmetic arithmetic, l2_arithmetic(source.tensor(node.inputs[0]), output));
  return output.type == DataType::i8 ? rows_step<std::int8_t>(source, node, L2Row<std::int8_t>{arithmetic})
                                     : rows_step<std::uint8_t>(source, node, L2Row<std::uint8_t>{arithmetic});
}

}  // namespace mobilenet::cpu
