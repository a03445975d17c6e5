// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// DeepLab's pooled branch: a map of one pixel, enlarged and joined with another map in front of a pointwise
// convolution. To the sums of every pixel it adds the same, so the convolution takes it as a bias, and the joined map
// is never made.

#include <optional>
#include <span>

#include "plan/grouping.h"

namespace mobilenet {

// The two inputs of a concatenation of channels, one of which is the same in all pixels.
struct RepeatedPixel {
  TensorId pixel = kNoTensor, map = kNoTensor;
  int pixel_first = 0, map_first = 0;  // where their channels begin
};
std::optional<RepeatedPixel> repeated_pixel(const Network& network, std::span<const Shape> shapes, const Node& node);

// The pointwise convolution that takes such a concatenation into its Step; kNoNode: there is none.
int next_of_repeated_pixel(const PlanView& plan, const Node& concat);

}  // namespace mobilenet
