// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/search.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include "base/caught.h"
#include "base/error.h"
#include "search/index_state.h"

namespace mobilenet {

struct IndexBuilderState {
  // What the index refers to.
  struct Content {
    AlignedBuffer halves;
    std::deque<std::string> names;  // stay where they are
    std::vector<FileStamp> stamps;
  };

  IndexSource source;
  std::size_t dimensions = 0, stride = 0;
  std::size_t rows = 0;
  std::vector<std::uint16_t> fingerprint;
  std::shared_ptr<Content> content = std::make_shared<Content>();

  // Room for one row more.
  void grow() {
    const std::size_t row_bytes = stride * sizeof(std::uint16_t);
    if ((rows + 1) * row_bytes <= content->halves.size()) return;
    constexpr std::size_t kFirstRows = 64;
    AlignedBuffer larger(std::max(kFirstRows, 2 * rows) * row_bytes);
    if (rows > 0) std::memcpy(larger.data(), content->halves.data(), rows * row_bytes);
    content->halves = std::move(larger);
  }
  std::uint16_t* next_row() { return content->halves.as<std::uint16_t>() + rows * stride; }
  void append(std::string_view name, FileStamp stamp) {
    content->names.emplace_back(name);
    content->stamps.push_back(stamp);
    ++rows;
  }
};

SearchIndexBuilder::SearchIndexBuilder(std::unique_ptr<IndexBuilderState> state) : state_(std::move(state)) {}
SearchIndexBuilder::SearchIndexBuilder(SearchIndexBuilder&&) noexcept = default;
SearchIndexBuilder& SearchIndexBuilder::operator=(SearchIndexBuilder&&) noexcept = default;
SearchIndexBuilder::~SearchIndexBuilder() = default;

Result<SearchIndexBuilder> SearchIndexBuilder::create(int dimensions, IndexSource source) try {
  if (dimensions < 1 || dimensions > kMostDimensions)
    return failure(ErrorCode::invalid_argument, "an index of ", dimensions, " dimensions is impossible: 1 to ",
                   kMostDimensions);
  auto state = std::make_unique<IndexBuilderState>();
  state->dimensions = static_cast<std::size_t>(dimensions);
  state->stride = padded_row(state->dimensions);
  for (const std::string* text : {&source.model, &source.layer})
    if (text->find('\0') != std::string::npos)
      return failure(ErrorCode::invalid_argument, "the source of an index has a zero byte in its name");
  if (!source.fingerprint.empty()) {
    if (source.fingerprint.size() != state->dimensions)
      return failure(ErrorCode::invalid_argument, "a fingerprint of ", source.fingerprint.size(),
                     " numbers, for an index of ", dimensions, " dimensions");
    state->fingerprint.resize(state->stride);
    if (auto stored = store_row(source.fingerprint, state->stride, state->fingerprint.data()); !stored)
      return at("the fingerprint", std::move(stored).error());
  }
  state->source = std::move(source);
  return SearchIndexBuilder(std::move(state));
} catch (...) {
  return caught("search");
}

Result<void> SearchIndexBuilder::add(std::string_view name, std::span<const float> vector, FileStamp stamp) try {
  IndexBuilderState& state = *state_;
  if (vector.size() != state.dimensions)
    return failure(ErrorCode::invalid_argument, name, ": a vector of ", vector.size(), " numbers, for an index of ",
                   state.dimensions, " dimensions");
  if (name.find('\0') != std::string_view::npos)
    return failure(ErrorCode::invalid_argument, "row ", state.rows, ": a zero byte in its name");
  state.grow();
  std::uint16_t* const row = state.next_row();
  if (auto stored = store_row(vector, state.stride, row); !stored)
    return at(std::string(name) + ": its vector", std::move(stored).error());
  state.append(name, stamp);
  return {};
} catch (...) {
  return caught(name);
}

Result<void> SearchIndexBuilder::add_row(const SearchIndex& from, std::size_t row) try {
  IndexBuilderState& state = *state_;
  const IndexState& index = *from.state_;
  if (index.dimensions != state.dimensions || row >= index.rows)
    return failure(ErrorCode::invalid_argument, "row ", row, " of ", index.rows, " rows of ", index.dimensions,
                   " numbers, for an index of ", state.dimensions, " dimensions");
  RowReader reader(index);
  const std::uint16_t* const halves = reader.rows(row);
  MOBILENET_CHECK(check_reading(index, std::span(&reader, 1)));
  std::vector<std::int8_t> codes(state.stride);
  if (const auto measures = vector_kernels().encode(halves, state.stride, codes.data());
      !is_good_row(index, measures, halves))
    return bad_row_error(index, row, measures);
  state.grow();
  std::memcpy(state.next_row(), halves, state.stride * sizeof(std::uint16_t));
  state.append(index.names[row], index.stamps[row]);
  return {};
} catch (...) {
  return caught("search");
}

std::size_t SearchIndexBuilder::size() const { return state_->rows; }

Result<SearchIndex> SearchIndexBuilder::build() try {
  IndexBuilderState& state = *state_;
  auto index = std::make_shared<IndexState>();
  const auto content = std::exchange(state.content, std::make_shared<IndexBuilderState::Content>());
  index->source = state.source;
  index->dimensions = state.dimensions;
  index->stride = state.stride;
  index->rows = std::exchange(state.rows, 0);
  index->fingerprint = state.fingerprint;
  index->bytes = IndexBytes({content->halves.data(), content->halves.size()}, content);
  index->names.assign(content->names.begin(), content->names.end());
  index->stamps = std::move(content->stamps);
  return SearchIndex(std::shared_ptr<const IndexState>(std::move(index)));
} catch (...) {
  return caught("search");
}

}  // namespace mobilenet
