// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which depthwise convolutions kernels add up in halves, two channels an instruction, and which in floats.

#include "plan/folded_layer.h"

namespace mobilenet::cuda {

// Whether halves are good enough for the depthwise convolution's taps and sums. Where not, both are floats.
bool adds_in_halves(const Network& network, const Parameters& parameters, const FusedGroup& depthwise);

}  // namespace mobilenet::cuda
