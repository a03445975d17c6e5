// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "pictures/upright_pixels.h"

#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/error.h"

namespace mobilenet {
namespace {

bool is_known(PixelFormat format) { return format <= PixelFormat::nv12; }

// In the plane that they are half the size of: the last pixel is one for a single column or row.
int halved(int side) { return side / 2 + side % 2; }

// red, green, blue: offsets inside a pixel.
void gather(const std::byte* pixel, std::ptrdiff_t step, int count, std::array<int, 3> offsets, std::uint8_t* out) {
  const auto* source = reinterpret_cast<const std::uint8_t*>(pixel);
  for (int x = 0; x < count; ++x, out += 3) {
    const std::uint8_t* at = source + x * step;
    out[0] = at[offsets[0]];
    out[1] = at[offsets[1]];
    out[2] = at[offsets[2]];
  }
}

// Weights of ITU-R 601-2 in 65536ths, rounded to nearest.
std::uint8_t luma_of(std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
  constexpr std::uint32_t kRed = 19595, kGreen = 38470, kBlue = 7471, kHalf = 0x8000;
  return static_cast<std::uint8_t>((red * kRed + green * kGreen + blue * kBlue + kHalf) >> 16);
}

void make_luma(std::uint8_t* rgb, int count) {
  for (int x = 0; x < count; ++x, rgb += 3) rgb[0] = rgb[1] = rgb[2] = luma_of(rgb[0], rgb[1], rgb[2]);
}

void make_luma(float* rgb, int count) {
  for (int x = 0; x < count; ++x, rgb += 3)
    rgb[0] = rgb[1] = rgb[2] = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
}

}  // namespace

Walk walk_of(Orientation orientation) {
  switch (orientation) {
    case Orientation::upright:
      return {false, false, false};
    case Orientation::flip_horizontal:
      return {false, true, false};
    case Orientation::rotate_180:
      return {false, true, true};
    case Orientation::flip_vertical:
      return {false, false, true};
    case Orientation::transpose:
      return {true, false, false};
    case Orientation::rotate_90:
      return {true, false, true};
    case Orientation::transverse:
      return {true, true, true};
    case Orientation::rotate_270:
      return {true, true, false};
  }
  return {false, false, false};  // no orientation; UprightPixels::of() refuses it
}

int pixel_bytes(PixelFormat format) {
  switch (format) {
    case PixelFormat::rgb:
    case PixelFormat::bgr:
      return 3;
    case PixelFormat::rgba:
    case PixelFormat::bgra:
      return 4;
    case PixelFormat::grey:
    case PixelFormat::nv12:
      return 1;
    case PixelFormat::rgb_float_planes:
      return 4;
  }
  return 0;
}

std::size_t plane_count(PixelFormat format) {
  if (format == PixelFormat::nv12) return 2;
  return format == PixelFormat::rgb_float_planes ? 3 : 1;
}

PlaneForm plane_form(PixelFormat format, int width, int height, std::size_t plane) {
  if (format == PixelFormat::nv12 && plane == 1) return {2, halved(width), halved(height)};
  return {pixel_bytes(format), width, height};
}

std::array<int, 3> rgb_offsets(PixelFormat format) {
  switch (format) {
    case PixelFormat::rgb:
    case PixelFormat::rgba:
      return {0, 1, 2};
    case PixelFormat::bgr:
    case PixelFormat::bgra:
      return {2, 1, 0};
    case PixelFormat::grey:
    case PixelFormat::nv12:              // of its luma
    case PixelFormat::rgb_float_planes:  // has no bytes
      return {0, 0, 0};
  }
  return {0, 0, 0};
}

Result<void> UprightPixels::check(const ImageView& image) {
  if (!is_known(image.format)) return failure(ErrorCode::invalid_argument, "the picture has an unknown pixel format");
  if (image.width < 1 || image.height < 1)
    return failure(ErrorCode::invalid_argument, "the picture has an impossible size of ", image.width, "x",
                   image.height, " pixels");
  if (image.orientation < Orientation::upright || image.orientation > Orientation::rotate_270)
    return failure(ErrorCode::invalid_argument, "the picture has an orientation of ",
                   static_cast<int>(image.orientation), ", expected 1 to 8");
  if (image.matrix > ColourMatrix::bt709 || image.range > ColourRange::full)
    return failure(ErrorCode::invalid_argument, "the picture has an unknown colour matrix or range");
  for (std::size_t p = 0; p < plane_count(image.format); ++p) {
    const PlaneForm form = plane_form(image.format, image.width, image.height, p);
    const std::ptrdiff_t row_bytes = image.row_bytes[p], needed = std::ptrdiff_t{form.pixel_bytes} * form.width;
    if (!image.planes[p]) return failure(ErrorCode::invalid_argument, "the picture has no pixels");
    if (form.height == 1) continue;
    // Also keeps the last row's offset inside what a pointer can hold.
    const std::ptrdiff_t longest = std::numeric_limits<std::ptrdiff_t>::max() / form.height;
    if (row_bytes < -longest || row_bytes > longest || std::abs(row_bytes) < needed)
      return failure(ErrorCode::invalid_argument,
                     image.format == PixelFormat::nv12 && p == 1 ? "the picture's colours have rows of "
                                                                 : "the picture has rows of ",
                     needed, " bytes, but its stride is ", row_bytes);
  }
  return {};
}

// planes_[index] becomes that plane.
void UprightPixels::set_plane(const ImageView& image, std::size_t plane, std::size_t index) {
  const PlaneForm form = plane_form(image.format, image.width, image.height, plane);
  const std::ptrdiff_t row_bytes = image.row_bytes[plane], step = form.pixel_bytes;
  const auto* origin = static_cast<const std::byte*>(image.planes[plane]);
  if (walk_.from_right) origin += step * (form.width - 1);
  if (walk_.from_bottom) origin += row_bytes * (form.height - 1);
  const std::ptrdiff_t along_row = walk_.from_right ? -step : step;
  const std::ptrdiff_t down = walk_.from_bottom ? -row_bytes : row_bytes;
  planes_[index] = origin;
  step_x_[index] = walk_.swap_axes ? down : along_row;
  step_y_[index] = walk_.swap_axes ? along_row : down;
  pixel_bytes_ = form.pixel_bytes;
  width_ = walk_.swap_axes ? form.height : form.width;
  height_ = walk_.swap_axes ? form.width : form.height;
}

Result<UprightPixels> UprightPixels::of(const ImageView& image, Samples samples) {
  MOBILENET_CHECK(check(image));
  if (image.memory != Memory::host)
    return failure(ErrorCode::invalid_argument,
                   "the picture lies in device memory, which cannot be read here: this is done on the host");
  UprightPixels pixels;
  pixels.samples_ = samples;
  pixels.walk_ = walk_of(image.orientation);
  pixels.rgb_ = rgb_offsets(image.format);
  pixels.floats_ = image.format == PixelFormat::rgb_float_planes;
  for (std::size_t p = 0; p < (pixels.floats_ ? 3u : 1u); ++p) pixels.set_plane(image, p, p);
  return pixels;
}

UprightPixels UprightPixels::chroma_of(const ImageView& image) {
  UprightPixels pixels;
  pixels.walk_ = walk_of(image.orientation);
  pixels.rgb_ = {0, 1, 1};
  pixels.set_plane(image, 1, 0);
  return pixels;
}

void UprightPixels::pick(int y, std::span<const int> columns, std::uint8_t* rgb) const {
  const auto* const row = reinterpret_cast<const std::uint8_t*>(planes_[0] + y * step_y_[0]);
  const std::ptrdiff_t step = step_x_[0];
  const bool in_order = rgb_ == std::array<int, 3>{0, 1, 2};
  std::uint8_t* out = rgb;
  for (const int x : columns) {
    const std::uint8_t* const pixel = row + x * step;
    if (in_order)
      std::memcpy(out, pixel, 3);
    else
      for (std::size_t c = 0; c < 3; ++c) out[c] = pixel[rgb_[c]];
    out += 3;
  }
  if (samples_ == Samples::luma && pixel_bytes_ > 1) make_luma(rgb, static_cast<int>(columns.size()));
}

StoredBytes UprightPixels::stored() const {
  StoredBytes stored;
  stored.walk = walk_;
  stored.pixel_bytes = pixel_bytes_;
  stored.rgb = rgb_;
  stored.width = walk_.swap_axes ? height_ : width_;
  stored.height = walk_.swap_axes ? width_ : height_;
  const std::ptrdiff_t down = walk_.swap_axes ? step_x_[0] : step_y_[0];
  stored.row_bytes = walk_.from_bottom ? -down : down;
  const std::byte* first = planes_[0];
  if (walk_.from_right) first -= std::ptrdiff_t{stored.pixel_bytes} * (stored.width - 1);
  if (walk_.from_bottom) first -= stored.row_bytes * (stored.height - 1);
  stored.first = reinterpret_cast<const std::uint8_t*>(first);
  return stored;
}

const std::uint8_t* UprightPixels::row(int left, int y, int count, std::uint8_t* scratch) const {
  const std::ptrdiff_t step = step_x_[0];
  const std::byte* first = planes_[0] + left * step + y * step_y_[0];
  if (rgb_ == std::array<int, 3>{0, 1, 2} && step == 3 && samples_ == Samples::colours)
    return reinterpret_cast<const std::uint8_t*>(first);
  gather(first, step, count, rgb_, scratch);
  if (samples_ == Samples::luma && pixel_bytes_ > 1) make_luma(scratch, count);
  return scratch;
}

const float* UprightPixels::row(int left, int y, int count, float* scratch) const {
  for (std::size_t p = 0; p < 3; ++p) {
    const std::byte* first = planes_[p] + left * step_x_[p] + y * step_y_[p];
    for (int x = 0; x < count; ++x) {
      float value;
      std::memcpy(&value, first + x * step_x_[p], sizeof value);  // a stride may leave floats unaligned
      scratch[3 * static_cast<std::ptrdiff_t>(x) + static_cast<std::ptrdiff_t>(p)] = value * 255.0f;
    }
  }
  if (samples_ == Samples::luma) make_luma(scratch, count);
  return scratch;
}

void luma_of(const std::uint8_t* pixels, int pixel_bytes, const std::array<int, 3>& rgb, int count,
             std::uint8_t* luma) {
  for (int x = 0; x < count; ++x, pixels += pixel_bytes)
    luma[x] = luma_of(pixels[rgb[0]], pixels[rgb[1]], pixels[rgb[2]]);
}

}  // namespace mobilenet
