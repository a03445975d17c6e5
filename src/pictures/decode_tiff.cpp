// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The first picture of a TIFF through libtiff, row by row or tile by tile, unpacked to what PIL's convert("RGB") makes
// of each kind: samples of 16 bits keep their high byte, but grey ones are clamped to 255; inks become light by PIL's
// formula; alpha is dropped, where colours are multiplied by it after a division.

#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/quoted.h"
#include "pictures/decode.h"

namespace mobilenet {
namespace {

// The file in memory, which libtiff reads where it lies, and the first thing that it finds wrong.
struct Source {
  std::span<const std::byte> bytes;
  std::size_t position = 0;
  std::string trouble = {};
};

Source& source_of(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* to, tmsize_t count) {
  Source& source = source_of(handle);
  const std::size_t left = source.bytes.size() - std::min(source.position, source.bytes.size());
  const std::size_t taken = std::min(static_cast<std::size_t>(std::max<tmsize_t>(count, 0)), left);
  if (taken > 0) std::memcpy(to, source.bytes.data() + source.position, taken);
  source.position += taken;
  return static_cast<tmsize_t>(taken);
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Source& source = source_of(handle);
  const toff_t from = whence == SEEK_CUR ? source.position : whence == SEEK_END ? source.bytes.size() : 0;
  source.position = static_cast<std::size_t>(from + offset);
  return source.position;
}

int map_file(thandle_t handle, void** base, toff_t* size) {
  const Source& source = source_of(handle);
  *base = const_cast<std::byte*>(source.bytes.data());  // opened for reading: libtiff does not write to it
  *size = source.bytes.size();
  return 1;
}

int note_error(TIFF*, void* handle, const char*, const char* format, va_list arguments) {
  std::string& trouble = source_of(handle).trouble;
  if (!trouble.empty()) return 1;
  std::array<char, 200> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  try {
    trouble = text.data();
    return 1;
  } catch (const std::bad_alloc&) {
    return 1;  // without memory there is no sentence
  }
}

using Tiff = std::unique_ptr<TIFF, void (*)(TIFF*)>;

Tiff open(Source& source) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             &TIFFOpenOptionsFree);
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), note_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(
      options.get(), [](TIFF*, void*, const char*, const char*, va_list) { return 1; }, nullptr);
  return {TIFFClientOpenExt(
              "picture", "r", &source, read_bytes, [](thandle_t, void*, tmsize_t) { return tmsize_t{0}; }, seek,
              [](thandle_t) { return 0; }, [](thandle_t handle) -> toff_t { return source_of(handle).bytes.size(); },
              map_file, [](thandle_t, void*, toff_t) {}, options.get()),
          &TIFFClose};
}

template <class T>
T field(TIFF* tiff, std::uint32_t tag, T otherwise) {
  T value = otherwise;
  return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : otherwise;
}

// What the numbers of a pixel are.
enum class Meaning { numbers, grey_16, light, inks, ycbcr };

struct Layout {
  Meaning meaning = Meaning::light;
  std::size_t bits = 8, samples = 3, colours = 3;  // of a sample; of a pixel; of these those that are looked at
  bool separate = false;                           // every sample has a plane of its own
  bool multiplied = false;                         // by alpha, the sample behind the colours

  std::size_t samples_together() const { return separate ? 1 : samples; }
  std::size_t planes() const { return separate ? colours + (multiplied ? 1 : 0) : 1; }
  std::size_t bytes_of(std::size_t pixels) const { return (pixels * samples_together() * bits + 7) / 8; }
};

Result<Layout> layout_of(TIFF* tiff, const PictureFile& file) {
  const auto photometric = field<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
  const auto compression = field<std::uint16_t>(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  const auto format = field<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  Layout layout;
  layout.bits = field<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  layout.samples = field<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  layout.separate = field<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  const auto unsupported = [&] {
    return failure(ErrorCode::unsupported, file.name, ": is a TIFF picture of ", layout.samples, " samples of ",
                   layout.bits, " bits, photometric interpretation ", photometric, ", sample format ", format,
                   ", compression ", compression,
                   "; those of grey, palettes, RGB, CMYK and YCbCr in whole numbers are read");
  };
  if (format != SAMPLEFORMAT_UINT || compression == COMPRESSION_OJPEG || TIFFIsCODECConfigured(compression) == 0)
    return unsupported();
  const bool whole_bytes = layout.bits == 8 || layout.bits == 16;
  const bool small = layout.bits == 1 || layout.bits == 2 || layout.bits == 4;
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_PALETTE:
      layout.colours = 1;
      layout.meaning = layout.bits <= 8 ? Meaning::numbers : layout.samples == 1 ? Meaning::grey_16 : Meaning::light;
      if (layout.bits == 16 && photometric == PHOTOMETRIC_PALETTE) return unsupported();
      if (small && layout.samples_together() > 1) return unsupported();
      break;
    case PHOTOMETRIC_RGB:
      layout.meaning = Meaning::light;
      layout.colours = 3;
      break;
    case PHOTOMETRIC_SEPARATED:
      layout.meaning = Meaning::inks;
      layout.colours = 4;
      break;
    case PHOTOMETRIC_YCBCR:
      if (layout.bits != 8 || layout.samples != 3) return unsupported();
      layout.meaning = Meaning::ycbcr;
      if (compression == COMPRESSION_JPEG && !layout.separate) {
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        layout.meaning = Meaning::light;
      }
      break;
    default:
      return unsupported();
  }
  if (!whole_bytes && !(small && layout.meaning == Meaning::numbers)) return unsupported();
  if (layout.samples < layout.colours) return unsupported();
  std::uint16_t extra_count = 0;
  const std::uint16_t* extra = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra) == 1 && extra_count > 0)
    layout.multiplied = extra[0] == EXTRASAMPLE_ASSOCALPHA && layout.meaning == Meaning::light && layout.colours == 3 &&
                        layout.samples > 3;
  return layout;
}

// What the values of a palette picture, or of a grey one with up to 8 bits, look like.
Colours colours_of(TIFF* tiff, const Layout& layout) {
  Colours colours{};
  const int count = 1 << layout.bits;
  const auto photometric = field<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
  std::array<const std::uint16_t*, 3> map{};
  if (photometric == PHOTOMETRIC_PALETTE) {
    if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]) == 1)
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
        for (std::size_t c = 0; c < map.size(); ++c) colours[i][c] = static_cast<unsigned char>(map[c][i] >> 8);
    return colours;
  }
  for (int i = 0; i < count; ++i) {
    const int light = i * 255 / (count - 1);
    colours[static_cast<std::size_t>(i)].fill(
        static_cast<unsigned char>(photometric == PHOTOMETRIC_MINISWHITE ? 255 - light : light));
  }
  return colours;
}

unsigned char clamped(int value) { return static_cast<unsigned char>(std::clamp(value, 0, 255)); }

// PIL's conversion of an ink, as far as black lets light through.
unsigned char light_of(int ink, int black) {
  const int through = 255 - black, product = ink * through + 128;
  return clamped(through - (((product >> 8) + product) >> 8));
}

unsigned char divided(int colour, int alpha) { return alpha == 0 ? 0 : clamped(colour * 255 / alpha); }

// Pixels of a row or of a row of a tile, of one plane.
class Unpacker {
 public:
  Unpacker(const Layout& layout, const Colours& colours) : layout_(layout), colours_(colours) {}

  void unpack(std::size_t plane, const unsigned char* in, std::size_t count, unsigned char* rgb) const {
    if (layout_.meaning == Meaning::numbers)
      numbers(in, count, rgb);
    else if (layout_.meaning == Meaning::grey_16)
      grey_16(in, count, rgb);
    else if (layout_.separate && layout_.colours > 1)
      one_of_planes(plane, in, count, rgb);
    else
      together(in, count, rgb);
  }

 private:
  // The high byte; libtiff gives numbers of 16 bits in the machine's own order.
  int sample(const unsigned char* in, std::size_t index) const {
    if (layout_.bits == 8) return in[index];
    std::uint16_t value = 0;
    std::memcpy(&value, in + 2 * index, sizeof value);
    return value >> 8;
  }

  void numbers(const unsigned char* in, std::size_t count, unsigned char* rgb) const {
    const std::size_t bits = layout_.bits, step = bits * layout_.samples_together();
    const unsigned mask = (1u << bits) - 1;
    for (std::size_t x = 0; x < count; ++x) {
      const std::size_t bit = x * step;
      const unsigned value = static_cast<unsigned>(in[bit / 8]) >> (8 - bits - bit % 8) & mask;
      std::memcpy(rgb + 3 * x, colours_[value].data(), 3);
    }
  }

  static void grey_16(const unsigned char* in, std::size_t count, unsigned char* rgb) {
    for (std::size_t x = 0; x < count; ++x) {
      std::uint16_t value = 0;
      std::memcpy(&value, in + 2 * x, sizeof value);
      std::memset(rgb + 3 * x, std::min<int>(value, 255), 3);
    }
  }

  void together(const unsigned char* in, std::size_t count, unsigned char* rgb) const {
    const std::size_t next = layout_.colours == 1 ? 0 : 1;  // grey is repeated
    for (std::size_t x = 0; x < count; ++x)
      for (std::size_t c = 0, at = x * layout_.samples_together(); c < 3; ++c) {
        const int value = sample(in, at + c * next);
        unsigned char& out = rgb[3 * x + c];
        if (layout_.meaning == Meaning::inks)
          out = light_of(value, sample(in, at + 3));
        else
          out = layout_.multiplied ? divided(value, sample(in, at + 3)) : static_cast<unsigned char>(value);
      }
  }

  // The fourth plane is black ink or alpha, and changes what the three before have left.
  void one_of_planes(std::size_t plane, const unsigned char* in, std::size_t count, unsigned char* rgb) const {
    for (std::size_t x = 0; x < count; ++x) {
      const int value = sample(in, x);
      if (plane < 3)
        rgb[3 * x + plane] = static_cast<unsigned char>(value);
      else
        for (std::size_t c = 0; c < 3; ++c) {
          unsigned char& out = rgb[3 * x + c];
          out = layout_.meaning == Meaning::inks ? light_of(out, value) : divided(out, value);
        }
    }
  }

  const Layout& layout_;
  const Colours& colours_;
};

bool read_rows(TIFF* tiff, const Layout& layout, const Unpacker& unpacker, const DecodedPicture& picture) {
  const auto width = static_cast<std::size_t>(picture.width);
  if (static_cast<std::uint64_t>(TIFFScanlineSize64(tiff)) != layout.bytes_of(width)) return false;
  std::vector<unsigned char> row(layout.bytes_of(width));
  for (std::size_t plane = 0; plane < layout.planes(); ++plane)
    for (int y = 0; y < picture.height; ++y) {
      if (TIFFReadScanline(tiff, row.data(), static_cast<std::uint32_t>(y), static_cast<std::uint16_t>(plane)) != 1)
        return false;
      unpacker.unpack(plane, row.data(), width, picture.row(y));
    }
  return true;
}

struct TileSize {
  std::uint32_t width, height;
};

bool read_tiles(TIFF* tiff, TileSize tile, const Layout& layout, const Unpacker& unpacker,
                const DecodedPicture& picture) {
  const auto width = static_cast<std::uint32_t>(picture.width), height = static_cast<std::uint32_t>(picture.height);
  const std::size_t row_bytes = layout.bytes_of(tile.width), bytes = row_bytes * tile.height;
  if (TIFFTileSize64(tiff) != bytes) return false;
  std::vector<unsigned char> pixels(bytes);
  for (std::size_t plane = 0; plane < layout.planes(); ++plane)
    for (std::uint32_t top = 0; top < height; top += tile.height)
      for (std::uint32_t left = 0; left < width; left += tile.width) {
        const std::uint32_t index = TIFFComputeTile(tiff, left, top, 0, static_cast<std::uint16_t>(plane));
        if (TIFFReadEncodedTile(tiff, index, pixels.data(), static_cast<tmsize_t>(bytes)) < 0) return false;
        const std::uint32_t rows = std::min(tile.height, height - top);
        for (std::uint32_t y = 0; y < rows; ++y)
          unpacker.unpack(plane, pixels.data() + y * row_bytes, std::min(tile.width, width - left),
                          picture.row(top + y) + 3 * std::size_t{left});
      }
  return true;
}

// Luma and colours that are not JPEG's: libtiff makes RGBA of a strip or a tile, its bottom row first.
bool read_converted(TIFF* tiff, TileSize block, bool tiled, const DecodedPicture& picture) {
  const auto width = static_cast<std::uint32_t>(picture.width), height = static_cast<std::uint32_t>(picture.height);
  std::vector<std::uint32_t> pixels(std::size_t{block.width} * block.height);
  for (std::uint32_t top = 0; top < height; top += block.height)
    for (std::uint32_t left = 0; left < width; left += block.width) {
      const int read = tiled ? TIFFReadRGBATileExt(tiff, left, top, pixels.data(), 1)
                             : TIFFReadRGBAStripExt(tiff, top, pixels.data(), 1);
      if (read != 1) return false;
      const std::uint32_t rows = std::min(block.height, height - top), columns = std::min(block.width, width - left);
      const std::uint32_t raster_rows = tiled ? block.height : rows;
      for (std::uint32_t y = 0; y < rows; ++y) {
        const std::uint32_t* const in = pixels.data() + std::size_t{raster_rows - 1 - y} * block.width;
        unsigned char* out = picture.row(top + y) + 3 * std::size_t{left};
        for (std::uint32_t x = 0; x < columns; ++x, out += 3) {
          out[0] = static_cast<unsigned char>(TIFFGetR(in[x]));
          out[1] = static_cast<unsigned char>(TIFFGetG(in[x]));
          out[2] = static_cast<unsigned char>(TIFFGetB(in[x]));
        }
      }
    }
  return true;
}

// An EXIF block of what the first directory says in words, and of the orientation: a TIFF file is itself such a block,
// but its pixels are in it.
std::vector<std::byte> exif_of(TIFF* tiff) {
  constexpr std::array<std::uint32_t, 7> kTexts{TIFFTAG_IMAGEDESCRIPTION, TIFFTAG_MAKE,     TIFFTAG_MODEL,
                                                TIFFTAG_SOFTWARE,         TIFFTAG_DATETIME, TIFFTAG_ARTIST,
                                                TIFFTAG_COPYRIGHT};
  constexpr std::size_t kMostTextBytes = 4096;  // an EXIF block must fit into a segment of a JPEG
  constexpr std::uint32_t kText = 2, kShort = 3;
  std::vector<std::pair<std::uint32_t, std::string>> texts;
  for (const std::uint32_t tag : kTexts) {
    const char* text = nullptr;
    if (TIFFGetField(tiff, tag, &text) == 1 && text != nullptr && std::strlen(text) < kMostTextBytes)
      texts.emplace_back(tag, text);
  }
  std::uint16_t orientation = 0;
  const bool turned = TIFFGetField(tiff, TIFFTAG_ORIENTATION, &orientation) == 1;
  const std::size_t count = texts.size() + (turned ? 1 : 0);
  if (count == 0) return {};

  std::vector<std::byte> block, behind;
  const auto put = [](std::vector<std::byte>& to, std::size_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to.push_back(static_cast<std::byte>(value >> (8 * i)));
  };
  for (const char c : std::string_view("II*\0\x08\0\0\0", 8)) block.push_back(static_cast<std::byte>(c));
  put(block, count, 2);
  const std::size_t behind_at = block.size() + 12 * count + 4;
  bool orientation_is_due = turned;
  const auto put_orientation = [&] {
    put(block, TIFFTAG_ORIENTATION, 2);
    put(block, kShort, 2);
    put(block, 1, 4);
    put(block, orientation, 4);
    orientation_is_due = false;
  };
  for (const auto& [tag, text] : texts) {  // tags ascend
    if (orientation_is_due && tag > TIFFTAG_ORIENTATION) put_orientation();
    put(block, tag, 2);
    put(block, kText, 2);
    const std::size_t bytes = text.size() + 1;
    put(block, bytes, 4);
    std::vector<std::byte>& target = bytes <= 4 ? block : behind;
    if (bytes > 4) put(block, behind_at + behind.size(), 4);
    for (const char c : text) target.push_back(static_cast<std::byte>(c));
    target.resize(target.size() + (bytes <= 4 ? 4 - text.size() : 1 + bytes % 2));
  }
  if (orientation_is_due) put_orientation();
  put(block, 0, 4);  // no further directory
  block.insert(block.end(), behind.begin(), behind.end());
  return block;
}

std::vector<std::byte> bytes_of(TIFF* tiff, std::uint32_t tag) {
  std::uint32_t count = 0;
  const std::byte* bytes = nullptr;
  if (TIFFGetField(tiff, tag, &count, &bytes) != 1 || bytes == nullptr) return {};
  return {bytes, bytes + count};
}

// A camera's raw file: what looks like its first picture is a small preview.
bool is_camera_raw(TIFF* tiff) {
  std::uint16_t count = 0;
  const void* values = nullptr;
  std::uint32_t kind = 0;
  return TIFFGetField(tiff, TIFFTAG_DNGVERSION, &values) == 1 ||
         (TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind) == 1 && (kind & FILETYPE_REDUCEDIMAGE) != 0 &&
          TIFFGetField(tiff, TIFFTAG_SUBIFD, &count, &values) == 1);
}

}  // namespace

Result<DecodedPicture> decode_tiff(const PictureFile& file) {
  Source source{file.bytes};
  const auto refused = [&] {
    return failure(ErrorCode::bad_format, file.name, ": is not a readable TIFF picture: ",
                   source.trouble.empty() ? "its pixels are malformed" : printable(source.trouble));
  };
  const Tiff tiff = open(source);
  if (!tiff) return refused();
  if (is_camera_raw(tiff.get()))
    return failure(ErrorCode::unsupported, file.name, ": is a camera's raw picture; develop it to JPEG or PNG first");
  MOBILENET_TRY(const Layout layout, layout_of(tiff.get(), file));
  const bool numbers = layout.meaning == Meaning::numbers;
  MOBILENET_CHECK(check_stored_numbers(file, numbers ? PixelKind::numbers : PixelKind::colours));
  const auto width = field<std::uint32_t>(tiff.get(), TIFFTAG_IMAGEWIDTH, 0),
             height = field<std::uint32_t>(tiff.get(), TIFFTAG_IMAGELENGTH, 0);
  MOBILENET_TRY(auto picture, blank_picture(file, width, height));

  const bool tiled = TIFFIsTiled(tiff.get()) != 0;
  TileSize block{width, std::min(height, field<std::uint32_t>(tiff.get(), TIFFTAG_ROWSPERSTRIP, height))};
  if (tiled)
    block = {field<std::uint32_t>(tiff.get(), TIFFTAG_TILEWIDTH, 0),
             field<std::uint32_t>(tiff.get(), TIFFTAG_TILELENGTH, 0)};
  // Tiles may be larger than a small picture, but not without end.
  constexpr std::uint64_t kTilePixels = 1 << 22;
  const std::uint64_t pixels = std::uint64_t{width} * height;
  if (block.width < 1 || block.height < 1 || std::uint64_t{block.width} * block.height > std::max(kTilePixels, pixels))
    return failure(ErrorCode::bad_format, file.name,
                   ": is not a readable TIFF picture: its tiles have an impossible size of ", block.width, "x",
                   block.height, " pixels");

  const Colours colours = !numbers                                        ? Colours{}
                          : file.stored_numbers == StoredNumbers::numbers ? numbers_as_colours()
                                                                          : colours_of(tiff.get(), layout);
  const Unpacker unpacker(layout, colours);
  const bool read = layout.meaning == Meaning::ycbcr ? read_converted(tiff.get(), block, tiled, picture)
                    : tiled                          ? read_tiles(tiff.get(), block, layout, unpacker, picture)
                                                     : read_rows(tiff.get(), layout, unpacker, picture);
  if (!read) return refused();
  picture.metadata = {exif_of(tiff.get()), bytes_of(tiff.get(), TIFFTAG_XMLPACKET),
                      bytes_of(tiff.get(), TIFFTAG_ICCPROFILE)};
  return picture;
}

}  // namespace mobilenet
