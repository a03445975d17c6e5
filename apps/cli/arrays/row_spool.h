// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// An .npy that grows along axis 0, kept in a nameless file beside the output: features of any number of pictures need
// no more memory than one batch.

#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "cli/arrays/tensor_json.h"
#include "cli/output/files.h"

namespace mobilenet::cli {

class RowSpool {
 public:
  // `beside` is the output's path; `first` gives the type and the shape of a row.
  static Result<RowSpool> create(const std::filesystem::path& beside, const TensorView& first);

  // All rows of `tensor`, whose type and row shape must be those of the first.
  Result<void> append(const TensorView& tensor);
  // Completes the header; the file is then a whole .npy, and lives as long as the spool.
  Result<std::FILE*> finish();

  const TensorKind& tensor() const { return tensor_; }  // all rows as one

 private:
  RowSpool() = default;
  std::filesystem::path beside_;
  File file_;
  TensorKind tensor_;
  std::size_t header_bytes_ = 0;
};

}  // namespace mobilenet::cli
