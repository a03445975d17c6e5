// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a SearchIndex holds, however it was made: the halves, which are the truth and may stay in a file, and codes of a
// byte each, which tell how similar a row can be at most for half of the reading. Codes are made when they are first
// wanted, which looks at every vector.

#include <mobilenet/search.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/aligned_buffer.h"
#include "search/index_bytes.h"
#include "search/vector_kernels.h"

namespace mobilenet {

// Elements of a row in memory and in files.
constexpr std::size_t padded_row(std::size_t dimensions) {
  return (dimensions + kRowElements - 1) / kRowElements * kRowElements;
}

struct RowCodes {
  std::size_t stride = 0;
  AlignedBuffer codes;                // [rows][stride] of std::int8_t
  std::vector<float> scales, errors;  // of RowMeasures
  float largest_norm = 0;

  const std::int8_t* row(std::size_t index) const { return codes.as<std::int8_t>() + index * stride; }
};

struct IndexState {
  std::string name = "the index";  // in messages
  IndexSource source;
  std::size_t dimensions = 0;
  std::size_t stride = 0;  // padded_row(dimensions)
  std::size_t rows = 0;
  IndexBytes bytes;
  std::uint64_t rows_at = 0;               // where among these the halves begin: [rows][stride]
  std::vector<std::uint16_t> fingerprint;  // [stride], or empty
  std::shared_ptr<const void> texts;       // what the names refer to
  std::vector<std::string_view> names;     // [rows]
  std::vector<FileStamp> stamps;           // [rows]

  // Made by the first who asks, with so many threads; fails where a row is not a vector of length 1.
  Result<std::shared_ptr<const RowCodes>> codes(int threads) const;
  // An error of its bytes, with its name.
  Error read_error() const;
  Result<void> check_unchanged() const;

 private:
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const RowCodes> codes_;
};

// Gives rows to one thread, from memory or through room of its own.
class RowReader {
 public:
  explicit RowReader(const IndexState& index, std::size_t most_rows = 1);

  // Valid until the next call; null where the file does not give them.
  const std::uint16_t* rows(std::size_t first, std::size_t count = 1) noexcept;
  bool has_failed() const { return has_failed_; }

 private:
  const IndexState* index_;
  AlignedBuffer room_;
  bool has_failed_ = false;
};

// Of those who read for one call: whether all was read, from a file that is still the same.
Result<void> check_reading(const IndexState& index, std::span<const RowReader> readers);

// A vector as it is kept: made 1 long, in halves, padded with zeros. Fails where it has no length, or one that is no
// number.
Result<void> store_row(std::span<const float> vector, std::size_t stride, std::uint16_t* row);

// Whether a row with these measures is one that store_row() may have written; the error where it is not.
bool is_good_row(const IndexState& index, const RowMeasures& measures, const std::uint16_t* row);
Error bad_row_error(const IndexState& index, std::size_t row, const RowMeasures& measures);

// Reads and writes the file format of docs/search.md.
Result<std::shared_ptr<const IndexState>> parse_index(IndexBytes bytes, std::string_view name);
Result<void> write_index(const std::filesystem::path& path, const IndexState& index);
// Of a file's first bytes: whether it is an index at all.
Result<void> check_index_head(std::span<const std::byte> head);

}  // namespace mobilenet
