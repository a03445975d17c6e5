// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// The nearest rows: a pass over the codes, and of the rows that may be among the best the halves, at once, so that the
// bar rises as early as it can.

#include <algorithm>
#include <array>
#include <limits>

#include "base/caught.h"
#include "base/error.h"
#include "search/query.h"
#include "search/row_threads.h"

namespace mobilenet {
namespace {

// Queries of one pass: their codes and what they are multiplied with share the second-level cache.
constexpr std::size_t kMostTogether = 16;
// Rows that a thread takes at once: 5 MB of codes of 1280 numbers.
constexpr std::size_t kPartRows = 4096;

bool is_better(const Neighbour& a, const Neighbour& b) {
  return a.similarity > b.similarity || (a.similarity == b.similarity && a.row < b.row);
}

// The best so far, the worst of them in front.
class Best {
 public:
  explicit Best(std::size_t most) : most_(most) { heap_.reserve(most); }

  bool may_take(float upper) const { return heap_.size() < most_ || upper >= heap_.front().similarity; }
  void offer(const Neighbour& found) {
    if (heap_.size() == most_) {
      if (!is_better(found, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), is_better);
      heap_.pop_back();
    }
    heap_.push_back(found);
    std::push_heap(heap_.begin(), heap_.end(), is_better);
  }
  std::span<const Neighbour> found() const { return heap_; }

 private:
  std::size_t most_;
  std::vector<Neighbour> heap_;
};

struct Scan {
  const RowCodes& rows;
  const Queries& queries;
  const VectorKernels& kernels = vector_kernels();

  void go(std::size_t first, std::size_t last, RowReader& reader, std::span<Best> best) const {
    alignas(kAlignment) std::array<std::int32_t, kTileQueries * kBlockRows> products;
    std::array<float, kBlockRows> upper;
    for (std::size_t block = first; block < last; block += kBlockRows) {
      const std::size_t count = std::min(kBlockRows, last - block);
      for (std::size_t tile = 0; tile < queries.count(); tile += kTileQueries) {
        const std::size_t together = std::min(kTileQueries, queries.count() - tile);
        kernels.multiply(
            {queries.codes(tile), together, rows.row(block), count, rows.stride, products.data(), kBlockRows});
        for (std::size_t q = 0; q < together; ++q) {
          queries.bound(tile + q, rows, block, count, products.data() + q * kBlockRows, upper.data());
          look_closer(tile + q, block, std::span(upper).first(count), reader, best[tile + q]);
        }
      }
    }
  }

  void look_closer(std::size_t query, std::size_t block, std::span<const float> upper, RowReader& reader,
                   Best& best) const {
    for (std::size_t i = 0; i < upper.size(); ++i) {
      if (!best.may_take(upper[i])) continue;
      const std::uint16_t* const row = reader.rows(block + i);
      if (row == nullptr) return;
      best.offer({block + i, kernels.dot(queries.floats(query), row, rows.stride)});
    }
  }
};

Error no_length(std::size_t query, std::size_t queries) {
  return failure(ErrorCode::invalid_argument, queries > 1 ? text("query ", query) : std::string("the query"),
                 " is all zeros, or holds a number that is not finite");
}

}  // namespace

Result<std::vector<std::vector<Neighbour>>> SearchIndex::nearest_of_each(std::span<const float> queries,
                                                                         const NearestOptions& options) const try {
  const IndexState& index = *state_;
  if (options.count < 1 || options.threads < 1)
    return failure(ErrorCode::invalid_argument, options.count, " neighbours by ", options.threads,
                   " threads are impossible");
  if (queries.size() % index.dimensions != 0)
    return failure(ErrorCode::invalid_argument, "queries of ", queries.size(), " numbers in all, for an index of ",
                   index.dimensions, " dimensions");
  const std::size_t count = queries.size() / index.dimensions;
  const std::size_t most = std::min(static_cast<std::size_t>(options.count), index.rows);
  std::vector<std::vector<Neighbour>> answers(count);
  const std::size_t parts = (index.rows + kPartRows - 1) / kPartRows;
  const std::size_t members = members_for(options.threads, parts);
  MOBILENET_TRY(const auto codes, index.codes(options.threads));
  std::vector<RowReader> readers;
  for (std::size_t member = 0; member < members; ++member) readers.emplace_back(index);
  Queries together(std::min(count, kMostTogether), index.stride);
  for (std::size_t first = 0; first < count; first += kMostTogether) {
    together.clear();
    for (std::size_t q = first; q < std::min(count, first + kMostTogether); ++q)
      if (!together.add(queries.subspan(q * index.dimensions, index.dimensions))) return no_length(q, count);
    std::vector<std::vector<Best>> best(members);
    for (std::vector<Best>& own : best)
      for (std::size_t q = 0; q < together.count(); ++q) own.emplace_back(most);
    const Scan scan{*codes, together};
    if (most > 0)
      share_parts(parts, members, [&](std::size_t part, std::size_t member) {
        scan.go(part * kPartRows, std::min(index.rows, (part + 1) * kPartRows), readers[member], best[member]);
      });
    for (std::size_t q = 0; q < together.count(); ++q) {
      std::vector<Neighbour>& answer = answers[first + q];
      for (const std::vector<Best>& own : best)
        answer.insert(answer.end(), own[q].found().begin(), own[q].found().end());
      std::sort(answer.begin(), answer.end(), is_better);
      answer.resize(std::min(most, answer.size()));
    }
  }
  MOBILENET_CHECK(check_reading(index, readers));
  return answers;
} catch (...) {
  return caught("search");
}

Result<std::vector<Neighbour>> SearchIndex::nearest(std::span<const float> query, const NearestOptions& options) const {
  if (query.size() != static_cast<std::size_t>(dimensions()))
    return failure(ErrorCode::invalid_argument, "a query of ", query.size(), " numbers, for an index of ", dimensions(),
                   " dimensions");
  auto answers = nearest_of_each(query, options);
  if (!answers) return std::move(answers).error();
  return std::move(answers->front());
}

}  // namespace mobilenet
