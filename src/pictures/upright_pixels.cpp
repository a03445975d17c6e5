// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "pictures/upright_pixels.h"

#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "pictures/pixel_kernels.h"

namespace mobilenet {
namespace {

bool is_known(PixelFormat format) { return format <= kLastPixelFormat; }

// Pixels that cover a side; the last may reach beyond it.
int covering(int side, int by) { return side / by + (side % by != 0 ? 1 : 0); }

// A plane as all pictures of its format have it.
struct Lay {
  std::size_t image_plane;
  int pixel_bytes;
  std::array<int, 3> offsets;
  int covers_width = 1, covers_height = 1;
};
struct Lays {
  std::size_t count;
  std::array<Lay, 3> planes;
};

const Lays& lays_of(PixelFormat format) {
  static constexpr Lays kRgb{1, {{{0, 3, {0, 1, 2}}}}}, kBgr{1, {{{0, 3, {2, 1, 0}}}}}, kRgba{1, {{{0, 4, {0, 1, 2}}}}},
      kBgra{1, {{{0, 4, {2, 1, 0}}}}}, kGrey{1, {{{0, 1, {0, 0, 0}}}}}, kRgb565{1, {{{0, 2, {0, 0, 0}}}}},
      kFloats{3, {{{0, 4, {}}, {1, 4, {}}, {2, 4, {}}}}}, kNv12{2, {{{0, 1, {0, 0, 0}}, {1, 2, {0, 1, 1}, 2, 2}}}},
      kNv21{2, {{{0, 1, {0, 0, 0}}, {1, 2, {1, 0, 0}, 2, 2}}}},
      kNv16{2, {{{0, 1, {0, 0, 0}}, {1, 2, {0, 1, 1}, 2, 1}}}},
      kI420{3, {{{0, 1, {0, 0, 0}}, {1, 1, {0, 0, 0}, 2, 2}, {2, 1, {0, 0, 0}, 2, 2}}}},
      kI422{3, {{{0, 1, {0, 0, 0}}, {1, 1, {0, 0, 0}, 2, 1}, {2, 1, {0, 0, 0}, 2, 1}}}},
      kI444{3, {{{0, 1, {0, 0, 0}}, {1, 1, {0, 0, 0}}, {2, 1, {0, 0, 0}}}}},
      kYuyv{2, {{{0, 2, {0, 0, 0}}, {0, 4, {1, 3, 3}, 2, 1}}}},
      kUyvy{2, {{{0, 2, {1, 1, 1}}, {0, 4, {0, 2, 2}, 2, 1}}}},
      kP010{2, {{{0, 2, {1, 1, 1}}, {1, 4, {1, 3, 3}, 2, 2}}}};
  switch (format) {
    case PixelFormat::rgb:
      return kRgb;
    case PixelFormat::bgr:
      return kBgr;
    case PixelFormat::rgba:
      return kRgba;
    case PixelFormat::bgra:
      return kBgra;
    case PixelFormat::grey:
      return kGrey;
    case PixelFormat::rgb_float_planes:
      return kFloats;
    case PixelFormat::nv12:
      return kNv12;
    case PixelFormat::nv21:
      return kNv21;
    case PixelFormat::nv16:
      return kNv16;
    case PixelFormat::i420:
      return kI420;
    case PixelFormat::i422:
      return kI422;
    case PixelFormat::i444:
      return kI444;
    case PixelFormat::yuyv:
      return kYuyv;
    case PixelFormat::uyvy:
      return kUyvy;
    case PixelFormat::p010:
      return kP010;
    case PixelFormat::rgb565:
      return kRgb565;
  }
  return kRgb;  // no format; UprightPixels::check() refuses it
}

void gather_565(const std::byte* pixel, std::ptrdiff_t step, int count, std::uint8_t* out) {
  for (int x = 0; x < count; ++x, pixel += step, out += 3) {
    const unsigned word = static_cast<unsigned>(pixel[0]) | static_cast<unsigned>(pixel[1]) << 8;
    out[0] = widened(word >> 11, 5);
    out[1] = widened(word >> 5 & 63, 6);
    out[2] = widened(word & 31, 5);
  }
}

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

std::size_t plane_count(PixelFormat format) { return lays_of(format).count; }

PlaneForm plane_form(PixelFormat format, int width, int height, std::size_t plane) {
  const Lay& lay = lays_of(format).planes[plane];
  return {lay.image_plane,
          lay.pixel_bytes,
          covering(width, lay.covers_width),
          covering(height, lay.covers_height),
          lay.offsets,
          lay.covers_width,
          lay.covers_height};
}

bool is_ycbcr(PixelFormat format) { return format >= PixelFormat::nv12 && format <= PixelFormat::p010; }

Result<void> UprightPixels::check(const ImageView& image) {
  if (!is_known(image.format)) return failure(ErrorCode::invalid_argument, "the picture has an unknown pixel format");
  if (image.width < 1 || image.height < 1)
    return failure(ErrorCode::invalid_argument, "the picture has an impossible size of ", image.width, "x",
                   image.height, " pixels");
  if (image.orientation < Orientation::upright || image.orientation > Orientation::rotate_270)
    return failure(ErrorCode::invalid_argument, "the picture has an orientation of ",
                   static_cast<int>(image.orientation), ", expected 1 to 8");
  if (image.matrix > ColourMatrix::bt2020 || image.range > ColourRange::full)
    return failure(ErrorCode::invalid_argument, "the picture has an unknown colour matrix or range");
  for (std::size_t p = 0; p < plane_count(image.format); ++p) {
    const PlaneForm form = plane_form(image.format, image.width, image.height, p);
    const std::ptrdiff_t row_bytes = image.row_bytes[form.image_plane],
                         needed = std::ptrdiff_t{form.pixel_bytes} * form.width;
    if (!image.planes[form.image_plane]) return failure(ErrorCode::invalid_argument, "the picture has no pixels");
    if (form.height == 1) continue;
    // Also keeps the last row's offset inside what a pointer can hold.
    const std::ptrdiff_t longest = std::numeric_limits<std::ptrdiff_t>::max() / form.height;
    if (row_bytes < -longest || row_bytes > longest || std::abs(row_bytes) < needed)
      return failure(ErrorCode::invalid_argument,
                     is_ycbcr(image.format) && form.image_plane > 0 ? "the picture's colours have rows of "
                                                                    : "the picture has rows of ",
                     needed, " bytes, but its stride is ", row_bytes);
  }
  return {};
}

// planes_[index] becomes that plane.
void UprightPixels::set_plane(const ImageView& image, std::size_t plane, std::size_t index) {
  const PlaneForm form = plane_form(image.format, image.width, image.height, plane);
  const std::ptrdiff_t row_bytes = image.row_bytes[form.image_plane], step = form.pixel_bytes;
  const auto* origin = static_cast<const std::byte*>(image.planes[form.image_plane]);
  if (walk_.from_right) origin += step * (form.width - 1);
  if (walk_.from_bottom) origin += row_bytes * (form.height - 1);
  const std::ptrdiff_t along_row = walk_.from_right ? -step : step;
  const std::ptrdiff_t down = walk_.from_bottom ? -row_bytes : row_bytes;
  planes_[index] = origin;
  step_x_[index] = walk_.swap_axes ? down : along_row;
  step_y_[index] = walk_.swap_axes ? along_row : down;
  pixel_bytes_ = form.pixel_bytes;
  rgb_ = form.offsets;
  width_ = walk_.swap_axes ? form.height : form.width;
  height_ = walk_.swap_axes ? form.width : form.height;
}

Result<UprightPixels> UprightPixels::of(const ImageView& image, Samples samples) {
  MOBILENET_CHECK(check(image));
  if (image.memory != Memory::host)
    return failure(ErrorCode::invalid_argument,
                   "the picture lies in device memory, which cannot be read here: this is done on the host");
  UprightPixels pixels;
  pixels.samples_ = is_ycbcr(image.format) ? Samples::colours : samples;  // luma is there
  pixels.walk_ = walk_of(image.orientation);
  pixels.is_565_ = image.format == PixelFormat::rgb565;
  pixels.floats_ = image.format == PixelFormat::rgb_float_planes;
  for (std::size_t p = 0; p < (pixels.floats_ ? 3u : 1u); ++p) pixels.set_plane(image, p, p);
  return pixels;
}

UprightPixels UprightPixels::chroma_of(const ImageView& image, std::size_t plane) {
  UprightPixels pixels;
  pixels.walk_ = walk_of(image.orientation);
  pixels.set_plane(image, plane, 0);
  return pixels;
}

void UprightPixels::pick(int y, std::span<const int> columns, std::uint8_t* rgb) const {
  const auto* const row = reinterpret_cast<const std::uint8_t*>(planes_[0] + y * step_y_[0]);
  const std::ptrdiff_t step = step_x_[0];
  const bool in_order = rgb_ == std::array<int, 3>{0, 1, 2};
  std::uint8_t* out = rgb;
  for (const int x : columns) {
    const std::uint8_t* const pixel = row + x * step;
    if (is_565_)
      gather_565(reinterpret_cast<const std::byte*>(pixel), 0, 1, out);
    else if (in_order)
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
  stored.is_565 = is_565_;
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
  if (is_565_)
    gather_565(first, step, count, scratch);
  else
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

void convert_row(const PixelKernels& kernels, const StoredBytes& stored, const std::uint8_t* pixels, Samples samples,
                 int count, std::uint8_t* out) {
  if (samples == Samples::colours) return kernels.rgb_of_565(pixels, static_cast<std::size_t>(count), {}, out);
  std::array<int, 3> rgb = stored.rgb;
  std::array<std::uint8_t, 3> of_565;
  for (int x = 0; x < count; ++x, pixels += stored.pixel_bytes) {
    const std::uint8_t* pixel = pixels;
    if (stored.is_565) {
      gather_565(reinterpret_cast<const std::byte*>(pixels), 0, 1, of_565.data());
      pixel = of_565.data(), rgb = {0, 1, 2};
    }
    out[x] = luma_of(pixel[rgb[0]], pixel[rgb[1]], pixel[rgb[2]]);
  }
}

}  // namespace mobilenet
