// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Weights for plain loops: [kernel height][kernel width][inputs][outputs], so that a loop over outputs reads them in
// order. Packed under PackKey::Kind::taps.

#include "network/parameter.h"

namespace mobilenet::cpu {

// Writes read(offset) for every element of the stored weight.
template <class Weight, class Read>
void pack_taps(const FilterView& view, Weight* to, const Read& read) {
  for (int y = 0; y < view.height; ++y)
    for (int x = 0; x < view.width; ++x)
      for (int i = 0; i < view.inputs; ++i)
        for (int o = 0; o < view.outputs; ++o) *to++ = read(view.offset(o, y, x, i));
}

}  // namespace mobilenet::cpu
