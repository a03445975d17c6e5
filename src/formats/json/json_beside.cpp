// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/json/json_beside.h"

#include "base/error.h"
#include "base/file_bytes.h"

namespace mobilenet {

Result<std::optional<JsonValue>> json_beside(const std::filesystem::path& model, const std::string& name) {
  std::optional<JsonValue> nothing;
  if (model.empty()) return nothing;
  auto file = FileBytes::read(model.parent_path() / name, {.max_bytes = kMaxTextBytes});
  if (!file) {
    if (file.error().code == ErrorCode::not_found) return nothing;
    return std::move(file).error();
  }
  const std::span<const std::byte> bytes = (*file)->bytes();
  auto parsed = parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!parsed) return at(name + " beside the file", std::move(parsed).error());
  return std::optional<JsonValue>(*std::move(parsed));
}

}  // namespace mobilenet
