// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What every container of weights comes to, whatever its file format and in however many files: tensors by name, as
// views of the files' bytes, and text that lies beside them. What the names mean is not known here.

#include <mobilenet/tensor.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "network/shape.h"

namespace mobilenet {

struct NamedTensor {
  std::string name;              // as a convention has it
  std::string saved_as;          // as the file has it: "module.conv_stem.weight"
  std::string dtype;             // as the file says: "F32", "BF16"
  std::optional<DataType> type;  // none for the known types that this library does not compute with
  Shape shape;
  std::span<const std::byte> bytes;  // possibly unaligned
};

struct NamedTensors {
  std::vector<NamedTensor> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;
  std::vector<std::shared_ptr<const void>> owners;  // keep the bytes alive
};

}  // namespace mobilenet
