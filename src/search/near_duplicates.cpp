// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// Rows that are nearly the same: all pairs, by their codes, in tiles that stay in the cache; of the pairs that may be
// near enough the halves, unless a chain joins them already.

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "base/caught.h"
#include "base/error.h"
#include "search/query.h"
#include "search/row_threads.h"

namespace mobilenet {
namespace {

// Rows that are compared with all behind them in one pass: 80 KB of codes of 1280 numbers.
constexpr std::size_t kPartRows = 32;

// Sets of rows that grow together; the first row of each stands for it.
class Groups {
 public:
  explicit Groups(std::size_t rows) : parent_(rows) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }

  std::size_t first(std::size_t row) {
    while (parent_[row] != row) row = parent_[row] = parent_[parent_[row]];
    return row;
  }
  void join(std::size_t a, std::size_t b) {
    a = first(a), b = first(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

// What one thread has of its own.
struct Worker {
  explicit Worker(const IndexState& index) : reader(index), queries(kPartRows, index.stride), groups(index.rows) {}

  RowReader reader;
  Queries queries;
  Groups groups;
};

struct Comparison {
  const RowCodes& codes;
  std::size_t row_count;
  float threshold;
  const VectorKernels& kernels = vector_kernels();

  // Rows first..last, which are the queries, with all behind each of them.
  void go(std::size_t first, std::size_t last, Worker& worker) const {
    Queries& queries = worker.queries;
    queries.clear();
    for (std::size_t row = first; row < last; ++row) {
      const std::uint16_t* const halves = worker.reader.rows(row);
      if (halves == nullptr) return;
      queries.add_row(halves);
    }
    alignas(kAlignment) std::array<std::int32_t, kTileQueries * kBlockRows> products;
    std::array<float, kBlockRows> upper;
    for (std::size_t block = first + 1; block < row_count; block += kBlockRows) {
      const std::size_t rows = std::min(kBlockRows, row_count - block);
      for (std::size_t tile = 0; tile < queries.count(); tile += kTileQueries) {
        const std::size_t together = std::min(kTileQueries, queries.count() - tile);
        kernels.multiply(
            {queries.codes(tile), together, codes.row(block), rows, codes.stride, products.data(), kBlockRows});
        for (std::size_t q = tile; q < tile + together; ++q) {
          queries.bound(q, codes, block, rows, products.data() + (q - tile) * kBlockRows, upper.data());
          look_closer(first + q, queries.floats(q), block, std::span(upper).first(rows), worker);
        }
      }
    }
  }

  void look_closer(std::size_t row, const float* query, std::size_t block, std::span<const float> upper,
                   Worker& worker) const {
    Groups& groups = worker.groups;
    for (std::size_t i = 0; i < upper.size(); ++i) {
      const std::size_t other = block + i;
      if (upper[i] < threshold || other <= row || groups.first(row) == groups.first(other)) continue;
      const std::uint16_t* const halves = worker.reader.rows(other);
      if (halves == nullptr) return;
      if (kernels.dot(query, halves, codes.stride) >= threshold) groups.join(row, other);
    }
  }
};

}  // namespace

Result<std::vector<DuplicateGroup>> SearchIndex::near_duplicates(float threshold, int threads) const try {
  const IndexState& index = *state_;
  if (!(threshold >= -1 && threshold <= 1))
    return failure(ErrorCode::invalid_argument, "a similarity of ", threshold, " is impossible: -1 to 1");
  if (threads < 1) return failure(ErrorCode::invalid_argument, threads, " threads are impossible");
  const std::size_t parts = (index.rows + kPartRows - 1) / kPartRows;
  const std::size_t members = members_for(threads, parts);
  MOBILENET_TRY(const auto codes, index.codes(threads));
  std::vector<Worker> workers;
  for (std::size_t member = 0; member < members; ++member) workers.emplace_back(index);
  const Comparison comparison{*codes, index.rows, threshold};
  share_parts(parts, members, [&](std::size_t part, std::size_t member) {
    comparison.go(part * kPartRows, std::min(index.rows, (part + 1) * kPartRows), workers[member]);
  });
  for (const Worker& worker : workers) MOBILENET_CHECK(check_reading(index, std::span(&worker.reader, 1)));
  std::map<std::size_t, DuplicateGroup> found;  // by the first row
  Groups& all = workers.front().groups;
  for (std::size_t row = 0; row < index.rows; ++row)
    for (std::size_t member = 1; member < members; ++member) all.join(row, workers[member].groups.first(row));
  const auto add = [&](DuplicateGroup& group, std::size_t first, std::size_t row) -> Result<void> {
    MOBILENET_TRY(const float similar, similarity(first, row));
    group.rows.push_back(row);
    group.similarities.push_back(similar);
    return {};
  };
  for (std::size_t row = 0; row < index.rows; ++row)
    if (const std::size_t first = all.first(row); first != row) {
      DuplicateGroup& group = found[first];
      if (group.rows.empty()) MOBILENET_CHECK(add(group, first, first));
      MOBILENET_CHECK(add(group, first, row));
    }
  std::vector<DuplicateGroup> list;
  for (auto& [first, group] : found) list.push_back(std::move(group));
  return list;
} catch (...) {
  return caught("search");
}

}  // namespace mobilenet
