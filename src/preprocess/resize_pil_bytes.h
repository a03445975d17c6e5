// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pillow's antialiased resizes of bytes, bit for bit: a pass along rows and one across them, each with coefficients in
// 22-bit fixed point and results rounded to bytes. A picture is read as it is stored: since sums of integers do not
// depend on their order, what would turn its pixels turns tables, the order of the passes and that of the results.
// Rows of results are shared out; each part streams through few rows, so that nothing lies between the passes but those
// that a result needs.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/workers.h"
#include "pictures/pixel_kernels.h"
#include "pictures/upright_pixels.h"
#include "preprocess/input_encoder.h"
#include "preprocess/pil_taps.h"
#include "preprocess/quad_axis.h"
#include "preprocess/resample_kernels.h"

namespace mobilenet {

class PilByteResize {
 public:
  PilByteResize(PilFilter filter, Resampler resampler, const ResampleKernels& kernels)
      : filter_(filter), resampler_(resampler), kernels_(kernels) {}

  // Of the two passes of an upright picture. Vertical first reads each byte of a plane once, as it lies; horizontal
  // first moves three samples for every pixel.
  enum class Order { of_resampler, vertical_first };

  // Hands the window to the encoder. Tables are made once per geometry and orientation.
  void run(const UprightPixels& pixels, const InputPlace& place, const InputEncoder& encoder, const Workers& workers,
           Order order = Order::of_resampler);

 private:
  // What decides about tables and memory.
  struct Key {
    Geometry geometry;
    int width = 0, height = 0;  // of the stored picture
    std::array<bool, 3> walk{};
    int pixel_bytes = 0;
    bool convert = false, vertical_first = false;
    int members = 0;

    bool operator==(const Key&) const = default;
  };
  // Memory of one thread.
  struct Member {
    std::vector<std::uint8_t> groups;
    std::vector<std::uint8_t> rows;   // squeezed, as many as a result needs; or blended, one quad
    std::vector<std::uint8_t> lines;  // results, one quad
    std::vector<const std::uint8_t*> sources;
    std::vector<std::uint8_t> converted;  // rows of the picture
    std::vector<int> converted_y;         // which
  };
  // One picture.
  struct Run {
    StoredBytes stored;
    PixelBytes pixel;      // of what is resized
    bool convert = false;  // to that, row by row
    Samples samples = Samples::colours;
    const InputPlace& place;
    const InputEncoder& encoder;
  };

  void prepare(const Key& key);
  const std::uint8_t* source(const Run& run, int y, Member& member) const;
  void squeeze_quad(const Run& run, int y, Member& member) const;
  void squeeze_first(const Run& run, int begin, int end, Member& member) const;
  void blend_first(const Run& run, int begin, int end, Member& member) const;
  // Result `place` of those that lie in the order of stored rows.
  int result(int place) const { return rows_.reversed ? static_cast<int>(rows_.taps.size()) - 1 - place : place; }
  std::array<std::uint8_t*, kQuad> lines(Member& member) const;
  void hand_over(const Run& run, int place, int count, Member& member) const;

  PilFilter filter_;
  Resampler resampler_;
  const ResampleKernels& kernels_;
  const PixelKernels& pixel_kernels_ = *best_or_forced(runnable_pixel_kernels()).kernels;
  Key key_;
  bool blend_first_ = false;
  QuadAxis columns_, rows_;  // along stored rows, and across them
  std::size_t row_bytes_ = 0, kept_rows_ = 0, line_bytes_ = 0;
  std::vector<Member> members_;
  QuadAxisMaker axes_;
};

}  // namespace mobilenet
