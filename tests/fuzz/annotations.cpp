// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What `evaluate` reads, as {"truth": COCO's instances, "results": COCO's results, "classes": text of a CSV}.

#include <mobilenet/evaluate.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "fuzz/fuzz.h"
#include "fuzz/json_mutator.h"

using namespace mobilenet;

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::string made = fuzz::mutated_json({reinterpret_cast<const char*>(data), size}, most, seed);
  std::memcpy(data, made.data(), made.size());
  return made.size();
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const fuzz::ExactCopy file(data, size);
  const auto root = nlohmann::json::parse(file.text(), nullptr, false);
  // A part that is a string is the file itself, so that what is no JSON is reached too.
  const auto part = [&](const char* name) -> std::string {
    if (root.is_discarded() || !root.is_object() || !root.contains(name)) return std::string(file.text());
    if (root[name].is_string()) return root[name].get<std::string>();
    return root[name].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  ModelInfo info;
  info.classes = 3;
  info.labels = {"person", "car", "a \"quoted\" name"};
  const auto classes = TrueClasses::read(folder.write("classes.csv", part("classes")), info);
  if (fuzz::succeeds(classes)) classes->of("folder/picture.jpg");
  auto evaluation = CocoEvaluation::read(folder.write("truth.json", part("truth")));
  if (!fuzz::succeeds(evaluation)) return 0;
  fuzz::succeeds(evaluation->match_classes(info));
  fuzz::succeeds(evaluation->add_results(folder.write("results.json", part("results"))));
  evaluation->find("000000000139.jpg");
  for (const double figure : evaluation->result().value())
    fuzz::expect(figure >= -1 && figure <= 1 + 1e-9, "a figure outside 0 to 1");
  return 0;
}
