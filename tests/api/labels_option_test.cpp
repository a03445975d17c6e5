// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "formats/safetensors/safetensors_file.h"

namespace mobilenet::testing {
namespace {

using Labels = std::vector<std::string>;

struct LabelsCase {
  const char* name;
  const char* architecture;
  ModelOptions options;
  Labels labels;     // empty: refused
  const char* said;  // in the reason of the decision, or in the error
};

TEST(ModelOptions, LabelsAreAListOrAFile) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "names.txt", own = folder.path() / "own.safetensors";
  std::ofstream(file) << "left\nright\nnone\n";
  const LabelsCase cases[] = {
      {"two names are two names, not the two ends of one",
       "mobilenet_v1:0.25:32:2",
       {.labels = {"cat", "dog"}},
       {"cat", "dog"},
       "the list of labels has 2 names"},
      {"a file", "mobilenet_v1:0.25:32:3", {.labels_file = file}, {"left", "right", "none"}, "names.txt"},
      {"too few",
       "mobilenet_v1:0.25:32:3",
       {.labels = {"cat", "dog"}},
       {},
       "the list of labels: has 2 labels, but the model has 3 classes"},
      {"too many", "mobilenet_v1:0.25:32:2", {.labels_file = file}, {}, "has 3 labels, but the model has 2 classes"},
      {"both",
       "mobilenet_v1:0.25:32:2",
       {.labels = {"cat", "dog"}, .labels_file = file},
       {},
       "expected one of the two"},
  };
  for (const LabelsCase& c : cases) {
    ASSERT_TRUE(Model::random(c.architecture).value().save(own)) << c.name;
    std::ifstream stream(own, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    for (const auto& model :
         {Model::open(own, c.options), Model::from_memory(std::as_bytes(std::span(bytes)), c.options)}) {
      ASSERT_EQ(static_cast<bool>(model), !c.labels.empty()) << c.name;
      if (!model) {
        EXPECT_NE(model.error().message.find(c.said), std::string::npos) << c.name << ": " << model.error().message;
        EXPECT_EQ(model.error().code, ErrorCode::invalid_argument) << c.name;
        continue;
      }
      EXPECT_EQ(model->info().labels, c.labels) << c.name;
      std::string why;
      for (const Decision& decision : model->info().decisions)
        if (decision.what.starts_with("labels")) why += decision.what + ": " + decision.why;
      EXPECT_NE(why.find(c.said), std::string::npos) << c.name << ": " << why;
    }
  }
}

}  // namespace
}  // namespace mobilenet::testing
