// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How large numbers can become, as far as clamps and weights say: for backends that keep some in halves, where the
// largest is 65504 and all beyond are infinities.

#include "network/clamp.h"
#include "network/network.h"
#include "plan/folded_layer.h"

namespace mobilenet {

inline constexpr float kLargestHalf = 65504;

// What the clamp behind a tensor leaves, seen through padding and other names; everything where there is none.
ClampRange range_of(const Network& network, TensorId id);

// The largest magnitude that a sum of a depthwise convolution, or a part of it, can reach on numbers within `input`;
// infinite where nothing bounds it.
double largest_sum(const FoldedFilter& filter, const ClampRange& input);

}  // namespace mobilenet
