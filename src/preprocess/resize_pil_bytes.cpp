// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resize_pil_bytes.h"

#include <algorithm>

namespace mobilenet {
namespace {

// Pixels of the picture that are worth waking a thread for: 20 microseconds of one.
constexpr std::size_t kPixelsOfPart = 1 << 16;

constexpr std::size_t kSpare = 1;  // what squeeze writes past the end of a row

template <class T>
void grow(std::vector<T>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
}

std::size_t quads(std::size_t count) { return (count + kQuad - 1) / kQuad; }

}  // namespace

void PilByteResize::prepare(const Key& key) {
  if (key == key_) return;
  key_ = {};  // stays invalid when memory runs out below
  const auto [swap_axes, from_right, from_bottom] = key.walk;
  axes_.make(filter_, kernels_, swap_axes ? key.geometry.rows : key.geometry.columns, key.width, from_right, true,
             columns_);
  axes_.make(filter_, kernels_, swap_axes ? key.geometry.columns : key.geometry.rows, key.height, from_bottom, false,
             rows_);
  blend_first_ = key.vertical_first != swap_axes;

  const auto width = static_cast<std::size_t>(columns_.count);
  line_bytes_ = 3 * columns_.taps.size() + kSpare;
  row_bytes_ = blend_first_ ? width * static_cast<std::size_t>(key.pixel_bytes) : line_bytes_;
  // From the first row of a result to the end of the quad that its last one is in.
  kept_rows_ = blend_first_ ? kQuad : kQuad * (rows_.most_quads + 1);
  if (members_.size() < static_cast<std::size_t>(key.members)) members_.resize(static_cast<std::size_t>(key.members));
  for (Member& member : members_) {
    grow(member.groups, quads(width) * kGroupBytes);
    grow(member.rows, kept_rows_ * row_bytes_);
    grow(member.lines, kQuad * line_bytes_);
    grow(member.sources, kQuad * rows_.most_quads);
    if (!key.convert) continue;
    grow(member.converted, kQuad * (rows_.most_quads + 1) * width * static_cast<std::size_t>(key.pixel_bytes));
    grow(member.converted_y, kQuad * (rows_.most_quads + 1));
  }
  key_ = key;
}

// Row y of those that taps read, from the first column that they read on.
const std::uint8_t* PilByteResize::source(const Run& run, int y, Member& member) const {
  y = std::min(y, rows_.count - 1);  // what fills a quad up counts nothing
  const StoredBytes& stored = run.stored;
  const std::uint8_t* const row =
      stored.first + (rows_.first + y) * stored.row_bytes + std::ptrdiff_t{columns_.first} * stored.pixel_bytes;
  if (!run.convert) return row;
  const std::size_t slot = static_cast<std::size_t>(y) % (kQuad * (rows_.most_quads + 1));
  const std::size_t bytes = static_cast<std::size_t>(columns_.count) * static_cast<std::size_t>(run.pixel.size);
  std::uint8_t* const converted = member.converted.data() + slot * bytes;
  if (std::exchange(member.converted_y[slot], y) != y)
    convert_row(pixel_kernels_, stored, row, run.samples, columns_.count, converted);
  return converted;
}

std::array<std::uint8_t*, kQuad> PilByteResize::lines(Member& member) const {
  std::uint8_t* const first = member.lines.data();
  return {first, first + line_bytes_, first + 2 * line_bytes_, first + 3 * line_bytes_};
}

// Results place .. place + count, which lie in `lines`.
void PilByteResize::hand_over(const Run& run, int place, int count, Member& member) const {
  std::array<const std::uint8_t*, kQuad> rgb;
  std::copy_n(lines(member).begin(), kQuad, rgb.begin());
  if (!run.stored.walk.swap_axes) {
    for (int i = 0; i < count; ++i) run.encoder.row(run.place, result(place + i), rgb[static_cast<std::size_t>(i)]);
    return;
  }
  if (rows_.reversed) std::reverse(rgb.begin(), rgb.begin() + count);
  run.encoder.columns(run.place, std::min(result(place), result(place + count - 1)), count, rgb.data());
}

void PilByteResize::squeeze_quad(const Run& run, int y, Member& member) const {
  std::array<const std::uint8_t*, kQuad> from;
  std::array<std::uint8_t*, kQuad> to;
  for (std::size_t r = 0; r < kQuad; ++r) {
    const std::size_t row = static_cast<std::size_t>(y) + r;
    from[r] = source(run, static_cast<int>(row), member);
    to[r] = member.rows.data() + row % kept_rows_ * row_bytes_;
  }
  kernels_.group(from, run.pixel, static_cast<std::size_t>(columns_.count), member.groups.data());
  kernels_.squeeze(member.groups.data(), columns_.taps, columns_.words.data(), to);
}

void PilByteResize::squeeze_first(const Run& run, int begin, int end, Member& member) const {
  constexpr int kRows = kQuad;
  const auto tap = [&](int place) -> const QuadTaps& { return rows_.taps[static_cast<std::size_t>(result(place))]; };
  int squeezed = static_cast<int>(tap(begin).first) / kRows * kRows;
  for (int place = begin; place < end; ++place) {
    const QuadTaps& taps = tap(place);
    const int first = static_cast<int>(taps.first), needed = first + static_cast<int>(taps.count) * kRows;
    for (; squeezed < std::min(needed, rows_.count); squeezed += kRows) squeeze_quad(run, squeezed, member);
    for (std::size_t t = 0; t < taps.count * kQuad; ++t) {
      const auto row = static_cast<std::size_t>(std::min(first + static_cast<int>(t), rows_.count - 1));
      member.sources[t] = member.rows.data() + row % kept_rows_ * row_bytes_;
    }
    kernels_.blend(member.sources.data(), taps.count, rows_.words.data() + taps.words, line_bytes_ - kSpare,
                   member.lines.data());
    hand_over(run, place, 1, member);
  }
}

void PilByteResize::blend_first(const Run& run, int begin, int end, Member& member) const {
  constexpr int kRows = kQuad;
  for (int place = begin; place < end; place += kRows) {
    const int count = std::min(kRows, end - place);
    std::array<const std::uint8_t*, kQuad> blended;
    for (std::size_t r = 0; r < kQuad; ++r) {
      const std::size_t line = std::min(r, static_cast<std::size_t>(count - 1));
      std::uint8_t* const out = member.rows.data() + line * row_bytes_;
      blended[r] = out;
      if (line < r) continue;
      const QuadTaps& taps = rows_.taps[static_cast<std::size_t>(result(place + static_cast<int>(r)))];
      for (std::size_t t = 0; t < taps.count * kQuad; ++t)
        member.sources[t] = source(run, static_cast<int>(taps.first + t), member);
      kernels_.blend(member.sources.data(), taps.count, rows_.words.data() + taps.words, row_bytes_, out);
    }
    kernels_.group(blended, run.pixel, static_cast<std::size_t>(columns_.count), member.groups.data());
    kernels_.squeeze(member.groups.data(), columns_.taps, columns_.words.data(), lines(member));
    hand_over(run, place, count, member);
  }
}

void PilByteResize::run(const UprightPixels& pixels, const InputPlace& place, const InputEncoder& encoder,
                        const Workers& workers, Order order) {
  const StoredBytes stored = pixels.stored();
  const bool luma = pixels.samples() == Samples::luma && stored.pixel_bytes > 1;
  const PixelBytes pixel = luma            ? PixelBytes{1, {0, 0, 0}}
                           : stored.is_565 ? PixelBytes{}
                                           : PixelBytes{stored.pixel_bytes, stored.rgb};
  const bool convert = luma || stored.is_565;
  const Run run{stored, pixel, convert, luma ? Samples::luma : Samples::colours, place, encoder};
  prepare({place.geometry,
           stored.width,
           stored.height,
           {stored.walk.swap_axes, stored.walk.from_right, stored.walk.from_bottom},
           run.pixel.size,
           convert,
           order == Order::vertical_first || pil_vertical_first(resampler_, place.geometry),
           workers.most()});
  if (convert)
    for (Member& member : members_) std::fill(member.converted_y.begin(), member.converted_y.end(), -1);
  const std::size_t results = rows_.taps.size();
  const std::size_t work = static_cast<std::size_t>(rows_.count) * static_cast<std::size_t>(columns_.count);
  const std::size_t parts = std::min(workers.parts(work, kPixelsOfPart), results);
  workers.for_each(parts, [&](std::size_t part, std::size_t member) {
    const auto begin = static_cast<int>(part * results / parts), end = static_cast<int>((part + 1) * results / parts);
    if (blend_first_)
      blend_first(run, begin, end, members_[member]);
    else
      squeeze_first(run, begin, end, members_[member]);
  });
}

}  // namespace mobilenet
