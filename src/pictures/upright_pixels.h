// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Reads the rows of any ImageView as RGB, upright: orientation, stride, channel order and pixel format are undone here,
// row by row, so that nothing behind knows them.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace mobilenet {

struct PixelKernels;

// How upright coordinates walk the stored picture.
struct Walk {
  bool swap_axes;    // upright rows are stored columns
  bool from_right;   // stored columns are walked backwards
  bool from_bottom;  // stored rows are walked backwards
};
Walk walk_of(Orientation orientation);

// What of a picture is resized alike: all of it, or a plane of luma, and one or two of colours. Of packed formats
// several lie in the same bytes.
struct PlaneForm {
  std::size_t image_plane = 0;  // of ImageView::planes
  int pixel_bytes = 0;          // from one pixel of a row to the next
  int width = 0, height = 0;
  std::array<int, 3> offsets{};             // in a pixel: of red, green and blue; of luma; of Cb, Cr and Cr again
  int covers_width = 1, covers_height = 1;  // of the picture's pixels
};
constexpr PixelFormat kLastPixelFormat = PixelFormat::rgb565;
std::size_t plane_count(PixelFormat format);
PlaneForm plane_form(PixelFormat format, int width, int height, std::size_t plane);
// Luma, and colours in planes of their own.
bool is_ycbcr(PixelFormat format);

// What the three samples of a pixel are: its colours, or three times its luma, that of Pillow's convert("L").
enum class Samples { colours, luma };

// A picture of bytes as it lies in memory, for who turns tables instead of pixels.
struct StoredBytes {
  const std::uint8_t* first = nullptr;
  std::ptrdiff_t row_bytes = 0;
  int width = 0, height = 0;
  int pixel_bytes = 0;
  std::array<int, 3> rgb{};  // offsets inside a pixel
  bool is_565 = false;       // red, green and blue in bits, which convert_row() undoes
  Walk walk{};
};

class UprightPixels {
 public:
  // Refuses missing pixels, impossible sizes, rows that overlap, and formats and orientations that do not exist; of
  // pictures in any memory, whose pixels are not touched.
  static Result<void> check(const ImageView& image);
  // Refuses those too, and what does not lie in the host's memory. Of luma and colours it is the luma, as of a grey
  // picture.
  static Result<UprightPixels> of(const ImageView& image, Samples samples = Samples::colours);
  // A plane of colours (1 or 2) of a picture that of() takes: Cb, Cr and Cr again in place of red, green and blue; of
  // two planes three times either.
  static UprightPixels chroma_of(const ImageView& image, std::size_t plane);

  int width() const { return width_; }
  int height() const { return height_; }
  Samples samples() const { return samples_; }
  bool floats() const { return floats_; }

  // Pixels left .. left + count of row y, as 3 * count samples: in place where the picture is stored like that, else
  // written to `scratch`. Bytes for every format but rgb_float_planes.
  const std::uint8_t* row(int left, int y, int count, std::uint8_t* scratch) const;
  // The pixels of row y in these columns, as three samples each. Not for rgb_float_planes.
  void pick(int y, std::span<const int> columns, std::uint8_t* rgb) const;
  // Not for rgb_float_planes.
  StoredBytes stored() const;
  // Only for rgb_float_planes; scaled from 0..1 to the units of a byte.
  const float* row(int left, int y, int count, float* scratch) const;

 private:
  void set_plane(const ImageView& image, std::size_t plane, std::size_t index);

  std::array<const std::byte*, 3> planes_{};  // at the upright picture's first pixel
  std::array<std::ptrdiff_t, 3> step_x_{};    // bytes to the next pixel of an upright row
  std::array<std::ptrdiff_t, 3> step_y_{};
  int width_ = 0;
  int height_ = 0;
  int pixel_bytes_ = 3;
  std::array<int, 3> rgb_{0, 1, 2};  // offsets in a pixel of bytes
  bool floats_ = false, is_565_ = false;
  Samples samples_ = Samples::colours;
  Walk walk_{};
};

// `count` pixels of a stored row, for who cannot read them where they lie: their luma, a byte each, or RGB.
void convert_row(const PixelKernels& kernels, const StoredBytes& stored, const std::uint8_t* pixels, Samples samples,
                 int count, std::uint8_t* out);

}  // namespace mobilenet
