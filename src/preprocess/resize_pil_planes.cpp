// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resize_pil_planes.h"

#include <algorithm>
#include <limits>

namespace mobilenet {
namespace {

// Bytes of the plane that are worth waking a thread for: 20 microseconds of one.
constexpr std::size_t kBytesOfPart = 1 << 17;

template <class T>
void grow(std::vector<T>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
}

std::size_t whole_blocks(std::size_t count) { return (count + kBlockSide - 1) / kBlockSide * kBlockSide; }

}  // namespace

void PilPlaneResize::prepare(const Key& key) {
  if (key == key_) return;
  key_ = {};  // stays invalid when memory runs out below
  axes_.make(filter_, kernels_, key.rows, key.height, key.from_bottom, false, rows_);
  std::size_t begin = std::numeric_limits<std::size_t>::max(), end = 0, most_quads = rows_.most_quads, widest = 0;
  for (std::size_t kind = 0; kind < key.count; ++kind) {
    const PlaneSamples& samples = key.samples[kind];
    QuadAxis& axis = columns_[kind];
    axes_.make(filter_, kernels_, samples.columns, samples.width, key.from_right, false, axis);
    const auto pixel = static_cast<std::size_t>(samples.pixel_bytes), first = static_cast<std::size_t>(axis.first);
    begin = std::min(begin, first * pixel);
    end = std::max(end, (first + static_cast<std::size_t>(axis.count)) * pixel);
    most_quads = std::max(most_quads, axis.most_quads);
    widest = std::max(widest, axis.taps.size());
  }
  first_byte_ = begin, row_bytes_ = end - begin, padded_bytes_ = whole_blocks(row_bytes_);
  if (members_.size() < static_cast<std::size_t>(key.members)) members_.resize(static_cast<std::size_t>(key.members));
  for (Member& member : members_) {
    grow(member.rows, kRowsAtOnce * padded_bytes_);
    grow(member.columns, kRowsAtOnce * row_bytes_);
    grow(member.results, kRowsAtOnce * whole_blocks(widest));
    grow(member.sources, kQuad * most_quads);
  }
  key_ = key;
}

// Results begin .. begin + count of the pass across rows, transposed into member.columns.
void PilPlaneResize::blend_rows(const StoredBytes& plane, int begin, int count, Member& member) const {
  const std::uint8_t* const first = plane.first + rows_.first * plane.row_bytes + first_byte_;
  for (int y = 0; y < count; ++y) {
    const QuadTaps& taps = rows_.taps[static_cast<std::size_t>(begin) + static_cast<std::size_t>(y)];
    for (std::size_t t = 0; t < taps.count * kQuad; ++t) {
      const int row = static_cast<int>(taps.first) + static_cast<int>(t);
      // What fills a quad up counts nothing.
      member.sources[t] = first + std::min(row, rows_.count - 1) * plane.row_bytes;
    }
    kernels_.blend(member.sources.data(), taps.count, rows_.words.data() + taps.words, row_bytes_,
                   member.rows.data() + static_cast<std::size_t>(y) * padded_bytes_);
  }
  kernels_.transpose(member.rows.data(), padded_bytes_, kRowsAtOnce, row_bytes_, member.columns.data(), kRowsAtOnce);
}

// The pass along them, of all rows that are there.
void PilPlaneResize::blend_columns(std::size_t kind, Member& member) const {
  const QuadAxis& axis = columns_[kind];
  const PlaneSamples& samples = key_.samples[kind];
  const auto pixel = static_cast<std::size_t>(samples.pixel_bytes);
  const std::uint8_t* const first =
      member.columns.data() + kRowsAtOnce * (static_cast<std::size_t>(axis.first) * pixel +
                                             static_cast<std::size_t>(samples.offset) - first_byte_);
  const auto last = static_cast<std::size_t>(axis.count - 1);
  std::uint8_t* out = member.results.data();
  for (const QuadTaps& taps : axis.taps) {
    for (std::size_t t = 0; t < taps.count * kQuad; ++t)
      member.sources[t] = first + std::min(taps.first + t, last) * pixel * kRowsAtOnce;
    kernels_.blend(member.sources.data(), taps.count, axis.words.data() + taps.words, kRowsAtOnce, out);
    out += kRowsAtOnce;
  }
}

void PilPlaneResize::run(const StoredBytes& plane, const AxisGeometry& rows, std::span<const PlaneSamples> samples,
                         std::span<std::uint8_t* const> windows, const Workers& workers) {
  Key key{rows, plane.height, plane.walk.from_right, plane.walk.from_bottom, {}, samples.size(), workers.most()};
  std::copy(samples.begin(), samples.end(), key.samples.begin());
  prepare(key);
  const std::size_t results = rows_.taps.size();
  const std::size_t parts =
      std::min(workers.parts(static_cast<std::size_t>(rows_.count) * row_bytes_, kBytesOfPart), results);
  workers.for_each(parts, [&](std::size_t part, std::size_t index) {
    Member& member = members_[index];
    const auto begin = static_cast<int>(part * results / parts), end = static_cast<int>((part + 1) * results / parts);
    for (int y = begin; y < end; y += kRowsAtOnce) {
      const int count = std::min(kRowsAtOnce, end - y);
      blend_rows(plane, y, count, member);
      for (std::size_t kind = 0; kind < samples.size(); ++kind) {
        blend_columns(kind, member);
        const std::size_t width = columns_[kind].taps.size();
        kernels_.transpose(member.results.data(), kRowsAtOnce, width, static_cast<std::size_t>(count),
                           windows[kind] + static_cast<std::size_t>(y) * width, width);
      }
    }
  });
}

}  // namespace mobilenet
