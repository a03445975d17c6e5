// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What EXIF and XMP say about the orientation, and how an EXIF block becomes that of an upright copy. That containers
// give the right blocks is pillow_test's business.

#include "pictures/metadata.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

#include "pictures/exif.h"

namespace mobilenet::testing {
namespace {

using Bytes = std::vector<std::byte>;

// Builds a TIFF block, entry by entry, in either byte order.
class Tiff {
 public:
  explicit Tiff(char order) : big_endian_(order == 'M') {
    bytes_ = {std::byte(order), std::byte(order)};
    add(42, 2);
    add(8, 4);
  }
  Tiff& add(std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i)
      bytes_.push_back(static_cast<std::byte>(value >> (8 * (big_endian_ ? count - 1 - i : i))));
    return *this;
  }
  // A value of fewer than four bytes stands at the beginning of its field.
  Tiff& entry(std::uint32_t tag, std::uint32_t type, std::uint32_t count, std::uint32_t value) {
    add(tag, 2).add(type, 2).add(count, 4);
    return type == kShort && count == 1 ? add(value, 2).add(0, 2) : add(value, 4);
  }
  const Bytes& bytes() const { return bytes_; }

  static constexpr std::uint32_t kByte = 1, kAscii = 2, kShort = 3, kLong = 4, kSignedLong = 9;

 private:
  bool big_endian_;
  Bytes bytes_;
};

Bytes text(std::string_view letters) {
  const auto* const first = reinterpret_cast<const std::byte*>(letters.data());
  return {first, first + letters.size()};
}

constexpr std::uint32_t kOrientation = 0x0112;

Bytes exif_with(std::uint32_t type, std::uint32_t count, std::uint32_t value, char order = 'I') {
  return Tiff(order).add(1, 2).entry(kOrientation, type, count, value).add(0, 4).bytes();
}

TEST(Metadata, OrientationByPillowsRule) {
  const std::string attribute = R"(<x:xmpmeta><rdf:Description tiff:Orientation="8"/></x:xmpmeta>)";
  const std::string element = "<tiff:Orientation>3</tiff:Orientation>";
  const Bytes no_orientation = Tiff('M').add(1, 2).entry(0x0100, Tiff::kLong, 1, 640).add(0, 4).bytes();
  Bytes wrong_magic = exif_with(Tiff::kShort, 1, 6);
  wrong_magic[2] = std::byte{41};
  struct Case {
    const char* name;
    Bytes exif;
    std::string xmp;
    int expected;
  };
  const Case cases[] = {
      {"nothing", {}, "", 1},
      {"EXIF, little-endian short", exif_with(Tiff::kShort, 1, 6), "", 6},
      {"EXIF, big-endian short", exif_with(Tiff::kShort, 1, 5, 'M'), "", 5},
      {"EXIF, long", exif_with(Tiff::kLong, 1, 7), "", 7},
      {"EXIF, signed long", exif_with(Tiff::kSignedLong, 1, 2, 'M'), "", 2},
      {"EXIF, negative", exif_with(Tiff::kSignedLong, 1, 0xfffffffa), attribute, 1},
      {"EXIF, a byte is no number", exif_with(Tiff::kByte, 1, 6), "", 1},
      {"EXIF, text", exif_with(Tiff::kAscii, 1, 6), "", 1},
      {"EXIF, no value", exif_with(Tiff::kShort, 0, 6), "", 1},
      {"EXIF, values outside the block", exif_with(Tiff::kShort, 0x7fffffff, 6), "", 1},
      {"EXIF before XMP", exif_with(Tiff::kShort, 1, 6), attribute, 6},
      {"EXIF before XMP, also where it means nothing", exif_with(Tiff::kShort, 1, 0), attribute, 1},
      {"EXIF without orientation, XMP attribute", no_orientation, attribute, 8},
      {"broken EXIF, XMP element", wrong_magic, element, 3},
      {"XMP attribute", {}, attribute, 8},
      {"XMP element", {}, element, 3},
      {"XMP, the first that has a digit", {}, "tiff:Orientation tiff:Orientation=\"x tiff:Orientation>6", 6},
      {"XMP cut off", {}, "tiff:Orientation=\"", 1},
      {"XMP outside 1 to 8", {}, "tiff:Orientation=\"9\"", 1},
      {"XMP of another name", {}, "exif:Orientation=\"6\"", 1},
  };
  for (const Case& c : cases)
    EXPECT_EQ(static_cast<int>(orientation_of({c.exif, text(c.xmp), {}})), c.expected) << c.name;
}

TEST(Metadata, RawProfiles) {
  EXPECT_EQ(raw_profile("\nexif\n       3\n45 78\n69\n"), text("Exi"));
  EXPECT_EQ(raw_profile("\nexif\n       2\n4aBf"), (Bytes{std::byte{0x4a}, std::byte{0xbf}}));
  for (const char* broken : {"", "\n", "\nexif\n", "\nexif\n 1\nzz", "\nexif\n 1\n4578\xff"})
    EXPECT_EQ(raw_profile(broken), Bytes()) << broken;
}

// Orientation and its picture's size in the EXIF directory, and a thumbnail.
Bytes camera_block(char order, std::uint32_t orientation, std::uint32_t width, std::uint32_t height) {
  Tiff block(order);
  block.add(2, 2);  // at 8: two entries, ends at 38
  block.entry(kOrientation, Tiff::kShort, 1, orientation).entry(0x8769, Tiff::kLong, 1, 38).add(68, 4);
  block.add(2, 2);  // at 38: ends at 68
  block.entry(0xa002, Tiff::kShort, 1, width).entry(0xa003, Tiff::kLong, 1, height).add(0, 4);
  block.add(2, 2);  // at 68: ends at 98
  block.entry(0x0201, Tiff::kLong, 1, 98).entry(0x0202, Tiff::kLong, 1, 4).add(0, 4);
  return block.add(0xffd8ffd9, 4).bytes();  // at 98
}

TEST(Metadata, UprightExif) {
  for (const char order : {'I', 'M'})
    for (const std::uint32_t orientation : {1u, 3u, 6u, 8u}) {
      Bytes block = camera_block(order, orientation, 640, 480);
      make_exif_upright(block, static_cast<Orientation>(orientation));
      Bytes expected = orientation >= 5 ? camera_block(order, 1, 480, 640) : camera_block(order, 1, 640, 480);
      std::fill_n(expected.begin() + 34, 4, std::byte{0});  // no next directory
      std::fill_n(expected.begin() + 98, 4, std::byte{0});
      EXPECT_EQ(block, expected) << order << ' ' << orientation;
    }
}

TEST(Metadata, DamagedExifStaysInsideItsBlock) {
  constexpr unsigned kSeed = 5;
  std::minstd_rand chance(kSeed);
  for (int i = 0; i < 20000; ++i) {
    Bytes block = camera_block(chance() % 2 ? 'I' : 'M', 6, 640, 480);
    for (int change = 0; change < 4; ++change) block[chance() % block.size()] = static_cast<std::byte>(chance() >> 8);
    block.resize(chance() % 3 ? block.size() : chance() % block.size());
    block.shrink_to_fit();
    exif_orientation(block);
    make_exif_upright(block, Orientation::rotate_90);
  }
}

}  // namespace
}  // namespace mobilenet::testing
