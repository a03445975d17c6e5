// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// Codes of all rows: a pass over the halves, which are read in pieces that stay in a core's cache.

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "base/error.h"
#include "search/index_state.h"
#include "search/row_threads.h"

namespace mobilenet {
namespace {

// A vector of length 1 whose numbers were rounded to 11 bits is longer or shorter by a two-thousandth at most, and
// RowMeasures adds a thousandth.
constexpr float kShortest = 0.995f, kLongest = 1.005f;

// Rows that a thread takes at once, as in nearest.cpp, and what it reads of them in one go.
constexpr std::size_t kPartRows = 4096, kPieceBytes = std::size_t{256} << 10;

// What one thread came upon.
struct Seen {
  float largest_norm = 0;
  std::size_t bad_row = std::numeric_limits<std::size_t>::max();
  RowMeasures of_bad{};
};

bool is_one_long(const RowMeasures& measures) { return measures.norm >= kShortest && measures.norm <= kLongest; }

class Encoder {
 public:
  Encoder(const IndexState& index, RowCodes& made) : index_(index), made_(made) {}

  static std::size_t piece_rows(const IndexState& index) {
    return std::max<std::size_t>(1, kPieceBytes / (index.stride * sizeof(std::uint16_t)));
  }

  void go(std::size_t first, std::size_t last, RowReader& reader, Seen& seen) const {
    const std::size_t most = piece_rows(index_);
    for (; first < last && first < seen.bad_row; first += most) {
      const std::size_t count = std::min(most, last - first);
      const std::uint16_t* const rows = reader.rows(first, count);
      if (rows == nullptr) return;
      for (std::size_t i = 0; i < count; ++i) encode(first + i, rows + i * index_.stride, seen);
    }
  }

 private:
  void encode(std::size_t row, const std::uint16_t* halves, Seen& seen) const {
    const RowMeasures measures =
        kernels_.encode(halves, index_.stride, made_.codes.as<std::int8_t>() + row * index_.stride);
    if (row < seen.bad_row && !is_good_row(index_, measures, halves)) seen.bad_row = row, seen.of_bad = measures;
    made_.scales[row] = measures.scale;
    made_.errors[row] = measures.error;
    seen.largest_norm = std::max(seen.largest_norm, measures.norm);
  }

  const IndexState& index_;
  RowCodes& made_;
  const VectorKernels& kernels_ = vector_kernels();
};

Result<std::shared_ptr<const RowCodes>> make_codes(const IndexState& index, int threads) {
  auto made = std::make_shared<RowCodes>();
  made->stride = index.stride;
  if (index.rows == 0) return std::shared_ptr<const RowCodes>(std::move(made));
  if (index.rows > std::numeric_limits<std::size_t>::max() / index.stride) throw std::bad_alloc();
  made->codes = AlignedBuffer(index.rows * index.stride);
  made->scales.resize(index.rows);
  made->errors.resize(index.rows);
  const std::size_t parts = (index.rows + kPartRows - 1) / kPartRows, members = members_for(threads, parts);
  std::vector<RowReader> readers;
  for (std::size_t member = 0; member < members; ++member) readers.emplace_back(index, Encoder::piece_rows(index));
  std::vector<Seen> seen(members);
  const Encoder encoder(index, *made);
  share_parts(parts, members, [&](std::size_t part, std::size_t member) {
    encoder.go(part * kPartRows, std::min(index.rows, (part + 1) * kPartRows), readers[member], seen[member]);
  });
  MOBILENET_CHECK(check_reading(index, readers));
  const Seen& first =
      *std::min_element(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.bad_row < b.bad_row; });
  if (first.bad_row < index.rows) return bad_row_error(index, first.bad_row, first.of_bad);
  for (const Seen& one : seen) made->largest_norm = std::max(made->largest_norm, one.largest_norm);
  return std::shared_ptr<const RowCodes>(std::move(made));
}

}  // namespace

bool is_good_row(const IndexState& index, const RowMeasures& measures, const std::uint16_t* row) {
  return is_one_long(measures) &&
         std::all_of(row + index.dimensions, row + index.stride, [](std::uint16_t half) { return half == 0; });
}

Error bad_row_error(const IndexState& index, std::size_t row, const RowMeasures& measures) {
  if (is_one_long(measures))
    return failure(ErrorCode::bad_format, index.name, ": row ", row, " has numbers behind its ", index.dimensions);
  return failure(ErrorCode::bad_format, index.name, ": row ", row, " has a vector of length ", measures.norm,
                 ", expected 1");
}

RowReader::RowReader(const IndexState& index, std::size_t most_rows)
    : index_(&index), room_(index.bytes.in_memory() ? 0 : most_rows * index.stride * sizeof(std::uint16_t)) {}

const std::uint16_t* RowReader::rows(std::size_t first, std::size_t count) noexcept {
  const std::size_t row_bytes = index_->stride * sizeof(std::uint16_t);
  const std::byte* const found = index_->bytes.at(index_->rows_at + first * row_bytes, count * row_bytes, room_.data());
  has_failed_ = has_failed_ || found == nullptr;
  return reinterpret_cast<const std::uint16_t*>(found);
}

Result<void> check_reading(const IndexState& index, std::span<const RowReader> readers) {
  if (std::any_of(readers.begin(), readers.end(), [](const RowReader& reader) { return reader.has_failed(); }))
    return index.read_error();
  return index.check_unchanged();
}

Error IndexState::read_error() const { return at(name, bytes.read_error()); }

Result<void> IndexState::check_unchanged() const {
  if (auto unchanged = bytes.check_unchanged(); !unchanged) return at(name, std::move(unchanged).error());
  return {};
}

Result<std::shared_ptr<const RowCodes>> IndexState::codes(int threads) const {
  const std::lock_guard lock(mutex_);
  if (codes_ == nullptr) {
    MOBILENET_TRY(codes_, make_codes(*this, threads));
  }
  return codes_;
}

}  // namespace mobilenet
