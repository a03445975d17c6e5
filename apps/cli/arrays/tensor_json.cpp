// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arrays/tensor_json.h"

#include <nlohmann/json.hpp>

namespace mobilenet::cli {

Json tensor_json(std::string_view name, const TensorKind& tensor) {
  Json entry = {{"name", name}, {"type", name_of(tensor.type)}, {"shape", tensor.shape}};
  if (tensor.scale != 0) {
    entry["scale"] = shortest(tensor.scale);
    entry["zero_point"] = tensor.zero_point;
  }
  return entry;
}

}  // namespace mobilenet::cli
