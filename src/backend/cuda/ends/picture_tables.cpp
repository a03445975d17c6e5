// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/ends/picture_tables.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
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
void PictureTables::take_axis(const AxisGeometry& geometry, const PilAxis<Weight>& made, Axis& axis) {
  axis.first = geometry.crop_begin + made.first;
  axis.places = made.count;
  for (const PilTaps& taps : made.taps) {
    const int first = taps.first - made.first;
    axis.taps.push_back({first, first + taps.count, static_cast<std::int32_t>(taps.weights), 0});
  }
  for (const Weight weight : made.weights) axis.weights.push_back(bits_of(weight));
}

void PictureTables::make_pillow(PilFilter filter, const AxisGeometry& geometry, bool is_first_pass, Axis& axis) {
  if (has_floats_) {
    prepare_pil_axis(filter, geometry, exact_, pil_floats_);
    return take_axis(geometry, pil_floats_, axis);
  }
  if (is_ycbcr_)
    plane_taps_.make(filter, geometry, is_first_pass ? PlanePass::of_bytes : PlanePass::of_samples, pil_bytes_);
  else
    prepare_pil_axis(filter, geometry, exact_, pil_bytes_);
  take_axis(geometry, pil_bytes_, axis);
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

Result<void> PictureTables::make_plane(const PreprocessSpec& spec, const PictureForm& form, const PlaneForm& stored,
                                       int samples, Plane& plane) {
  const Walk walk = walk_of(form.orientation);
  const ResizerKind kind = kind_of(spec.filter);
  plane.image_plane = stored.image_plane;
  plane.pixel = static_cast<std::size_t>(stored.pixel_bytes);
  plane.offsets = stored.offsets;
  // Of luma and colours as the host has it, in picture_input.cpp.
  plane.vertical_first =
      kind == ResizerKind::pil && (is_ycbcr_ ? !is_turned_ : pil_vertical_first(spec.resampler, form.geometry));
  for (const auto& [axis, geometry] :
       {std::pair{&plane.columns, &form.geometry.columns}, std::pair{&plane.rows, &form.geometry.rows}}) {
    axis->taps.clear();
    axis->weights.clear();
    axis->begin = geometry->output_begin;
    if (kind != ResizerKind::pil)
      make_points(spec, *geometry, *axis);
    else
      make_pillow(pil_filter(spec.filter), *geometry, plane.vertical_first == (axis == &plane.rows), *axis);
  }
  if (std::max(plane.columns.places, plane.rows.places) > kMostPlaces)
    return failure(ErrorCode::unsupported, "a picture of ", form.width, "x", form.height,
                   " pixels has a side that the GPU does not count");

  Axis& down = is_turned_ ? plane.columns : plane.rows;
  const Axis& along = is_turned_ ? plane.rows : plane.columns;
  const auto stored_row = [&](int upright) { return walk.from_bottom ? stored.height - 1 - upright : upright; };
  const int first = down.first;
  plane.first_row = stored_row(first);
  plane.rows_there.clear();
  if (!in_place_) {
    if (kind != ResizerKind::pil) pick_rows(down);
    for (int place = 0; place < down.places; ++place)
      plane.rows_there.push_back(
          stored_row(first + (kind == ResizerKind::pil ? place : picked_[static_cast<std::size_t>(place)])));
  }
  plane.stored_places = along.places;
  plane.stored_first = walk.from_right ? stored.width - along.first - along.places : along.first;

  plane.between_bytes = 0;
  if (kind == ResizerKind::pil) {
    const Axis &columns = plane.columns, &rows = plane.rows;
    const std::size_t width = plane.vertical_first ? static_cast<std::size_t>(columns.places) : columns.taps.size();
    const std::size_t height = plane.vertical_first ? rows.taps.size() : static_cast<std::size_t>(rows.places);
    const std::size_t sample_bytes = has_floats_ ? sizeof(float) : is_ycbcr_ ? sizeof(std::int16_t) : 1;
    const std::size_t bytes = width * height * static_cast<std::size_t>(samples) * sample_bytes;
    plane.between_bytes = (bytes + sizeof(float) - 1) / sizeof(float) * sizeof(float);  // what follows is aligned
  }
  return {};
}

Result<void> PictureTables::make(const PreprocessSpec& spec, const PictureForm& form, int channels) {
  const Walk walk = walk_of(form.orientation);
  in_place_ = form.memory == Memory::device;
  is_turned_ = walk.swap_axes;
  from_right_ = walk.from_right;
  from_bottom_ = walk.from_bottom;
  has_floats_ = form.format == PixelFormat::rgb_float_planes;
  is_ycbcr_ = is_ycbcr(form.format);
  planes_in_use_ = is_ycbcr_ && channels != 1 ? 2 : 1;
  has_two_colours_ = planes_in_use_ == 2 && plane_count(form.format) == 3;
  matrix_ = ycbcr_matrix(form.matrix, form.range);
  if (kind_of(spec.filter) == ResizerKind::pil) matrix_ = fine_matrix(matrix_);
  const PlaneForm stored = plane_form(form.format, form.width, form.height, 0);
  MOBILENET_CHECK(make_plane(spec, form, stored, is_ycbcr_ ? 1 : channels, planes_[0]));
  if (planes_in_use_ == 1) return {};
  const PlaneForm colours = plane_form(form.format, form.width, form.height, 1);
  const auto upright = [&](const PlaneForm& plane) {
    return is_turned_ ? PictureSize{plane.height, plane.width} : PictureSize{plane.width, plane.height};
  };
  PictureForm of_colours = form;
  of_colours.geometry = plane_geometry(form.geometry, upright(stored), upright(colours));
  return make_plane(spec, of_colours, colours, 2, planes_[1]);
}

std::size_t PictureTables::pixel_bytes() const {
  std::size_t bytes = 0;
  for (std::size_t part = 0; part < parts() && !in_place_; ++part) bytes += tables_of(part).bytes();
  return bytes;
}

std::size_t PictureTables::table_bytes() const {
  std::size_t bytes = 0;
  for (const Plane& plane : planes())
    bytes += (plane.columns.taps.size() + plane.rows.taps.size()) * sizeof(PictureTapArguments) +
             (plane.columns.weights.size() + plane.rows.weights.size()) * sizeof(std::int32_t);
  return bytes;
}

// Bytes lie behind bytes, floats alone.
std::size_t PictureTables::between_bytes() const {
  std::size_t bytes = 0;
  for (const Plane& plane : planes()) bytes += plane.between_bytes;
  return bytes;
}

void PictureTables::write_tables(std::byte* out) const {
  for (const Plane& plane : planes())
    for (const Axis* axis : {&plane.columns, &plane.rows}) out = write(axis->weights, write(axis->taps, out));
}

// `tables` moves on to those of the next plane.
PicturePlaneArguments PictureTables::arguments(const Plane& plane, const ImageView& image, Address pixels,
                                               Address& tables, Address between) const {
  PicturePlaneArguments made{};
  const auto pixel = static_cast<std::int64_t>(plane.pixel);
  const auto address = [&](std::size_t p) { return reinterpret_cast<Address>(image.planes[p]); };
  auto down = static_cast<std::int64_t>(plane.row_bytes());
  if (in_place_) {
    // Addresses wrap around, so that rows may lead backwards.
    const std::ptrdiff_t row_bytes = image.row_bytes[plane.image_plane];
    pixels =
        address(plane.image_plane) + static_cast<Address>(row_bytes * plane.first_row + pixel * plane.stored_first);
    down = from_bottom_ ? -row_bytes : row_bytes;
  }
  const std::int64_t along = from_right_ ? -pixel : pixel;
  made.pixels = pixels + (from_right_ ? plane.row_bytes() - plane.pixel : 0);
  made.step_x = is_turned_ ? down : along;
  made.step_y = is_turned_ ? along : down;
  // From the first of several planes to another.
  const auto plane_offset = [&](std::size_t p) {
    const std::size_t first = plane.image_plane;
    return static_cast<std::int64_t>(in_place_ ? address(p) - address(first) : (p - first) * plane.bytes());
  };
  for (std::size_t c = 0; c < 3; ++c) made.offsets[c] = has_floats_ ? plane_offset(c) : plane.offsets[c];
  if (has_two_colours_ && plane.image_plane > 0) made.offsets[1] = plane_offset(plane.image_plane + 1);
  for (const auto& [axis, to] : {std::pair{&plane.columns, &made.columns}, std::pair{&plane.rows, &made.rows}}) {
    to->taps = tables;
    to->weights = tables += axis->taps.size() * sizeof(PictureTapArguments);
    tables += axis->weights.size() * sizeof(std::int32_t);
    to->places = axis->places;
    to->window = static_cast<std::int32_t>(axis->taps.size());
    to->begin = axis->begin;
  }
  made.between = between;
  made.is_turned = is_turned_ ? 1 : 0;
  made.vertical_first = plane.vertical_first ? 1 : 0;
  return made;
}

PictureArguments PictureTables::arguments(const ImageView& image, Address pixels, Address tables,
                                          Address between) const {
  PictureArguments made{};
  for (std::size_t p = 0; p < planes_in_use_; ++p) {
    made.planes[p] = arguments(planes_[p], image, pixels, tables, between);
    pixels += planes_[p].bytes();
    between += planes_[p].between_bytes;
  }
  made.has_floats = has_floats_ ? 1 : 0;
  made.is_ycbcr = is_ycbcr_ ? 1 : 0;
  made.black = matrix_.black, made.luma = matrix_.luma;
  made.red_of_cr = matrix_.red_of_cr, made.blue_of_cb = matrix_.blue_of_cb;
  made.green_of_cb = matrix_.green_of_cb, made.green_of_cr = matrix_.green_of_cr;
  return made;
}

void PictureTables::gather(const ImageView& image, std::size_t begin, std::size_t end, std::byte* out) const {
  std::size_t plane_begin = 0;
  for (std::size_t part = 0; part < parts() && begin < end; ++part) {
    const Plane& plane = tables_of(part);
    const std::size_t p = image_plane_of(part);
    const std::size_t row = plane.row_bytes(), plane_end = plane_begin + plane.bytes();
    while (begin < std::min(end, plane_end)) {
      const std::size_t line = (begin - plane_begin) / row, from = begin - plane_begin - line * row;
      const std::size_t count = std::min(end - begin, row - from);
      const auto* const stored = static_cast<const std::byte*>(image.planes[p]) +
                                 image.row_bytes[p] * plane.rows_there[line] +
                                 static_cast<std::ptrdiff_t>(plane.pixel) * plane.stored_first;
      std::memcpy(out, stored + from, count);
      out += count;
      begin += count;
    }
    plane_begin = plane_end;
  }
}

}  // namespace mobilenet::cuda
