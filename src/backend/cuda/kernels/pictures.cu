// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// From the pixels of pictures, as they lie in the caller's memory, to the network's input: orientation, crop, resize
// and encoding, in the operations of preprocess/, none of them fused, so that results are equal to the host's.
//
// A thread makes one pixel of the first pass, one channel of one pixel of the network's input: taps are read through
// the first-level cache, and neighbouring threads write, and mostly read, neighbouring bytes. Grids do not depend on
// pictures: blockIdx.x is the picture, and the blocks along y take turns of what its PictureArguments say is to be
// made. The time of a picture is that of bringing it here.

#include "backend/cuda/kernels/numbers.cuh"
#include "backend/cuda/kernels/picture_arguments.h"

namespace mobilenet::cuda {
namespace {

constexpr int kThreads = 256;

// work(line, place) for all `places` of all lines, in pieces of a block's threads.
template <class Work>
__device__ inline void for_each_place(std::uint32_t lines, std::uint32_t places, const Work& work) {
  const std::uint32_t pieces = (places + kThreads - 1) / kThreads;
  const std::uint32_t further_lines = gridDim.y / pieces, further_pieces = gridDim.y % pieces;
  std::uint32_t line = blockIdx.y / pieces, piece = blockIdx.y % pieces;
  while (line < lines) {
    const std::uint32_t place = piece * kThreads + threadIdx.x;
    if (place < places) work(static_cast<int>(line), static_cast<int>(place));
    line += further_lines, piece += further_pieces;
    if (piece >= pieces) piece -= pieces, ++line;
  }
}

// Pixels that are upright: red, green and blue, or their luma alone. In the units of a byte.
struct Bytes {
  using Value = int;
  using Element = std::uint8_t;
  static constexpr int kFractionBits = 22, kHalf = 1 << (kFractionBits - 1);  // Pillow's fixed point

  static __device__ Value read(const std::uint8_t* at) { return *at; }
  // ITU-R 601-2 in 65536ths, as Pillow rounds it.
  static __device__ Value luma(Value red, Value green, Value blue) {
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  using Weight = std::int32_t;
  static __device__ Value start() { return kHalf; }
  static __device__ Value add(Value sum, Value value, Weight weight) { return sum + value * weight; }
  static __device__ Element finish(Value sum) { return static_cast<Element>(min(max(sum >> kFractionBits, 0), 255)); }
};
// A plane of luma or colours before and after the first pass: preprocess/plane_taps.h.
struct PlaneBytes : Bytes {
  using Element = std::int16_t;
  static constexpr int kCutBits = 8;
};
struct PlaneSamples {
  using Value = int;
  using Element = std::int16_t;
  using Weight = std::int32_t;
  static constexpr int kCutBits = 16;
};
constexpr int kPlaneBits = 7, kMostSample = 255 << kPlaneBits, kMostCutTaps = 24;

struct Floats {
  using Value = float;
  using Element = float;

  static __device__ Value read(const std::uint8_t* at) {
    return __fmul_rn(*reinterpret_cast<const float*>(at), 255.0f);
  }
  static __device__ Value luma(Value red, Value green, Value blue) {
    return __fadd_rn(__fadd_rn(__fmul_rn(0.299f, red), __fmul_rn(0.587f, green)), __fmul_rn(0.114f, blue));
  }
  using Weight = float;
  static __device__ Value start() { return 0; }
  static __device__ Value add(Value sum, Value value, Weight weight) {
    return __fadd_rn(sum, __fmul_rn(value, weight));
  }
  static __device__ Element finish(Value sum) { return sum; }
};

// offsets: of red, green and blue.
template <class Samples>
__device__ inline typename Samples::Value sample(const std::uint8_t* pixel, const std::int64_t (&offsets)[3],
                                                 int channels, int c) {
  if (channels != 1) return Samples::read(pixel + offsets[c]);
  return Samples::luma(Samples::read(pixel + offsets[0]), Samples::read(pixel + offsets[1]),
                       Samples::read(pixel + offsets[2]));
}

__device__ inline const std::uint8_t* pixel_at(const PicturePlaneArguments& p, int x, int y) {
  return reinterpret_cast<const std::uint8_t*>(p.pixels) + x * p.step_x + y * p.step_y;
}

__device__ inline const PictureTapArguments& tap_of(const PictureAxisArguments& axis, int place) {
  return reinterpret_cast<const PictureTapArguments*>(axis.taps)[place];
}

// out[c] = the sum of the weights of a tap's places times their samples, rounded to what Samples are.
// samples: read(from, c) of the first place; the others lie `step` bytes apart.
template <class Samples, int kCount, class Read>
__device__ inline void weigh_all(const PictureAxisArguments& axis, const PictureTapArguments& tap,
                                 const std::uint8_t* samples, std::int64_t step, const Read& read,
                                 typename Samples::Element (&out)[kCount]) {
  const auto* weights = reinterpret_cast<const typename Samples::Weight*>(axis.weights) + tap.weights;
  typename Samples::Value sums[kCount];
#pragma unroll
  for (int c = 0; c < kCount; ++c) sums[c] = Samples::start();
#pragma unroll 4
  for (int place = tap.first; place < tap.last; ++place, samples += step, ++weights) {
    const typename Samples::Weight weight = *weights;
#pragma unroll
    for (int c = 0; c < kCount; ++c) sums[c] = Samples::add(sums[c], read(samples, c), weight);
  }
#pragma unroll
  for (int c = 0; c < kCount; ++c) out[c] = Samples::finish(sums[c]);
}

// The same of planes, where products lose what is below the last bit, unless there are many.
template <class Samples, int kCount, class Read>
__device__ inline void weigh_plane(const PictureAxisArguments& axis, const PictureTapArguments& tap,
                                   const std::uint8_t* samples, std::int64_t step, const Read& read,
                                   std::int16_t (&out)[kCount]) {
  constexpr int kCut = Samples::kCutBits;
  const auto* weights = reinterpret_cast<const std::int32_t*>(axis.weights) + tap.weights;
  // Weights that do not fit into 16 bits are two taps.
  constexpr int kMostWeight = 65535;
  int plus = 0, minus = 0;
  for (int t = 0; t < tap.last - tap.first; ++t) {
    const int weight = weights[t], count = weight == 0 ? 0 : abs(weight) > kMostWeight ? 2 : 1;
    (weight < 0 ? minus : plus) += count;
  }
  const bool is_cut = plus + minus <= kMostCutTaps;
  std::int64_t sums[kCount];
#pragma unroll
  for (int c = 0; c < kCount; ++c) sums[c] = is_cut ? plus / 2 - minus / 2 : 1 << (kCut - 1);
  for (int place = tap.first; place < tap.last; ++place, samples += step, ++weights) {
    const std::int64_t weight = abs(*weights), first = weight > kMostWeight ? weight / 2 : weight;
#pragma unroll
    for (int c = 0; c < kCount; ++c) {
      const std::int64_t value = read(samples, c);
      const std::int64_t part = is_cut ? (value * first >> kCut) + (value * (weight - first) >> kCut) : value * weight;
      sums[c] += *weights < 0 ? -part : part;
    }
  }
#pragma unroll
  for (int c = 0; c < kCount; ++c) {
    const std::int64_t sum = is_cut ? sums[c] : sums[c] >> kCut;
    out[c] = static_cast<std::int16_t>(sum < 0 ? 0 : sum > kMostSample ? kMostSample : sum);
  }
}

template <class Samples, int kCount, class Read>
__device__ inline void weigh(const PictureAxisArguments& axis, const PictureTapArguments& tap,
                             const std::uint8_t* samples, std::int64_t step, const Read& read,
                             typename Samples::Element (&out)[kCount]) {
  if constexpr (requires { Samples::kCutBits; })
    weigh_plane<Samples>(axis, tap, samples, step, read, out);
  else
    weigh_all<Samples>(axis, tap, samples, step, read, out);
}

// All samples of a pixel by a thread: they share weights. Three are red, green and blue, one is their luma, two are the
// colours beside luma.
template <class Samples, int kChannels>
__device__ inline void make_first_pass(const PicturePlaneArguments& p) {
  const bool vertical = p.vertical_first != 0;
  const int columns = vertical ? p.columns.places : p.columns.window;
  const int rows = vertical ? p.rows.window : p.rows.places;
  const PictureAxisArguments& axis = vertical ? p.rows : p.columns;
  const std::int64_t step = vertical ? p.step_y : p.step_x;
  // Threads side by side read side by side, however the picture lies.
  const bool turned = p.is_turned != 0;
  const std::int64_t offsets[3] = {p.offsets[0], p.offsets[1], p.offsets[2]};
  const auto read = [&](const std::uint8_t* pixel, int c) { return sample<Samples>(pixel, offsets, kChannels, c); };
  for_each_place(static_cast<std::uint32_t>(turned ? columns : rows),
                 static_cast<std::uint32_t>(turned ? rows : columns), [&](int line, int place) {
                   const int x = turned ? line : place, y = turned ? place : line;
                   const PictureTapArguments tap = tap_of(axis, vertical ? y : x);
                   const std::uint8_t* const first = vertical ? pixel_at(p, x, tap.first) : pixel_at(p, tap.first, y);
                   typename Samples::Element made[kChannels];
                   weigh<Samples>(axis, tap, first, step, read, made);
                   auto* const out = reinterpret_cast<typename Samples::Element*>(p.between) +
                                     (static_cast<std::int64_t>(y) * columns + x) * kChannels;
#pragma unroll
                   for (int c = 0; c < kChannels; ++c) out[c] = made[c];
                 });
}

// Sample c of `channels` of pixel x, y of the window, of what the first pass left.
template <class Samples>
__device__ inline float second_pass(const PicturePlaneArguments& p, int channels, int x, int y, int c) {
  using Element = typename Samples::Element;
  const bool vertical_first = p.vertical_first != 0;
  const PictureAxisArguments& axis = vertical_first ? p.columns : p.rows;
  const PictureTapArguments tap = tap_of(axis, vertical_first ? x : y);
  const std::int64_t columns = vertical_first ? p.columns.places : p.columns.window;
  const std::int64_t pixel = vertical_first ? y * columns + tap.first : tap.first * columns + x;
  const std::int64_t step = (vertical_first ? 1 : columns) * channels;
  Element made[1];
  weigh<Samples>(
      axis, tap, reinterpret_cast<const std::uint8_t*>(p.between) + (pixel * channels + c) * sizeof(Element),
      step * sizeof(Element),
      [](const std::uint8_t* from, int) {
        return static_cast<typename Samples::Value>(*reinterpret_cast<const Element*>(from));
      },
      made);
  return static_cast<float>(made[0]);
}

// Of filters without weights.
template <class Samples>
__device__ inline float between_points(PictureFilter filter, const PicturePlaneArguments& p, int channels, int x, int y,
                                       int c) {
  const PictureTapArguments column = tap_of(p.columns, x), row = tap_of(p.rows, y);
  const auto at = [&](int column_place, int row_place) {
    return static_cast<float>(sample<Samples>(pixel_at(p, column_place, row_place), p.offsets, channels, c));
  };
  if (filter == PictureFilter::nearest) return at(column.first, row.first);
  const auto mix = [](float low, float high, float fraction) {
    return __fadd_rn(low, __fmul_rn(__fsub_rn(high, low), fraction));
  };
  const float above = mix(at(column.first, row.first), at(column.last, row.first), column.fraction);
  const float below = mix(at(column.first, row.last), at(column.last, row.last), column.fraction);
  return mix(above, below, row.fraction);
}

// To the nearest byte, ties to even; what is no number becomes 0.
__device__ inline float nearest_byte(float value) { return value > 0 ? rintf(fminf(value, 255.0f)) : 0.0f; }

// Red, green or blue (c) of a picture of luma and colours, or its luma for networks of one channel; in the operations
// of pictures/ycbcr.h. sample(plane, samples, s): of the resized planes, whole numbers in 2^kBits-ths of a byte; so
// many bits of fraction have coefficients.
template <int kBits, int kCoefficientBits, class Sample>
__device__ inline float colour_of(const PictureArguments& p, int channels, int c, const Sample& sample) {
  constexpr int kShift = kBits + kCoefficientBits, kNoColour = 128 << kBits;
  const auto level = [&](int plane, int samples, int s) {
    return static_cast<int>(sample(p.planes[plane], samples, s));
  };
  int sum = (level(0, 1, 0) - p.black) * p.luma + (1 << (kShift - 1));
  if (channels != 1) {
    if (c != 0) sum += (c == 1 ? p.green_of_cb : p.blue_of_cb) * (level(1, 2, 0) - kNoColour);
    if (c != 2) sum += (c == 1 ? p.green_of_cr : p.red_of_cr) * (level(1, 2, 1) - kNoColour);
  }
  return static_cast<float>(min(max(sum >> kShift, 0), 255));
}

__device__ inline void encode(const PictureInputArguments& a, float value, int c, std::int64_t index) {
  const PictureEncoding& e = a.encoding;
  const float lowest = a.out_type == Stored::i8 ? -128.0f : 0.0f, highest = lowest + 255;
  const bool integers = a.out_type == Stored::i8 || a.out_type == Stored::u8;
  if (integers && e.takes_bytes != 0) return store(a.output, a.out_type, index, nearest_byte(value) + lowest);
  const float scaled = e.divide_by_255 != 0 ? __fdiv_rn(value, 255.0f) : __fmul_rn(value, e.rescale);
  const float real = __fdiv_rn(__fsub_rn(scaled, e.mean[c]), e.deviation[c]);
  if (!integers) return store(a.output, a.out_type, index, real);
  const float stored = __fadd_rn(roundf(__fdiv_rn(real, e.scale)), static_cast<float>(e.zero_point));
  store(a.output, a.out_type, index, stored > lowest ? fminf(stored, highest) : lowest);
}

// value(x, y, c) of the window's pixels, for all of the network's input.
template <class Value>
__device__ inline void make_input(const PictureInputArguments& a, const PictureArguments& p, const Value& value) {
  const std::int64_t image = static_cast<std::int64_t>(blockIdx.x) * a.height * a.width * a.channels;
  for_each_place(
      static_cast<std::uint32_t>(a.height), static_cast<std::uint32_t>(a.width * a.channels), [&](int y, int place) {
        const int x = a.in_planes != 0 ? place % a.width : place / a.channels;
        const int c = a.in_planes != 0 ? place / a.width : place % a.channels;
        const PictureAxisArguments &columns = p.planes[0].columns, &rows = p.planes[0].rows;
        const int column = x - columns.begin, row = y - rows.begin;
        const bool inside = column >= 0 && column < columns.window && row >= 0 && row < rows.window;
        const int colour = a.channels == 3 && a.swap_red_blue != 0 ? 2 - c : c;
        const std::int64_t index = a.in_planes != 0 ? (static_cast<std::int64_t>(c) * a.height + y) * a.width + x
                                                    : static_cast<std::int64_t>(y) * a.width * a.channels + place;
        encode(a, inside ? value(column, row, colour) : a.encoding.fill[c], c, image + index);
      });
}

// The block's picture, where all threads can look it up.
__device__ inline void load_picture(const PictureInputArguments& a, PictureArguments& p) {
  constexpr unsigned kWords = sizeof p / sizeof(std::uint64_t);
  static_assert(sizeof p % sizeof(std::uint64_t) == 0 && kWords <= kThreads);
  let_next_kernel_start();
  wait_for_kernel_before();
  const auto* const from = reinterpret_cast<const std::uint64_t*>(a.pictures) + blockIdx.x * kWords;
  if (threadIdx.x < kWords) reinterpret_cast<std::uint64_t*>(&p)[threadIdx.x] = from[threadIdx.x];
  __syncthreads();
}

}  // namespace

extern "C" __global__ void __launch_bounds__(kThreads)
    picture_first_pass(const __grid_constant__ PictureInputArguments a) {
  __shared__ PictureArguments p;
  load_picture(a, p);
  if (p.is_ycbcr != 0) {
    make_first_pass<PlaneBytes, 1>(p.planes[0]);
    if (a.channels != 1) make_first_pass<PlaneBytes, 2>(p.planes[1]);
  } else if (p.has_floats != 0) {
    a.channels == 1 ? make_first_pass<Floats, 1>(p.planes[0]) : make_first_pass<Floats, 3>(p.planes[0]);
  } else {
    a.channels == 1 ? make_first_pass<Bytes, 1>(p.planes[0]) : make_first_pass<Bytes, 3>(p.planes[0]);
  }
}

extern "C" __global__ void __launch_bounds__(kThreads)
    picture_second_pass(const __grid_constant__ PictureInputArguments a) {
  __shared__ PictureArguments p;
  load_picture(a, p);
  if (p.is_ycbcr != 0)
    make_input(a, p, [&](int x, int y, int c) {
      return colour_of<kPlaneBits, 13>(p, a.channels, c, [&](const PicturePlaneArguments& plane, int samples, int s) {
        return second_pass<PlaneSamples>(plane, samples, x, y, s);
      });
    });
  else if (p.has_floats != 0)
    make_input(a, p, [&](int x, int y, int c) { return second_pass<Floats>(p.planes[0], a.channels, x, y, c); });
  else
    make_input(a, p, [&](int x, int y, int c) { return second_pass<Bytes>(p.planes[0], a.channels, x, y, c); });
}

extern "C" __global__ void __launch_bounds__(kThreads) picture_points(const __grid_constant__ PictureInputArguments a) {
  __shared__ PictureArguments p;
  load_picture(a, p);
  const auto points = [&](auto samples, int x, int y, int c) {
    return between_points<decltype(samples)>(a.filter, p.planes[0], a.channels, x, y, c);
  };
  if (p.is_ycbcr != 0)
    make_input(a, p, [&](int x, int y, int c) {
      return colour_of<0, 16>(p, a.channels, c, [&](const PicturePlaneArguments& plane, int samples, int s) {
        return nearest_byte(between_points<Bytes>(a.filter, plane, samples, x, y, s));
      });
    });
  else if (p.has_floats != 0)
    make_input(a, p, [&](int x, int y, int c) { return points(Floats(), x, y, c); });
  else
    make_input(a, p, [&](int x, int y, int c) { return points(Bytes(), x, y, c); });
}

}  // namespace mobilenet::cuda
