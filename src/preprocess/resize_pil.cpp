// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resize_pil.h"

#include <algorithm>
#include <cmath>

namespace mobilenet {
namespace {

constexpr int kFractionBits = 22;  // 32 bits less the 8 of a byte and 2 for the overshoot of the cubic filters
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
  return static_cast<std::int32_t>(weight * (1 << kFractionBits) + (weight < 0 ? -0.5 : 0.5));
}
float to_weight(double weight, float) { return static_cast<float>(weight); }

// What a sum starts from, so that cutting off its fraction rounds it.
template <class Weight>
constexpr Weight kStart = 0;
template <>
constexpr std::int32_t kStart<std::int32_t> = 1 << (kFractionBits - 1);

void finish(std::int32_t sum, std::uint8_t& out) {
  out = static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}
void finish(float sum, float& out) { out = sum; }

template <class T>
void grow(std::vector<T>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
}

}  // namespace

template <class Sample>
void PilResize<Sample>::prepare(const AxisGeometry& axis, Axis& prepared) {
  const double scale = static_cast<double>(axis.crop_size) / axis.resized;
  const double filter_scale = std::max(scale, 1.0);
  const Kernel kernel = kernel_of(filter_);
  const double support = kernel.support * filter_scale;
  const double inverse = 1.0 / filter_scale;
  prepared.most_taps = 0;
  prepared.taps.clear();
  prepared.weights.clear();
  int begin = axis.crop_size, end = 0;
  for (int i = axis.window_begin; i < axis.window_begin + axis.window_size; ++i) {
    const double centre = (i + 0.5) * scale;
    const double begin_rounded = centre - support + 0.5, end_rounded = centre + support + 0.5;  // once cut off
    const int first = std::max(0, static_cast<int>(begin_rounded));
    const int last = std::min(axis.crop_size, static_cast<int>(end_rounded));
    const int count = last - first;
    grow(exact_, static_cast<std::size_t>(count));
    double total = 0;
    for (int t = 0; t < count; ++t) {
      const double x = (t + first - centre + 0.5) * inverse;
      const double weight = kernel.weight(x);
      exact_[static_cast<std::size_t>(t)] = weight;
      total += weight;
    }
    prepared.taps.push_back({first, count, prepared.weights.size()});
    for (int t = 0; t < count; ++t) {
      const double weight = exact_[static_cast<std::size_t>(t)];
      prepared.weights.push_back(to_weight(total != 0.0 ? weight / total : weight, Weight{}));
    }
    prepared.most_taps = std::max(prepared.most_taps, count);
    begin = std::min(begin, first);
    end = std::max(end, last);
  }
  prepared.first = begin;
  prepared.count = end - begin;
}

// out[x] = sum over its taps of row[tap] * weight, for red, green and blue.
// row: the source pixels from columns_.first on.
template <class Sample>
void PilResize<Sample>::squeeze_row(const Sample* row, Sample* out) const {
  for (const Taps& taps : columns_.taps) {
    const Sample* pixel = row + 3 * static_cast<std::ptrdiff_t>(taps.first - columns_.first);
    const Weight* weights = columns_.weights.data() + taps.weights;
    Weight red = kStart<Weight>, green = red, blue = red;
    for (int t = 0; t < taps.count; ++t, pixel += 3) {
      red += pixel[0] * weights[t];
      green += pixel[1] * weights[t];
      blue += pixel[2] * weights[t];
    }
    finish(red, out[0]);
    finish(green, out[1]);
    finish(blue, out[2]);
    out += 3;
  }
}

// out[i] = sum over the taps of row(tap)[i] * weight
template <class Sample>
template <class Row>
void PilResize<Sample>::blend_rows(const Taps& taps, std::size_t samples, Row row, Sample* out) {
  Weight* const sums = sums_.data();
  std::fill_n(sums, samples, kStart<Weight>);
  for (int t = 0; t < taps.count; ++t) {
    const Sample* source = row(taps.first - rows_.first + t);
    const Weight weight = rows_.weights[taps.weights + static_cast<std::size_t>(t)];
    for (std::size_t i = 0; i < samples; ++i) sums[i] += source[i] * weight;
  }
  for (std::size_t i = 0; i < samples; ++i) finish(sums[i], out[i]);
}

template <class Sample>
void PilResize<Sample>::prepare(const Geometry& geometry) {
  if (geometry == geometry_) return;
  geometry_ = {};  // stays invalid when memory runs out below
  prepare(geometry.columns, columns_);
  prepare(geometry.rows, rows_);
  const std::size_t window_samples = 3 * columns_.taps.size();
  const std::size_t source_samples = 3 * static_cast<std::size_t>(columns_.count);
  if (vertical_first(geometry)) {
    const auto kept = static_cast<std::size_t>(rows_.most_taps);
    kept_.resize(kept);
    grow(row_, source_samples * kept);
    grow(sums_, source_samples);
    grow(passed_, source_samples);
  } else {
    grow(row_, source_samples);
    grow(sums_, window_samples);
    grow(passed_, window_samples * static_cast<std::size_t>(rows_.count));
  }
  geometry_ = geometry;
}

template <class Sample>
void PilResize<Sample>::run_horizontal_first(const UprightPixels& pixels, Sample* out) {
  const std::size_t samples = 3 * columns_.taps.size();
  const int left = geometry_.columns.crop_begin + columns_.first;
  const int top = geometry_.rows.crop_begin + rows_.first;
  for (int y = 0; y < rows_.count; ++y)
    squeeze_row(pixels.row(left, top + y, columns_.count, row_.data()),
                passed_.data() + static_cast<std::size_t>(y) * samples);
  const auto row = [&](int y) { return passed_.data() + static_cast<std::size_t>(y) * samples; };
  for (const Taps& taps : rows_.taps) {
    blend_rows(taps, samples, row, out);
    out += samples;
  }
}

template <class Sample>
void PilResize<Sample>::run_vertical_first(const UprightPixels& pixels, Sample* out) {
  const int left = geometry_.columns.crop_begin + columns_.first;
  const int top = geometry_.rows.crop_begin + rows_.first;
  const std::size_t samples = 3 * static_cast<std::size_t>(columns_.count);
  std::fill(kept_.begin(), kept_.end(), KeptRow{});
  const auto row = [&](int y) {
    const std::size_t slot = static_cast<std::size_t>(y) % kept_.size();
    if (kept_[slot].y != y) kept_[slot] = {y, pixels.row(left, top + y, columns_.count, row_.data() + slot * samples)};
    return kept_[slot].pixels;
  };
  for (const Taps& taps : rows_.taps) {
    blend_rows(taps, samples, row, passed_.data());
    squeeze_row(passed_.data(), out);
    out += 3 * columns_.taps.size();
  }
}

template <class Sample>
bool PilResize<Sample>::vertical_first(const Geometry& geometry) const {
  const std::int64_t columns_gone = std::int64_t{geometry.columns.crop_size} - geometry.columns.resized;
  const std::int64_t rows_gone = std::int64_t{geometry.rows.crop_size} - geometry.rows.resized;
  return resampler_ == Resampler::pillow && rows_gone > 0 && rows_gone > 2 * columns_gone;
}

template <class Sample>
void PilResize<Sample>::run(const UprightPixels& pixels, const Geometry& geometry, Sample* out) {
  prepare(geometry);
  if (vertical_first(geometry))
    run_vertical_first(pixels, out);
  else
    run_horizontal_first(pixels, out);
}

template class PilResize<std::uint8_t>;
template class PilResize<float>;

}  // namespace mobilenet
