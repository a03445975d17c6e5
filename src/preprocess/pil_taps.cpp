// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/pil_taps.h"

#include <algorithm>
#include <cmath>

namespace mobilenet {
namespace {

constexpr double kPi = 3.14159265358979323846;

double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

// Keys' cubic with a = -0.5, evaluated in Pillow's order of operations: its last bit decides roundings.
double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

// The window's two constants are float32 in Pillow.
double hamming(double x) {
  x = std::abs(x);
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  x *= kPi;
  return std::sin(x) / x * (static_cast<double>(0.54f) + static_cast<double>(0.46f) * std::cos(x));
}

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= kPi;
  return std::sin(x) / x;
}

double lanczos(double x) { return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0; }

struct Kernel {
  double support;  // half its width, at a scale of 1
  double (*weight)(double);
};

Kernel kernel_of(PilFilter filter) {
  switch (filter) {
    case PilFilter::box:
      return {0.5, box};
    case PilFilter::bilinear:
      return {1.0, triangle};
    case PilFilter::hamming:
      return {1.0, hamming};
    case PilFilter::bicubic:
      return {2.0, cubic};
    case PilFilter::lanczos:
      return {3.0, lanczos};
  }
  return {1.0, triangle};
}

std::int32_t to_weight(double weight, std::int32_t) {
  return static_cast<std::int32_t>(weight * (1 << kPilFractionBits) + (weight < 0 ? -0.5 : 0.5));
}
float to_weight(double weight, float) { return static_cast<float>(weight); }

}  // namespace

template <class Weight>
void prepare_pil_axis(PilFilter filter, const AxisGeometry& axis, std::vector<double>& exact,
                      PilAxis<Weight>& prepared) {
  const double scale = axis.extent() / axis.resized;
  const double filter_scale = std::max(scale, 1.0);
  const Kernel kernel = kernel_of(filter);
  const double support = kernel.support * filter_scale;
  const double inverse = 1.0 / filter_scale;
  prepared.most_taps = 0;
  prepared.taps.clear();
  prepared.weights.clear();
  int begin = axis.crop_size, end = 0;
  for (int i = axis.window_begin; i < axis.window_begin + axis.window_size; ++i) {
    const double centre = axis.lead + (i + 0.5) * scale;
    const double begin_rounded = centre - support + 0.5, end_rounded = centre + support + 0.5;  // once cut off
    const int first = std::max(0, static_cast<int>(begin_rounded));
    const int last = std::min(axis.crop_size, static_cast<int>(end_rounded));
    const int count = last - first;
    if (exact.size() < static_cast<std::size_t>(count)) exact.resize(static_cast<std::size_t>(count));
    double total = 0;
    for (int t = 0; t < count; ++t) {
      const double x = (t + first - centre + 0.5) * inverse;
      const double weight = kernel.weight(x);
      exact[static_cast<std::size_t>(t)] = weight;
      total += weight;
    }
    prepared.taps.push_back({first, count, prepared.weights.size()});
    for (int t = 0; t < count; ++t) {
      const double weight = exact[static_cast<std::size_t>(t)];
      prepared.weights.push_back(to_weight(total != 0.0 ? weight / total : weight, Weight{}));
    }
    prepared.most_taps = std::max(prepared.most_taps, count);
    begin = std::min(begin, first);
    end = std::max(end, last);
  }
  prepared.first = begin;
  prepared.count = end - begin;
}

template void prepare_pil_axis(PilFilter, const AxisGeometry&, std::vector<double>&, PilAxis<std::int32_t>&);
template void prepare_pil_axis(PilFilter, const AxisGeometry&, std::vector<double>&, PilAxis<float>&);

bool pil_vertical_first(Resampler resampler, const Geometry& geometry) {
  const std::int64_t columns_gone = std::int64_t{geometry.columns.crop_size} - geometry.columns.resized;
  const std::int64_t rows_gone = std::int64_t{geometry.rows.crop_size} - geometry.rows.resized;
  return resampler == Resampler::pillow && rows_gone > 0 && rows_gone > 2 * columns_gone;
}

}  // namespace mobilenet
