// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From any borrowed picture to one row of the network's input batch: orientation, resize, crop, colour order, encoding,
// equal to what the weights' source framework does. Used by every session; the source picture's geometry is data of a
// call, never of the plan.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <memory>
#include <string>

#include "base/workers.h"
#include "preprocess/geometry.h"
#include "spec/input_encoding.h"
#include "spec/preprocess_spec.h"

namespace mobilenet {

class PictureInput {
 public:
  // height x width is the network's input, or what its sizes belong to where the spec takes it from the picture. Fails
  // where something is unknown, with what the caller can say.
  static Result<PictureInput> create(const PreprocessSpec& spec, int height, int width, const InputElements& elements);
  PictureInput(PictureInput&&) noexcept;
  PictureInput& operator=(PictureInput&&) noexcept;
  ~PictureInput();

  // Of the network, for this picture.
  Result<PictureSize> input_size(const ImageView& image) const;

  // Where the input's pixels lie on the upright picture.
  Result<Geometry> geometry(const ImageView& image) const;

  // Writes an element for every channel of every pixel of the input's size, and says where they lie on the upright
  // picture.
  // Refuses views without pixels or with impossible sizes. Allocates only when the picture is larger than every one
  // before. Rows are shared out to the workers.
  Result<Geometry> run(const ImageView& image, void* destination, const Workers& workers = {});

 private:
  struct State;
  explicit PictureInput(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One sentence for people, for example
// "the centre square of 0.875 of the shorter side, PIL bilinear to 224x224, (byte / 255 - 0.5) / 0.5".
std::string describe(const PreprocessSpec& spec, int height, int width, const InputElements& elements);

}  // namespace mobilenet
