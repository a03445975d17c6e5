// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Raw tensors at the edge of the library: borrowed memory with a type and a shape.

#include <mobilenet/export.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mobilenet {

enum class DataType : std::uint8_t { f32, f16, u8, i8, i16, i32, i64, boolean };

MOBILENET_API std::size_t size_of(DataType type);       // bytes of one element
MOBILENET_API std::string_view name_of(DataType type);  // "f32", "u8", ...

// Where memory lies. A device that takes its own gets it as it lies, without a copy: `cuda` takes that of its GPU, at
// addresses that are multiples of 16; the others take the host's alone.
enum class Memory : std::uint8_t { host, device };

// Rows are contiguous; the batch axis comes first. The memory belongs to somebody else. All tensors of a run that name
// a stream name the same one.
struct TensorView {
  std::string_view name;
  DataType type = DataType::f32;
  std::span<const std::int64_t> shape;
  const void* data = nullptr;
  std::size_t bytes = 0;
  // real value = scale * (stored - zero_point); scale 0: not quantised, or quantised per channel.
  float scale = 0;
  std::int32_t zero_point = 0;
  Memory memory = Memory::host;
  // Of device memory: the stream on which it was written (CUstream); null: it is ready for any.
  void* stream = nullptr;

  template <class T>
  std::span<const T> as() const {
    return {static_cast<const T*>(data), bytes / sizeof(T)};
  }
};

// Memory of the caller for one tensor.
struct TensorBuffer {
  void* data = nullptr;
  std::size_t bytes = 0;
  Memory memory = Memory::host;
  void* stream = nullptr;  // of device memory: the one on which it may be written
};

}  // namespace mobilenet
