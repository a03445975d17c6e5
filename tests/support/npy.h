// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Reads .npy files of little-endian float32 in C order: what the expected tensors of the frameworks are stored as.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace mobilenet::testing {

struct FloatArray {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

inline std::vector<std::byte> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  const std::vector<char> text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

inline FloatArray read_npy(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_bytes(path);
  const auto at = [&](std::size_t i) { return static_cast<unsigned>(bytes.at(i)); };
  const std::size_t start = 10 + at(8) + 256 * at(9);
  const std::string header(reinterpret_cast<const char*>(bytes.data()) + 10, start - 10);
  if (header.find("'<f4'") == std::string::npos || header.find("'fortran_order': False") == std::string::npos)
    throw std::runtime_error(path.string() + ": not little-endian float32 in C order");
  FloatArray array;
  std::int64_t count = 1;
  for (std::size_t i = header.find('(') + 1; i < header.find(')');) {
    std::size_t length = 0;
    array.shape.push_back(std::stoll(header.substr(i), &length));
    count *= array.shape.back();
    i = header.find_first_not_of(", ", i + length);
  }
  array.values.resize(static_cast<std::size_t>(count));
  if (bytes.size() - start != array.values.size() * sizeof(float))
    throw std::runtime_error(path.string() + ": size does not fit its shape");
  std::memcpy(array.values.data(), bytes.data() + start, bytes.size() - start);
  return array;
}

}  // namespace mobilenet::testing
