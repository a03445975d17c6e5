// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a network computes in: the one definition of a quantised network, for models, sessions and every device.

#include <mobilenet/device.h>
#include <mobilenet/result.h>

#include "network/network.h"

namespace mobilenet {

// Whether an operator of the network computes with quantised integers, of 8 bits or 16: reads and writes them. What
// only carries them from or to floats, or renames them, does not.
bool computes_in_integers(const Network& network);

// Whether it computes floats in less than floats.
constexpr bool has_fewer_bits(Precision precision) {
  return precision == Precision::f16 || precision == Precision::bf16 || precision == Precision::bf16x3;
}

// The precision of the network's own tensors: f32 or int8. Fails where another was asked for by name.
Result<Precision> own_precision(const Network& network, Precision asked);

}  // namespace mobilenet
