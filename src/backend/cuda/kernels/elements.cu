// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators without neighbours: functions of one number, of two, of a row of the last axis; and those that only move
// numbers. One thread for each number, whatever its type: networks hardly spend time here.
#include <cmath>
#include <limits>

#include "backend/cuda/kernels/numbers.cuh"

namespace mobilenet::cuda {
namespace {

constexpr int kThreads = kForEachThreads;

__device__ inline float value_of(const UnaryArguments& a, float x) {
  switch (a.function) {
    case UnaryFunction::absolute:
      return fabsf(x);
    case UnaryFunction::elu:
      return x < 0 ? expm1f(x) : x;
    case UnaryFunction::exp:
      return expf(x);
    case UnaryFunction::leaky_relu:
      return x < 0 ? x * a.alpha : x;
    case UnaryFunction::log:
      return logf(x);
    case UnaryFunction::negate:
      return -x;
    case UnaryFunction::rsqrt:
      return 1 / sqrtf(x);
    case UnaryFunction::sqrt:
      return sqrtf(x);
    case UnaryFunction::square:
      return x * x;
    case UnaryFunction::tanh:
      return tanhf(x);
    case UnaryFunction::activation:
      return finish(a.ending, x);
    case UnaryFunction::copy:
    case UnaryFunction::quantize:
    case UnaryFunction::cast:
      break;
  }
  return x;
}

__device__ inline bool is_real(Stored type) { return type == Stored::f32 || type == Stored::f16; }

// By scale and zero point: from integers to floats or back, in the arithmetic of XNNPACK.
__device__ inline void quantize(const UnaryArguments& a, std::int64_t i) {
  const float x = load(a.input, a.in_type, i);
  if (!is_real(a.in_type)) {
    store(a.output, a.out_type, i, (x - static_cast<float>(a.zero_point)) * a.scale);
    return;
  }
  const float lowest = static_cast<float>(a.lowest - a.zero_point),
              highest = static_cast<float>(a.highest - a.zero_point);
  const float scaled = fminf(fmaxf(x * (1.0f / a.scale), lowest), highest);
  store(a.output, a.out_type, i, static_cast<float>(__float2int_rn(scaled) + a.zero_point));
}

__device__ inline std::int64_t load_integer(Address tensor, Stored type, std::int64_t i) {
  switch (type) {
    case Stored::u8:
      return reinterpret_cast<const std::uint8_t*>(tensor)[i];
    case Stored::i8:
      return reinterpret_cast<const std::int8_t*>(tensor)[i];
    case Stored::i32:
      return reinterpret_cast<const std::int32_t*>(tensor)[i];
    default:
      return reinterpret_cast<const std::int64_t*>(tensor)[i];
  }
}
__device__ inline void store_integer(Address tensor, Stored type, std::int64_t i, std::int64_t value) {
  switch (type) {
    case Stored::u8:
      reinterpret_cast<std::uint8_t*>(tensor)[i] = static_cast<std::uint8_t>(value);
      break;
    case Stored::i8:
      reinterpret_cast<std::int8_t*>(tensor)[i] = static_cast<std::int8_t>(value);
      break;
    case Stored::i32:
      reinterpret_cast<std::int32_t*>(tensor)[i] = static_cast<std::int32_t>(value);
      break;
    default:
      reinterpret_cast<std::int64_t*>(tensor)[i] = value;
      break;
  }
}

// As cast_number (network/conversion.h): integers wrap, floats become the nearest that there is, a NaN the largest.
__device__ inline void cast(const UnaryArguments& a, std::int64_t i) {
  if (is_real(a.out_type)) {
    store(a.output, a.out_type, i, load(a.input, a.in_type, i));
    return;
  }
  if (!is_real(a.in_type)) {
    store_integer(a.output, a.out_type, i, load_integer(a.input, a.in_type, i));
    return;
  }
  const float x = load(a.input, a.in_type, i);
  std::int64_t lowest = 0, highest = 255;
  if (a.out_type == Stored::i8) lowest = -128, highest = 127;
  if (a.out_type == Stored::i32) lowest = INT32_MIN, highest = INT32_MAX;
  if (a.out_type == Stored::i64) lowest = INT64_MIN, highest = INT64_MAX;
  std::int64_t value;
  if (isnan(x) || x >= static_cast<float>(highest))
    value = highest;
  else if (x <= static_cast<float>(lowest))
    value = lowest;
  else
    value = static_cast<std::int64_t>(x);
  store_integer(a.output, a.out_type, i, value);
}

// The numbers of BinaryKind (network/ops.h).
__device__ inline float combine(int kind, float x, float y) {
  switch (kind) {
    case 0:
      return x + y;
    case 1:
      return x / y;
    case 2:
      return x > y || isnan(x) ? x : y;
    case 3:
      return x < y || isnan(x) ? x : y;
    case 4:
      return x * y;
    case 5:
      return powf(x, y);
    case 6:
      return x >= 0 ? x : x * y;
    case 7:
      return (x - y) * (x - y);
    default:
      return x - y;
  }
}

// Sum, or largest, of what the threads of a block have; of the largest a NaN wins.
template <class Number, class Join>
__device__ inline Number joined(Number mine, const Join& join) {
  __shared__ Number all[kThreads];
  all[threadIdx.x] = mine;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) all[threadIdx.x] = join(all[threadIdx.x], all[threadIdx.x + half]);
    __syncthreads();
  }
  const Number result = all[0];
  __syncthreads();
  return result;
}

struct Best {
  float value;
  int index;
};

__device__ inline void run_row(const RowArguments& a, std::int64_t row) {
  const std::int64_t first = row * a.columns;
  const auto at = [&](int column) { return load(a.input, a.in_type, first + column); };
  constexpr float kLowest = -INFINITY;
  if (a.function == RowFunction::argmax) {
    // As the runtime: what is not larger than the first stays behind it, where a NaN stays, too.
    Best best{kLowest, a.columns};
    for (int c = threadIdx.x; c < a.columns; c += kThreads)
      if (const float x = at(c); (c == 0 || !isnan(x)) && (best.index == a.columns || x > best.value)) best = {x, c};
    best = joined(best, [&](const Best& left, const Best& right) {
      if (left.index == a.columns) return right;
      if (right.index == a.columns) return left;
      const Best &low = left.index < right.index ? left : right, &high = left.index < right.index ? right : left;
      return high.value > low.value ? high : low;
    });
    if (threadIdx.x == 0) store_integer(a.output, a.out_type, row, best.index);
    return;
  }
  const auto add = [](double x, double y) { return x + y; };
  if (a.function == RowFunction::l2_normalize) {
    double squares = 0;
    for (int c = threadIdx.x; c < a.columns; c += kThreads) squares += static_cast<double>(at(c)) * at(c);
    const double total = joined(squares, add);
    set_flag(a.flag, isnan(total));
    const double factor = 1 / sqrt(total < 1e-12 ? 1e-12 : total);
    for (int c = threadIdx.x; c < a.columns; c += kThreads)
      store(a.output, a.out_type, first + c, static_cast<float>(at(c) * factor));
    return;
  }
  const float beta = a.function == RowFunction::softmax ? a.beta : 1;
  // The largest of beta x, found without the product, which may overflow.
  float top = beta < 0 ? INFINITY : kLowest;
  for (int c = threadIdx.x; c < a.columns; c += kThreads) {
    const float x = at(c);
    top = beta < 0 ? fminf(top, x) : fmaxf(top, x);
  }
  top = joined(top, [&](float x, float y) { return beta < 0 ? fminf(x, y) : fmaxf(x, y); });
  double total = 0;
  for (int c = threadIdx.x; c < a.columns; c += kThreads) total += static_cast<double>(expf(beta * (at(c) - top)));
  total = joined(total, add);
  set_flag(a.flag, isnan(total));
  const double log_total = log(total);
  for (int c = threadIdx.x; c < a.columns; c += kThreads) {
    const float distance = at(c) - top;
    const float value = a.function == RowFunction::softmax
                            ? static_cast<float>(static_cast<double>(expf(beta * distance)) / total)
                            : static_cast<float>(static_cast<double>(distance) - log_total);
    store(a.output, a.out_type, first + c, value);
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(kThreads) unary(const __grid_constant__ UnaryArguments a) {
  for_each(a.count, [&](std::int64_t i) {
    if (a.function == UnaryFunction::quantize)
      quantize(a, i);
    else if (a.function == UnaryFunction::cast)
      cast(a, i);
    else
      store(a.output, a.out_type, i, value_of(a, load(a.input, a.in_type, i)));
  });
}

// Sets `output`, an int of the host, where something in the input is no number.
extern "C" __global__ void __launch_bounds__(kThreads) find_not_numbers(const __grid_constant__ UnaryArguments a) {
  for_each(a.count, [&](std::int64_t i) { set_flag(a.output, isnan(load(a.input, a.in_type, i))); });
}

extern "C" __global__ void __launch_bounds__(kThreads) binary(const __grid_constant__ BinaryArguments a) {
  for_each(a.count, [&](std::int64_t i) {
    std::int64_t rest = i, of_a = 0, of_b = 0;
#pragma unroll
    for (int axis = kAxes - 1; axis >= 0; --axis) {
      const std::int64_t at = rest % a.extents[axis];
      rest /= a.extents[axis];
      of_a += at * a.a_strides[axis], of_b += at * a.b_strides[axis];
    }
    const float y = combine(a.kind, load(a.a, a.a_type, of_a), load(a.b, a.b_type, of_b));
    store(a.output, a.out_type, i, finish(a.ending, y));
  });
}

extern "C" __global__ void __launch_bounds__(kThreads) scale(const __grid_constant__ ScaleArguments a) {
  for_each(a.count, [&](std::int64_t i) {
    const std::int64_t channel = i % a.channels;
    const float factor = reinterpret_cast<const float*>(a.factors)[channel];
    const float shift = reinterpret_cast<const float*>(a.shifts)[channel];
    store(a.output, a.out_type, i, fmaf(load(a.input, a.in_type, i), factor, shift));
  });
}

extern "C" __global__ void __launch_bounds__(kThreads) row(const __grid_constant__ RowArguments a) {
  let_next_kernel_start();
  wait_for_kernel_before();
  for (std::int64_t i = blockIdx.x; i < a.rows; i += gridDim.x) run_row(a, i);
}

extern "C" __global__ void __launch_bounds__(kThreads) move(const __grid_constant__ MoveArguments a) {
  const auto* const tables = reinterpret_cast<const std::int64_t*>(a.tables);
  for_each(a.count, [&](std::int64_t i) {
    std::int64_t rest = i, from = 0;
    int table = 0;
    for (int axis = 0; axis < kAxes; ++axis) table += a.extents[axis];
    bool there = true;
#pragma unroll
    for (int axis = kAxes - 1; axis >= 0; --axis) {
      table -= a.extents[axis];
      const std::int64_t along = tables[table + rest % a.extents[axis]];
      rest /= a.extents[axis];
      there = there && along >= 0;
      from += along;
    }
    const auto copy = [&](auto element) {
      using Element = decltype(element);
      reinterpret_cast<Element*>(a.output)[i] =
          there ? reinterpret_cast<const Element*>(a.input)[from] : static_cast<Element>(a.fill);
    };
    if (a.in_type != a.out_type)
      store(a.output, a.out_type, i, there ? load(a.input, a.in_type, from) : a.fill_value);
    else if (a.element_bytes == 1)
      copy(std::uint8_t{});
    else if (a.element_bytes == 2)
      copy(std::uint16_t{});
    else if (a.element_bytes == 4)
      copy(std::uint32_t{});
    else
      copy(std::uint64_t{});
  });
}

extern "C" __global__ void __launch_bounds__(kThreads) concat(const __grid_constant__ ConcatArguments a) {
  for_each(a.count, [&](std::int64_t i) {
    store(a.output, a.out_type, i / a.row * a.out_row + a.first + i % a.row, load(a.input, a.in_type, i));
  });
}

}  // namespace mobilenet::cuda
