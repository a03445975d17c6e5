// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A safetensors file taken apart, so that a test gives its tensors numbers, other types and other names, or other
// tensors beside them, and puts it together again.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mobilenet::testing {

struct ListedTensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::string bytes;
};

struct TensorList {
  std::vector<ListedTensor> tensors;
  std::map<std::string, std::string> metadata;

  static TensorList of(const std::string& file);
  std::string file() const;

  // Numbers that bfloat16 and float16 hold exactly, the same for the same name, for all float32 tensors: weights of the
  // order of one, variances positive.
  TensorList& fill();
  // float32 as another type: "F16", "BF16", "F64"; others keep their number of elements and are zero.
  TensorList& convert(const std::string& dtype);
  TensorList& rename(const std::function<std::string(std::string_view)>& new_name);
  TensorList& prefix(const std::string& text);
  TensorList& add(const std::string& name, const std::vector<std::int64_t>& shape, const std::string& dtype = "F32");
};

}  // namespace mobilenet::testing
