// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// TensorFlow's bilinear resize of pictures of bytes: only the pixels that count are read, however the picture lies, and
// rows of results are shared out.

#include <array>
#include <cstdint>
#include <vector>

#include "base/workers.h"
#include "pictures/upright_pixels.h"
#include "preprocess/float_kernels.h"
#include "preprocess/input_encoder.h"
#include "preprocess/resize_tf.h"

namespace mobilenet {

class TfByteResize {
 public:
  TfByteResize(TfCentres centres, const FloatKernels& kernels) : centres_(centres), kernels_(kernels) {}

  // Hands the window to the encoder. Tables are made once per geometry.
  void run(const UprightPixels& pixels, const InputPlace& place, const InputEncoder& encoder, const Workers& workers);

 private:
  // Memory of one thread.
  struct Member {
    std::array<std::vector<float>, 2> stretched;  // rows of the picture, interpolated along the row
    std::array<int, 2> y{-1, -1};                 // which
    std::vector<std::uint8_t> lower, upper;       // the pixels of one
    std::vector<float> result;
  };

  void prepare(const Geometry& geometry, int members);
  const float* stretched_row(const UprightPixels& pixels, int y, int keep, Member& member) const;

  TfCentres centres_;
  const FloatKernels& kernels_;
  Geometry geometry_;
  std::vector<TfPair> columns_, rows_;
  std::vector<int> lower_, upper_;  // columns of the picture
  std::vector<float> fractions_;    // of every sample of a row
  std::vector<Member> members_;
};

}  // namespace mobilenet
