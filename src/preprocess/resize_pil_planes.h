// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pillow's antialiased resizes of planes of luma and colours, in the arithmetic of plane_taps.h. The pass across stored
// rows goes first, and reads every byte as it lies, whatever it is a sample of. What it leaves of a band of rows is
// turned, so that the pass along rows finds a column's samples side by side. What would turn the picture turns tables,
// and for quarter turns results stay as they are.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/workers.h"
#include "pictures/upright_pixels.h"
#include "preprocess/geometry.h"
#include "preprocess/plane_kernels.h"
#include "preprocess/plane_taps.h"

namespace mobilenet {

// Samples that lie in rows of bytes, maybe among others: luma, Cb or Cr.
struct PlaneSamples {
  Geometry geometry;          // of the upright plane
  int width = 0, height = 0;  // of the plane, as stored
  int pixel_bytes = 0, offset = 0;

  bool operator==(const PlaneSamples&) const = default;
};

class PilPlaneResize {
 public:
  static constexpr std::size_t kMostSamples = 3;

  PilPlaneResize(PilFilter filter, const PlaneKernels& kernels) : filter_(filter), kernels_(kernels) {}

  // windows: for each of `samples`, which have the same geometry across stored rows, the upright window, without gaps,
  // in kPlaneBits of fraction. Tables are made once per geometry and orientation.
  void run(const StoredBytes& plane, std::span<const PlaneSamples> samples, std::span<std::int16_t* const> windows,
           const Workers& workers);

 private:
  // What decides about tables and memory.
  struct Key {
    bool swap_axes = false, from_right = false, from_bottom = false;
    std::array<PlaneSamples, kMostSamples> samples{};
    std::size_t count = 0;
    int members = 0;

    bool operator==(const Key&) const = default;
  };
  struct Axis {
    std::vector<PlaneTaps> results;  // upright
    std::vector<std::uint32_t> places, weights;
    std::size_t most_taps = 0;
    std::size_t first = 0, count = 0;  // stored places that any tap reads

    PlaneAxis view() const { return {results, places.data(), weights.data()}; }
  };
  // Memory of one thread, for a band.
  struct Member {
    std::vector<std::int16_t> rows;                  // the first pass, [kBandRows][row_bytes_]
    std::vector<std::int16_t> columns;               // the same, turned
    std::vector<std::int16_t> results;               // of the second, of one kind of samples, [result][kBandRows]
    std::vector<const std::uint8_t*> sources, next;  // rows of a result, and of the one after it those that are new
  };

  void prepare(const Key& key);
  void prepare_axis(const AxisGeometry& geometry, PlanePass pass, int size, bool reversed, Axis& made);
  void blend_rows(const StoredBytes& plane, std::size_t begin, std::size_t count, Member& member) const;
  void squeeze_columns(std::size_t kind, std::size_t begin, std::size_t count, std::int16_t* window,
                       Member& member) const;

  PilFilter filter_;
  const PlaneKernels& kernels_;
  Key key_;
  Axis rows_;  // places: rows
  std::array<Axis, kMostSamples> columns_;
  std::size_t first_byte_ = 0, row_bytes_ = 0;  // of a stored row what is read
  std::vector<Member> members_;
  PlaneTapMaker maker_;
  PilAxis<std::int32_t> upright_;
};

}  // namespace mobilenet
