// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/safetensors/load_safetensors.h"

#include <utility>

#include "base/error.h"
#include "formats/safetensors/container.h"
#include "formats/weights/load_weights.h"

namespace mobilenet {

bool takes_safetensors(const SourceFile& file) { return looks_like_safetensors(file.bytes); }

Result<LoadedModel> load_safetensors(const SourceFile& file) {
  auto tensors = parse_safetensors(file.bytes);
  if (!tensors) return at(file.name, std::move(tensors).error());
  tensors->owners.push_back(file.owner);
  auto model = load_weights("safetensors", *std::move(tensors), file.path);
  if (!model) return at(file.name, std::move(model).error());
  return model;
}

}  // namespace mobilenet
