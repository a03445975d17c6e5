// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The safetensors container: named tensors as views of the file's bytes.
//
//   8 bytes  length of the header, little-endian
//   header   JSON {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ..., "__metadata__": {string: string}}
//   data     offsets count from here; tensors touch each other, and the last ends with the file

#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "formats/weights/named_tensors.h"

namespace mobilenet {

inline constexpr std::string_view kSafetensorsMetadata = "__metadata__";

// By the first bytes alone.
bool looks_like_safetensors(std::span<const std::byte> file);

// Refuses whatever contradicts itself: lengths, offsets, gaps, overlaps, shapes that do not fit their bytes.
Result<NamedTensors> parse_safetensors(std::span<const std::byte> file);

// The names of the types that this library writes and reads.
std::string_view safetensors_dtype(DataType type);

}  // namespace mobilenet
