// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// search_index [ROWS [DIMENSIONS [FILE]]]: how long a query takes in an index of generated vectors (default: a million
// of 1280, 6.5 GB of memory), beside what the memory gives one core in a plain loop and a scan of all halves; the
// answers of both are compared, and on the first 10,000 rows with a plain loop in double. With FILE the index is only
// written there, and opened and asked.

#include <mobilenet/search.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/half.h"
#include "search/index_state.h"
#include "search/vector_kernels.h"

namespace {

using mobilenet::Neighbour;

constexpr int kRepetitions = 9;
constexpr int kNeighbours = 10;
constexpr std::size_t kPlainRows = 10'000;

struct Measured {
  const char* what;
  std::function<void()> work;
  double bytes;             // that it reads
  std::size_t queries = 1;  // that it answers
  std::vector<double> milliseconds = {}, processor = {};
};

std::pair<double, double> least_and_median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2]};
}

// In turns, so that what else a machine does meets all of them. Of the processor's time nothing is lost to other
// programs but the memory's.
void measure(std::span<Measured> all) {
  for (int i = 0; i < kRepetitions; ++i)
    for (Measured& one : all) {
      const auto start = std::chrono::steady_clock::now();
      const std::clock_t busy = std::clock();
      one.work();
      one.processor.push_back(1e3 * static_cast<double>(std::clock() - busy) / CLOCKS_PER_SEC);
      one.milliseconds.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
  for (Measured& one : all) {
    const auto [least, median] = least_and_median(one.milliseconds);
    const auto [busy, usually_busy] = least_and_median(one.processor);
    std::printf("%-36s median %7.1f ms, least %7.1f, processor %7.1f: %5.1f GB/s, %.2f ms a query\n", one.what, median,
                least, busy, one.bytes / std::min(least, busy) / 1e6,
                std::min(least, busy) / static_cast<double>(one.queries));
  }
}

// Like pooled features behind ReLU6: around one of 1000 centres, not negative.
class Vectors {
 public:
  explicit Vectors(std::size_t dimensions) : dimensions_(dimensions), normal_(kNormals + dimensions) {
    std::normal_distribution<float> normal;
    for (float& value : normal_) value = normal(random_);
  }
  const std::vector<float>& next() {
    const std::size_t centre = random_() % kCentres, noise = random_() % kNormals;
    vector_.resize(dimensions_);
    for (std::size_t i = 0; i < dimensions_; ++i)
      vector_[i] = std::max(0.0f, 0.3f + normal_[centre * 997 + i] + 0.8f * normal_[noise + i]);
    return vector_;
  }

 private:
  static constexpr std::size_t kNormals = 1 << 20, kCentres = 1000;
  std::size_t dimensions_;
  std::mt19937 random_{1};
  std::vector<float> normal_, vector_;
};

// Each time anew, by one thread and two in turns.
void open_and_ask(const char* file, const std::vector<float>& query) {
  std::vector<double> opened, first[2], next;
  const auto milliseconds = [](const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  };
  for (int i = 0; i < kRepetitions; ++i)
    for (const int threads : {1, 2}) {
      std::optional<mobilenet::SearchIndex> index;
      opened.push_back(milliseconds([&] { index = mobilenet::SearchIndex::open(file).value(); }));
      const auto ask = [&] { index->nearest(query, {.count = kNeighbours, .threads = threads}).value(); };
      first[threads - 1].push_back(milliseconds(ask));
      if (threads == 1) next.push_back(milliseconds(ask));
    }
  const std::pair<const char*, std::vector<double>*> all[] = {{"opened", &opened},
                                                              {"the first question, 1 thread", &first[0]},
                                                              {"the first question, 2 threads", &first[1]},
                                                              {"the next, 1 thread", &next}};
  for (const auto& [what, times] : all) {
    const auto [least, median] = least_and_median(*times);
    std::printf("%-36s median %7.1f ms, least %7.1f\n", what, median, least);
  }
}

std::vector<Neighbour> best_of(std::vector<Neighbour> all) {
  const auto better = [](const Neighbour& a, const Neighbour& b) {
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.row < b.row);
  };
  const auto most = std::min<std::ptrdiff_t>(kNeighbours, static_cast<std::ptrdiff_t>(all.size()));
  std::partial_sort(all.begin(), all.begin() + most, all.end(), better);
  all.resize(static_cast<std::size_t>(most));
  return all;
}

}  // namespace

int main(int count, char** arguments) try {
  const std::size_t rows = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1'000'000;
  const std::size_t dimensions = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1280;
  const std::size_t stride = mobilenet::padded_row(dimensions);
  Vectors vectors(dimensions);
  auto builder = mobilenet::SearchIndexBuilder::create(static_cast<int>(dimensions)).value();
  mobilenet::AlignedBuffer halves(rows * stride * sizeof(std::uint16_t));
  for (std::size_t row = 0; row < rows; ++row) {
    const std::vector<float>& vector = vectors.next();
    builder.add("", vector).value();
    mobilenet::store_row(vector, stride, halves.as<std::uint16_t>() + row * stride).value();
  }
  const mobilenet::SearchIndex index = builder.build().value();
  if (count > 3) {
    index.save(arguments[3]).value();
    open_and_ask(arguments[3], vectors.next());
    return 0;
  }

  const mobilenet::VectorKernels& kernels = mobilenet::vector_kernels();
  const double half_bytes = static_cast<double>(halves.size()), code_bytes = half_bytes / 2;
  std::vector<float> query(stride);
  {
    const std::vector<float>& vector = vectors.next();
    double squares = 0;
    for (const float value : vector) squares += static_cast<double>(value) * static_cast<double>(value);
    for (std::size_t i = 0; i < dimensions; ++i)
      query[i] = static_cast<float>(static_cast<double>(vector[i]) / std::sqrt(squares));
  }
  constexpr std::size_t kQueries = 16;
  std::vector<float> many;
  for (std::size_t i = 0; i < kQueries; ++i) {
    const std::vector<float>& vector = vectors.next();
    many.insert(many.end(), vector.begin(), vector.end());
  }

  std::array<std::uint64_t, 8> sums{};
  std::vector<Neighbour> all(rows), found;
  const auto read = [&] {
    const auto* const words = halves.as<std::uint64_t>();
    for (std::size_t i = 0; i < halves.size() / sizeof(std::uint64_t); i += sums.size())
      for (std::size_t part = 0; part < sums.size(); ++part) sums[part] += words[i + part];
  };
  const auto scan = [&] {
    for (std::size_t row = 0; row < rows; ++row)
      all[row] = {row, kernels.dot(query.data(), halves.as<std::uint16_t>() + row * stride, stride)};
  };
  const auto ask = [&](int threads) {
    found = index.nearest(std::span(query).first(dimensions), {.count = kNeighbours, .threads = threads}).value();
  };
  Measured measured[] = {
      {"halves read in a plain loop", read, half_bytes},
      {"all halves multiplied with a query", scan, half_bytes},
      {"nearest of one query", [&] { ask(1); }, code_bytes},
      {"nearest of one query, 2 threads", [&] { ask(2); }, code_bytes},
      {"nearest of 16 queries", [&] { index.nearest_of_each(many, {.count = kNeighbours}).value(); }, code_bytes,
       kQueries},
  };
  measure(measured);

  bool right = true;
  const std::vector<Neighbour> expected = best_of(all);
  for (std::size_t i = 0; i < expected.size(); ++i)
    right = right && found[i].row == expected[i].row && std::abs(found[i].similarity - expected[i].similarity) < 1e-6f;
  std::printf("nearest: row %zu at %.4f, row %zu at %.4f; %s as in all halves\n", found.front().row,
              static_cast<double>(found.front().similarity), found.back().row,
              static_cast<double>(found.back().similarity), right ? "the same" : "NOT THE SAME");
  for (std::size_t row = 0; row < std::min(rows, kPlainRows); ++row) {
    double plain = 0;
    for (std::size_t i = 0; i < dimensions; ++i)
      plain += static_cast<double>(query[i]) * mobilenet::half_to_float(halves.as<std::uint16_t>()[row * stride + i]);
    right = right && std::abs(plain - static_cast<double>(all[row].similarity)) < 1e-5;
  }
  std::printf("sum of what was read: %llu\n", static_cast<unsigned long long>(sums[0] + sums[1] + sums[7]));
  return right ? 0 : 1;
} catch (const mobilenet::Exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
