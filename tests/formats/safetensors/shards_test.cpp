// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// A model in several files: opened by its index or by any of them it is the model in one file; what does not fit
// together is refused with a reason.

#include "formats/safetensors/shards.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "base/file_bytes.h"
#include "formats/safetensors/safetensors_file.h"
#include "formats/safetensors/tensor_list.h"
#include "formats/weights/framework_weights.h"

namespace mobilenet {
namespace {

using nlohmann::json;
using testing::memory_file;
using testing::TemporaryFolder;
using testing::TensorList;

const std::string kIndexName = "model.safetensors.index.json";
const std::string kFirst = "model-00001-of-00002.safetensors", kSecond = "model-00002-of-00002.safetensors";

Result<LoadedModel> open(const std::filesystem::path& path) {
  auto file = FileBytes::read(path);
  if (!file) return std::move(file).error();
  return load_model({path.string(), path, (*file)->bytes(), *file});
}

TensorList network() {
  const ModelSpec spec = published_spec(Architecture::mobilenet_v1, 0.05, 64, 3);
  return TensorList::of(testing::timm(spec, {1, 2, 2, 6, 2}).bytes()).fill();
}

// Two shards and their index.
struct Parts {
  TensorList first, second;
  json index;

  Parts() {
    const TensorList whole = network();
    index["metadata"]["total_size"] = 1;
    for (std::size_t i = 0; i < whole.tensors.size(); ++i) {
      const bool early = i < whole.tensors.size() / 2;
      (early ? first : second).tensors.push_back(whole.tensors[i]);
      index["weight_map"][whole.tensors[i].name] = early ? kFirst : kSecond;
    }
    first.metadata["format"] = second.metadata["format"] = "pt";
  }

  void write(const TemporaryFolder& folder) const {
    folder.write(kFirst, first.file());
    folder.write(kSecond, second.file());
    folder.write(kIndexName, index.dump());
  }
};

void expect_whole(const Result<LoadedModel>& model) {
  ASSERT_TRUE(model) << model.error().message;
  const auto expected = load_model(memory_file(network().file()));
  ASSERT_EQ(model->weights.size(), expected->weights.size());
  for (const auto& [name, index] : expected->weights)
    ASSERT_TRUE(std::ranges::equal(model->parameters().value(model->weights.at(name)).bytes,
                                   expected->parameters().value(index).bytes))
        << name;
}

TEST(Shards, OpenByTheIndexAndByAnyOfThem) {
  const TemporaryFolder folder;
  Parts().write(folder);
  folder.write("config.json", R"({"architecture": "mobilenetv1_100", "label_names": ["a", "b", "c"]})");
  for (const std::string& name : {kIndexName, kFirst, kSecond}) {
    SCOPED_TRACE(name);
    const auto model = open(folder.path() / name);
    expect_whole(model);
    EXPECT_EQ(model->spec.labels, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(model->path, folder.path() / "model.safetensors");  // descriptions and labels are named after it
  }
  folder.write("model_labels.txt", "x\ny\nz\n");
  EXPECT_EQ(open(folder.path() / kSecond)->spec.labels, (std::vector<std::string>{"x", "y", "z"}));
}

TEST(Shards, OfAVariantHaveItsIndex) {
  const TemporaryFolder folder;
  Parts parts;
  for (auto& [name, shard] : parts.index["weight_map"].items())
    shard = shard == kFirst ? "model.fp16-00001-of-00002.safetensors" : "model.fp16-00002-of-00002.safetensors";
  folder.write("model.fp16-00001-of-00002.safetensors", parts.first.file());
  folder.write("model.fp16-00002-of-00002.safetensors", parts.second.file());
  folder.write("model.safetensors.index.fp16.json", parts.index.dump());
  for (const char* name : {"model.safetensors.index.fp16.json", "model.fp16-00002-of-00002.safetensors"})
    expect_whole(open(folder.path() / name));
}

TEST(Shards, OnlyOneOfOneNeedsNoIndex) {
  const TemporaryFolder folder;
  folder.write("model-00001-of-00001.safetensors", network().file());
  expect_whole(open(folder.path() / "model-00001-of-00001.safetensors"));
  // An index whose name says nothing, of a model in one file.
  Parts parts;
  for (auto& [name, shard] : parts.index["weight_map"].items()) shard = "model-00001-of-00001.safetensors";
  folder.write("weights.json", "\n " + parts.index.dump());
  expect_whole(open(folder.path() / "weights.json"));
}

TEST(Shards, WithoutTheOthersAreRefused) {
  const TemporaryFolder folder;
  Parts().write(folder);
  std::filesystem::remove(folder.path() / kIndexName);
  for (const std::string& name : {kFirst, kSecond}) {
    const auto model = open(folder.path() / name);
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().message, (folder.path() / name).string() +
                                         ": is one of 2 files of a model, and their index, "
                                         "model.safetensors.index.json, does not lie beside it");
    const auto memory = load_model(memory_file(Parts().second.file(), name));
    ASSERT_FALSE(memory);
    EXPECT_NE(memory.error().message.find("from memory the others are out of reach"), std::string::npos)
        << memory.error().message;
  }
  const auto index = load_model(memory_file(Parts().index.dump(), "x"));
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().message,
            "x: is the index of a model in several files, which are not in memory; open it by its path");
}

struct Wrong {
  const char* name;
  std::function<void(Parts&)> change;
  const char* message;
};

const std::string kMoved = "conv_stem.weight";

const Wrong kWrong[] = {
    {"no map",
     [](Parts& p) {
       p.index = {{"weight_map", 3}};
     },
     "weight_map is 3"},
    {"an empty map", [](Parts& p) { p.index["weight_map"] = json::object(); }, "weight_map is empty"},
    {"a list",
     [](Parts& p) {
       p.index["weight_map"] = {1, 2};
     },
     "weight_map is an array of 2"},
    {"a number for a file", [](Parts& p) { p.index["weight_map"]["x"] = 7; }, "\"x\" is in 7, expected the name"},
    {"a folder above", [](Parts& p) { p.index["weight_map"]["x"] = "../secret.safetensors"; },
     "\"x\" is in \"../secret.safetensors\", expected the name of a file beside the index"},
    {"a folder below", [](Parts& p) { p.index["weight_map"]["x"] = "a/b.safetensors"; }, "expected the name of a file"},
    {"another disk", [](Parts& p) { p.index["weight_map"]["x"] = "C:\\b.safetensors"; }, "expected the name of a file"},
    {"an absolute path", [](Parts& p) { p.index["weight_map"]["x"] = "/dev/zero"; }, "expected the name of a file"},
    {"the folder", [](Parts& p) { p.index["weight_map"]["x"] = ".."; }, "expected the name of a file"},
    {"nothing", [](Parts& p) { p.index["weight_map"]["x"] = ""; }, "expected the name of a file"},
    {"a zero", [](Parts& p) { p.index["weight_map"]["x"] = std::string("a\0b", 3); }, "expected the name of a file"},
    {"a long name", [](Parts& p) { p.index["weight_map"]["x"] = std::string(300, 'a'); },
     "expected the name of a file"},
    {"thousands of files",
     [](Parts& p) {
       for (int i = 0; i < 2000; ++i) p.index["weight_map"]["x" + std::to_string(i)] = std::to_string(i);
     },
     "names more than 1000 files"},
    {"a missing shard", [](Parts& p) { p.index["weight_map"]["x"] = "model-00003-of-00003.safetensors"; },
     "the shard model-00003-of-00003.safetensors does not lie beside its index"},
    {"itself as a shard", [](Parts& p) { p.index["weight_map"]["x"] = kIndexName; },
     "which is not a .safetensors file"},
    {"PyTorch's files",
     [](Parts& p) {
       for (auto& [name, shard] : p.index["weight_map"].items()) shard = "pytorch_model-00001-of-00002.bin";
     },
     "names pytorch_model-00001-of-00002.bin, which is not a .safetensors file"},
    {"a tensor too few", [](Parts& p) { p.second.tensors.pop_back(); }, "is not in \"model-00002"},
    {"a tensor too many", [](Parts& p) { p.second.add("extra", {1}); },
     "extra: is in model-00002-of-00002.safetensors, but the index does not name it"},
    {"a tensor elsewhere", [](Parts& p) { p.index["weight_map"][kMoved] = kFirst; },
     "conv_stem.weight: is in model-00002-of-00002.safetensors, but the index says in model-00001"},
    {"a tensor twice", [](Parts& p) { p.second.tensors.push_back(p.first.tensors[0]); },
     "is in model-00001-of-00002.safetensors and in model-00002-of-00002.safetensors"},
    {"the same file for all",
     [](Parts& p) {
       for (auto& [name, shard] : p.index["weight_map"].items()) shard = kFirst;
     },
     "is not in \"model-00001"},
    {"a damaged shard", [](Parts& p) { p.second.tensors[0].bytes.pop_back(); }, "model-00002-of-00002.safetensors: "},
};

TEST(Shards, ThatDoNotFitTogetherAreRefused) {
  for (const Wrong& wrong : kWrong) {
    SCOPED_TRACE(wrong.name);
    const TemporaryFolder folder;
    Parts parts;
    wrong.change(parts);
    parts.write(folder);
    folder.write("pytorch_model-00001-of-00002.bin", "PK\3\4 and more");
    for (const std::string& name : {kIndexName, kFirst}) {
      const auto model = open(folder.path() / name);
      ASSERT_FALSE(model) << name;
      const std::string& message = model.error().message;
      EXPECT_NE(message.find(wrong.message), std::string::npos) << message;
      EXPECT_TRUE(message.starts_with((folder.path() / name).string() + ": ")) << message;
      EXPECT_LT(message.size(), 500u);
    }
  }
}

TEST(Shards, IndexesOfAnySizeAndFormAreRefused) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& index, std::string_view message) {
    folder.write(kIndexName, index);
    const auto model = open(folder.path() / kIndexName);
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find(message), std::string::npos) << model.error().message;
  };
  refused(R"({"weight_map")", "not valid JSON");
  refused(R"({"weight_map": {"a": "x", "a": "y"}})", "\"a\" twice");
  refused(R"({"weight_map": {}, "deep": )" + std::string(100000, '['), "nested deeper");
  std::string huge = R"({"weight_map": {)";
  for (int i = 0; i < 400000; ++i) huge += "\"" + std::to_string(i) + "\":\"x\",";
  refused(huge + "\"z\":\"x\"}}", "values");
  refused(R"({"weight_map": {"a": ")" + std::string(17 << 20, 'x') + "\"}}", "bytes");
  refused("{\"a\": 1}", "JSON text");  // no index at all
}

TEST(Shards, SurviveRandomChangesOfTheIndex) {
  const TemporaryFolder folder;
  const Parts parts;
  parts.write(folder);
  const std::string good = parts.index.dump();
  constexpr unsigned kSeed = 5;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  for (int round = 0; round < 500; ++round) {
    std::string bad = good;
    for (unsigned change = 0; change <= random() % 3; ++change)
      bad[random() % bad.size()] = static_cast<char>(random() % 128);
    folder.write(kIndexName, bad);
    (void)open(folder.path() / kIndexName);
    (void)open(folder.path() / kSecond);
  }
}

TEST(Shards, NamesAreTakenApart) {
  EXPECT_EQ(shard_name("model-00001-of-00002.safetensors")->model, "model");
  EXPECT_EQ(shard_name("a-b.fp16-7-of-12.safetensors")->model, "a-b.fp16");
  EXPECT_EQ(shard_name("a-7-of-12.safetensors")->count, 12);
  for (const char* name : {"", "model.safetensors", "model-of-2.safetensors", "model-1-of-.safetensors",
                           "model-1-of-2.bin", "-of-2.safetensors", "1-of-2.safetensors", "model-1-of-0.safetensors",
                           "model-1-of-99999999999999999999.safetensors", ".safetensors"})
    EXPECT_FALSE(shard_name(name)) << name;
  EXPECT_EQ(model_of_index("a/model.safetensors.index.json"), "a/model.safetensors");
  EXPECT_EQ(model_of_index("a/model.safetensors.index.fp16.json"), "a/model.safetensors");
}

}  // namespace
}  // namespace mobilenet
