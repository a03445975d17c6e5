// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which boxes of two detectors are the same.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "mobilenet/results.h"

namespace mobilenet::testing {

struct Box {
  int class_index;
  double score, left, top, right, bottom;
};

inline Box box_of(const Detection& d) { return {d.class_index, d.score, d.left, d.top, d.right, d.bottom}; }

// Intersection over union.
inline double overlap(const Box& a, const Box& b) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const auto area = [](const Box& box) { return (box.right - box.left) * (box.bottom - box.top); };
  return width * height / (area(a) + area(b) - width * height);
}

struct Share {
  std::size_t found = 0, total = 0;
  bool enough(double share) const {
    return total > 0 && static_cast<double>(found) >= share * static_cast<double>(total);
  }
  std::string text() const { return std::to_string(found) + " of " + std::to_string(total); }
};

// The least overlap and the largest difference of scores of boxes that count as one, and from which score on.
struct SameBox {
  double overlap, score, least_score;
};

// How many confident boxes of one side the other has as well; each box of the other counts once.
inline void match(const std::vector<Box>& wanted, std::vector<Box> offered, const SameBox& same_box, Share& share) {
  for (const Box& box : wanted) {
    if (box.score < same_box.least_score) continue;
    ++share.total;
    const auto same = std::find_if(offered.begin(), offered.end(), [&](const Box& other) {
      return other.class_index == box.class_index && std::abs(other.score - box.score) <= same_box.score &&
             overlap(box, other) >= same_box.overlap;
    });
    if (same == offered.end()) continue;
    ++share.found;
    offered.erase(same);
  }
}

}  // namespace mobilenet::testing
