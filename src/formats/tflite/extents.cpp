// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What a graph computes from the shapes of its tensors: a few numbers, known while the file is read, so that nothing
// computes them when it runs.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <span>

#include "formats/tflite/operator_reader.h"

namespace mobilenet::tflite {
namespace {

using schema::BuiltinOperator;
using Numbers = std::vector<double>;
using Operands = std::span<const Numbers>;

constexpr std::size_t kMostNumbers = 2 * Shape::kMaxRank;

// Two lists of one length, or one of a single number, which is then used for all.
template <class Of>
std::optional<Numbers> pairwise(Operands in, Of of) {
  if (in.size() != 2 || in[0].empty() || in[1].empty()) return std::nullopt;
  const Numbers &a = in[0], &b = in[1];
  const std::size_t count = std::max(a.size(), b.size());
  if ((a.size() != count && a.size() != 1) || (b.size() != count && b.size() != 1)) return std::nullopt;
  Numbers result(count);
  for (std::size_t i = 0; i < count; ++i) result[i] = of(a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
  return result;
}

// What operators do with lists of numbers; `whole`: the result has no fractions. None where that is not known.
using Compute = std::optional<Numbers> (*)(const Call& call, Operands in, bool whole);

std::optional<Numbers> same(const Call&, Operands in, bool) { return in[0]; }

std::optional<Numbers> cast(const Call&, Operands in, bool whole) {
  Numbers numbers = in[0];
  for (double& number : numbers) number = whole ? std::trunc(number) : number;
  return numbers;
}

std::optional<Numbers> joined(const Call&, Operands in, bool) {
  Numbers all;
  for (const Numbers& part : in) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::optional<Numbers> picked(const Call&, Operands in, bool) {
  if (in.size() != 2) return std::nullopt;
  Numbers taken;
  for (const double index : in[1]) {
    if (!(index >= 0 && index < static_cast<double>(in[0].size()))) return std::nullopt;
    taken.push_back(in[0][static_cast<std::size_t>(index)]);
  }
  return taken;
}

// Along the only axis of a list, one after the other.
std::optional<Numbers> sliced(const Call& call, Operands in, bool) {
  const auto* options = call.options<schema::StridedSliceOptions>();
  if (options == nullptr || in.size() != 4 || in[1].size() != 1 || in[2].size() != 1 || in[3] != Numbers{1})
    return std::nullopt;
  const Numbers& x = in[0];
  const auto count = static_cast<double>(x.size());
  const auto inside = [&](double place) { return std::clamp(place < 0 ? place + count : place, 0.0, count); };
  const bool shrinks = is_set(options->shrink_axis_mask(), 0);
  const double first = !shrinks && is_set(options->begin_mask(), 0) ? 0 : inside(in[1][0]);
  const double last = shrinks ? first + 1 : is_set(options->end_mask(), 0) ? count : inside(in[2][0]);
  if (first >= last || last > count) return std::nullopt;
  return Numbers(x.begin() + static_cast<std::ptrdiff_t>(first), x.begin() + static_cast<std::ptrdiff_t>(last));
}

struct Known {
  BuiltinOperator code;
  Compute compute;
};

constexpr auto kKnown = std::to_array<Known>({
    {BuiltinOperator::ADD, [](const Call&, Operands in, bool) { return pairwise(in, std::plus<>()); }},
    {BuiltinOperator::CAST, cast},
    {BuiltinOperator::CONCATENATION, joined},
    {BuiltinOperator::DIV,
     [](const Call&, Operands in, bool whole) {
       return pairwise(in, [whole](double a, double b) { return whole ? std::trunc(a / b) : a / b; });
     }},
    {BuiltinOperator::EXPAND_DIMS, same},
    {BuiltinOperator::FLOOR_DIV,
     [](const Call&, Operands in, bool) { return pairwise(in, [](double a, double b) { return std::floor(a / b); }); }},
    {BuiltinOperator::GATHER, picked},
    {BuiltinOperator::MAXIMUM,
     [](const Call&, Operands in, bool) { return pairwise(in, [](double a, double b) { return std::max(a, b); }); }},
    {BuiltinOperator::MINIMUM,
     [](const Call&, Operands in, bool) { return pairwise(in, [](double a, double b) { return std::min(a, b); }); }},
    {BuiltinOperator::MUL, [](const Call&, Operands in, bool) { return pairwise(in, std::multiplies<>()); }},
    {BuiltinOperator::PACK, joined},
    {BuiltinOperator::REDUCE_PROD,
     [](const Call&, Operands in, bool) -> std::optional<Numbers> {
       return Numbers{std::accumulate(in[0].begin(), in[0].end(), 1.0, std::multiplies<>())};
     }},
    {BuiltinOperator::RESHAPE, same},
    {BuiltinOperator::SQUEEZE, same},
    {BuiltinOperator::STRIDED_SLICE, sliced},
    {BuiltinOperator::SUB, [](const Call&, Operands in, bool) { return pairwise(in, std::minus<>()); }},
});

}  // namespace

bool OperatorReader::computes_extents(const Call& call) const {
  if (call.code == BuiltinOperator::SHAPE) return true;
  bool some = false;
  for (const int index : call.inputs) {
    if (index < 0) continue;
    if (!tensors_.is_extents(index) && !tensors_.is_constant(index)) return false;
    some = some || tensors_.is_extents(index);
  }
  return some;
}

Result<void> OperatorReader::extents(const Call& call) {
  if (!call.has(0)) return failure(ErrorCode::bad_format, "has no inputs");
  if (call.code == BuiltinOperator::SHAPE) {
    if (tensors_.is_constant(call.inputs[0]) || tensors_.is_extents(call.inputs[0]))
      return tensors_.set_extents(call.output, std::nullopt);
    MOBILENET_TRY(const TensorId x, tensors_.activation(call.inputs[0]));
    return tensors_.set_extents(call.output, Numbers(shape(x).axes().begin(), shape(x).axes().end()));
  }
  for (const int index : call.inputs)
    if (index >= 0 && !tensors_.is_extents(index) && !tensors_.is_constant(index))
      return failure(ErrorCode::unsupported, "is supported only where it computes a new shape");
  const auto known = std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& k) { return k.code == call.code; });
  std::vector<Numbers> in;
  for (const int index : call.inputs) {
    const auto numbers = index < 0 ? std::nullopt : tensors_.numbers(index);
    if (!numbers || known == kKnown.end()) return tensors_.set_extents(call.output, std::nullopt);
    in.push_back(*numbers);
  }
  const bool whole = tensors_.type(call.output) != DataType::f32;
  std::optional<Numbers> result = known->compute(call, in, whole);
  const auto is_bad = [](double number) { return !std::isfinite(number); };
  if (result && (result->size() > kMostNumbers || std::any_of(result->begin(), result->end(), is_bad))) result.reset();
  return tensors_.set_extents(call.output, std::move(result));
}

}  // namespace mobilenet::tflite
