// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Files beside weights, as {"weights": which, "config.json": ..., "preprocessor_config.json": ..., "labels.txt": text}.

#include <mobilenet/mobilenet.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "formats/weights/framework_weights.h"
#include "fuzz/fuzz.h"
#include "fuzz/json_mutator.h"
#include "support/pictures.h"

using namespace mobilenet;

namespace {

constexpr std::array kNames{"config.json", "preprocessor_config.json", "labels.txt"};

// Weights of each framework, written once, so small that a picture is quick.
std::vector<std::filesystem::path> write_weights(const fuzz::Folder& folder) {
  const ModelSpec v2 = published_spec(Architecture::mobilenet_v2, 0.05, 32, 3),
                  v1 = published_spec(Architecture::mobilenet_v1, 0.05, 32, 3);
  const std::string files[] = {mobilenet::testing::hugging_face_v2(v2, "mobilenet_v2.").bytes(),
                               mobilenet::testing::timm(v2, {1, 2, 3, 4, 3, 3, 1}).bytes(),
                               mobilenet::testing::timm(v1, {1, 2, 2, 6, 2}).bytes()};
  std::vector<std::filesystem::path> paths;
  for (const std::string& file : files)
    paths.push_back(folder.write("weights" + std::to_string(paths.size()) + ".safetensors", file));
  return paths;
}

}  // namespace

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::string made = fuzz::mutated_json({reinterpret_cast<const char*>(data), size}, most, seed);
  std::memcpy(data, made.data(), made.size());
  return made.size();
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static const std::vector<std::filesystem::path> weights = write_weights(folder);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto root = nlohmann::json::parse(text, nullptr, false);
  if (!root.is_object()) return 0;
  for (const char* name : kNames) {
    std::filesystem::remove(folder.path() / name);
    if (!root.contains(name)) continue;
    const auto& part = root[name];
    // A string is the file itself, so that what is no JSON is reached too.
    folder.write(name, part.is_string() ? part.get<std::string>()
                                        : part.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  const std::size_t which = root.contains("weights") && root["weights"].is_number_unsigned()
                                ? root["weights"].get<std::size_t>() % weights.size()
                                : 0;
  const auto model = Model::open(weights[which]);
  if (!fuzz::succeeds(model)) return 0;
  const ModelInfo& info = model->info();
  fuzz::expect(info.labels.empty() || static_cast<int>(info.labels.size()) == info.classes,
               "labels do not fit classes");
  if (info.macs > 20'000'000) return 0;  // an input size from the configuration
  auto session = model->session({.threads = 1});
  if (!fuzz::succeeds(session)) return 0;
  const mobilenet::testing::TestPicture picture(37, 23);
  fuzz::succeeds(session->classify(picture.view()));
  return 0;
}
