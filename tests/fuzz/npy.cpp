// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The program's .npy files: what is read is what is written, and read again.

#include "cli/arrays/npy.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "fuzz/fuzz.h"

using namespace mobilenet;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const fuzz::ExactCopy file(data, size);
  const auto array = cli::parse_npy(file.bytes(), "array.npy");
  if (!fuzz::succeeds(array)) return 0;
  std::size_t bytes = size_of(array->type);
  for (const std::int64_t axis : array->shape) bytes *= static_cast<std::size_t>(axis);
  fuzz::expect(array->bytes.size() == bytes, "another number of bytes than the shape says");
  const TensorView tensor{"array", array->type, array->shape, array->bytes.data(), array->bytes.size()};
  const auto path = folder.path() / "array.npy";
  std::error_code ignored;
  std::filesystem::remove(path, ignored);  // the last run's: the program replaces no file
  fuzz::expect(static_cast<bool>(cli::write_npy(path, tensor)), "what was read cannot be written");
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto again = cli::parse_npy(std::as_bytes(std::span(text)), "array.npy");
  fuzz::expect(static_cast<bool>(again), "what was written cannot be read");
  fuzz::expect(again->type == array->type && again->shape == array->shape && again->bytes == array->bytes,
               "what was written is something else");
  return 0;
}
