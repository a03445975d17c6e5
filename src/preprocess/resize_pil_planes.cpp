// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resize_pil_planes.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace mobilenet {
namespace {

// Bytes of the plane that are worth waking a thread for: 10 microseconds of one.
constexpr std::size_t kBytesOfPart = 1 << 17;

template <class T>
void grow(std::vector<T>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
}

}  // namespace

void PilPlaneResize::prepare_axis(const AxisGeometry& geometry, PlanePass pass, int size, bool reversed, Axis& made) {
  maker_.make(filter_, geometry, pass, upright_);
  const auto stored = [&](int first, int count) {
    const int begin = geometry.crop_begin + first;
    return static_cast<std::uint32_t>(reversed ? size - begin - count : begin);
  };
  made.results.clear();
  made.places.clear();
  made.weights.clear();
  made.most_taps = 0;
  made.first = stored(upright_.first, upright_.count), made.count = static_cast<std::size_t>(upright_.count);
  for (const PilTaps& taps : upright_.taps) {
    PlaneTaps result{made.places.size(), 0, 0};
    for (const bool is_minus : {false, true})
      for (int t = 0; t < taps.count; ++t) {
        const std::int32_t weight = upright_.weights[taps.weights + static_cast<std::size_t>(t)];
        if (weight == 0 || (weight < 0) != is_minus) continue;
        for (const std::int32_t part : {first_half(std::abs(weight)), second_half(std::abs(weight))}) {
          if (part == 0) continue;
          made.places.push_back(stored(taps.first + t, 1));
          made.weights.push_back(static_cast<std::uint32_t>(part) * 0x10001u);
          ++(is_minus ? result.minus : result.plus);
        }
      }
    made.results.push_back(result);
    made.most_taps = std::max(made.most_taps, result.plus + result.minus);
  }
}

void PilPlaneResize::prepare(const Key& key) {
  if (key == key_) return;
  key_ = {};  // stays invalid when memory runs out below
  const Geometry& first = key.samples[0].geometry;
  prepare_axis(key.swap_axes ? first.columns : first.rows, PlanePass::of_bytes, key.samples[0].height, key.from_bottom,
               rows_);
  std::size_t begin = std::numeric_limits<std::size_t>::max(), end = 0, most_results = 0;
  for (std::size_t kind = 0; kind < key.count; ++kind) {
    const PlaneSamples& samples = key.samples[kind];
    Axis& axis = columns_[kind];
    prepare_axis(key.swap_axes ? samples.geometry.rows : samples.geometry.columns, PlanePass::of_samples, samples.width,
                 key.from_right, axis);
    const auto pixel = static_cast<std::size_t>(samples.pixel_bytes);
    begin = std::min(begin, axis.first * pixel);
    end = std::max(end, (axis.first + axis.count) * pixel);
    most_results = std::max(most_results, axis.results.size());
  }
  first_byte_ = begin, row_bytes_ = end - begin;
  for (std::size_t kind = 0; kind < key.count; ++kind)
    for (std::uint32_t& place : columns_[kind].places) {
      const PlaneSamples& samples = key.samples[kind];
      const std::size_t byte =
          std::size_t{place} * static_cast<std::size_t>(samples.pixel_bytes) + static_cast<std::size_t>(samples.offset);
      place = static_cast<std::uint32_t>((byte - begin) * kBandRows);
    }
  if (members_.size() < static_cast<std::size_t>(key.members)) members_.resize(static_cast<std::size_t>(key.members));
  for (Member& member : members_) {
    grow(member.rows, kBandRows * row_bytes_);
    grow(member.columns, kBandRows * row_bytes_);
    grow(member.results, kBandRows * most_results);
    grow(member.sources, rows_.most_taps);
    grow(member.next, rows_.most_taps);
  }
  key_ = key;
}

// Results begin .. begin + count of the pass across rows, turned into member.columns.
void PilPlaneResize::blend_rows(const StoredBytes& plane, std::size_t begin, std::size_t count, Member& member) const {
  const auto row = [&](std::uint32_t place) {
    return plane.first + static_cast<std::ptrdiff_t>(place) * plane.row_bytes + first_byte_;
  };
  const auto places = [&](std::size_t y) {
    const PlaneTaps& taps = rows_.results[y];
    return std::span(rows_.places).subspan(taps.first, taps.plus + taps.minus);
  };
  for (std::size_t y = begin; y < begin + count; ++y) {
    const PlaneTaps& taps = rows_.results[y];
    const auto here = places(y);
    std::transform(here.begin(), here.end(), member.sources.begin(), row);
    std::size_t next = 0;
    if (y + 1 < rows_.results.size()) {
      const auto [lowest, highest] = std::minmax_element(here.begin(), here.end());
      for (const std::uint32_t place : places(y + 1))
        if (place < *lowest || place > *highest) member.next[next++] = row(place);
    }
    kernels_.blend(member.sources.data(), taps.plus, taps.minus, rows_.weights.data() + taps.first, row_bytes_,
                   std::span(member.next).first(next), member.rows.data() + (y - begin) * row_bytes_);
  }
  kernels_.transpose(member.rows.data(), row_bytes_, kBandRows, row_bytes_, member.columns.data(), kBandRows);
}

// The pass along these.
void PilPlaneResize::squeeze_columns(std::size_t kind, std::size_t begin, std::size_t count, std::int16_t* window,
                                     Member& member) const {
  const Axis& axis = columns_[kind];
  const std::size_t columns = axis.results.size(), rows = rows_.results.size();
  if (key_.swap_axes && count == kBandRows)
    return kernels_.squeeze(member.columns.data(), axis.view(), window + begin, rows);
  std::int16_t* const results = member.results.data();
  kernels_.squeeze(member.columns.data(), axis.view(), results, kBandRows);
  if (!key_.swap_axes) return kernels_.transpose(results, kBandRows, columns, count, window + begin * columns, columns);
  for (std::size_t c = 0; c < columns; ++c) std::copy_n(results + c * kBandRows, count, window + c * rows + begin);
}

void PilPlaneResize::run(const StoredBytes& plane, std::span<const PlaneSamples> samples,
                         std::span<std::int16_t* const> windows, const Workers& workers) {
  Key key{plane.walk.swap_axes, plane.walk.from_right, plane.walk.from_bottom, {}, samples.size(), workers.most()};
  std::copy(samples.begin(), samples.end(), key.samples.begin());
  prepare(key);
  const std::size_t results = rows_.results.size();
  const std::size_t parts = std::min(workers.parts(rows_.count * row_bytes_, kBytesOfPart), results);
  workers.for_each(parts, [&](std::size_t part, std::size_t index) {
    const std::size_t end = (part + 1) * results / parts;
    for (std::size_t y = part * results / parts; y < end; y += kBandRows) {
      const std::size_t count = std::min(kBandRows, end - y);
      blend_rows(plane, y, count, members_[index]);
      for (std::size_t kind = 0; kind < samples.size(); ++kind)
        squeeze_columns(kind, y, count, windows[kind], members_[index]);
    }
  });
}

}  // namespace mobilenet
