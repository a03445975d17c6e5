// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// numpy's .npy files, versions 1 to 3: little-endian numbers in C order. Reading copies the numbers into aligned memory
// of their own; every count of the file is checked first, since it may be hostile.

#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/pending_file.h"

namespace mobilenet::cli {

struct NpyArray {
  DataType type = DataType::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;
};

// `name` stands for the file in messages.
Result<NpyArray> parse_npy(std::span<const std::byte> file, std::string_view name);

// numpy's name of a type: "<f4", "|u1".
std::string_view npy_type(DataType type);

// Everything before the numbers: a multiple of 64 bytes, and at least `at_least` (itself such a multiple).
std::string npy_header(std::string_view npy_type, std::span<const std::int64_t> shape, std::size_t at_least = 0);

Result<void> write_npy(const Destination& destination, const TensorView& tensor);

// A numpy array of str, one per text: the header and the UTF-32 characters. Bytes that are no UTF-8 become the lone
// surrogates that Python's file system encoding uses, so that os.fsencode gives the file's name back.
struct NpyTexts {
  std::string header;
  std::vector<std::byte> bytes;
};
NpyTexts npy_texts(std::span<const std::string> texts);

}  // namespace mobilenet::cli
