// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/safetensors/load_safetensors.h"

#include <utility>

#include "base/error.h"
#include "base/file_bytes.h"
#include "formats/safetensors/container.h"
#include "formats/safetensors/shards.h"
#include "formats/weights/load_weights.h"

namespace mobilenet {
namespace {

// A model's tensors, and the name that it has as one file.
struct Whole {
  NamedTensors tensors;
  std::filesystem::path path;
};

Result<Whole> gather_by_index(const SourceFile& index) {
  if (index.path.empty())
    return failure(ErrorCode::unsupported,
                   "is the index of a model in several files, which are not in memory; open it by its path");
  MOBILENET_TRY(NamedTensors tensors, join_shards(index.bytes, index.path.parent_path(), index));
  return Whole{std::move(tensors), model_of_index(index.path)};
}

Result<Whole> gather_with_shard(const SourceFile& shard, const std::filesystem::path& index) {
  MOBILENET_TRY(const auto file, FileBytes::read(index, {.max_bytes = kMaxTextBytes}));
  auto tensors = join_shards(file->bytes(), index.parent_path(), shard);
  if (!tensors) return at(index.filename().string(), std::move(tensors).error());
  return Whole{*std::move(tensors), model_of_index(index)};
}

Result<Whole> gather(const SourceFile& file) {
  if (looks_like_shard_index(file.bytes)) return gather_by_index(file);
  if (const auto index = index_beside(file.path)) return gather_with_shard(file, *index);
  MOBILENET_TRY(NamedTensors tensors, parse_safetensors(file.bytes));
  tensors.owners.push_back(file.owner);
  return Whole{std::move(tensors), file.path};
}

// Why a file that is sound in itself does not make a model, where its name tells.
Error explained(const SourceFile& file, Error error) {
  const std::string name = std::filesystem::path(file.name).filename().string();
  const auto shard = shard_name(name);
  if (!shard || shard->count < 2 || index_beside(file.path) || error.code == ErrorCode::out_of_memory) return error;
  return failure(ErrorCode::unsupported, "is one of ", shard->count, " files of a model, and ",
                 file.path.empty()
                     ? "from memory the others are out of reach; open it by its path"
                     : "their index, " + std::string(shard->model) + ".safetensors.index.json, does not lie beside it");
}

Result<LoadedModel> load(const SourceFile& file) {
  MOBILENET_TRY(Whole whole, gather(file));
  auto model = load_weights("safetensors", std::move(whole.tensors), whole.path);
  if (!model) return explained(file, std::move(model).error());
  return model;
}

}  // namespace

bool takes_safetensors(const SourceFile& file) {
  return looks_like_safetensors(file.bytes) || looks_like_shard_index(file.bytes);
}

Result<LoadedModel> load_safetensors(const SourceFile& file) {
  auto model = load(file);
  if (!model) return at(file.name, std::move(model).error());
  return model;
}

}  // namespace mobilenet
