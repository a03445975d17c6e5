// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/ends/picture_tables.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "pictures/upright_pixels.h"
#include "preprocess/resize_nearest.h"
#include "preprocess/resizer_kind.h"

namespace mobilenet::cuda {
namespace {

// Threads are counted in 32 bits, three for a pixel.
constexpr int kMostPlaces = 1 << 30;

std::int32_t bits_of(std::int32_t weight) { return weight; }
std::int32_t bits_of(float weight) { return std::bit_cast<std::int32_t>(weight); }

template <class T>
std::byte* write(const std::vector<T>& from, std::byte* out) {
  if (!from.empty()) std::memcpy(out, from.data(), from.size() * sizeof(T));
  return out + from.size() * sizeof(T);
}

}  // namespace

template <class Weight>
void PictureTables::make_pillow(PilFilter filter, const AxisGeometry& geometry, PilAxis<Weight>& made, Axis& axis) {
  prepare_pil_axis(filter, geometry, exact_, made);
  axis.first = geometry.crop_begin + made.first;
  axis.places = made.count;
  for (const PilTaps& taps : made.taps) {
    const int first = taps.first - made.first;
    axis.taps.push_back({first, first + taps.count, static_cast<std::int32_t>(taps.weights), 0});
  }
  for (const Weight weight : made.weights) axis.weights.push_back(bits_of(weight));
}

void PictureTables::make_points(const PreprocessSpec& spec, const AxisGeometry& geometry, Axis& axis) {
  if (kind_of(spec.filter) == ResizerKind::tf) {
    tf_pairs(tf_centres(spec.filter), geometry, pairs_);
    for (const TfPair& pair : pairs_) axis.taps.push_back({pair.lower, pair.upper, 0, pair.fraction});
  } else {
    nearest_sources(spec.resampler, geometry, sources_);
    for (const int source : sources_) axis.taps.push_back({source, source, 0, 0});
  }
  int first = geometry.crop_size, last = 0;
  for (const PictureTapArguments& tap : axis.taps) {
    first = std::min({first, tap.first, tap.last});
    last = std::max({last, tap.first, tap.last});
  }
  for (PictureTapArguments& tap : axis.taps) tap.first -= first, tap.last -= first;
  axis.first = geometry.crop_begin + first;
  axis.places = last - first + 1;
}

// Of what lies in rows of its own, filters of points leave out the rows between.
void PictureTables::pick_rows(Axis& axis) {
  picked_.clear();
  for (const PictureTapArguments& tap : axis.taps) picked_.insert(picked_.end(), {tap.first, tap.last});
  std::sort(picked_.begin(), picked_.end());
  picked_.erase(std::unique(picked_.begin(), picked_.end()), picked_.end());
  const auto place = [&](int upright) {
    return static_cast<int>(std::lower_bound(picked_.begin(), picked_.end(), upright) - picked_.begin());
  };
  for (PictureTapArguments& tap : axis.taps) tap.first = place(tap.first), tap.last = place(tap.last);
  axis.places = static_cast<int>(picked_.size());
}

Result<void> PictureTables::make(const PreprocessSpec& spec, const PictureForm& form, int channels) {
  const Walk walk = walk_of(form.orientation);
  const ResizerKind kind = kind_of(spec.filter);
  in_place_ = form.memory == Memory::device;
  is_turned_ = walk.swap_axes;
  from_right_ = walk.from_right;
  from_bottom_ = walk.from_bottom;
  has_floats_ = form.format == PixelFormat::rgb_float_planes;
  planes_ = plane_count(form.format);
  pixel_ = static_cast<std::size_t>(mobilenet::pixel_bytes(form.format));
  rgb_ = rgb_offsets(form.format);
  vertical_first_ = kind == ResizerKind::pil && pil_vertical_first(spec.resampler, form.geometry);
  for (const auto& [axis, geometry] :
       {std::pair{&columns_, &form.geometry.columns}, std::pair{&rows_, &form.geometry.rows}}) {
    axis->taps.clear();
    axis->weights.clear();
    axis->begin = geometry->output_begin;
    if (kind != ResizerKind::pil)
      make_points(spec, *geometry, *axis);
    else if (has_floats_)
      make_pillow(pil_filter(spec.filter), *geometry, pil_floats_, *axis);
    else
      make_pillow(pil_filter(spec.filter), *geometry, pil_bytes_, *axis);
  }
  if (std::max(columns_.places, rows_.places) > kMostPlaces)
    return failure(ErrorCode::unsupported, "a picture of ", form.width, "x", form.height,
                   " pixels has a side that the GPU does not count");

  Axis& down = is_turned_ ? columns_ : rows_;
  const Axis& along = is_turned_ ? rows_ : columns_;
  const auto stored_row = [&](int upright) { return walk.from_bottom ? form.height - 1 - upright : upright; };
  const int first = down.first;
  first_row_ = stored_row(first);
  rows_there_.clear();
  if (!in_place_) {
    if (kind != ResizerKind::pil) pick_rows(down);
    for (int place = 0; place < down.places; ++place)
      rows_there_.push_back(
          stored_row(first + (kind == ResizerKind::pil ? place : picked_[static_cast<std::size_t>(place)])));
  }
  stored_places_ = along.places;
  stored_first_ = walk.from_right ? form.width - along.first - along.places : along.first;

  between_bytes_ = 0;
  if (kind == ResizerKind::pil) {
    const std::size_t width = vertical_first_ ? static_cast<std::size_t>(columns_.places) : columns_.taps.size();
    const std::size_t height = vertical_first_ ? rows_.taps.size() : static_cast<std::size_t>(rows_.places);
    between_bytes_ = width * height * static_cast<std::size_t>(channels) * (has_floats_ ? sizeof(float) : 1);
  }
  return {};
}

std::size_t PictureTables::table_bytes() const {
  return (columns_.taps.size() + rows_.taps.size()) * sizeof(PictureTapArguments) +
         (columns_.weights.size() + rows_.weights.size()) * sizeof(std::int32_t);
}

void PictureTables::write_tables(std::byte* out) const {
  for (const Axis* axis : {&columns_, &rows_}) out = write(axis->weights, write(axis->taps, out));
}

PictureArguments PictureTables::arguments(const ImageView& image, Address pixels, Address tables,
                                          Address between) const {
  PictureArguments made{};
  const auto pixel = static_cast<std::int64_t>(pixel_);
  const auto address = [&](std::size_t plane) { return reinterpret_cast<Address>(image.planes[plane]); };
  auto down = static_cast<std::int64_t>(row_bytes());
  if (in_place_) {
    // Addresses wrap around, so that rows may lead backwards.
    pixels = address(0) + static_cast<Address>(image.row_bytes[0] * first_row_ + pixel * stored_first_);
    down = from_bottom_ ? -image.row_bytes[0] : image.row_bytes[0];
  }
  const std::int64_t along = from_right_ ? -pixel : pixel;
  made.pixels = pixels + (from_right_ ? row_bytes() - pixel_ : 0);
  made.step_x = is_turned_ ? down : along;
  made.step_y = is_turned_ ? along : down;
  for (std::size_t c = 0; c < 3; ++c) {
    made.offsets[c] = rgb_[c];
    if (has_floats_)
      made.offsets[c] = static_cast<std::int64_t>(in_place_ ? address(c) - address(0) : c * plane_bytes());
  }
  for (const auto& [axis, to] : {std::pair{&columns_, &made.columns}, std::pair{&rows_, &made.rows}}) {
    to->taps = tables;
    to->weights = tables += axis->taps.size() * sizeof(PictureTapArguments);
    tables += axis->weights.size() * sizeof(std::int32_t);
    to->places = axis->places;
    to->window = static_cast<std::int32_t>(axis->taps.size());
    to->begin = axis->begin;
  }
  made.between = between;
  made.has_floats = has_floats_ ? 1 : 0;
  made.is_turned = is_turned_ ? 1 : 0;
  made.vertical_first = vertical_first_ ? 1 : 0;
  return made;
}

void PictureTables::gather(const ImageView& image, std::size_t begin, std::size_t end, std::byte* out) const {
  const std::size_t row = row_bytes();
  for (std::size_t line = begin / row; begin < end; ++line) {
    const std::size_t plane = line / rows_there_.size(), from = begin - line * row;
    const std::size_t count = std::min(end - begin, row - from);
    const auto* const stored = static_cast<const std::byte*>(image.planes[plane]) +
                               image.row_bytes[plane] * rows_there_[line % rows_there_.size()] +
                               static_cast<std::ptrdiff_t>(pixel_) * stored_first_;
    std::memcpy(out, stored + from, count);
    out += count;
    begin += count;
  }
}

}  // namespace mobilenet::cuda
