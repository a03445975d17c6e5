// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/confusion.h"

#include <algorithm>
#include <numeric>

namespace mobilenet::cli {

void Confusion::add(std::span<const std::uint8_t> truth, std::span<const std::uint8_t> answer) {
  for (std::size_t i = 0; i < std::min(truth.size(), answer.size()); ++i)
    if (truth[i] != kNotCounted) ++counts_[truth[i] * kClasses + answer[i]];
}

std::optional<double> Confusion::overlap(std::size_t index) const {
  std::uint64_t either = 0;
  for (std::size_t other = 0; other < kClasses; ++other) either += count(index, other) + count(other, index);
  if (either == 0) return std::nullopt;
  const std::uint64_t both = count(index, index);
  return static_cast<double>(both) / static_cast<double>(either - both);
}

double Confusion::mean_overlap() const {
  double sum = 0;
  std::size_t classes = 0;
  for (std::size_t index = 0; index < kClasses; ++index)
    if (const auto one = overlap(index)) sum += *one, ++classes;
  return classes == 0 ? 0 : sum / static_cast<double>(classes);
}

double Confusion::pixel_accuracy() const {
  std::uint64_t right = 0;
  for (std::size_t index = 0; index < kClasses; ++index) right += count(index, index);
  const std::uint64_t all = pixels();
  return all == 0 ? 0 : static_cast<double>(right) / static_cast<double>(all);
}

std::uint64_t Confusion::pixels() const { return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}); }

}  // namespace mobilenet::cli
