// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The safetensors container: named tensors as views of the file's bytes. What the names mean is not known here.
//
//   8 bytes  length of the header, little-endian
//   header   JSON {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ..., "__metadata__": {string: string}}
//   data     offsets count from here; tensors touch each other, and the last ends with the file

#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "network/shape.h"

namespace mobilenet {

inline constexpr std::string_view kSafetensorsMetadata = "__metadata__";

struct SafetensorsTensor {
  std::string name;
  std::string dtype;             // as the file says: "F32", "BF16"
  std::optional<DataType> type;  // none for the known types that this library does not compute with
  Shape shape;
  std::span<const std::byte> bytes;  // possibly unaligned
};

struct SafetensorsContainer {
  std::vector<SafetensorsTensor> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;
};

// By the first bytes alone.
bool looks_like_safetensors(std::span<const std::byte> file);

// Refuses whatever contradicts itself: lengths, offsets, gaps, overlaps, shapes that do not fit their bytes.
Result<SafetensorsContainer> parse_safetensors(std::span<const std::byte> file);

// The names of the types that this library writes and reads.
std::string_view safetensors_dtype(DataType type);

}  // namespace mobilenet
