// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Masks against annotated ones, pixel by pixel: counts, and what is computed from them.

#include <mobilenet/evaluate.h>

#include <numeric>

#include "base/caught.h"
#include "base/error.h"

namespace mobilenet {

Result<void> ConfusionMatrix::add(std::span<const std::uint8_t> truth, std::span<const std::uint8_t> answer) try {
  if (truth.size() != answer.size())
    return failure(ErrorCode::invalid_argument, "a mask of ", answer.size(), " pixels cannot be compared with one of ",
                   truth.size());
  if (counts_.empty()) counts_.resize(kClasses * kClasses);
  for (std::size_t i = 0; i < truth.size(); ++i)
    if (truth[i] != kNotCounted) ++counts_[truth[i] * kClasses + answer[i]];
  return {};
} catch (...) {
  return caught("comparing masks");
}

std::uint64_t ConfusionMatrix::count(std::size_t truth, std::size_t answer) const {
  return counts_.empty() ? 0 : counts_[truth * kClasses + answer];
}

std::optional<double> ConfusionMatrix::iou(std::size_t index) const {
  if (index >= kClasses) return std::nullopt;
  std::uint64_t either = 0;
  for (std::size_t other = 0; other < kClasses; ++other) either += count(index, other) + count(other, index);
  if (either == 0) return std::nullopt;
  const std::uint64_t both = count(index, index);
  return static_cast<double>(both) / static_cast<double>(either - both);
}

double ConfusionMatrix::mean_iou() const {
  double sum = 0;
  std::size_t classes = 0;
  for (std::size_t index = 0; index < kClasses; ++index)
    if (const auto one = iou(index)) sum += *one, ++classes;
  return classes == 0 ? 0 : sum / static_cast<double>(classes);
}

double ConfusionMatrix::pixel_accuracy() const {
  std::uint64_t right = 0;
  for (std::size_t index = 0; index < kClasses; ++index) right += count(index, index);
  const std::uint64_t all = pixels();
  return all == 0 ? 0 : static_cast<double>(right) / static_cast<double>(all);
}

std::uint64_t ConfusionMatrix::pixels() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

}  // namespace mobilenet
