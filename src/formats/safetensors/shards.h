// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A model in several files, "model-00001-of-00002.safetensors" and so on, as Hugging Face's libraries write it. An
// index beside them, "model.safetensors.index.json", says in which file each tensor lies:
//
//   {"metadata": {...}, "weight_map": {"conv_stem.weight": "model-00001-of-00002.safetensors", ...}}

#include <mobilenet/result.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "formats/formats.h"
#include "formats/weights/named_tensors.h"

namespace mobilenet {

// By the first bytes, and a weight_map among them.
bool looks_like_shard_index(std::span<const std::byte> file);

// A shard's file name taken apart.
struct ShardName {
  std::string_view model;  // "model", or "model.fp16"
  int count = 0;           // how many files the model has
};
std::optional<ShardName> shard_name(std::string_view file_name);

// The index that lies beside a shard; nothing for other files, and when there is none.
std::optional<std::filesystem::path> index_beside(const std::filesystem::path& shard);

// The name that the model would have as one file: files beside it are named after that.
std::filesystem::path model_of_index(const std::filesystem::path& index);

// All tensors of all shards, which must be those of the index and lie in its folder. `opened` is the index itself, or a
// shard, which is not read again.
Result<NamedTensors> join_shards(std::span<const std::byte> index, const std::filesystem::path& folder,
                                 const SourceFile& opened);

}  // namespace mobilenet
