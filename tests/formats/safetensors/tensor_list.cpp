// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/safetensors/tensor_list.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/half.h"

namespace mobilenet::testing {
namespace {

using nlohmann::json;

constexpr std::size_t kLengthBytes = 8;

std::size_t element_bytes(const std::string& dtype) {
  if (dtype == "F64" || dtype == "I64" || dtype == "U64" || dtype == "C64") return 8;
  if (dtype == "F32" || dtype == "I32" || dtype == "U32") return 4;
  if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16") return 2;
  return 1;
}

template <class T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_as(std::string& bytes, const std::string& dtype, float value) {
  if (dtype == "F64") return append(bytes, static_cast<double>(value));
  if (dtype == "F16") return append(bytes, float_to_half(value));
  if (dtype == "BF16") return append(bytes, static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16));
  bytes.append(element_bytes(dtype), '\0');
}

}  // namespace

TensorList TensorList::of(const std::string& file) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  const std::string data = file.substr(kLengthBytes + length);
  const json header = json::parse(file.substr(kLengthBytes, length));
  TensorList list;
  for (const auto& [name, tensor] : header.items()) {
    if (name == "__metadata__") {
      list.metadata = tensor.get<std::map<std::string, std::string>>();
      continue;
    }
    const auto offsets = tensor["data_offsets"].get<std::vector<std::size_t>>();
    list.tensors.push_back({name, tensor["dtype"], tensor["shape"].get<std::vector<std::int64_t>>(),
                            data.substr(offsets[0], offsets[1] - offsets[0])});
  }
  return list;
}

std::string TensorList::file() const {
  json header = json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::string data;
  for (const ListedTensor& tensor : tensors) {
    const std::size_t begin = data.size();
    data += tensor.bytes;
    header[tensor.name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  const std::string text = header.dump();
  std::string file;
  append(file, static_cast<std::uint64_t>(text.size()));
  return file + text + data;
}

TensorList& TensorList::fill() {
  constexpr std::uint32_t kMultiplier = 1664525, kIncrement = 1013904223;  // Numerical Recipes
  for (ListedTensor& tensor : tensors) {
    if (tensor.dtype != "F32") continue;
    std::uint32_t state = 1;
    for (const char c : tensor.name) state = state * 31 + static_cast<unsigned char>(c);
    const bool positive = tensor.name.ends_with("running_var");
    for (std::size_t place = 0; place < tensor.bytes.size(); place += sizeof(float)) {
      state = state * kMultiplier + kIncrement;
      const int step = static_cast<int>(state >> 25);  // 0 .. 127
      const float value = static_cast<float>(positive ? step + 32 : step - 64) / 64;
      std::memcpy(tensor.bytes.data() + place, &value, sizeof value);
    }
  }
  return *this;
}

TensorList& TensorList::convert(const std::string& dtype) {
  for (ListedTensor& tensor : tensors) {
    if (tensor.dtype != "F32") continue;
    std::string bytes;
    for (std::size_t place = 0; place < tensor.bytes.size(); place += sizeof(float)) {
      float value = 0;
      std::memcpy(&value, tensor.bytes.data() + place, sizeof value);
      append_as(bytes, dtype, value);
    }
    tensor.dtype = dtype;
    tensor.bytes = std::move(bytes);
  }
  return *this;
}

TensorList& TensorList::rename(const std::function<std::string(std::string_view)>& new_name) {
  for (ListedTensor& tensor : tensors) tensor.name = new_name(tensor.name);
  return *this;
}

TensorList& TensorList::prefix(const std::string& text) {
  return rename([&](std::string_view name) { return text + std::string(name); });
}

TensorList& TensorList::add(const std::string& name, const std::vector<std::int64_t>& shape, const std::string& dtype) {
  std::size_t bytes = element_bytes(dtype);
  for (const std::int64_t axis : shape) bytes *= static_cast<std::size_t>(axis);
  tensors.push_back({name, dtype, shape, std::string(bytes, '\0')});
  return *this;
}

}  // namespace mobilenet::testing
