// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pillow's antialiased resizes of planes of luma and colours that are not turned, the pass across rows first: the
// answers of PilByteResize. A plane's samples are one or two bytes of its pixels instead of three, so both passes run
// on rows of single bytes: what the first leaves is transposed, its columns are rows to the second, and results are
// transposed back. A third to a half of the time of three samples.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/workers.h"
#include "pictures/upright_pixels.h"
#include "preprocess/geometry.h"
#include "preprocess/quad_axis.h"
#include "preprocess/resample_kernels.h"

namespace mobilenet {

// Samples that lie in rows of bytes, maybe among others: luma, Cb or Cr.
struct PlaneSamples {
  AxisGeometry columns;  // of the upright plane
  int width = 0;         // of the plane
  int pixel_bytes = 0, offset = 0;

  bool operator==(const PlaneSamples&) const = default;
};

class PilPlaneResize {
 public:
  static constexpr std::size_t kMostSamples = 3;

  PilPlaneResize(PilFilter filter, const ResampleKernels& kernels) : filter_(filter), kernels_(kernels) {}

  // plane: rows of bytes, whose axes are not exchanged. windows: for each of `samples` the upright window, a byte a
  // pixel, without gaps. Tables are made once per geometry.
  void run(const StoredBytes& plane, const AxisGeometry& rows, std::span<const PlaneSamples> samples,
           std::span<std::uint8_t* const> windows, const Workers& workers);

 private:
  // What decides about tables and memory.
  struct Key {
    AxisGeometry rows;
    int height = 0;
    bool from_right = false, from_bottom = false;
    std::array<PlaneSamples, kMostSamples> samples{};
    std::size_t count = 0;
    int members = 0;

    bool operator==(const Key&) const = default;
  };
  // Memory of one thread, for so many rows of results.
  struct Member {
    std::vector<std::uint8_t> rows;     // blended, [kRowsAtOnce][padded_bytes_]
    std::vector<std::uint8_t> columns;  // the same, transposed
    std::vector<std::uint8_t> results;  // of one kind of samples, transposed
    std::vector<const std::uint8_t*> sources;
  };
  static constexpr int kRowsAtOnce = 64;  // a vector of the widest

  void prepare(const Key& key);
  void blend_rows(const StoredBytes& plane, int begin, int count, Member& member) const;
  void blend_columns(std::size_t kind, Member& member) const;

  PilFilter filter_;
  const ResampleKernels& kernels_;
  Key key_;
  QuadAxis rows_;
  std::array<QuadAxis, kMostSamples> columns_;
  std::size_t first_byte_ = 0, row_bytes_ = 0, padded_bytes_ = 0;  // of a stored row what is read
  std::vector<Member> members_;
  QuadAxisMaker axes_;
};

}  // namespace mobilenet
