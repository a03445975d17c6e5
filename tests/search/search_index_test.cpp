// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>
#include <mobilenet/search.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/half.h"
#include "search/index_state.h"
#include "search/query.h"

namespace mobilenet {
namespace {

std::vector<float> random_vector(std::size_t dimensions, std::mt19937& random, float shift = 0) {
  std::normal_distribution<float> normal(shift);
  std::vector<float> vector(dimensions);
  for (float& value : vector) value = normal(random);
  return vector;
}

std::string row_name(std::size_t row) { return "picture " + std::to_string(row); }

SearchIndex index_of(const std::vector<std::vector<float>>& vectors, IndexSource source = {}) {
  auto builder = SearchIndexBuilder::create(static_cast<int>(vectors.front().size()), std::move(source)).value();
  for (std::size_t row = 0; row < vectors.size(); ++row) builder.add(row_name(row), vectors[row]).value();
  return builder.build().value();
}

// By the definition: all rows in halves, sorted.
std::vector<Neighbour> plain_nearest(const std::vector<std::vector<float>>& vectors, std::span<const float> query,
                                     std::size_t count) {
  const std::size_t stride = padded_row(query.size());
  Queries one(1, stride);
  EXPECT_TRUE(one.add(query));
  std::vector<std::uint16_t> row(stride);
  std::vector<Neighbour> all;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    store_row(vectors[i], stride, row.data()).value();
    all.push_back({i, vector_kernels().dot(one.floats(0), row.data(), stride)});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Neighbour& a, const Neighbour& b) { return a.similarity > b.similarity; });
  all.resize(std::min(count, all.size()));
  return all;
}

void expect_same(std::span<const Neighbour> found, std::span<const Neighbour> expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].row, expected[i].row) << i;
    EXPECT_EQ(found[i].similarity, expected[i].similarity) << i;
  }
}

struct Size {
  std::size_t rows, dimensions;
  float shift;  // of the numbers: with a large one all vectors are similar
};

class NearestTest : public testing::TestWithParam<Size> {};

TEST_P(NearestTest, IsThatOfComparingWithEveryRow) {
  const Size size = GetParam();
  std::mt19937 random(7);
  std::vector<std::vector<float>> vectors;
  for (std::size_t i = 0; i < size.rows; ++i) vectors.push_back(random_vector(size.dimensions, random, size.shift));
  const SearchIndex index = index_of(vectors);
  std::vector<float> queries;
  constexpr std::size_t kQueries = 18;  // more than one pass
  for (std::size_t q = 0; q < kQueries; ++q) {
    const auto query = random_vector(size.dimensions, random, size.shift);
    queries.insert(queries.end(), query.begin(), query.end());
  }
  for (const int threads : {1, 3}) {
    const auto found = index.nearest_of_each(queries, {.count = 10, .threads = threads}).value();
    ASSERT_EQ(found.size(), kQueries);
    for (std::size_t q = 0; q < kQueries; ++q)
      expect_same(found[q],
                  plain_nearest(vectors, std::span(queries).subspan(q * size.dimensions, size.dimensions), 10));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, NearestTest,
                         testing::Values(Size{1, 1, 0}, Size{3, 5, 0}, Size{129, 63, 0}, Size{700, 65, 0.5f},
                                         Size{9001, 100, 0}, Size{2000, 64, 20}, Size{300, 1280, 0.3f}));

TEST(SearchIndex, EqualRowsComeInTheirOrder) {
  std::mt19937 random(3);
  const auto vector = random_vector(40, random);
  const SearchIndex index = index_of(std::vector(9000, vector));
  for (const int threads : {1, 4}) {
    const auto found = index.nearest(vector, {.count = 4, .threads = threads}).value();
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].row, i) << threads << " threads";
  }
}

TEST(SearchIndex, LengthDoesNotCount) {
  const SearchIndex index = index_of({{3e30f, 4e30f}, {-1e-30f, 0}, {0, 5}});
  const auto found = index.nearest(std::vector<float>{6e-20f, 8e-20f}).value();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].row, 0u);
  EXPECT_NEAR(found[0].similarity, 1, 1e-3);
  EXPECT_EQ(found[1].row, 2u);
  EXPECT_NEAR(found[1].similarity, 0.8, 1e-3);
  EXPECT_NEAR(found[2].similarity, -0.6, 1e-3);
}

TEST(SearchIndex, WhatHasNoDirectionIsRefused) {
  auto builder = SearchIndexBuilder::create(2).value();
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(builder.add("a.jpg", std::vector<float>{0, 0}).error().message,
            "a.jpg: its vector: is all zeros, which points nowhere");
  EXPECT_EQ(builder.add("a.jpg", std::vector<float>{nan, 1}).error().message,
            "a.jpg: its vector: holds a number that is not finite");
  EXPECT_FALSE(builder.add("a.jpg", std::vector<float>{1, infinity}));
  EXPECT_EQ(builder.add("a.jpg", std::vector<float>{1}).error().message,
            "a.jpg: a vector of 1 numbers, for an index of 2 dimensions");
  EXPECT_FALSE(builder.add(std::string_view("a\0b", 3), std::vector<float>{1, 1}));
  EXPECT_EQ(builder.size(), 0u);
  builder.add("b.jpg", std::vector<float>{1, 1}).value();
  const SearchIndex index = builder.build().value();
  EXPECT_FALSE(index.nearest(std::vector<float>{nan, 1}));
  EXPECT_FALSE(index.nearest(std::vector<float>{0, 0}));
  EXPECT_FALSE(index.nearest(std::vector<float>{1}));
  EXPECT_FALSE(index.nearest(std::vector<float>{1, 1}, {.count = 0}));
  EXPECT_FALSE(index.near_duplicates(nan));
  EXPECT_FALSE(SearchIndexBuilder::create(0));
  EXPECT_FALSE(SearchIndexBuilder::create(kMostDimensions + 1));
}

TEST(SearchIndex, NearDuplicatesAreThePairsOfAPlainLoopJoined) {
  std::mt19937 random(5);
  std::vector<std::vector<float>> vectors;
  for (int i = 0; i < 300; ++i) vectors.push_back(random_vector(96, random));
  // Rows 10, 150 and 299 are the same but for noise; 20 to 22 are a chain, whose ends are less similar.
  std::normal_distribution<float> noise(0, 0.05f);
  for (const std::size_t row : {150u, 299u})
    for (std::size_t i = 0; i < 96; ++i) vectors[row][i] = vectors[10][i] + noise(random);
  for (std::size_t i = 0; i < 96; ++i) {
    vectors[21][i] = vectors[20][i] + (i % 2 == 0 ? 0.3f : -0.3f);
    vectors[22][i] = vectors[21][i] + (i % 2 == 0 ? 0.3f : -0.3f);
  }
  const SearchIndex index = index_of(vectors);
  constexpr float kThreshold = 0.9f;
  ASSERT_LT(index.similarity(20, 22).value(), kThreshold);
  for (const int threads : {1, 3}) {
    const auto groups = index.near_duplicates(kThreshold, threads).value();
    ASSERT_EQ(groups.size(), 2u) << threads << " threads";
    EXPECT_EQ(groups[0].rows, (std::vector<std::size_t>{10, 150, 299}));
    EXPECT_EQ(groups[1].rows, (std::vector<std::size_t>{20, 21, 22}));
    EXPECT_EQ(groups[0].similarities[1], index.similarity(10, 150).value());
  }
  EXPECT_EQ(index.near_duplicates(-1).value().front().rows.size(), 300u);
}

// A file that is gone when the test ends.
class IndexFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::mt19937 random(11);
    for (int i = 0; i < 5; ++i) vectors_.push_back(random_vector(70, random));
    index_of(vectors_, {"model.tflite", "pool", vectors_[0]}).save(path_).value();
    std::ifstream in(path_, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    bytes_.resize(text.size());
    std::memcpy(bytes_.data(), text.data(), text.size());
  }
  void TearDown() override { std::filesystem::remove(path_); }

  static Result<SearchIndex> parse(std::span<const std::byte> bytes) {
    return SearchIndex::from_memory(bytes, nullptr, "a.idx");
  }
  // What is wrong with its vectors.
  static std::string error_of(std::span<const std::byte> bytes) {
    const SearchIndex index = parse(bytes).value();
    return index.nearest(std::vector<float>(static_cast<std::size_t>(index.dimensions()), 1.0f)).error().message;
  }
  template <class T>
  std::vector<std::byte> with(std::size_t offset, T value) const {
    auto changed = bytes_;
    std::memcpy(changed.data() + offset, &value, sizeof value);
    return changed;
  }

  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("search_index_test_" + std::to_string(std::random_device{}()) + ".idx");
  std::vector<std::vector<float>> vectors_;
  std::vector<std::byte> bytes_;
};

TEST_F(IndexFileTest, ReadsWhatWasWritten) {
  const SearchIndex index = SearchIndex::open(path_).value();
  EXPECT_EQ(index.size(), 5u);
  EXPECT_EQ(index.dimensions(), 70);
  EXPECT_EQ(index.source().model, "model.tflite");
  EXPECT_EQ(index.source().layer, "pool");
  EXPECT_EQ(index.source().fingerprint.size(), 70u);
  EXPECT_NEAR(index.similarity_to_fingerprint(vectors_[0]).value(), 1, 1e-3);
  EXPECT_LT(index.similarity_to_fingerprint(vectors_[1]).value(), 0.9f);
  for (std::size_t row = 0; row < 5; ++row) {
    EXPECT_EQ(index.name(row), row_name(row));
    expect_same(index.nearest(vectors_[row]).value(), plain_nearest(vectors_, vectors_[row], 5));
  }
  index.save(path_).value();
  EXPECT_EQ(std::filesystem::file_size(path_), bytes_.size());
}

TEST_F(IndexFileTest, EveryShorterOrLongerFileIsRefused) {
  for (std::size_t size = 0; size < bytes_.size(); ++size) ASSERT_FALSE(parse(std::span(bytes_).first(size))) << size;
  auto longer = bytes_;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(parse(longer));
  longer.resize(bytes_.size() + 256);
  EXPECT_FALSE(parse(longer));
}

TEST_F(IndexFileTest, HeadersThatContradictTheFileAreRefused) {
  constexpr std::size_t kVersion = 8, kDimensions = 12, kRows = 16, kTextBytes = 24, kFingerprints = 32;
  for (const unsigned version : {1u, 3u})
    EXPECT_EQ(parse(with(kVersion, version)).error().code, ErrorCode::unsupported);
  for (const std::uint32_t dimensions : {0u, 1u, 64u, 129u, 20000u, ~0u})
    EXPECT_FALSE(parse(with(kDimensions, dimensions))) << dimensions;
  EXPECT_EQ(error_of(with(kDimensions, 69u)), "a.idx: row 0 has numbers behind its 69");
  for (const std::uint64_t rows : {std::uint64_t{0}, std::uint64_t{4}, std::uint64_t{6}, std::uint64_t{1} << 56,
                                   ~std::uint64_t{0}, (std::uint64_t{1} << 56) + 5}) {
    EXPECT_FALSE(parse(with(kRows, rows))) << rows;
    EXPECT_FALSE(parse(with(kTextBytes, rows))) << rows;
  }
  EXPECT_FALSE(parse(with(kFingerprints, 0u)));
  EXPECT_FALSE(parse(with(kFingerprints, 2u)));
  EXPECT_NE(parse(with(kRows, std::uint64_t{6})).error().message.find("a.idx: is 1856 bytes long"), std::string::npos)
      << parse(with(kRows, std::uint64_t{6})).error().message;
}

TEST_F(IndexFileTest, VectorsThatAreNotOneLongAreRefused) {
  const std::size_t last_row = bytes_.size() - padded_row(70) * sizeof(std::uint16_t);
  for (const std::uint16_t half :
       {std::uint16_t{0x7e00}, std::uint16_t{0x7c00}, std::uint16_t{0xfc00}, float_to_half(2), float_to_half(-1)})
    EXPECT_NE(error_of(with(last_row + 8, half)).find("a.idx: row 4 has a vector of length"), std::string::npos);
  EXPECT_EQ(error_of(with(bytes_.size() - 2, std::uint16_t{1})), "a.idx: row 4 has numbers behind its 70");
}

TEST_F(IndexFileTest, TheFirstBadRowIsNamedByAnyNumberOfThreads) {
  std::mt19937 random(2);
  constexpr std::size_t kRows = 20'000;
  auto builder = SearchIndexBuilder::create(8).value();
  for (std::size_t row = 0; row < kRows; ++row) builder.add("a", random_vector(8, random)).value();
  builder.build().value().save(path_).value();
  {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    for (const std::size_t row : {17'000u, 9'001u, 9'000u}) {
      file.seekp(-static_cast<std::streamoff>((kRows - row) * padded_row(8) * sizeof(std::uint16_t)), std::ios::end);
      file.write("\0\x7c", 2);  // infinity
    }
  }
  for (const int threads : {1, 2, 5}) {
    const SearchIndex index = SearchIndex::open(path_).value();
    const auto found = index.nearest(random_vector(8, random), {.threads = threads});
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().message.find(": row 9000 has a vector of length"), std::string::npos)
        << found.error().message;
    EXPECT_FALSE(index.near_duplicates(0.9f, threads));
  }
}

TEST_F(IndexFileTest, WhatIsReadOfAChangedFileIsNoAnswer) {
  for (const bool asked_before : {false, true}) {
    index_of(vectors_).save(path_).value();
    const SearchIndex index = SearchIndex::open(path_).value();
    if (asked_before) index.nearest(vectors_[0]).value();
    auto builder = SearchIndexBuilder::create(70).value();
    std::filesystem::resize_file(path_, bytes_.size() / 2);
    const auto expect_error = [&](const std::string& message) {
      EXPECT_EQ(message, path_.string() + ": was changed since it was opened");
    };
    expect_error(index.nearest(vectors_[0]).error().message);
    expect_error(index.near_duplicates(0.9f).error().message);
    expect_error(index.similarity(0, 4).error().message);
    expect_error(builder.add_row(index, 4).error().message);
    EXPECT_NE(index.save(path_).error().message.find("was changed since it was opened"), std::string::npos);
    EXPECT_EQ(index.name(4), "picture 4");
  }
}

TEST_F(IndexFileTest, OneThatIsReplacedStaysAsItWas) {
  const SearchIndex index = SearchIndex::open(path_).value();
  index_of({vectors_[2]}).save(path_).value();
  expect_same(index.nearest(vectors_[1]).value(), plain_nearest(vectors_, vectors_[1], 5));
  EXPECT_EQ(SearchIndex::open(path_).value().size(), 1u);
}

TEST_F(IndexFileTest, RowsOfAnotherIndexStayAsTheyAre) {
  auto first = SearchIndexBuilder::create(70).value();
  for (std::size_t row = 0; row < 5; ++row)
    first.add(row_name(row), vectors_[row], {row, -static_cast<std::int64_t>(row)}).value();
  first.build().value().save(path_).value();
  const SearchIndex index = SearchIndex::open(path_).value();
  EXPECT_EQ(index.stamp(3), (FileStamp{3, -3}));
  auto builder = SearchIndexBuilder::create(70).value();
  for (const std::size_t row : {4u, 0u}) builder.add_row(index, row).value();
  builder.add("new", vectors_[1]).value();
  const SearchIndex made = builder.build().value();
  EXPECT_EQ(made.name(0), row_name(4));
  EXPECT_EQ(made.stamp(0), (FileStamp{4, -4}));
  EXPECT_EQ(made.stamp(2), FileStamp{});
  expect_same(made.nearest(vectors_[2]).value(),
              plain_nearest({vectors_[4], vectors_[0], vectors_[1]}, vectors_[2], 3));
  EXPECT_FALSE(builder.add_row(index, 5));
  EXPECT_FALSE(SearchIndexBuilder::create(64).value().add_row(index, 0));
  const std::size_t last_row = std::filesystem::file_size(path_) - padded_row(70) * sizeof(std::uint16_t);
  {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(last_row));
    file.write("\0\x7c", 2);
  }
  EXPECT_NE(builder.add_row(SearchIndex::open(path_).value(), 4).error().message.find("row 4 has a vector of length"),
            std::string::npos);
}

TEST_F(IndexFileTest, AnyChangedByteIsRefusedOrHarmless) {
  for (std::size_t i = 0; i < bytes_.size(); ++i)
    for (const unsigned change : {0x01u, 0x80u, 0xffu}) {
      auto changed = bytes_;
      changed[i] ^= static_cast<std::byte>(change);
      const auto index = parse(changed);
      if (!index) continue;
      const auto found = index->nearest(std::vector<float>(static_cast<std::size_t>(index->dimensions()), 1.0f));
      if (!found) continue;
      for (const Neighbour& one : *found) ASSERT_LE(std::abs(one.similarity), 1.01f) << i;
    }
}

}  // namespace
}  // namespace mobilenet
