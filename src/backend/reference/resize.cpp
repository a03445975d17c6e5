// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Bilinear resize. Source positions are computed in float, as the source framework does, even where values are not.
#include "backend/reference/operators.h"
#include "base/error.h"
#include "network/quantized_int16.h"

namespace mobilenet::reference {
namespace {

// blend(top left, top right, bottom left, bottom right, column tap, row tap) for every output value.
template <class T, class Blend>
void resize(const ResizeBilinearOp& op, const Operands& operands, ResizeRule rule, const Blend& blend) {
  const Shape& in = operands.inputs[0].shape;
  const Shape& out = operands.shape;
  const auto* x = operands.inputs[0].template as<T>();
  auto* result = operands.template as<T>();
  for (std::int64_t n = 0; n < out[0]; ++n)
    for (std::int64_t y = 0; y < out[1]; ++y) {
      const ResizeTap row = resize_tap(y, in[1], out[1], op, rule);
      for (std::int64_t column = 0; column < out[2]; ++column) {
        const ResizeTap tap = resize_tap(column, in[2], out[2], op, rule);
        for (std::int64_t c = 0; c < out[3]; ++c) {
          const auto at = [&](std::int64_t in_y, std::int64_t in_x) {
            return x[((n * in[1] + in_y) * in[2] + in_x) * in[3] + c];
          };
          *result++ = blend(at(row.low, tap.low), at(row.low, tap.high), at(row.high, tap.low), at(row.high, tap.high),
                            tap, row);
        }
      }
    }
}

float blend_real(float top_left, float top_right, float bottom_left, float bottom_right, const ResizeTap& column,
                 const ResizeTap& row) {
  const auto mix = [](double a, double b, float fraction) { return a + (b - a) * static_cast<double>(fraction); };
  const double top = mix(static_cast<double>(top_left), static_cast<double>(top_right), column.fraction);
  const double bottom = mix(static_cast<double>(bottom_left), static_cast<double>(bottom_right), column.fraction);
  return static_cast<float>(mix(top, bottom, row.fraction));
}

}  // namespace

Result<Operator> prepare(const ResizeBilinearOp& op, const NodeView& view) {
  const auto by_rule = [&](auto element, ResizeRule rule) {
    using T = decltype(element);
    return Operator([op, rule](const Operands& operands) {
      resize<T>(op, operands, rule, [rule](T a, T b, T c, T d, const ResizeTap& column, const ResizeTap& row) {
        return static_cast<T>(resize_element(rule, a, b, c, d, column, row));
      });
    });
  };
  if (view.output().type == DataType::i16) {
    MOBILENET_TRY(const ResizeRule rule, int16_resize_rule(view.input(0), view.output()));
    return by_rule(std::int16_t{}, rule);
  }
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (arithmetic == Arithmetic::real)
    return Operator([op](const Operands& operands) { resize<float>(op, operands, ResizeRule::shared, blend_real); });
  MOBILENET_TRY(const ResizeRule rule, resize_rule(view.input(0), view.output()));
  return with_integer_type(view.output().type, [&](auto element) { return by_rule(element, rule); });
}

}  // namespace mobilenet::reference
