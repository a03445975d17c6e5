// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// numpy's .npz: a zip archive of .npy files, stored, as numpy.savez writes it. The same arrays give the same bytes.

#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>

#include "cli/output/pending_file.h"

namespace mobilenet::cli {

// One array, borrowed until write_npz returns: a header and its numbers, or a whole .npy in an open file.
struct NpzArray {
  std::string name;  // the key in numpy's dictionary
  std::string header;
  std::span<const std::byte> numbers;
  std::FILE* file = nullptr;
};

NpzArray npz_array(const TensorView& tensor);

// The file appears under its name only when it is complete. Names must differ.
Result<void> write_npz(const Destination& destination, std::span<const NpzArray> arrays);

}  // namespace mobilenet::cli
