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
namespace {

// A vector of length 1 whose numbers were rounded to 11 bits is longer or shorter by a two-thousandth at most, and
// RowMeasures adds a thousandth.
constexpr float kShortest = 0.995f, kLongest = 1.005f;

Error at_name(std::string_view name, Error error) { return at(std::string(name), std::move(error)); }

}  // namespace

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

Result<void> IndexState::encode() {
  if (rows == 0) return {};
  if (rows > std::numeric_limits<std::size_t>::max() / stride) throw std::bad_alloc();
  codes = AlignedBuffer(rows * stride);
  scales.resize(rows);
  errors.resize(rows);
  const VectorKernels& kernels = vector_kernels();
  for (std::size_t i = 0; i < rows; ++i) {
    const RowMeasures measures = kernels.encode(row(i), stride, codes.as<std::int8_t>() + i * stride);
    if (!(measures.norm >= kShortest && measures.norm <= kLongest))
      return failure(ErrorCode::bad_format, "row ", i, " has a vector of length ", measures.norm, ", expected 1");
    for (std::size_t d = dimensions; d < stride; ++d)
      if (row(i)[d] != 0) return failure(ErrorCode::bad_format, "row ", i, " has numbers behind its ", dimensions);
    scales[i] = measures.scale;
    errors[i] = measures.error;
    largest_norm = std::max(largest_norm, measures.norm);
  }
  return {};
}

Result<SearchIndex> SearchIndex::open(const std::filesystem::path& path) try {
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;
  const auto accept = [&](std::span<const std::byte> head) -> Result<void> {
    if (auto good = check_index_head(head); !good) return at_name(path.native(), std::move(good).error());
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
  auto state = parse_index(file, std::move(owner));
  if (!state) return at_name(name, std::move(state).error());
  return SearchIndex(*std::move(state));
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

float SearchIndex::similarity(std::size_t one, std::size_t other) const {
  double sum = 0;
  for (std::size_t i = 0; i < state_->dimensions; ++i)
    sum += static_cast<double>(half_to_float(state_->row(one)[i])) * half_to_float(state_->row(other)[i]);
  return static_cast<float>(sum);
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
