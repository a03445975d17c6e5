// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a SearchIndex holds, however it was made: the halves, which are the truth, and codes of a byte each, which tell
// how similar a row can be at most for half of the reading.

#include <mobilenet/search.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/aligned_buffer.h"
#include "search/vector_kernels.h"

namespace mobilenet {

// Elements of a row in memory and in files.
constexpr std::size_t padded_row(std::size_t dimensions) {
  return (dimensions + kRowElements - 1) / kRowElements * kRowElements;
}

struct IndexState {
  IndexSource source;
  std::size_t dimensions = 0;
  std::size_t stride = 0;  // padded_row(dimensions)
  std::size_t rows = 0;
  const std::uint16_t* halves = nullptr;   // [rows][stride]
  std::vector<std::uint16_t> fingerprint;  // [stride], or empty
  std::shared_ptr<const void> owner;       // of the halves and the names
  std::vector<std::string_view> names;     // [rows]
  AlignedBuffer codes;                     // [rows][stride] of std::int8_t
  std::vector<float> scales, errors;       // of RowMeasures
  float largest_norm = 0;

  const std::uint16_t* row(std::size_t index) const { return halves + index * stride; }
  const std::int8_t* row_codes(std::size_t index) const { return codes.as<std::int8_t>() + index * stride; }

  // Makes the codes; fails where a row is not a vector of length 1.
  Result<void> encode();
};

// A vector as it is kept: made 1 long, in halves, padded with zeros. Fails where it has no length, or one that is no
// number.
Result<void> store_row(std::span<const float> vector, std::size_t stride, std::uint16_t* row);

// Reads and writes the file format of docs/search.md.
Result<std::shared_ptr<const IndexState>> parse_index(std::span<const std::byte> file,
                                                      std::shared_ptr<const void> owner);
Result<void> write_index(const std::filesystem::path& path, const IndexState& index);
// Of a file's first bytes: whether it is an index at all.
Result<void> check_index_head(std::span<const std::byte> head);

}  // namespace mobilenet
