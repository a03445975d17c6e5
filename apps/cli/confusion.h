// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How often each class was taken for each other, pixel by pixel, and what follows: intersection over union per class,
// their mean, and the share of pixels that are right.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mobilenet::cli {

class Confusion {
 public:
  static constexpr std::size_t kClasses = 256;      // as many as a byte tells apart
  static constexpr std::uint8_t kNotCounted = 255;  // true "class" of pixels that nobody judges

  // Pixels of one picture; both spans have one size.
  void add(std::span<const std::uint8_t> truth, std::span<const std::uint8_t> answer);

  // Of a class that neither truth nor answers hold: nothing.
  std::optional<double> overlap(std::size_t index) const;
  // Mean over the classes that have an overlap; 0 where none has.
  double mean_overlap() const;
  double pixel_accuracy() const;
  std::uint64_t pixels() const;  // judged

 private:
  std::uint64_t count(std::size_t truth, std::size_t answer) const { return counts_[truth * kClasses + answer]; }
  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(kClasses * kClasses);  // [truth][answer]
};

}  // namespace mobilenet::cli
