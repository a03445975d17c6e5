// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/model_path.h"

#include <mobilenet/model.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "cli/models/known_models.h"
#include "cli/models/model_cache.h"
#include "cli/output/table.h"
#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Whether an architecture was meant rather than the name of a model: it has a colon, or is one's name.
bool looks_like_architecture(const std::string& word) {
  const auto known = known_architectures();
  return word.find(':') != std::string::npos ||
         std::any_of(known.begin(), known.end(), [&](const KnownArchitecture& one) { return one.name == word; });
}

// "; did you mean mobilenet_v2:1.0:224?" for what is nearly an architecture.
std::string architecture_hint(const std::string& word) {
  const std::size_t colon = std::min(word.find(':'), word.size());
  const std::string family = word.substr(0, colon);
  if (family.find_first_of("/\\.") != std::string::npos) return {};
  const auto known = known_architectures();
  std::vector<std::string> families;
  families.reserve(known.size());
  for (const KnownArchitecture& architecture : known) families.emplace_back(architecture.name);
  const auto nearest = nearest_word(family, families);
  if (!nearest) return {};
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const KnownArchitecture& architecture) { return architecture.name == *nearest; });
  const std::string fields = colon < word.size() ? word.substr(colon) : ":1.0:" + std::to_string(found->input_size);
  return "; did you mean " + *nearest + fields + ", the architecture with random weights?";
}

// "model-00001-of-00002.safetensors", a part of a model.
bool is_shard(std::string_view name) {
  const std::size_t of = name.rfind("-of-");
  return of != std::string_view::npos && of > 0 && name.find_first_not_of("0123456789", of + 4) == name.rfind('.') &&
         name[of - 1] >= '0' && name[of - 1] <= '9';
}

// "model.safetensors.index.json", which stands for all parts.
bool is_shard_index(std::string_view name) {
  return name.find(".safetensors.index.") != std::string_view::npos && name.ends_with(".json");
}

struct FolderModels {
  std::vector<std::string> names;
  std::vector<std::string> shards;
};

FolderModels models_in(const fs::path& folder) {
  FolderModels models;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_shard_index(name) || is_model_ending(lower_case(entry->path().extension().string())))
      (is_shard(name) ? models.shards : models.names).push_back(name);
  }
  std::sort(models.names.begin(), models.names.end());
  return models;
}

// What a folder without a model may be, and the way to a file that opens.
std::string advice_for(const fs::path& folder) {
  struct Kind {
    const char* file;
    const char* advice;
  };
  static constexpr std::array<Kind, 6> kKinds = {{
      {"saved_model.pb",
       "is a TensorFlow SavedModel; tf.lite.TFLiteConverter.from_saved_model makes a .tflite file of it"},
      {"keras_metadata.pb", "is a Keras model; tf.lite.TFLiteConverter makes a .tflite file of it"},
      {"pytorch_model.bin",
       "is a Hugging Face model without model.safetensors; save_pretrained with safe_serialization=True writes it"},
      {"tf_model.h5",
       "is a Hugging Face model without model.safetensors; load it with from_tf=True and save_pretrained"},
      {"model.json", "looks like a TensorFlow.js model; convert the model that it was made from to .tflite"},
      {"config.json", "holds a configuration, but no weights; fetch its model.safetensors too"},
  }};
  for (const Kind& kind : kKinds)
    if (is_there(folder / kind.file)) return kind.advice;
  return "is a folder without a " + model_endings("or") + " file";
}

Result<fs::path> model_in(const fs::path& folder) {
  const auto [names, shards] = models_in(folder);
  if (std::find(names.begin(), names.end(), "model.safetensors") != names.end()) return folder / "model.safetensors";
  if (names.size() == 1) return folder / names.front();
  if (names.empty() && !shards.empty())
    return Error{ErrorCode::not_found, folder.string() + " holds parts of a model (" + shards.front() +
                                           "), but not their index, model.safetensors.index.json"};
  if (names.empty()) return Error{ErrorCode::not_found, folder.string() + ' ' + advice_for(folder)};
  constexpr std::size_t kMostNamed = 5;
  const std::size_t named = std::min(names.size(), kMostNamed);
  return Error{ErrorCode::not_found, folder.string() + " is a folder with " + std::to_string(names.size()) +
                                         " models; name one of them: " + join(std::span(names).first(named), ", ") +
                                         (named < names.size() ? ", ..." : "")};
}

}  // namespace

bool is_model_ending(std::string_view ending) {
  const auto formats = known_formats();
  return std::any_of(formats.begin(), formats.end(),
                     [&](const KnownFormat& format) { return format.ending == ending; });
}

std::string model_endings(std::string_view conjunction) {
  std::vector<std::string> endings;
  for (const KnownFormat& format : known_formats()) endings.emplace_back(format.ending);
  std::string text = endings.front();
  for (std::size_t i = 1; i < endings.size(); ++i)
    text += (i + 1 < endings.size() ? ", " : ' ' + std::string(conjunction) + ' ') + endings[i];
  return text;
}

bool is_architecture(const std::string& word) {
  const std::string name = word.substr(0, word.find(':'));
  return name.size() < word.size() && name.find("mobilenet_v") != std::string::npos &&
         name.find_first_of("/\\.") == std::string::npos && !is_there(word);
}

Result<fs::path> model_path(const std::string& word) {
  std::error_code ignored;
  if (fs::is_directory(word, ignored)) return model_in(word);
  if (fs::status(word, ignored).type() != fs::file_type::not_found) return fs::path(word);
  if (word.find('/') != std::string::npos) return Error{ErrorCode::not_found, word + ": there is no such file"};
  const auto known = known_models();
  if (!known) return known.error();
  const auto named =
      std::find_if(known->begin(), known->end(), [&](const KnownModel& one) { return one.name == word; });
  if (named != known->end()) return known_model_file(*named);
  std::string hint = looks_like_architecture(word) ? "" : did_you_mean(word, names_of(*known));
  if (hint.empty()) hint = architecture_hint(word);
  return Error{ErrorCode::not_found, word + ": there is no such file, and no model of that name" + hint};
}

std::vector<fs::path> files_beside(const fs::path& model) {
  static constexpr std::array<std::string_view, 5> kLists = {".txt", ".names", ".pbtxt", ".prototxt", ".csv"};
  const std::string stem = model.stem().string();
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(model.has_parent_path() ? model.parent_path() : ".", error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string(), small = lower_case(name);
    const auto has = [&small](std::string_view part) { return small.find(part) != std::string::npos; };
    const auto ends = [&small](std::string_view ending) { return small.ends_with(ending); };
    const bool labels = has("label") || has("class");
    const bool list = std::any_of(kLists.begin(), kLists.end(), ends) && (labels || name.starts_with(stem));
    const bool part = is_shard(name) || is_shard_index(name);
    if (list || part || (ends(".json") && (labels || has("config") || ends(".mobilenet.json"))))
      files.push_back(entry->path());
  }
  return files;
}

}  // namespace mobilenet::cli
