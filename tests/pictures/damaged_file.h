// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The ways in which picture files get damaged, or are made to damage.

#include <algorithm>
#include <iterator>
#include <random>

#include "pictures/picture_files.h"

namespace mobilenet::testing {

// One to six bytes changed, lost or doubled.
inline Bytes damaged(Bytes file, std::minstd_rand& chance) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(chance() >> 4) % bound; };
  constexpr unsigned char kExtremes[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
  const std::size_t changes = 1 + below(6);
  for (std::size_t i = 0; i < changes; ++i) {
    // Headers decide more than pixels: half of the changes go there.
    const std::size_t at = below(chance() % 2 ? std::min<std::size_t>(file.size(), 80) : file.size());
    switch (below(4)) {
      case 0:
        file[at] = static_cast<std::byte>(chance() >> 8);
        break;
      case 1:
        file[at] = static_cast<std::byte>(kExtremes[below(std::size(kExtremes))]);
        break;
      case 2:
        file[at] ^= static_cast<std::byte>(1u << below(8));
        break;
      case 3: {  // bytes lost or doubled
        const std::size_t count = std::min(1 + below(8), file.size() - at);
        const Bytes piece(file.begin() + static_cast<long>(at), file.begin() + static_cast<long>(at + count));
        if (chance() % 2)
          file.insert(file.begin() + static_cast<long>(at), piece.begin(), piece.end());
        else if (file.size() > count + 16)
          file.erase(file.begin() + static_cast<long>(at), file.begin() + static_cast<long>(at + count));
        break;
      }
    }
  }
  return file;
}

}  // namespace mobilenet::testing
