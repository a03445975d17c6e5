// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/exif.h"

#include <libexif/exif-data.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

namespace mobilenet {

Orientation exif_orientation(std::span<const std::byte> tiff) {
  static constexpr std::array<unsigned char, 6> kPrefix{'E', 'x', 'i', 'f', 0, 0};
  constexpr std::size_t kLargestSegment = 65533;  // what a JPEG segment can carry; the first directory comes early
  if (tiff.size() < 8) return Orientation::upright;
  tiff = tiff.first(std::min(tiff.size(), kLargestSegment - kPrefix.size()));

  std::vector<unsigned char> block(kPrefix.size() + tiff.size());
  std::memcpy(block.data(), kPrefix.data(), kPrefix.size());
  std::memcpy(block.data() + kPrefix.size(), tiff.data(), tiff.size());

  const std::unique_ptr<ExifData, decltype(&exif_data_unref)> data(exif_data_new(), &exif_data_unref);
  if (!data) return Orientation::upright;
  // Read what the file says: the library would otherwise make up entries that the specification asks for.
  exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
  exif_data_load_data(data.get(), block.data(), static_cast<unsigned int>(block.size()));
  const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (!entry || !entry->data || entry->components < 1) return Orientation::upright;
  const ExifByteOrder order = exif_data_get_byte_order(data.get());
  if (entry->format == EXIF_FORMAT_SHORT && entry->size >= 2)
    return orientation_from_exif(exif_get_short(entry->data, order));
  if (entry->format == EXIF_FORMAT_LONG && entry->size >= 4) {
    const ExifLong value = exif_get_long(entry->data, order);
    return value <= 8 ? orientation_from_exif(static_cast<int>(value)) : Orientation::upright;
  }
  return Orientation::upright;
}

}  // namespace mobilenet
