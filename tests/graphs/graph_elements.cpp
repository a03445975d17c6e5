// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "graphs/graph_elements.h"

#include <algorithm>
#include <cmath>

namespace mobilenet::testing {

using schema::BuiltinOperator;
using schema::BuiltinOptions;
using schema::FusedActivation;
using schema::TensorType;

namespace {

// Whether every extent is the other's, or 1.
bool repeats(const std::vector<int>& theirs, const std::vector<int>& whole) {
  for (std::size_t axis = 0; axis < theirs.size(); ++axis)
    if (theirs[axis] != 1 && theirs[axis] != whole[axis]) return false;
  return true;
}

}  // namespace

FusedActivation GraphElements::fused() {
  return choices_.pick({FusedActivation::NONE, FusedActivation::NONE, FusedActivation::NONE, FusedActivation::RELU,
                        FusedActivation::RELU, FusedActivation::RELU6, FusedActivation::RELU6,
                        FusedActivation::RELU_N1_TO_1});
}

int GraphElements::binary(int x) {
  struct Form {
    BuiltinOperator code;
    BuiltinOptions options = BuiltinOptions::NONE;
  };
  const Form kind = choices_.pick<Form>({{BuiltinOperator::MUL, BuiltinOptions::MulOptions},
                                         {BuiltinOperator::MUL, BuiltinOptions::MulOptions},
                                         {BuiltinOperator::ADD, BuiltinOptions::AddOptions},
                                         {BuiltinOperator::SUB, BuiltinOptions::SubOptions},
                                         {BuiltinOperator::DIV, BuiltinOptions::DivOptions},
                                         {BuiltinOperator::MAXIMUM},
                                         {BuiltinOperator::MINIMUM},
                                         {BuiltinOperator::SQUARED_DIFFERENCE},
                                         {BuiltinOperator::PRELU}});
  // What LiteRT has no integers for, either.
  const bool i8 = tensor(x).type == TensorType::INT8;
  if (is_integer(x) && kind.code == BuiltinOperator::SQUARED_DIFFERENCE && !i8) return -1;
  std::vector<int> other = shape(x);
  for (std::size_t axis = 0; axis < other.size(); ++axis)
    if (choices_.one_in(3)) other[axis] = 1;
  int y = -1;
  // Where a divisor is computed it may be anything, zero among it.
  const bool constant = kind.code == BuiltinOperator::DIV || kind.code == BuiltinOperator::PRELU || choices_.one_in(2);
  if (constant && kind.code == BuiltinOperator::PRELU && kind_ == Kind::i16)
    y = slopes(other);
  else if (constant)
    y = numbers(other, 2);
  else
    y = partner(x, [&](const auto& theirs) { return theirs.size() == other.size() && repeats(theirs, shape(x)); });
  if (is_integer(x) && kind.code == BuiltinOperator::DIV) make_nonzero(y);
  std::vector<int> inputs{x, y};
  const bool ordered = kind.code == BuiltinOperator::DIV || kind.code == BuiltinOperator::PRELU;
  if (!ordered && choices_.one_in(3)) std::swap(inputs[0], inputs[1]);
  const bool product = kind.code == BuiltinOperator::MUL || kind.code == BuiltinOperator::PRELU;
  double natural = larger_scale(x, y);
  if (product) natural = scale(x) * scale(y) * (kind_ == Kind::i16 ? 8000 : 60);
  if (kind.code == BuiltinOperator::DIV) natural = scale(x) / scale(y) / 8;
  const int out = activation(shape(x), natural);
  const FusedActivation fusion = fused();
  switch (kind.options) {
    case BuiltinOptions::MulOptions:
      return put(kind.code, inputs, out, 2, kind.options,
                 [=](auto& builder) { return schema::CreateMulOptions(builder, fusion); });
    case BuiltinOptions::AddOptions:
      return put(kind.code, inputs, out, 2, kind.options,
                 [=](auto& builder) { return schema::CreateAddOptions(builder, fusion); });
    case BuiltinOptions::SubOptions:
      return put(kind.code, inputs, out, 2, kind.options,
                 [=](auto& builder) { return schema::CreateSubOptions(builder, fusion); });
    case BuiltinOptions::DivOptions:
      return put(kind.code, inputs, out, 1, kind.options,
                 [=](auto& builder) { return schema::CreateDivOptions(builder, fusion); });
    default:
      return put(kind.code, inputs, out);
  }
}

int GraphElements::unary(int x) {
  const BuiltinOperator code =
      choices_.pick({BuiltinOperator::ABS, BuiltinOperator::NEG, BuiltinOperator::SQUARE, BuiltinOperator::TANH,
                     BuiltinOperator::ELU, BuiltinOperator::LEAKY_RELU, BuiltinOperator::L2_NORMALIZATION,
                     BuiltinOperator::LOG_SOFTMAX, BuiltinOperator::EXP, BuiltinOperator::LOG});
  // What LiteRT has no integers for, either. Exponentials of floats soon are infinite, logarithms no numbers.
  const bool curve = code == BuiltinOperator::EXP || code == BuiltinOperator::LOG;
  if (curve && !is_integer(x)) return -1;
  const bool wide = tensor(x).type == TensorType::INT16;
  if (wide && !curve && code != BuiltinOperator::TANH && code != BuiltinOperator::ABS &&
      code != BuiltinOperator::LEAKY_RELU)
    return -1;
  const bool bytes = code == BuiltinOperator::TANH || code == BuiltinOperator::LEAKY_RELU;
  const bool signed_bytes = code == BuiltinOperator::ABS || code == BuiltinOperator::ELU || curve;
  const bool rows = code == BuiltinOperator::L2_NORMALIZATION || code == BuiltinOperator::LOG_SOFTMAX;
  if (is_integer(x) && !bytes && !rows && !(signed_bytes && (wide || tensor(x).type == TensorType::INT8))) return -1;
  int y = code == BuiltinOperator::TANH && kind_ == Kind::i16
              ? probabilities(shape(x))
              : activation(shape(x), code == BuiltinOperator::TANH ? 1.0 / 128 : scale(x));
  // These two have one scale and zero point that LiteRT takes.
  const int low = is_integer(x) && tensor(x).type == TensorType::INT8 ? -128 : 0;
  if (is_integer(x) && code == BuiltinOperator::L2_NORMALIZATION) y = integer(shape(x), 1.0 / 128, low + 128);
  if (is_integer(x) && code == BuiltinOperator::LOG_SOFTMAX) y = integer(shape(x), 16.0 / 256, low + 255);
  if (code == BuiltinOperator::L2_NORMALIZATION)
    return put(code, {x}, y, 1, BuiltinOptions::L2NormOptions,
               [](auto& builder) { return schema::CreateL2NormOptions(builder); });
  if (code != BuiltinOperator::LEAKY_RELU) return put(code, {x}, y);
  const float alpha = choices_.pick({0.01f, 0.3f, 1.5f});
  return put(code, {x}, y, 1, BuiltinOptions::LeakyReluOptions,
             [=](auto& builder) { return schema::CreateLeakyReluOptions(builder, alpha); });
}

int GraphElements::root(int x) {
  if (is_integer(x)) {  // LiteRT has one of these in integers, signed, and refuses what is below zero
    if (tensor(x).type == TensorType::UINT8) return -1;
    const int least = kind_ == Kind::i16 ? 0 : -128;
    const int positive = put(BuiltinOperator::RELU, {x}, integer(shape(x), scale(x), least), 2);
    const double steps = kind_ == Kind::i16 ? 8000 : 60;
    return put(BuiltinOperator::RSQRT, {positive}, activation(shape(x), 1 / std::sqrt(scale(x) * steps) / steps), 2);
  }
  // From 0.1 on: nearer to zero the last bits of two programs come to different roots.
  const int fraction = put(BuiltinOperator::LOGISTIC, {x}, probabilities(shape(x)));
  const int tenth = float_constant({1}, 0);
  tensor(tenth).data = as_data(std::vector<float>{0.1f});
  const int positive = put(BuiltinOperator::ADD, {fraction, tenth}, activation(shape(x), 1), 1,
                           BuiltinOptions::AddOptions, [](auto& builder) { return schema::CreateAddOptions(builder); });
  const BuiltinOperator code = choices_.pick({BuiltinOperator::SQRT, BuiltinOperator::RSQRT, BuiltinOperator::POW});
  if (code != BuiltinOperator::POW) return put(code, {positive}, activation(shape(x), 1));
  std::vector<int> other = shape(x);
  for (int& extent : other)
    if (choices_.one_in(3)) extent = 1;
  const int exponent =
      choices_.one_in(2) ? fraction : float_constant(choices_.one_in(2) ? std::vector<int>{1} : other, 2);
  return put(code, {positive, exponent}, activation(shape(x), 1));
}

int GraphElements::reduce(int x) {
  const BuiltinOperator code = choices_.pick(
      {BuiltinOperator::MEAN, BuiltinOperator::SUM, BuiltinOperator::REDUCE_MAX, BuiltinOperator::REDUCE_MIN});
  const bool keep = choices_.one_in(2);
  const int rank = static_cast<int>(shape(x).size());
  std::vector<int> axes, out{1};
  for (int axis = 1; axis < rank; ++axis) {
    const bool over = choices_.one_in(2);
    if (over) axes.push_back(choices_.one_in(3) ? axis - rank : axis);
    if (!over || keep) out.push_back(over ? 1 : shape(x)[static_cast<std::size_t>(axis)]);
  }
  if (axes.empty() || out.size() < 2) return -1;
  // What an average of so many numbers, or their sum, still tells apart.
  const double spread = std::sqrt(static_cast<double>(elements(shape(x))) / elements(out));
  const double natural = code == BuiltinOperator::MEAN  ? scale(x) / spread
                         : code == BuiltinOperator::SUM ? scale(x) * spread
                                                        : scale(x);
  // Extremes of 16 bits have one scale.
  const bool extreme = code == BuiltinOperator::REDUCE_MAX || code == BuiltinOperator::REDUCE_MIN;
  const int y = extreme && kind_ == Kind::i16 ? like(x, out) : activation(out, natural);
  return put(code, {x, int_constant(axes)}, y, 2, BuiltinOptions::ReducerOptions,
             [=](auto& builder) { return schema::CreateReducerOptions(builder, keep); });
}

}  // namespace mobilenet::testing
