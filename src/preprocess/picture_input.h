// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From any borrowed picture to one row of the network's input batch: orientation, resize, crop, colour order, encoding,
// equal to what the weights' source framework does. Used by every session; the source picture's geometry is data of a
// call, never of the plan.

#include <mobilenet/image.h>
#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <memory>
#include <string>

#include "preprocess/geometry.h"
#include "spec/preprocess_spec.h"

namespace mobilenet {

class PictureInput {
 public:
  // height x width is the network's input; type f32 goes with InputEncoding::normalize, u8 with raw_u8, i8 with raw_i8.
  static Result<PictureInput> create(const PreprocessSpec& spec, int height, int width, DataType type);
  PictureInput(PictureInput&&) noexcept;
  PictureInput& operator=(PictureInput&&) noexcept;
  ~PictureInput();

  // Writes height * width * 3 elements, NHWC, and says where they lie on the upright picture. Refuses views without
  // pixels or with impossible sizes. Allocates only when the picture is larger than every one before.
  Result<Geometry> run(const ImageView& image, void* destination);

 private:
  struct State;
  explicit PictureInput(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One sentence for people, for example
// "the centre square of 0.875 of the shorter side, PIL bilinear to 224x224, (byte / 255 - 0.5) / 0.5".
std::string describe(const PreprocessSpec& spec, int height, int width);

}  // namespace mobilenet
