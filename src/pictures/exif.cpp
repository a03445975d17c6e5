// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "pictures/exif.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace mobilenet {
namespace {

constexpr std::uint32_t kOrientation = 0x0112, kExifDirectory = 0x8769, kPixelXDimension = 0xa002,
                        kPixelYDimension = 0xa003, kThumbnail = 0x0201, kThumbnailBytes = 0x0202;
constexpr std::uint32_t kShort = 3, kLong = 4, kSignedShort = 8, kSignedLong = 9;

// A tag whose value is one or more whole numbers; offsets are those of the block.
struct Entry {
  std::uint32_t tag = 0, type = 0;
  std::size_t value_at = 0;  // of the first number, inside the block

  std::size_t value_bytes() const { return type == kShort || type == kSignedShort ? 2 : 4; }
};

// A view of const or changeable bytes; everything that is read is checked against its size.
class Block {
 public:
  explicit Block(std::span<const std::byte> bytes) : bytes_(bytes) {
    constexpr std::size_t kHeader = 8;
    if (bytes.size() < kHeader) return;
    big_endian_ = bytes[0] == std::byte{'M'};
    const std::byte letter = big_endian_ ? std::byte{'M'} : std::byte{'I'};
    if (bytes[0] != letter || bytes[1] != letter || number(2, 2) != 42) return;
    first_directory_ = number(4, 4);
  }

  std::size_t first_directory() const { return first_directory_; }  // 0: none

  bool holds(std::size_t at, std::size_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }

  std::uint32_t number(std::size_t at, std::size_t count) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value = value << 8 | std::to_integer<std::uint32_t>(bytes_[at + (big_endian_ ? i : count - 1 - i)]);
    return value;
  }

  // Where byte i of a number of `count` bytes, counted from its lowest, is stored.
  std::size_t place(std::size_t at, std::size_t count, std::size_t i) const {
    return big_endian_ ? at + count - 1 - i : at + i;
  }

  // Calls found(entry) for each tag of a directory that holds whole numbers; returns where the next directory's offset
  // is stored, 0 when the directory is cut off.
  template <class Found>
  std::size_t walk(std::size_t directory, const Found& found) const {
    constexpr std::size_t kEntryBytes = 12;
    if (directory == 0 || !holds(directory, 2)) return 0;
    const std::size_t count = number(directory, 2);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = directory + 2 + i * kEntryBytes;
      if (!holds(at, kEntryBytes)) return 0;
      Entry entry{number(at, 2), number(at + 2, 2), at + 8};
      const bool whole =
          entry.type == kShort || entry.type == kLong || entry.type == kSignedShort || entry.type == kSignedLong;
      const std::uint64_t bytes = std::uint64_t{number(at + 4, 4)} * entry.value_bytes();
      if (bytes > 4) entry.value_at = number(at + 8, 4);  // does not fit in the entry
      if (whole && bytes > 0 && holds(entry.value_at, bytes)) found(entry);
    }
    const std::size_t end = directory + 2 + count * kEntryBytes;
    return holds(end, 4) ? end : 0;
  }

 private:
  std::span<const std::byte> bytes_;
  bool big_endian_ = false;
  std::size_t first_directory_ = 0;
};

// What must change; collected before anything does, so that overlapping directories cannot mislead the walk.
struct Places {
  std::vector<Entry> orientations, widths, heights;
  std::size_t next_directory_at = 0;
  std::size_t thumbnail_at = 0, thumbnail_bytes = 0;
};

Places find_places(const Block& block) {
  Places places;
  std::size_t exif_directory = 0;
  places.next_directory_at = block.walk(block.first_directory(), [&](const Entry& entry) {
    if (entry.tag == kOrientation) places.orientations.push_back(entry);
    if (entry.tag == kExifDirectory) exif_directory = block.number(entry.value_at, entry.value_bytes());
  });
  block.walk(exif_directory, [&](const Entry& entry) {
    if (entry.tag == kPixelXDimension) places.widths.push_back(entry);
    if (entry.tag == kPixelYDimension) places.heights.push_back(entry);
  });
  if (places.next_directory_at == 0) return places;
  block.walk(block.number(places.next_directory_at, 4), [&](const Entry& entry) {
    if (entry.tag == kThumbnail) places.thumbnail_at = block.number(entry.value_at, entry.value_bytes());
    if (entry.tag == kThumbnailBytes) places.thumbnail_bytes = block.number(entry.value_at, entry.value_bytes());
  });
  return places;
}

}  // namespace

std::optional<int> exif_orientation(std::span<const std::byte> exif) {
  const Block block(exif);
  std::optional<int> found;
  block.walk(block.first_directory(), [&](const Entry& entry) {
    if (entry.tag != kOrientation) return;
    const std::uint32_t value = block.number(entry.value_at, entry.value_bytes());
    found = static_cast<int>(std::min<std::uint32_t>(value, 0xffff));
  });
  return found;
}

void make_exif_upright(std::span<std::byte> exif, Orientation orientation) {
  const Block block(exif);
  const Places places = find_places(block);
  const auto write = [&](std::size_t at, std::size_t count, std::uint32_t value) {
    for (std::size_t i = 0; i < count; ++i) exif[block.place(at, count, i)] = static_cast<std::byte>(value >> (8 * i));
  };
  for (const Entry& entry : places.orientations) write(entry.value_at, entry.value_bytes(), 1);
  const bool turned = orientation >= Orientation::transpose && orientation <= Orientation::rotate_270;
  if (turned && places.widths.size() == 1 && places.heights.size() == 1) {
    const Entry &width = places.widths.front(), &height = places.heights.front();
    const std::uint32_t old_width = block.number(width.value_at, width.value_bytes());
    write(width.value_at, width.value_bytes(), block.number(height.value_at, height.value_bytes()));
    write(height.value_at, height.value_bytes(), old_width);
  }
  if (places.next_directory_at == 0) return;
  write(places.next_directory_at, 4, 0);
  constexpr std::size_t kHeader = 8;
  if (places.thumbnail_at >= kHeader && block.holds(places.thumbnail_at, places.thumbnail_bytes))
    std::ranges::fill(exif.subspan(places.thumbnail_at, places.thumbnail_bytes), std::byte{0});
}

}  // namespace mobilenet
