// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What --json says of a tensor; quantisation only where there is one.

#include <mobilenet/model.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "cli/output/output.h"

namespace mobilenet::cli {

struct TensorKind {
  DataType type = DataType::f32;
  std::vector<std::int64_t> shape;
  float scale = 0;  // 0: not quantised
  std::int32_t zero_point = 0;
};

Json tensor_json(std::string_view name, const TensorKind& tensor);

}  // namespace mobilenet::cli
