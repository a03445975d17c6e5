// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/search.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/caught.h"
#include "base/error.h"
#include "base/file_bytes.h"
#include "base/half.h"
#include "search/index_state.h"
#include "search/query.h"

namespace mobilenet {

Result<void> store_row(std::span<const float> vector, std::size_t stride, std::uint16_t* row) {
  double squares = 0;
  for (const float value : vector) {
    if (!std::isfinite(value)) return failure(ErrorCode::invalid_argument, "holds a number that is not finite");
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  if (squares == 0) return failure(ErrorCode::invalid_argument, "is all zeros, which points nowhere");
  const double length = std::sqrt(squares);
  for (std::size_t i = 0; i < stride; ++i)
    row[i] = i < vector.size() ? float_to_half(static_cast<float>(static_cast<double>(vector[i]) / length)) : 0;
  return {};
}

Result<SearchIndex> SearchIndex::open(const std::filesystem::path& path) try {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) {
    auto bytes = IndexBytes::open(path);
    if (!bytes) return at(path.native(), std::move(bytes).error());
    MOBILENET_TRY(auto state, parse_index(*std::move(bytes), path.native()));
    return SearchIndex(std::move(state));
  }
  // A pipe is read to its end.
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;
  const auto accept = [&](std::span<const std::byte> head) -> Result<void> {
    if (auto good = check_index_head(head); !good) return at(path.native(), std::move(good).error());
    return {};
  };
  MOBILENET_TRY(const auto file, FileBytes::read(path, {.max_bytes = kMostBytes, .accept = accept}));
  return from_memory(file->bytes(), file, path.native());
} catch (...) {
  return caught(path.native());
}

Result<SearchIndex> SearchIndex::from_memory(std::span<const std::byte> file, std::shared_ptr<const void> owner,
                                             std::string_view name) try {
  if (reinterpret_cast<std::uintptr_t>(file.data()) % kAlignment != 0 && !file.empty()) {
    const auto copy = std::make_shared<AlignedBuffer>(file.size());
    std::memcpy(copy->data(), file.data(), file.size());
    file = {copy->data(), file.size()};
    owner = copy;
  }
  MOBILENET_TRY(auto state, parse_index(IndexBytes(file, std::move(owner)), name));
  return SearchIndex(std::move(state));
} catch (...) {
  return caught(name);
}

Result<void> SearchIndex::save(const std::filesystem::path& path) const try {
  return write_index(path, *state_);
} catch (...) {
  return caught(path.native());
}

const IndexSource& SearchIndex::source() const { return state_->source; }

std::size_t SearchIndex::size() const { return state_->rows; }

int SearchIndex::dimensions() const { return static_cast<int>(state_->dimensions); }

std::string_view SearchIndex::name(std::size_t row) const { return state_->names[row]; }

FileStamp SearchIndex::stamp(std::size_t row) const { return state_->stamps[row]; }

Result<float> SearchIndex::similarity(std::size_t one, std::size_t other) const try {
  RowReader readers[] = {RowReader(*state_), RowReader(*state_)};
  const std::uint16_t *const first = readers[0].rows(one), *const second = readers[1].rows(other);
  MOBILENET_CHECK(check_reading(*state_, readers));
  double sum = 0;
  for (std::size_t i = 0; i < state_->dimensions; ++i)
    sum += static_cast<double>(half_to_float(first[i])) * half_to_float(second[i]);
  return static_cast<float>(sum);
} catch (...) {
  return caught("search");
}

Result<float> SearchIndex::similarity_to_fingerprint(std::span<const float> vector) const try {
  const IndexState& index = *state_;
  if (vector.size() != index.dimensions)
    return failure(ErrorCode::invalid_argument, "a vector of ", vector.size(), " numbers, for an index of ",
                   index.dimensions, " dimensions");
  if (index.fingerprint.empty()) return 0.0f;
  Queries query(1, index.stride);
  if (!query.add(vector)) return failure(ErrorCode::invalid_argument, "the vector is all zeros, or not finite");
  return vector_kernels().dot(query.floats(0), index.fingerprint.data(), index.stride);
} catch (...) {
  return caught("search");
}

}  // namespace mobilenet
