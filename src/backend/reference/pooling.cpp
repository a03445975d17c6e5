// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Average and maximum over windows, and the mean over the whole picture.
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "backend/reference/operators.h"
#include "backend/reference/windows.h"
#include "base/error.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::reference {
namespace {

// out[pixel][c] = finish(state after visit(state, x) for every x under the window and inside the picture). A window
// that dilation or padding puts outside altogether leaves the state as it began.
template <class State, class T, class Visit, class Finish>
void pool(const Window& window, const Operands& operands, const State& initial, const Visit& visit,
          const Finish& finish) {
  const Shape& in = operands.inputs[0].shape;
  const Shape& out = operands.shape;
  const auto* x = operands.inputs[0].template as<T>();
  auto* result = operands.template as<T>();
  for_each_window(window, in, out, [&](const WindowPlace& place) {
    for (std::int64_t c = 0; c < out[3]; ++c) {
      State state = initial;
      for (std::int64_t ky = place.rows.begin; ky < place.rows.end; ++ky)
        for (std::int64_t kx = place.columns.begin; kx < place.columns.end; ++kx)
          visit(state, x[place.pixel(ky, kx) * in[3] + c]);
      *result++ = finish(state);
    }
  });
}

template <class Sum>
struct Average {
  Sum sum = 0;
  std::int32_t count = 0;
};

template <class T>
struct Maximum {
  T value{};
  bool any = false;
};

// A NaN is the maximum of whatever it is among.
template <class T>
void visit_maximum(Maximum<T>& state, T x) {
  bool larger = !state.any || x > state.value;
  if constexpr (std::is_floating_point_v<T>) larger = larger || std::isnan(x);
  if (larger) state.value = x;
  state.any = true;
}

// Windows without pixels give zero.
Operator pool_real(const PoolOp& op) {
  if (op.kind == PoolKind::max)
    return [op](const Operands& operands) {
      pool<Maximum<float>, float>(op.window, operands, {}, visit_maximum<float>, [&](const Maximum<float>& state) {
        return static_cast<float>(activate(op.activation, static_cast<double>(state.value)));
      });
    };
  return [op](const Operands& operands) {
    pool<Average<double>, float>(
        op.window, operands, {},
        [](Average<double>& state, float x) { state.sum += static_cast<double>(x), ++state.count; },
        [&](const Average<double>& state) {
          return static_cast<float>(activate(op.activation, state.count == 0 ? 0.0 : state.sum / state.count));
        });
  };
}

template <class T>
Operator pool_integer(const PoolOp& op, const AffineType& type) {
  if (op.kind == PoolKind::max)
    return [op, type](const Operands& operands) {
      const IntegerRange range = activation_range(op.activation, type);
      pool<Maximum<T>, T>(op.window, operands, {static_cast<T>(type.zero_point), false}, visit_maximum<T>,
                          [&](const Maximum<T>& state) { return static_cast<T>(range.clamp(state.value)); });
    };
  return [op, type](const Operands& operands) {
    const IntegerRange range = activation_range_half_away(op.activation, type);
    pool<Average<std::int64_t>, T>(
        op.window, operands, {}, [](Average<std::int64_t>& state, T x) { state.sum += x, ++state.count; },
        [&](const Average<std::int64_t>& state) {
          const std::int32_t average =
              state.count == 0 ? type.zero_point : average_element(static_cast<std::int32_t>(state.sum), state.count);
          return static_cast<T>(range.clamp(average));
        });
  };
}

// out[n][c] = finish(sum over the pixels of x[n][pixel][c], pixels)
template <class Sum, class T, class Finish>
void average_picture(const Operands& operands, const Finish& finish) {
  const Shape& in = operands.inputs[0].shape;
  const auto* x = operands.inputs[0].template as<T>();
  auto* out = operands.template as<T>();
  const std::int64_t pixels = in[1] * in[2];
  for (std::int64_t n = 0; n < in[0]; ++n)
    for (std::int64_t c = 0; c < in[3]; ++c) {
      Sum sum = 0;
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel)
        sum += static_cast<Sum>(x[(n * pixels + pixel) * in[3] + c]);
      *out++ = finish(sum, pixels);
    }
}

}  // namespace

Result<Operator> prepare(const PoolOp& op, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (arithmetic == Arithmetic::real) return pool_real(op);
  MOBILENET_TRY(const AffineType type, shared_affine_type(view.input(0), view.output()));
  return with_integer_type(type.type, [&](auto element) { return pool_integer<decltype(element)>(op, type); });
}

Result<Operator> prepare(const GlobalAveragePoolOp&, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (arithmetic == Arithmetic::real)
    return Operator([](const Operands& operands) {
      average_picture<double, float>(operands, [](double sum, std::int64_t pixels) {
        return static_cast<float>(sum / static_cast<double>(pixels));
      });
    });
  // Checked here for one pixel; more pixels only make the scale smaller.
  const Tensor& input = view.input(0);
  const Tensor& output = view.output();
  if (auto mean = mean_arithmetic(input, output, 1); !mean) return std::move(mean).error();
  return with_integer_type(output.type, [&](auto element) {
    using T = decltype(element);
    return Operator([&input, &output](const Operands& operands) {
      const Shape& shape = operands.inputs[0].shape;
      const auto mean = mean_arithmetic(input, output, shape[1] * shape[2]);
      average_picture<std::int64_t, T>(operands, [&](std::int64_t sum, std::int64_t) {
        return static_cast<T>(mean_element(*mean, static_cast<std::int32_t>(sum)));
      });
    });
  });
}

}  // namespace mobilenet::reference
