// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Files as trainers write them: the network is the same whatever stands around its names, and what belongs to the
// network but is not known is never passed over.

#include "formats/weights/wrapped_names.h"

#include <gtest/gtest.h>

#include <random>

#include "formats/safetensors/safetensors_file.h"
#include "formats/safetensors/tensor_list.h"
#include "formats/weights/framework_weights.h"
#include "network/parameter.h"

namespace mobilenet {
namespace {

using testing::ListedTensor;
using testing::memory_file;
using testing::TensorList;

const std::vector<int> kStagesV1{1, 2, 2, 6, 2}, kStagesV2{1, 2, 3, 4, 3, 3, 1};

TensorList timm_v1(int classes = 3) {
  return TensorList::of(testing::timm(published_spec(Architecture::mobilenet_v1, 0.05, 64, classes), kStagesV1).bytes())
      .fill();
}

TensorList timm_v2(int classes = 3) {
  return TensorList::of(testing::timm(published_spec(Architecture::mobilenet_v2, 0.05, 64, classes), kStagesV2).bytes())
      .fill();
}

TensorList hugging_face(int classes = 3, const std::string& prefix = "mobilenet_v2.") {
  const ModelSpec spec = published_spec(Architecture::mobilenet_v2, 0.05, 64, classes);
  return TensorList::of(testing::hugging_face_v2(spec, prefix).bytes()).fill();
}

TensorList joined(TensorList a, const TensorList& b) {
  a.tensors.insert(a.tensors.end(), b.tensors.begin(), b.tensors.end());
  return a;
}

// The same numbers under the same canonical names.
void expect_same_network(const Result<LoadedModel>& model, const TensorList& bare) {
  ASSERT_TRUE(model) << model.error().message;
  const auto expected = load_model(memory_file(bare.file()));
  ASSERT_TRUE(expected) << expected.error().message;
  EXPECT_EQ(model->spec, expected->spec);
  ASSERT_EQ(model->weights.size(), expected->weights.size());
  for (const auto& [name, index] : expected->weights) {
    const Parameter& right = expected->parameters().value(index);
    const Parameter& got = model->parameters().value(model->weights.at(name));
    ASSERT_EQ(got.shape, right.shape) << name;
    ASSERT_TRUE(std::ranges::equal(got.bytes, right.bytes)) << name;
  }
}

std::string decided(const LoadedModel& model, std::string_view what) {
  for (const Decision& decision : model.decisions)
    if (decision.what.find(what) != std::string::npos) return decision.what;
  return "nothing";
}

std::string refusal(const TensorList& list) {
  const auto model = load_model(memory_file(list.file()));
  return model ? "opened" : model.error().message;
}

TEST(WrappedNames, PrefixesAreTakenOffInAnyOrder) {
  for (const TensorList& bare : {timm_v1(), timm_v2(), timm_v2(0), hugging_face(), hugging_face(0, "")})
    for (const char* prefix :
         {"module.", "model.", "net.", "timm_model.", "_orig_mod.", "backbone.", "student.", "module.model.",
          "model.module.", "_orig_mod.module.", "module._orig_mod.", "module.module.", "model._orig_mod.net.",
          "_fsdp_wrapped_module.model.", "trainer.anything_else.", "mobilenet_v2.", "ema_model.module."}) {
      SCOPED_TRACE(bare.tensors.back().name + " behind " + prefix);
      // "mobilenet_v2." in front of names without it is Hugging Face's own.
      const bool own = std::string_view(prefix) == "mobilenet_v2." && bare.tensors.back().name.starts_with("layer");
      const auto model = load_model(memory_file(TensorList(bare).prefix(prefix).file()));
      expect_same_network(model, bare);
      if (!own) {
        EXPECT_EQ(decided(*model, "names are read"), std::string("names are read without ") + prefix);
      }
    }
}

TEST(WrappedNames, OfCompiledBlocksInside) {
  const auto compiled = [](std::string_view name) {
    std::string text(name);
    const std::size_t block = text.find(".conv_");
    if (text.starts_with("blocks.") && block != std::string::npos) text.insert(block, "._orig_mod");
    return text;
  };
  const auto model = load_model(memory_file(timm_v2().rename(compiled).file()));
  expect_same_network(model, timm_v2());
  EXPECT_EQ(decided(*model, "names are read"), "names are read without _orig_mod.");
  // A module may have such a word in its name.
  EXPECT_NE(refusal(timm_v2().add("my_orig_mod.weight", {1})).find("my_orig_mod.weight: 1 is not a tensor"),
            std::string::npos);
}

// A last layer that somebody put on a backbone, in its place or beside it.
TEST(WrappedNames, ALastLayerBesideTheNetworkIsItsClassifier) {
  struct Case {
    const char* name;
    const char* prefix;  // of the backbone
    const char* layer;
  };
  const Case cases[] = {
      {"beside a backbone", "backbone.", "fc"},
      {"beside a backbone, in several modules", "backbone.", "head.fc"},
      {"both in a module", "module.backbone.", "module.classifier"},
      {"behind a dropout", "", "classifier.1"},
      {"behind a dropout, in a wrapper", "model.", "model.classifier.1"},
      {"under another name", "", "head"},
      {"beside a compiled backbone", "backbone._orig_mod.", "linear"},
  };
  const auto is_classifier = [](const ListedTensor& tensor) { return tensor.name.starts_with("classifier."); };
  for (const Case& c : cases)
    for (const TensorList& bare : {timm_v1(), timm_v2(), hugging_face(), hugging_face(3, "")}) {
      SCOPED_TRACE(c.name);
      TensorList list = bare;
      for (ListedTensor& tensor : list.tensors)
        tensor.name =
            is_classifier(tensor) ? c.layer + tensor.name.substr(tensor.name.find('.')) : c.prefix + tensor.name;
      const auto model = load_model(memory_file(list.file()));
      expect_same_network(model, bare);
      EXPECT_NE(decided(*model, "the classifier is"), "nothing");
      // Without a bias, too.
      std::erase_if(list.tensors, [&](const ListedTensor& t) { return t.name == c.layer + std::string(".bias"); });
      EXPECT_EQ(refusal(list), "opened");
    }
}

TEST(WrappedNames, OfTwoNetworksTheMovingAverageIsTaken) {
  struct Case {
    const char *other, *taken;
  };
  const Case cases[] = {{"model.", "model_ema."},
                        {"model.", "ema."},
                        {"", "ema."},
                        {"student.", "ema."},
                        {"module.", "model_ema.module."},
                        {"model.", "model.ema."},
                        {"online_model.", "ema_model."},
                        {"model.backbone.", "ema_model.backbone."},
                        {"net.", "averaged_model.module."},
                        {"_orig_mod.", "ema._orig_mod."}};
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.other) + " and " + c.taken);
    const TensorList taken = timm_v1();
    TensorList other = timm_v1();
    for (ListedTensor& tensor : other.tensors) tensor.bytes.assign(tensor.bytes.size(), '\1');
    const TensorList file = joined(other.prefix(c.other), TensorList(taken).prefix(c.taken));
    const auto model = load_model(memory_file(file.file()));
    expect_same_network(model, taken);
    EXPECT_NE(decided(*model, "the network under"), "nothing");
  }
  // Their classifiers go with them.
  const auto with_head = [](const std::string& root) {
    TensorList list = timm_v1();
    for (ListedTensor& tensor : list.tensors)
      tensor.name = tensor.name.starts_with("classifier.") ? root + "fc." + tensor.name.substr(11)
                                                           : root + "backbone." + tensor.name;
    return list;
  };
  expect_same_network(load_model(memory_file(joined(with_head("model."), with_head("ema_model.")).file())), timm_v1());
}

TEST(WrappedNames, NoChoiceIsMadeBetweenOtherNetworks) {
  EXPECT_EQ(refusal(joined(timm_v1().prefix("student."), timm_v1().prefix("teacher."))),
            "test.safetensors: holds 2 networks, under student. and teacher.; save the one that is meant in a file of "
            "its own");
  EXPECT_EQ(
      refusal(joined(timm_v1(), timm_v1().prefix("copy."))),
      "test.safetensors: holds 2 networks, under no prefix and copy.; save the one that is meant in a file of its "
      "own");
  EXPECT_NE(refusal(joined(joined(timm_v1().prefix("a."), timm_v1().prefix("ema.")), timm_v1().prefix("b.")))
                .find("holds 3 networks, under a. and b., ...;"),
            std::string::npos);
}

TEST(WrappedNames, WhatOnlyServesTrainingIsLeftOutWithAWord) {
  const auto model = load_model(memory_file(timm_v1()
                                                .prefix("model.")
                                                .add("criterion.weight", {3})
                                                .add("n_averaged", {}, "I64")
                                                .add("optimizer.state.0.exp_avg", {8, 3})
                                                .add("train_loss.value", {}, "F64")
                                                .add("model.blocks.0.0.total_ops", {1}, "F8_E4M3")
                                                .add("ema.num_updates", {}, "I64")
                                                .add("global_step", {}, "I32")
                                                .file()));
  expect_same_network(model, timm_v1());
  EXPECT_NE(decided(*model, "ignored").find(" and 6 more ignored"), std::string::npos) << decided(*model, "ignored");
  const auto one = load_model(memory_file(timm_v1().add("loss_fn.weight", {3}).file()));
  expect_same_network(one, timm_v1());
  EXPECT_EQ(decided(*one, "ignored"), "loss_fn.weight ignored");
}

TEST(WrappedNames, WhatMayMatterIsRefusedByItsName) {
  const auto wrapped = [] { return timm_v1().prefix("model."); };
  const std::pair<TensorList, const char*> cases[] = {
      {timm_v1().add("fc_norm.weight", {51}), "fc_norm.weight: 51 is not a tensor of a MobileNet V1 as timm saves it"},
      {wrapped().add("fc_norm.weight", {51}), "fc_norm.weight: 51 is not"},
      {wrapped().add("model.fc_norm.weight", {51}), "model.fc_norm.weight: 51 is not"},
      {wrapped().add("normalize.mean", {3}), "normalize.mean: 3 is not"},
      {wrapped().add("decoder.conv.weight", {1, 1, 1, 1}), "decoder.conv.weight: 1x1x1x1 is not"},
      {wrapped().add("head.weight", {4, 51}), "head.weight: 4x51 is not"},  // beside a classifier
      {timm_v1(0).add("head.0.weight", {4, 8}).add("head.2.weight", {3, 4}),
       "has the layers head.0 and head.2 behind its MobileNet V1, of which one is supported"},
      {timm_v1(0).prefix("backbone.").add("neck.weight", {4, 8}), "neck.weight: 4x8 is not"},
      {timm_v1(0).prefix("backbone.").add("fc.running_mean", {4}), "fc.running_mean: 4 is not"},
      {timm_v1(0).prefix("backbone.").add("fc.weight", {4, 9}), "logits: weight is 4x9, expected 4x51"},
      {timm_v1(0).prefix("backbone.").add("fc.weight", {4}), "logits: weight is 4"},
      {timm_v1(0).prefix("backbone.").add("1.weight", {4, 51}), "1.weight: 4x51 is not"},
      {joined(timm_v1().prefix("_orig_mod."), TensorList().add("conv_stem.weight", {8, 3, 3, 3})),
       "is another stem.weight beside _orig_mod.conv_stem.weight"},
  };
  for (const auto& [list, message] : cases) {
    SCOPED_TRACE(message);
    const std::string said = refusal(list);
    EXPECT_NE(said.find(message), std::string::npos) << said;
  }
}

TEST(WrappedNames, ErrorsNameTensorsAsTheFileHasThem) {
  EXPECT_NE(refusal(timm_v1().prefix("model.").add("model.blocks.9.weight", {1})).find(": model.blocks.9.weight: 1 is"),
            std::string::npos);
  TensorList list = timm_v1().prefix("module.");
  list.tensors.front() = TensorList().add(list.tensors.front().name, list.tensors.front().shape, "I8").tensors[0];
  EXPECT_NE(refusal(list).find(": module.blocks.0.0.bn1.bias: is I8"), std::string::npos) << refusal(list);
  const std::string torchvision =
      refusal(TensorList().add("model.features.0.0.weight", {8, 3, 3, 3}).add("model.classifier.1.weight", {3, 8}));
  EXPECT_NE(torchvision.find("torchvision"), std::string::npos) << torchvision;
}

// Any names: a sentence, or a network.
TEST(WrappedNames, SurviveAnyNames) {
  constexpr unsigned kSeed = 11;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  const char* const words[] = {
      "",          ".",  "ema",  "ema.", "module.",   "model.",       "_orig_mod.", "_orig_mod", "conv_stem.weight",
      "fc.weight", "fc", "loss", "..",   "backbone.", "mobilenet_v2."};
  for (int round = 0; round < 600; ++round) {
    TensorList list = round % 2 == 0 ? timm_v1(0) : TensorList();
    for (unsigned extra = 0; extra <= random() % 4; ++extra) {
      std::string name = std::to_string(extra);
      if (random() % 2 == 0) name.clear();
      for (unsigned word = 0; word <= random() % 4; ++word) name += words[random() % std::size(words)];
      if (random() % 2 == 0) name += "conv_stem.weight";
      list.add(name, {1});
      if (random() % 8 == 0 && !list.tensors.empty()) list.prefix(words[random() % std::size(words)]);
    }
    const std::string said = refusal(list);
    EXPECT_FALSE(said.empty());
  }
}

}  // namespace
}  // namespace mobilenet
