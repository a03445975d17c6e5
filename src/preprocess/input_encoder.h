// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The last step of a picture: resized lines become elements of the network's input where they belong, floats or bytes,
// pixels or planes. Threads may hand over different lines at the same time.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "preprocess/float_kernels.h"
#include "preprocess/geometry.h"
#include "spec/input_encoding.h"
#include "spec/preprocess_spec.h"

namespace mobilenet {

// The network's input for one picture.
struct InputPlace {
  void* elements = nullptr;
  PictureSize size;
  Geometry geometry;  // says which part of it is the window
};

class InputEncoder {
 public:
  static std::unique_ptr<InputEncoder> create(const PreprocessSpec& spec, const InputElements& elements,
                                              const FloatKernels& kernels);
  virtual ~InputEncoder() = default;

  // Everything around the window becomes padding.
  virtual void pad(const InputPlace& place) const = 0;
  // Row y of the window, RGB in the units of a byte.
  virtual void row(const InputPlace& place, int y, const std::uint8_t* rgb) const = 0;
  virtual void row(const InputPlace& place, int y, const float* rgb) const = 0;
  // Columns x .. x + count of the window, each from top to bottom.
  virtual void columns(const InputPlace& place, int x, int count, const std::uint8_t* const* rgb) const = 0;
};

}  // namespace mobilenet
