// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resize_tf_bytes.h"

#include <algorithm>

namespace mobilenet {
namespace {

// Results that are worth waking a thread for: 20 microseconds of one.
constexpr std::size_t kPixelsOfPart = 1 << 14;

}  // namespace

void TfByteResize::prepare(const Geometry& geometry, int members) {
  if (geometry == geometry_ && members_.size() >= static_cast<std::size_t>(members)) return;
  geometry_ = {};  // stays invalid when memory runs out below
  tf_pairs(centres_, geometry.columns, columns_);
  tf_pairs(centres_, geometry.rows, rows_);
  lower_.clear();
  upper_.clear();
  fractions_.clear();
  for (const TfPair& pair : columns_) {
    lower_.push_back(geometry.columns.crop_begin + pair.lower);
    upper_.push_back(geometry.columns.crop_begin + pair.upper);
    fractions_.insert(fractions_.end(), 3, pair.fraction);
  }
  members_.resize(std::max(members_.size(), static_cast<std::size_t>(members)));
  for (Member& member : members_) {
    for (std::vector<float>& row : member.stretched) row.resize(fractions_.size());
    for (std::vector<std::uint8_t>* row : {&member.lower, &member.upper}) row->resize(fractions_.size());
    member.result.resize(fractions_.size());
  }
  geometry_ = geometry;
}

const float* TfByteResize::stretched_row(const UprightPixels& pixels, int y, int keep, Member& member) const {
  for (std::size_t slot = 0; slot < 2; ++slot)
    if (member.y[slot] == y) return member.stretched[slot].data();
  const std::size_t slot = member.y[0] == keep ? 1 : 0;
  float* const stretched = member.stretched[slot].data();
  pixels.pick(geometry_.rows.crop_begin + y, lower_, member.lower.data());
  pixels.pick(geometry_.rows.crop_begin + y, upper_, member.upper.data());
  kernels_.stretch(member.lower.data(), member.upper.data(), fractions_.data(), fractions_.size(), stretched);
  member.y[slot] = y;
  return stretched;
}

void TfByteResize::run(const UprightPixels& pixels, const InputPlace& place, const InputEncoder& encoder,
                       const Workers& workers) {
  prepare(place.geometry, workers.most());
  for (Member& member : members_) member.y = {-1, -1};
  const std::size_t results = rows_.size();
  const std::size_t parts = std::min(workers.parts(results * columns_.size(), kPixelsOfPart), results);
  workers.for_each(parts, [&](std::size_t part, std::size_t index) {
    Member& member = members_[index];
    for (std::size_t y = part * results / parts; y < (part + 1) * results / parts; ++y) {
      const TfPair& pair = rows_[y];
      const float* lower = stretched_row(pixels, pair.lower, pair.upper, member);
      const float* upper = stretched_row(pixels, pair.upper, pair.lower, member);
      kernels_.blend(lower, upper, pair.fraction, fractions_.size(), member.result.data());
      encoder.row(place, static_cast<int>(y), member.result.data());
    }
  });
}

}  // namespace mobilenet
