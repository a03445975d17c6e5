// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// AMX: eight tiles of 16 rows of 64 bytes. Every kernel here takes all of them at full size, so that one configuration
// serves all.

#include <cstdint>

namespace mobilenet::cpu {

inline constexpr int kTileRows = 16;
inline constexpr int kTileRowBytes = 64;

struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1, start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
inline constexpr TileConfiguration kWholeTiles;

}  // namespace mobilenet::cpu
