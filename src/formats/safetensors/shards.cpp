// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/safetensors/shards.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file_bytes.h"
#include "base/text.h"
#include "formats/safetensors/container.h"
#include "json/json_value.h"

namespace mobilenet {
namespace {

constexpr std::string_view kEnding = ".safetensors", kIndex = ".safetensors.index.", kMap = "weight_map";
// As many tensors as the header of one file may have.
constexpr JsonLimits kIndexLimits{.bytes = std::size_t{16} << 20, .depth = 8, .values = std::size_t{1} << 18};
constexpr std::size_t kMostShards = 1000;
constexpr std::size_t kLongestName = 255;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// "-00001" at the end is taken off; -1 when there is none.
int take_last_number(std::string_view& text) {
  const std::size_t begin = text.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  int number = -1;
  const auto [end, code] = std::from_chars(text.data() + begin, text.data() + text.size(), number);
  if (code != std::errc() || begin == 0 || text[begin - 1] != '-') return -1;
  text.remove_suffix(text.size() - begin + 1);
  return number;
}

// A file of the index's own folder, and no other.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return c == '/' || c == '\\' || c < ' ' || c == 0x7f; });
}

Result<std::set<std::string>> shards_of(const JsonValue& weight_map) {
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : weight_map.members()) {
    if (!shard.is_string() || !is_plain_name(shard.get<std::string>()))
      return failure(ErrorCode::bad_format, kMap, ": ", describe(tensor), " is in ", describe(shard),
                     ", expected the name of a file beside the index");
    shards.insert(shard.get<std::string>());
    if (shards.size() > kMostShards)
      return failure(ErrorCode::bad_format, kMap, " names more than ", kMostShards, " files");
  }
  return shards;
}

class Joining {
 public:
  Joining(const JsonValue& weight_map, std::filesystem::path folder, const SourceFile& opened)
      : weight_map_(weight_map), folder_(std::move(folder)), opened_(opened) {}

  Result<void> add(const std::string& shard) {
    MOBILENET_TRY(const SourceFile file, read(shard));
    if (!looks_like_safetensors(file.bytes))
      return failure(ErrorCode::unsupported, kMap, " names ", shard, ", which is not a ", kEnding,
                     " file; save the model as such");
    auto tensors = parse_safetensors(file.bytes);
    if (!tensors) return at(shard, std::move(tensors).error());
    for (NamedTensor& tensor : tensors->tensors) {
      const auto [place, added] = shard_of_.emplace(tensor.name, &shard);
      if (!added) return failure(ErrorCode::bad_format, tensor.name, ": is in ", *place->second, " and in ", shard);
      const JsonValue* said = weight_map_.find(tensor.name);
      if (!said || said->get<std::string>() != shard)
        return failure(ErrorCode::bad_format, tensor.name, ": is in ", shard, ", but the index ",
                       said ? "says in " + said->get<std::string>() : "does not name it");
      joined_.tensors.push_back(std::move(tensor));
    }
    joined_.metadata.merge(tensors->metadata);
    joined_.owners.push_back(file.owner);
    return {};
  }

  Result<NamedTensors> tensors() && {
    for (const auto& [tensor, shard] : weight_map_.members())
      if (!shard_of_.contains(tensor))
        return failure(ErrorCode::bad_format, kMap, ": ", describe(tensor), " is not in ", describe(shard),
                       ", where the index says");
    return std::move(joined_);
  }

 private:
  Result<SourceFile> read(const std::string& shard) {
    SourceFile file = opened_;
    if (shard != opened_.path.filename().string()) {
      auto bytes = FileBytes::read(folder_ / shard, {.max_bytes = left_});
      if (!bytes && bytes.error().code == ErrorCode::not_found)
        return failure(ErrorCode::not_found, "the shard ", shard, " does not lie beside its index");
      if (!bytes) return std::move(bytes).error();
      file.bytes = (*bytes)->bytes();
      file.owner = *std::move(bytes);
    }
    left_ -= std::min<std::uint64_t>(left_, file.bytes.size());
    return file;
  }

  const JsonValue& weight_map_;
  const std::filesystem::path folder_;
  const SourceFile& opened_;
  std::uint64_t left_ = FileLimits{}.max_bytes;  // what one file may have, all together may have
  std::map<std::string, const std::string*> shard_of_;
  NamedTensors joined_;
};

}  // namespace

bool looks_like_shard_index(std::span<const std::byte> file) {
  const std::string_view text = text_of(file.first(std::min(file.size(), kIndexLimits.bytes)));
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '{' && text.find("\"weight_map\"") != std::string_view::npos;
}

std::optional<ShardName> shard_name(std::string_view file_name) {
  constexpr std::string_view kOf = "-of";
  if (!file_name.ends_with(kEnding)) return std::nullopt;
  std::string_view model = file_name.substr(0, file_name.size() - kEnding.size());
  const int count = take_last_number(model);
  if (count < 1 || !model.ends_with(kOf)) return std::nullopt;
  model.remove_suffix(kOf.size());
  if (take_last_number(model) < 0) return std::nullopt;
  return ShardName{model, count};
}

std::optional<std::filesystem::path> index_beside(const std::filesystem::path& shard) {
  const std::string name = shard.filename().string();
  const auto parts = shard_name(name);
  if (!parts) return std::nullopt;
  // "model.safetensors.index.json", and for the variant model.fp16 "model.safetensors.index.fp16.json".
  const std::size_t dot = std::min(parts->model.rfind('.'), parts->model.size());
  const std::string_view stem = parts->model.substr(0, dot), variant = parts->model.substr(dot);
  for (const std::string& index :
       {text(parts->model, kIndex, "json"), text(stem, ".safetensors.index", variant, ".json")}) {
    std::error_code ignored;
    if (std::filesystem::exists(shard.parent_path() / index, ignored)) return shard.parent_path() / index;
  }
  return std::nullopt;
}

std::filesystem::path model_of_index(const std::filesystem::path& index) {
  const std::string name = index.filename().string();
  const std::size_t mark = name.find(kIndex);
  if (mark == std::string::npos) return index;
  return index.parent_path() / name.substr(0, mark + kEnding.size());
}

Result<NamedTensors> join_shards(std::span<const std::byte> index, const std::filesystem::path& folder,
                                 const SourceFile& opened) {
  MOBILENET_TRY(const JsonValue parsed, parse_json(text_of(index), kIndexLimits));
  const JsonValue* weight_map = parsed.find(kMap);
  if (!weight_map || !weight_map->is_object() || weight_map->empty())
    return failure(ErrorCode::bad_format, kMap, " is ",
                   !weight_map               ? "missing"
                   : weight_map->is_object() ? "empty"
                                             : describe(*weight_map),
                   ", expected the file of every tensor");
  MOBILENET_TRY(const std::set<std::string> shards, shards_of(*weight_map));
  Joining joining(*weight_map, folder, opened);
  for (const std::string& shard : shards) MOBILENET_CHECK(joining.add(shard));
  return std::move(joining).tensors();
}

}  // namespace mobilenet
