// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "pictures/picture_kind.h"

#include <array>
#include <string>

#include "base/error.h"
#include "base/letter_case.h"

namespace mobilenet {
namespace {

using namespace std::string_view_literals;

// A kind of picture, and what reads it.
struct Reader {
  std::string_view kind;
  std::string_view library;  // and the option of CMake that it goes by
  Codec codec;
};

#ifdef MOBILENET_WITH_JPEG
constexpr Codec kJpegCodec{decode_jpeg};
#else
constexpr Codec kJpegCodec{nullptr};
#endif
#ifdef MOBILENET_WITH_PNG
constexpr Codec kPngCodec{decode_png};
#else
constexpr Codec kPngCodec{nullptr};
#endif
#ifdef MOBILENET_WITH_WEBP
constexpr Codec kWebpCodec{decode_webp};
#else
constexpr Codec kWebpCodec{nullptr};
#endif
#ifdef MOBILENET_WITH_TIFF
constexpr Codec kTiffCodec{decode_tiff};
#else
constexpr Codec kTiffCodec{nullptr};
#endif
#ifdef MOBILENET_WITH_AVIF
constexpr Codec kAvifCodec{decode_avif};
#else
constexpr Codec kAvifCodec{nullptr};
#endif
#ifdef MOBILENET_WITH_HEIF
constexpr Codec kHeifCodec{decode_heif};
#else
constexpr Codec kHeifCodec{nullptr};
#endif

constexpr Reader kJpeg{"JPEG", "libjpeg-turbo (MOBILENET_JPEG)", kJpegCodec},
    kPng{"PNG", "libspng (MOBILENET_PNG)", kPngCodec}, kWebp{"WebP", "libwebp (MOBILENET_WEBP)", kWebpCodec},
    kTiff{"TIFF", "libtiff (MOBILENET_TIFF)", kTiffCodec}, kHeif{"HEIF", "libheif (MOBILENET_HEIF)", kHeifCodec},
    kAvif{"AVIF", "libavif (MOBILENET_AVIF)", kAvifCodec}, kBmp{"BMP", "", {decode_bmp}}, kGif{"GIF", "", {decode_gif}};

constexpr std::string_view kConvert = "convert it to JPEG or PNG first";
constexpr std::string_view kTakeFrames = "save its frames as JPEG or PNG pictures first";
constexpr std::string_view kDraw = "draw it as a PNG first";
constexpr std::string_view kDevelop = "develop it to JPEG or PNG first";
constexpr std::string_view kUnpack = "unpack it and open the pictures inside";
constexpr std::string_view kDownload = "download the picture itself instead of the page about it";
constexpr std::string_view kIsModel = "open it as the model";

struct Foreign {
  std::string_view what;
  std::string_view advice;
};

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  Foreign foreign;
};

// Camera files, which are TIFF inside, are looked for before TIFF.
constexpr std::array kSignatures{
    Signature{8, "CR\x02"sv, {"a camera's raw picture (CR2)", kDevelop}},
    Signature{0, "IIRO"sv, {"a camera's raw picture (ORF)", kDevelop}},
    Signature{0, "IIU\0"sv, {"a camera's raw picture (RW2)", kDevelop}},
    Signature{0, "FUJIFILMCCD-RAW"sv, {"a camera's raw picture (RAF)", kDevelop}},
    Signature{0, "FOVb"sv, {"a camera's raw picture (X3F)", kDevelop}},
    Signature{0, "II\xbc"sv, {"a JPEG XR picture", kConvert}},
    Signature{0, "\xff\x0a"sv, {"a JPEG XL picture", kConvert}},
    Signature{0, "\0\0\0\x0cJXL "sv, {"a JPEG XL picture", kConvert}},
    Signature{0, "\0\0\0\x0cjP  "sv, {"a JPEG 2000 picture", kConvert}},
    Signature{0, "\xff\x4f\xff\x51"sv, {"a JPEG 2000 picture", kConvert}},
    Signature{0, "8BPS"sv, {"a Photoshop picture (PSD)", kConvert}},
    Signature{0, "gimp xcf"sv, {"a GIMP picture (XCF)", kConvert}},
    Signature{0, "qoif"sv, {"a QOI picture", kConvert}},
    Signature{0, "\x76\x2f\x31\x01"sv, {"an OpenEXR picture", kConvert}},
    Signature{0, "#?RADIANCE"sv, {"a Radiance HDR picture", kConvert}},
    Signature{0, "DDS "sv, {"a DDS texture", kConvert}},
    Signature{0, "BPG\xfb"sv, {"a BPG picture", kConvert}},
    Signature{0, "icns"sv, {"an Apple icon (ICNS)", kConvert}},
    Signature{0, "\0\0\x01\0"sv, {"a Windows icon (ICO)", kConvert}},
    Signature{0, "\x8aMNG"sv, {"an MNG animation", kTakeFrames}},
    Signature{128, "DICM"sv, {"a DICOM picture", kConvert}},
    Signature{0, "SIMPLE  ="sv, {"a FITS picture", kConvert}},
    Signature{0, "%PDF"sv, {"a PDF document", kDraw}},
    Signature{0, "%!PS"sv, {"a PostScript document", kDraw}},
    Signature{0, "\x1a\x45\xdf\xa3"sv, {"a Matroska or WebM video", kTakeFrames}},
    Signature{8, "AVI "sv, {"an AVI video", kTakeFrames}},
    Signature{8, "WAVE"sv, {"a sound (WAV)", "name a picture"}},
    Signature{0, "FLV\x01"sv, {"a Flash video", kTakeFrames}},
    Signature{0, "\0\0\x01\xba"sv, {"an MPEG video", kTakeFrames}},
    Signature{0, "\0\0\x01\xb3"sv, {"an MPEG video", kTakeFrames}},
    Signature{0, "OggS"sv, {"an Ogg video or sound", kTakeFrames}},
    Signature{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"sv, {"a Windows Media video", kTakeFrames}},
    Signature{0, "PK\x03\x04"sv, {"a zip archive", kUnpack}},
    Signature{0, "\x1f\x8b"sv, {"a gzip archive", kUnpack}},
    Signature{0, "7z\xbc\xaf"sv, {"a 7z archive", kUnpack}},
    Signature{0, "Rar!"sv, {"a RAR archive", kUnpack}},
    Signature{257, "ustar"sv, {"a tar archive", kUnpack}},
    Signature{4, "TFL3"sv, {"a .tflite model", kIsModel}},
    Signature{8, "{\""sv, {"a .safetensors model", kIsModel}},
    Signature{0, "\x93NUMPY"sv, {"a NumPy array", "arrays are tensors to run, not pictures"}},
    Signature{0,
              "version https://git-lfs"sv,
              {"a Git LFS pointer, not the picture itself", "fetch the file that it stands for with git lfs pull"}},
};

// The boxes of ISO files begin with their kind; the brand tells pictures from videos.
struct Brand {
  std::string_view name;
  const Reader* reader;  // null: none
  Foreign foreign;
};
constexpr std::array kBrands{
    Brand{"avif", &kAvif, {}},
    Brand{"avis", &kAvif, {}},
    Brand{"heic", &kHeif, {}},
    Brand{"heix", &kHeif, {}},
    Brand{"heim", &kHeif, {}},
    Brand{"heis", &kHeif, {}},
    Brand{"hevc", &kHeif, {}},
    Brand{"hevx", &kHeif, {}},
    Brand{"mif1", &kHeif, {}},
    Brand{"msf1", &kHeif, {}},
    Brand{"crx ", nullptr, {"a camera's raw picture (CR3)", kDevelop}},
    Brand{"jp2 ", nullptr, {"a JPEG 2000 picture", kConvert}},
    Brand{"qt  ", nullptr, {"a QuickTime video (MOV)", kTakeFrames}},
};
constexpr Brand kOtherIsoFile{"", nullptr, {"an MP4 video", kTakeFrames}};

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool has_at(std::string_view text, std::size_t offset, std::string_view expected) {
  return text.size() >= offset && text.substr(offset).starts_with(expected);
}

const Brand& brand_of(std::string_view text) {
  // The major brand, then those that it is compatible with: HEIF's own name is shared by AVIF.
  const std::string_view brands = text.substr(8, 64);
  for (const Brand& brand : kBrands)
    for (std::size_t at = 0; at + 4 <= brands.size(); at += 4)
      if (at != 4 && brands.substr(at, 4) == brand.name) return brand;
  return kOtherIsoFile;
}

// Pages and drawings are text, which may begin with a mark, blanks or comments.
bool is_markup(std::string_view text, std::string_view element) {
  constexpr std::size_t kProlog = 512;
  const std::string lower = lower_case(text.substr(0, kProlog));
  const std::size_t first = lower.find_first_not_of("\xef\xbb\xbf \t\r\n");
  return first != std::string::npos && lower[first] == '<' && lower.find(element) != std::string::npos;
}

bool is_portable_anymap(std::string_view text) {
  return text.size() > 2 && text[0] == 'P' && text[1] >= '1' && text[1] <= '7' && (text[2] == '\n' || text[2] == ' ');
}

Foreign identify(std::string_view text) {
  if (has_at(text, 4, "ftyp")) return brand_of(text).foreign;
  if (has_at(text, 4, "moov") || has_at(text, 4, "mdat") || has_at(text, 4, "wide"))
    return {"a QuickTime video (MOV)", kTakeFrames};
  for (const Signature& signature : kSignatures)
    if (has_at(text, signature.offset, signature.bytes)) return signature.foreign;
  if (is_portable_anymap(text)) return {"a portable anymap (PPM, PGM, PBM)", kConvert};
  if (is_markup(text, "<svg")) return {"an SVG drawing", kDraw};
  if (is_markup(text, "<html") || is_markup(text, "<!doctype html")) return {"a web page", kDownload};
  return {"not a picture that is known", "JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC and AVIF are read"};
}

bool is_tiff(std::string_view text) {
  // 42, or 43 for BigTIFF, in either order of bytes; CR2 is a camera's file that says so behind it.
  return !has_at(text, 8, "CR\x02"sv) && (has_at(text, 0, "II*\0"sv) || has_at(text, 0, "MM\0*"sv) ||
                                          has_at(text, 0, "II+\0"sv) || has_at(text, 0, "MM\0+"sv));
}

// Null: none.
const Reader* reader_of(std::string_view text) {
  if (has_at(text, 0, "\xff\xd8\xff")) return &kJpeg;
  if (has_at(text, 0, "\x89PNG\r\n\x1a\n")) return &kPng;
  if (has_at(text, 0, "RIFF") && has_at(text, 8, "WEBP")) return &kWebp;
  if (has_at(text, 0, "BM")) return &kBmp;
  if (has_at(text, 0, "GIF8")) return &kGif;
  if (is_tiff(text)) return &kTiff;
  return has_at(text, 4, "ftyp") ? brand_of(text).reader : nullptr;
}

}  // namespace

Result<Codec> codec_of(std::span<const std::byte> head, std::string_view name) {
  const std::string_view text = text_of(head);
  if (text.empty()) return failure(ErrorCode::bad_format, name, ": is empty");
  if (const Reader* const reader = reader_of(text)) {
    if (reader->codec.decode != nullptr) return reader->codec;
    return failure(ErrorCode::unsupported, name, ": is a picture of kind ", reader->kind,
                   ", which this build does not read: it was built without ", reader->library);
  }
  const Foreign foreign = identify(text);
  return failure(ErrorCode::unsupported, name, ": is ", foreign.what, "; ", foreign.advice);
}

}  // namespace mobilenet
