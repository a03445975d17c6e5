// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From which size on a picture that matrix products make or read had better pass through in rows, block by block.

#include <cstddef>

namespace mobilenet::cpu {

// Such pictures push others out of a second-level cache on their way to the next step; smaller ones do not.
inline constexpr std::size_t kStreamedBytes = 256 * 1024;
// AMX's: a call costs 100 cycles before its first product, and a row of a few pixels fills its tiles badly. With 2 MB
// of second-level cache, V2 on an Intel Xeon takes 2.14 ms instead of 2.42 in bf16, DeepLab in int8 16.3 instead
// of 17.7.
inline constexpr std::size_t kStreamedBytesAmx = 2 * 1024 * 1024;

}  // namespace mobilenet::cpu
