// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// SearchIndex: feature vectors by their names, and which of them are nearest to another, by cosine. Exact: the answer
// is that of comparing with every vector. An optional part of the library, the CMake target mobilenet::search.
//
//   auto index = mobilenet::SearchIndex::open("pictures.idx").value();
//   for (const mobilenet::Neighbour& found : index.nearest(session.features(picture).value()[0].as<float>()).value())
//     std::cout << index.name(found.row) << ' ' << found.similarity << '\n';
//
// Vectors are made 1 long and kept in halves (IEEE's floats of 16 bits); similarities are the products of a query of
// floats, 1 long too, with these, summed in floats: -1 to 1 but for rounding.

#include <mobilenet/export.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mobilenet {

inline constexpr int kMostDimensions = 16384;

// Where the vectors come from, kept for whoever makes queries, which must come from there too.
struct IndexSource {
  std::string model;  // a file's path, or what stands for it
  std::string layer;
  // What that layer gives for something that the maker of the index and its users both know, as long as the index's
  // vectors; or empty. Of any length, kept as if 1 long.
  std::vector<float> fingerprint;
};

// By which a file is known to be the one that a vector was made of. All zeros: nobody knows.
struct FileStamp {
  std::uint64_t bytes = 0;    // its size
  std::int64_t modified = 0;  // nanoseconds since 1970
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct Neighbour {
  std::size_t row = 0;  // of the index
  float similarity = 0;
};

struct NearestOptions {
  int count = 10;  // neighbours at most
  // Threads, that share the rows of the index; each is started for one call, and only where it has 4096 rows or more to
  // itself. One may read memory as fast as a core can.
  int threads = 1;
};

// Rows that are nearer to each other than the threshold, or joined by a chain of such.
struct DuplicateGroup {
  std::vector<std::size_t> rows;      // ascending, two or more
  std::vector<float> similarities{};  // of each to the first
};

struct IndexState;

// Immutable and cheap to copy; any number of threads may ask one at the same time. One that was moved from may only be
// destroyed or assigned to. The first question makes codes of all vectors, a byte a number, which are asked first
// (docs/search.md), and refuses the index where a vector is not 1 long; others wait for it.
class MOBILENET_API SearchIndex {
 public:
  // Header, sizes and names are read and checked. Vectors stay in the file, which stays open, and are read when they
  // are wanted; a question fails once the file was changed. One that is replaced by another of its name, as save()
  // does, is not changed. Pipes are read into memory.
  static Result<SearchIndex> open(const std::filesystem::path& path);
  // The same of a file in memory, which `owner` keeps and nobody changes. Bytes that do not begin at a multiple of 64
  // are copied. `name` stands for the file in messages.
  static Result<SearchIndex> from_memory(std::span<const std::byte> file, std::shared_ptr<const void> owner,
                                         std::string_view name = "memory");

  // A file that appears when it is complete, and replaces what has its name.
  Result<void> save(const std::filesystem::path& path) const;

  const IndexSource& source() const;
  std::size_t size() const;  // rows
  int dimensions() const;    // of a vector
  // Of rows 0 to size() - 1.
  std::string_view name(std::size_t row) const;
  FileStamp stamp(std::size_t row) const;
  Result<float> similarity(std::size_t one, std::size_t other) const;
  // To the source's fingerprint: of a vector of the same number of dimensions; 0 where there is no fingerprint.
  Result<float> similarity_to_fingerprint(std::span<const float> vector) const;

  // Largest similarity first, of equal ones the first row first. The query may have any length but 0.
  Result<std::vector<Neighbour>> nearest(std::span<const float> query, const NearestOptions& options = {}) const;
  // Of several queries, one after the other in `queries`: those that come together share the reading of the index.
  Result<std::vector<std::vector<Neighbour>>> nearest_of_each(std::span<const float> queries,
                                                              const NearestOptions& options = {}) const;

  // Compares all rows with each other. The groups in the order of their first rows; a row is in one at most.
  Result<std::vector<DuplicateGroup>> near_duplicates(float threshold, int threads = 1) const;

 private:
  friend class SearchIndexBuilder;
  explicit SearchIndex(std::shared_ptr<const IndexState> state) : state_(std::move(state)) {}
  std::shared_ptr<const IndexState> state_;
};

struct IndexBuilderState;

// Gathers vectors. One that was moved from may only be destroyed or assigned to.
class MOBILENET_API SearchIndexBuilder {
 public:
  // Of vectors of so many dimensions, 1 to kMostDimensions.
  static Result<SearchIndexBuilder> create(int dimensions, IndexSource source = {});
  SearchIndexBuilder(SearchIndexBuilder&&) noexcept;
  SearchIndexBuilder& operator=(SearchIndexBuilder&&) noexcept;
  ~SearchIndexBuilder();

  // A vector of any length but 0. `name` is any text without a zero byte; several rows may have the same.
  Result<void> add(std::string_view name, std::span<const float> vector, FileStamp stamp = {});
  // A row of another index of as many dimensions as it is, name and stamp too.
  Result<void> add_row(const SearchIndex& from, std::size_t row);
  std::size_t size() const;

  // The index of all so far; the builder is empty afterwards.
  Result<SearchIndex> build();

 private:
  explicit SearchIndexBuilder(std::unique_ptr<IndexBuilderState> state);
  std::unique_ptr<IndexBuilderState> state_;
};

}  // namespace mobilenet
