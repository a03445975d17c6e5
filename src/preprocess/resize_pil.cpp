// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resize_pil.h"

#include <algorithm>

namespace mobilenet {
namespace {

// What a sum starts from, so that cutting off its fraction rounds it.
template <class Weight>
constexpr Weight kStart = 0;
template <>
constexpr std::int32_t kStart<std::int32_t> = 1 << (kPilFractionBits - 1);

void finish(std::int32_t sum, std::uint8_t& out) {
  out = static_cast<std::uint8_t>(std::clamp(sum >> kPilFractionBits, 0, 255));
}
void finish(float sum, float& out) { out = sum; }

template <class T>
void grow(std::vector<T>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
}

}  // namespace

// out[x] = sum over its taps of row[tap] * weight, for red, green and blue.
// row: the source pixels from columns_.first on.
template <class Sample>
void PilResize<Sample>::squeeze_row(const Sample* row, Sample* out) const {
  for (const PilTaps& taps : columns_.taps) {
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
void PilResize<Sample>::blend_rows(const PilTaps& taps, std::size_t samples, Row row, Sample* out) {
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
  prepare_pil_axis(filter_, geometry.columns, exact_, columns_);
  prepare_pil_axis(filter_, geometry.rows, exact_, rows_);
  const std::size_t window_samples = 3 * columns_.taps.size();
  const std::size_t source_samples = 3 * static_cast<std::size_t>(columns_.count);
  if (pil_vertical_first(resampler_, geometry)) {
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
  for (const PilTaps& taps : rows_.taps) {
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
  for (const PilTaps& taps : rows_.taps) {
    blend_rows(taps, samples, row, passed_.data());
    squeeze_row(passed_.data(), out);
    out += 3 * columns_.taps.size();
  }
}

template <class Sample>
void PilResize<Sample>::run(const UprightPixels& pixels, const Geometry& geometry, Sample* out) {
  prepare(geometry);
  if (pil_vertical_first(resampler_, geometry))
    run_vertical_first(pixels, out);
  else
    run_horizontal_first(pixels, out);
}

template class PilResize<std::uint8_t>;
template class PilResize<float>;

}  // namespace mobilenet
