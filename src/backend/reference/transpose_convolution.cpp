// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Transposed convolution, from the output's side: an output pixel gathers the input pixels whose kernels reach it.
// Integer sums wrap at 32 bits: this file is compiled with -fwrapv.
#include "backend/reference/operators.h"
#include "base/error.h"
#include "base/quoted.h"
#include "network/fixed_convolution.h"
#include "network/parameter.h"
#include "network/quantized_int16.h"

namespace mobilenet::reference {
namespace {

// The input position that reaches output `position` with tap `tap`; kNone where there is none.
constexpr std::int64_t kNone = -1;
std::int64_t reaching(std::int64_t position, std::int64_t pad, std::int64_t tap, int stride, std::int64_t extent) {
  const std::int64_t place = position + pad - tap;
  return place < 0 || place % stride != 0 || place / stride >= extent ? kNone : place / stride;
}

// finish(sum over taps and inputs i of multiply(x[i], weight(o, ky, kx, i)), o) for every output pixel and channel.
template <class Sum, class T, class Weight, class Multiply, class Finish>
void run_transposed(const Window& window, const FilterView& filter, const Operands& operands, const Weight* weight,
                    const Multiply& multiply, const Finish& finish) {
  const Shape &in = operands.inputs[0].shape, &out = operands.shape;
  const auto* x = operands.inputs[0].as<T>();
  auto* result = operands.as<T>();
  const std::int64_t top = window_height(window, out[1]).pad_before, left = window_width(window, out[2]).pad_before;
  for (std::int64_t n = 0; n < out[0]; ++n)
    for (std::int64_t y = 0; y < out[1]; ++y)
      for (std::int64_t column = 0; column < out[2]; ++column)
        for (int o = 0; o < filter.outputs; ++o) {
          Sum sum = 0;
          for (int ky = 0; ky < filter.height; ++ky) {
            const std::int64_t iy = reaching(y, top, ky, window.stride_height, in[1]);
            for (int kx = 0; iy != kNone && kx < filter.width; ++kx) {
              const std::int64_t ix = reaching(column, left, kx, window.stride_width, in[2]);
              if (ix == kNone) continue;
              const T* pixel = x + ((n * in[1] + iy) * in[2] + ix) * in[3];
              for (int i = 0; i < filter.inputs; ++i) sum += multiply(pixel[i], weight[filter.offset(o, ky, kx, i)]);
            }
          }
          *result++ = finish(sum, static_cast<std::size_t>(o));
        }
}

Result<Operator> prepare_int16(const TransposeConv2dOp& op, const NodeView& view, const FilterView& filter) {
  MOBILENET_TRY(
      const Int16ConvolutionArithmetic arithmetic,
      int16_convolution_arithmetic(view.input(0), view.input(1), view.output(), op.activation, filter.outputs));
  std::vector<std::int32_t> weight;
  for (std::int64_t i = 0; i < view.parameter(1).shape.elements(); ++i)
    weight.push_back(stored_integer(view.parameter(1), i));
  std::vector<std::int64_t> bias(static_cast<std::size_t>(filter.outputs), 0);
  if (view.has(2)) {
    const Tensor& stored = view.input(2);
    if (!stored.is_constant() || stored.type != DataType::i64 ||
        view.parameter(2).shape.elements() != static_cast<std::int64_t>(filter.outputs))
      return failure(ErrorCode::unsupported, "bias ", quoted(stored.name), " (", name_of(stored.type),
                     ") must be an i64 constant of ", filter.outputs, " values");
    MOBILENET_TRY(bias, int16_bias(view.parameter(2)));
  }
  return Operator(
      [op, filter, weight = std::move(weight), bias = std::move(bias), arithmetic](const Operands& operands) {
        run_transposed<std::int64_t, std::int16_t>(
            op.window, filter, operands, weight.data(), [](std::int16_t a, std::int32_t b) { return a * b; },
            [&](std::int64_t sum, std::size_t o) {
              return static_cast<std::int16_t>(
                  int16_convolution_element(arithmetic.factors[o], sum + bias[o], arithmetic.range));
            });
      });
}

}  // namespace

Result<Operator> prepare(const TransposeConv2dOp& op, const NodeView& view) {
  if (!view.has(1) || !view.input(1).is_constant())
    return failure(ErrorCode::unsupported, "its weight is not a constant");
  MOBILENET_TRY(const FilterView filter, filter_view(view.parameter(1)));
  if (view.output().type == DataType::i16) return prepare_int16(op, view, filter);
  MOBILENET_TRY(const Arithmetic kind, arithmetic_of(view, 1));
  const auto outputs = static_cast<std::size_t>(filter.outputs);
  if (kind == Arithmetic::real) {
    MOBILENET_TRY(std::vector<float> weight, real_constant(view, 1));
    std::vector<float> bias(outputs, 0.0f);
    if (view.has(2)) {
      MOBILENET_TRY(bias, real_constant(view, 2));
    }
    if (bias.size() != outputs)
      return failure(ErrorCode::bad_format, "bias has ", bias.size(), " values, expected ", outputs);
    return Operator([op, filter, weight = std::move(weight), bias = std::move(bias)](const Operands& operands) {
      run_transposed<double, float>(
          op.window, filter, operands, weight.data(),
          [](float a, float b) { return static_cast<double>(a) * static_cast<double>(b); },
          [&](double sum, std::size_t o) {
            return static_cast<float>(activate(op.activation, sum + static_cast<double>(bias[o])));
          });
    });
  }
  MOBILENET_TRY(LayerArithmetic arithmetic,
                layer_arithmetic(op, view.input(0), view.input(1), view.output(), filter.outputs));
  std::vector<std::int32_t> weight, bias(outputs, 0);
  for (std::int64_t i = 0; i < view.parameter(1).shape.elements(); ++i)
    weight.push_back(stored_integer(view.parameter(1), i) - arithmetic.common.weight_zero_point);
  if (view.has(2)) {
    const Tensor& stored = view.input(2);
    if (!stored.is_constant() || stored.type != DataType::i32 ||
        view.parameter(2).shape.elements() != static_cast<std::int64_t>(filter.outputs))
      return failure(ErrorCode::unsupported, "bias ", quoted(stored.name), " (", name_of(stored.type),
                     ") must be an i32 constant of ", filter.outputs, " values");
    for (std::size_t o = 0; o < outputs; ++o) bias[o] = stored_integer(view.parameter(2), static_cast<std::int64_t>(o));
  }
  return with_integer_type(view.output().type, [&](auto element) {
    using T = decltype(element);
    return Operator([op, filter, weight = std::move(weight), bias = std::move(bias),
                     arithmetic = std::move(arithmetic)](const Operands& operands) {
      run_transposed<std::int32_t, T>(
          op.window, filter, operands, weight.data(),
          [zero_point = arithmetic.common.input_zero_point](T a, std::int32_t b) { return (a - zero_point) * b; },
          [&](std::int32_t sum, std::size_t o) { return static_cast<T>(arithmetic.element(sum + bias[o], o)); });
    });
  });
}

}  // namespace mobilenet::reference
