// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What every container of weights comes to, whatever its file format: tensors by name, as views of the file's bytes,
// and text that lies beside them. What the names mean is not known here.

#include <mobilenet/tensor.h>

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "network/shape.h"

namespace mobilenet {

struct NamedTensor {
  std::string name;
  std::string dtype;             // as the file says: "F32", "BF16"
  std::optional<DataType> type;  // none for the known types that this library does not compute with
  Shape shape;
  std::span<const std::byte> bytes;  // possibly unaligned
};

struct NamedTensors {
  std::vector<NamedTensor> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;
};

}  // namespace mobilenet
