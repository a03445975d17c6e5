// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures: ImageView borrows pixels that somebody else owns, Image owns what was decoded from a file.

#include <mobilenet/export.h>
#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace mobilenet {

enum class PixelFormat : std::uint8_t {
  rgb,               // 3 bytes a pixel
  bgr,               // 3 bytes a pixel
  rgba,              // 4 bytes a pixel; alpha is ignored, not blended
  bgra,              // 4 bytes a pixel; alpha is ignored, not blended
  grey,              // 1 byte a pixel
  rgb_float_planes,  // three planes of floats, 0..1, in the order R, G, B
  // As video decoders and cameras give them: luma (Y) for every pixel, and colours (Cb, Cr) for two by two of them
  // (4:2:0), for two side by side (4:2:2) or for each (4:4:4), rounded up. ImageView::matrix and range say what they
  // stand for.
  nv12,    // a plane of luma, a byte a pixel, then one of colours, whose pixels are two bytes, Cb and Cr
  nv21,    // the same with Cr before Cb
  nv16,    // as nv12, of 4:2:2
  i420,    // three planes of bytes: luma, Cb, Cr; with the last two swapped it is what is called YV12
  i422,    // the same of 4:2:2, as JPEG cameras give it
  i444,    // the same of 4:4:4
  yuyv,    // 4:2:2, 4 bytes for two pixels: luma, Cb, luma, Cr
  uyvy,    // 4:2:2, 4 bytes for two pixels: Cb, luma, Cr, luma
  p010,    // as nv12, of 10 bits at the upper end of 16, low byte first; the upper 8 are looked at
  rgb565,  // 2 bytes a pixel, low byte first: 5 bits of red, 6 of green, 5 of blue, from the highest
};

// Which red, green and blue Y, Cb and Cr stand for: ITU-R BT.601 (standard definition, JPEG), BT.709 (high definition)
// or BT.2020 (ultra high definition; its primaries and transfer stay what they are).
enum class ColourMatrix : std::uint8_t { bt601, bt709, bt2020 };
// Whether black and white are 16 and 235, and colours 16 to 240 around 128, as in video; or all of 0 to 255, as in
// JPEG.
enum class ColourRange : std::uint8_t { limited, full };

// The eight values of EXIF's orientation tag: what must be done to the stored pixels to see the picture upright.
enum class Orientation : std::uint8_t {
  upright = 1,
  flip_horizontal = 2,
  rotate_180 = 3,
  flip_vertical = 4,
  transpose = 5,   // mirrored along the main diagonal
  rotate_90 = 6,   // shown upright after a quarter turn clockwise
  transverse = 7,  // mirrored along the other diagonal
  rotate_270 = 8,  // shown upright after a quarter turn counter-clockwise
};

// EXIF's number as an orientation; anything outside 1..8 counts as upright.
MOBILENET_API Orientation orientation_from_exif(int value);

// Borrowed pixels. Packed formats use planes[0] only, others the first two or three, each with rows of its own length.
// row_bytes may exceed the row's own size, and may be negative for pictures stored bottom up (planes then point at the
// top row). The pixels stay the caller's: a call reads them until it returns, failed or not, and no longer.
//
// With Device::cuda they may lie in the memory of its GPU (Memory::device). The device reads them there, at any address
// and with any rows, and answers as for the same pixels on the host, to the last bit; pictures of both kinds make one
// batch. Float planes then have rows of one length, at addresses and with a row_bytes that are multiples of 4, and so
// have the two planes of colours of i420, i422 and i444. rgb565 is not read there. Memory
// of the host or of another GPU is refused, as are device pictures by other devices and by all that looks at pixels on
// the host (Image::upright, encode, Session::preprocess): with an error of invalid_argument, and without touching them.
struct ImageView {
  std::array<const void*, 3> planes{};
  std::array<std::ptrdiff_t, 3> row_bytes{};
  int width = 0;  // of the stored pixels, before orientation
  int height = 0;
  PixelFormat format = PixelFormat::rgb;
  Orientation orientation = Orientation::upright;
  Memory memory = Memory::host;
  // Of device memory: the stream on which the pixels were written (CUstream): they are read behind all that was put on
  // it before the call. Null: they are ready. Pictures of a batch may name several.
  void* stream = nullptr;
  // Of luma and colours: what their file or stream says; decoders of video in high definition mean bt709.
  ColourMatrix matrix = ColourMatrix::bt601;
  ColourRange range = ColourRange::limited;

  // A packed picture, of the host; row_bytes 0 means rows without padding, of luma and colours for an even number of
  // pixels. Planes follow one another, with rows of one length, those of i420's and i422's colours with half of
  // it; with a negative row_bytes, `pixels` is the top row of the first.
  MOBILENET_API static ImageView packed(const void* pixels, PixelFormat format, int width, int height,
                                        std::ptrdiff_t row_bytes = 0);
  // A part of the picture that borrows the same pixels: left, top, width and height as a viewer sees it, after
  // orientation. Boxes and masks found in it are relative to the part: with `left` added to their columns and `top` to
  // their rows they are the whole picture's, whatever its orientation. A region that is not wholly inside is refused,
  // as is one that begins, as stored, inside a pixel of colour: at an odd column or, where that is two rows high, row.
  MOBILENET_API Result<ImageView> crop(int left, int top, int width, int height) const;

  // The size a viewer sees, after orientation. Calls refuse a picture whose orientation is none of the eight.
  int upright_width() const { return is_turned() ? height : width; }
  int upright_height() const { return is_turned() ? width : height; }

 private:
  bool is_turned() const { return orientation >= Orientation::transpose && orientation <= Orientation::rotate_270; }
};

// What becomes of pixels that are stored as numbers: those of an indexed PNG, BMP, GIF or TIFF, or of a PNG or TIFF
// that is grey with up to 8 bits.
enum class StoredNumbers : std::uint8_t {
  colours,  // what the file says that they look like
  numbers,  // all three bytes of a pixel are its number, as masks need it; files without such numbers are refused
};

struct DecodeOptions {
  // A picture with more pixels is refused before anything is decoded; 0 = no limit. Decoding takes 3 bytes a pixel for
  // the result and at most 4 beside it, but JPEG files in several scans (progressive ones) take 2 for each sample, 3 to
  // 8 a pixel, and HEIF and AVIF up to 16, which is how their library decodes.
  std::int64_t max_pixels = 178'956'970;
  StoredNumbers stored_numbers = StoredNumbers::colours;
  // Above 0, JPEG files are decoded at an eighth, a quarter or half of their size, rounded up: the smallest that leaves
  // the shorter side so many pixels. The Image has the smaller size, and so have boxes and masks found in it. Twice the
  // shorter side of what the network is to see costs little (docs/formats.md); 0, the default, is exact. Other formats
  // are decoded as they are. Not below 0.
  int shorter_side = 0;
  // Converts pictures that bring an ICC profile of red, green and blue (Display P3 of phones, Adobe RGB) to sRGB, which
  // networks are trained with; by default, as in their frameworks, profiles change nothing. Profiles of grey and of
  // inks change nothing here either; those that are broken are an error, and so are all without Little CMS in this
  // build.
  bool to_srgb = false;
};

// Pixels of the caller's that are written to or drawn on: upright, on the host, of one of the first four formats. A
// negative row_bytes is that of a picture stored bottom up; `pixels` is its top row.
struct PixelBuffer {
  void* pixels = nullptr;
  std::ptrdiff_t row_bytes = 0;
  int width = 0, height = 0;
  PixelFormat format = PixelFormat::rgb;

  // row_bytes 0 means rows without padding.
  MOBILENET_API static PixelBuffer packed(void* pixels, PixelFormat format, int width, int height,
                                          std::ptrdiff_t row_bytes = 0);
  MOBILENET_API ImageView view() const;  // the same pixels, to be read
};

// Writes the picture as a viewer sees it, of any format but float planes; alpha becomes 255. `to` has the picture's
// upright size. A pixel of colour stands for all pixels of luma that it covers (nothing is smoothed between them), and
// the colours are those that networks see.
MOBILENET_API Result<void> convert(const ImageView& from, const PixelBuffer& to);

struct DecodedPicture;

// A decoded picture: RGB bytes as PIL's convert("RGB") gives them, and the file's orientation (not yet applied).
// BMP, GIF, and JPEG, PNG, WebP, TIFF, HEIF (HEIC) and AVIF as far as they are built in (mobilenet::components()). The
// orientation is that of the file's EXIF block; where that says nothing, of its XMP. That of HEIF and AVIF is what
// their container says, which EXIF only repeats; HEIF comes turned already. Of several pictures or frames it is the
// first (HEIF: the primary one).
class MOBILENET_API Image {
 public:
  // Reads the whole file, or pipe, and nothing of what does not begin like a picture.
  static Result<Image> open(const std::filesystem::path& path, const DecodeOptions& options = {});
  // `name` stands for the picture in error messages.
  static Result<Image> decode(std::span<const std::byte> file, const DecodeOptions& options = {},
                              std::string_view name = "picture");

  // Pixels of one's own, RGB bytes without padding.
  Image(std::unique_ptr<std::byte[]> rgb, int width, int height, Orientation orientation);

  // A copy of borrowed pixels as a viewer sees them: upright, in RGB bytes, without alpha; as convert() makes them. Not
  // of float planes.
  static Result<Image> upright(const ImageView& view);
  // A copy of this picture turned upright, with its colour profile and upright_exif().
  Result<Image> upright() const;

  ImageView view() const;
  operator ImageView() const { return view(); }
  int width() const { return width_; }  // as stored, before orientation
  int height() const { return height_; }
  // [height][width][3] RGB as stored, to be drawn on. Valid while the Image lives.
  std::span<std::byte> pixels();
  Orientation orientation() const { return orientation_; }
  // Replaces the file's orientation.
  void set_orientation(Orientation orientation) { orientation_ = orientation; }
  // What the file says beside its pixels, as stored: its EXIF block from the TIFF header on, its ICC profile; empty
  // where it has none, and a profile whose conversion to sRGB was asked for. The EXIF of HEIF is that of the upright
  // picture; that of TIFF holds the texts of its first directory and the orientation. Valid while the Image lives.
  std::span<const std::byte> exif() const { return exif_; }
  std::span<const std::byte> icc_profile() const { return icc_profile_; }
  // exif() for a copy of the picture turned upright: its orientation is 1 and it has no thumbnail.
  Result<std::vector<std::byte>> upright_exif() const;

 private:
  explicit Image(DecodedPicture&& picture);

  std::unique_ptr<std::byte[], void (*)(void*)> rgb_;
  std::vector<std::byte> exif_, icc_profile_;
  int width_ = 0;
  int height_ = 0;
  Orientation orientation_ = Orientation::upright;
};

}  // namespace mobilenet
