// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The project's own file: what is written is read back, and a hostile spec inside it is refused.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "base/file_bytes.h"
#include "base/half.h"
#include "formats/json/model_spec_json.h"
#include "formats/safetensors/container.h"
#include "formats/safetensors/safetensors_file.h"
#include "formats/safetensors/write_safetensors.h"
#include "network/parameter.h"

namespace mobilenet {
namespace {

using testing::memory_file;
using testing::safetensors_bytes;
using testing::TemporaryFolder;

Result<LoadedModel> open(const std::filesystem::path& path) {
  auto file = FileBytes::read(path);
  if (!file) return std::move(file).error();
  return load_model({path.string(), path, (*file)->bytes(), *file});
}

// Nothing has its default, so that a field that is forgotten shows.
ModelSpec unusual_spec() {
  ModelSpec spec = published_spec(Architecture::mobilenet_v2, 0.35, 224, 3);
  spec.input_height = 96;
  spec.input_width = 160;
  spec.blocks[14].dilation = 2;
  spec.pooling = HeadPooling::both;
  spec.has_background = true;
  spec.class_scores = ScoreFunction::sigmoid;
  spec.tf_padding = false;
  spec.padding_size = 128;
  spec.epsilon = 1e-5;
  spec.activation = BlockActivation::relu;
  spec.layout = SourceLayout::nchw;
  spec.input_name = "pixel_values";
  spec.labels = {"background", "a \"quoted\" \\ label", "caf\xc3\xa9"};
  spec.preprocess = {.mode = ResizeMode::shortest_edge,
                     .filter = ResizeFilter::pil_bicubic,
                     .resampler = Resampler::torchvision,
                     .rounding = CropRounding::half_even,
                     .input_size = InputSize::of_picture,
                     .resize_height = 173,
                     .resize_width = 174,
                     .longest_edge = 300,
                     .base_height = 160,
                     .base_width = 161,
                     .swap_red_blue = true,
                     .rescale = 0.017f,
                     .divide_by_255 = true,
                     .mean = {0.485f, 0.456f, 0.406f},
                     .deviation = {0.229f, 0.224f, 0.225f},
                     .fill = {3.25f, 4, 5},
                     .unknown = {"a", "b", "c"}};
  return spec;
}

TEST(ModelSpecJson, KeepsEveryField) {
  for (const ModelSpec& spec : {unusual_spec(), published_spec(Architecture::mobilenet_v1, 0.35, 97, 0),
                                published_spec(Architecture::mobilenet_v2, 1.4, 224, 1001),
                                published_spec(Architecture::mobilenet_v1, 1, 1, 1)}) {
    const auto read = model_spec_from_json(model_spec_to_json(spec));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, spec);
  }
}

// A file that needs nothing new is one that older builds read.
TEST(ModelSpecJson, HasTheVersionThatItNeeds) {
  ModelSpec spec = published_spec(Architecture::mobilenet_v1, 0.25, 128, 5);
  EXPECT_EQ(nlohmann::json::parse(model_spec_to_json(spec))["version"], 2);
  spec.pooling = HeadPooling::maximum;
  EXPECT_EQ(nlohmann::json::parse(model_spec_to_json(spec))["version"], 3);
}

TEST(ModelSpecJson, KeepsEveryFloat) {
  std::mt19937 random(11);
  ModelSpec spec = published_spec(Architecture::mobilenet_v1, 0.25, 128, 5);
  for (int round = 0; round < 300; ++round) {
    for (float& value : spec.preprocess.mean) value = static_cast<float>(random()) / 4.2e6f - 500;
    for (float& value : spec.preprocess.deviation) value = static_cast<float>(random() + 1) * 1e-7f;
    const auto read = model_spec_from_json(model_spec_to_json(spec));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(*read, spec);
  }
}

TEST(ModelSpecJson, RefusesHostileValues) {
  const auto good = nlohmann::json::parse(model_spec_to_json(published_spec(Architecture::mobilenet_v2, 1, 224, 10)));
  struct Case {
    const char* pointer;
    nlohmann::json value;
    const char* message;
  };
  const Case cases[] = {
      {"/version", 4, "has version 4, this build reads up to 3"},
      {"/version", "1", "version is \"1\""},
      {"/version", nullptr, "version is missing"},
      {"/architecture", "graph", "one of mobilenet_v1, mobilenet_v2"},
      {"/architecture", 1, "architecture is 1"},
      {"/architecture", "mobilenet_v1", "MobileNet V1 has not"},
      {"/depth_multiplier", -1, "depth_multiplier is -1"},
      {"/input_height", 0, "input_height is 0"},
      {"/input_height", 1 << 30, "input_height is 1073741824"},
      {"/input_width", 18446744073709551615u, "input_width is 18446744073709551615"},
      {"/input_width", 224.5, "input_width is 224.5"},
      {"/input_name", "", "input_name"},
      {"/stem", 0, "stem is 0"},
      {"/stem", 48, "block1: reads 32 channels, the layer before it writes 48"},
      {"/blocks", nlohmann::json::array(), "has 0 blocks"},
      {"/blocks", "many", "blocks is \"many\""},
      {"/blocks", nullptr, "blocks is missing"},
      {"/blocks/3", 5, "block 4: is 5"},
      {"/blocks/3/stride", 3, "block 4: stride is 3"},
      {"/blocks/3/dilation", 0, "block 4: dilation is 0"},
      {"/blocks/3/hidden", -144, "block 4: hidden is -144"},
      {"/blocks/3/hidden", 2147483648u, "block 4: hidden is 2147483648"},
      {"/blocks/3/expand", 1, "block 4: expand is 1"},
      {"/blocks/3/outputs", 25, "block5: reads 32 channels"},
      {"/blocks/1/residual", true, "block2: cannot add"},
      {"/last", -1, "last is -1"},
      {"/classes", 1 << 30, "classes is"},
      {"/pooling", "median", "pooling is \"median\""},
      {"/pooling", "none", "a classifier of 10 classes behind a map without pooling"},
      {"/padding", "valid", "one of same, symmetric"},
      {"/epsilon", 0, "epsilon is 0"},
      {"/labels", nlohmann::json::array({"one"}), "has 1 labels for 10 classes"},
      {"/labels", nlohmann::json::array({1}), "label 0 is 1"},
      {"/labels", "cat", "labels is \"cat\""},
      {"/preprocess", nullptr, "preprocess is missing"},
      {"/preprocess/mode", "stretch", "mode is \"stretch\""},
      {"/preprocess/mode", "shortest_edge", "resize is missing"},
      {"/preprocess/mode", "crop_square", "mode is \"crop_square\""},
      {"/preprocess/resize", nlohmann::json::array({0, 5}), "resize is an array"},
      {"/preprocess/input_size", "of_picture", "input_size is of_picture"},
      {"/preprocess/unknown", nlohmann::json::array(), "unknown is an array"},
      {"/preprocess/crop_fraction", 0, "crop_fraction is 0"},
      {"/preprocess/deviation", nlohmann::json::array({1, 0, 1}), "deviation is an array"},
      {"/preprocess/mean", nlohmann::json::array({1, 2}), "mean is an array of 2"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.pointer) + " = " + c.value.dump());
    auto bad = good;
    bad[nlohmann::json::json_pointer(c.pointer)] = c.value;
    const auto read = model_spec_from_json(bad.dump());
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find(c.message), std::string::npos) << read.error().message;
  }
}

// What files of version 1 say of the preprocessing.
TEST(ModelSpecJson, ReadsTheFirstVersion) {
  auto old = nlohmann::json::parse(model_spec_to_json(published_spec(Architecture::mobilenet_v2, 0.35, 96, 10)));
  old["version"] = 1;
  old["preprocess"] = nlohmann::json::parse(R"({"mode": "shortest_edge_crop", "filter": "pil_bicubic",
      "rounding": "half_even", "encoding": "normalize", "crop_fraction": 0.875, "shortest_edge": 109, "crop_size": 96,
      "swap_red_blue": true, "rescale": 0.5, "divide_by_255": true, "mean": [0.1, 0.2, 0.3],
      "deviation": [0.4, 0.5, 0.6], "pad_byte": 7})");
  const auto timm = model_spec_from_json(old.dump());
  ASSERT_TRUE(timm) << timm.error().message;
  const PreprocessSpec expected{.mode = ResizeMode::shortest_edge,
                                .filter = ResizeFilter::pil_bicubic,
                                .rounding = CropRounding::half_even,
                                .resize_height = 109,
                                .resize_width = 109,
                                .base_height = 96,
                                .base_width = 96,
                                .swap_red_blue = true,
                                .rescale = 0.5f,
                                .divide_by_255 = true,
                                .mean = {0.1f, 0.2f, 0.3f},
                                .deviation = {0.4f, 0.5f, 0.6f},
                                .fill = {7, 7, 7},
                                .unknown = {}};
  EXPECT_EQ(timm->preprocess, expected);
  old["preprocess"]["rounding"] = "down";
  EXPECT_EQ(model_spec_from_json(old.dump()).value().preprocess.resampler, Resampler::torchvision);
  old["preprocess"]["mode"] = "crop_square";
  old["preprocess"]["crop_fraction"] = 0.5;
  const PreprocessSpec square = model_spec_from_json(old.dump()).value().preprocess;
  EXPECT_EQ(square.mode, ResizeMode::crop);
  EXPECT_EQ(square.crop_fraction, 0.5);
  EXPECT_EQ(square.resampler, Resampler::pillow);
}

TEST(ModelSpecJson, SurvivesRandomChanges) {
  const std::string good = model_spec_to_json(published_spec(Architecture::mobilenet_v1, 0.25, 128, 2));
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    for (unsigned change = 0; change <= random() % 3; ++change)
      bad[random() % bad.size()] = static_cast<char>(random());
    (void)model_spec_from_json(bad);  // must neither crash nor hang; it may still be sound
  }
}

TEST(OwnFile, KeepsSpecAndWeightsInF32) {
  const TemporaryFolder folder;
  for (const ModelSpec& spec : {unusual_spec(), published_spec(Architecture::mobilenet_v1, 0.25, 128, 11),
                                published_spec(Architecture::mobilenet_v2, 0.5, 96, 0)}) {
    const RandomWeights weights = random_weights(spec);
    const auto path = folder.path() / "model.safetensors";
    const auto written = write_safetensors(path, spec, weights.parameters, weights.index, DataType::f32);
    ASSERT_TRUE(written) << written.error().message;
    const auto model = open(path);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->format, "safetensors (mobilenet.cpp)");
    EXPECT_EQ(model->spec, spec);
    ASSERT_EQ(model->weights.size(), weights.index.size());
    for (const auto& [name, index] : weights.index) {
      const Parameter& before = weights.parameters.value(index);
      const Parameter& after = model->parameters().values[static_cast<std::size_t>(model->weights.at(name))];
      EXPECT_EQ(before.shape, after.shape) << name;
      EXPECT_TRUE(std::ranges::equal(before.bytes, after.bytes)) << name;
    }
  }
}

TEST(OwnFile, RoundsFiltersToF16AndKeepsVectors) {
  const TemporaryFolder folder;
  const ModelSpec spec = published_spec(Architecture::mobilenet_v2, 0.35, 96, 11);
  const RandomWeights weights = random_weights(spec);
  const auto path = folder.path() / "model.safetensors", again = folder.path() / "again.safetensors";
  ASSERT_TRUE(write_safetensors(path, spec, weights.parameters, weights.index, DataType::f16));
  const auto model = open(path);
  ASSERT_TRUE(model) << model.error().message;
  for (const auto& [name, index] : weights.index) {
    const Parameter& before = weights.parameters.value(index);
    const Parameter& after = model->parameters().values[static_cast<std::size_t>(model->weights.at(name))];
    const bool filter = before.shape.rank() >= 2;
    EXPECT_EQ(after.type, filter ? DataType::f16 : DataType::f32) << name;
    for (std::int64_t i = 0; i < before.shape.elements(); ++i) {
      const auto value = static_cast<float>(stored_value(before, i));
      ASSERT_EQ(stored_value(after, i), filter ? half_to_float(float_to_half(value)) : value) << name;
    }
  }
  // Written once more, nothing changes.
  ASSERT_TRUE(write_safetensors(again, model->spec, model->parameters(), model->weights, DataType::f16));
  const auto first = FileBytes::read(path).value(), second = FileBytes::read(again).value();
  EXPECT_TRUE(std::ranges::equal(first->bytes(), second->bytes()));
}

TEST(OwnFile, AlignsItsVectorsAndLeavesNothingBehind) {
  const TemporaryFolder folder;
  const ModelSpec spec = published_spec(Architecture::mobilenet_v1, 1, 224, 1001);  // 1001 biases are 4004 bytes
  const RandomWeights weights = random_weights(spec);
  const auto path = folder.path() / "model.safetensors";
  ASSERT_TRUE(write_safetensors(path, spec, weights.parameters, weights.index, DataType::f16));
  const auto file = FileBytes::read(path).value();
  const auto container = parse_safetensors(file->bytes());
  ASSERT_TRUE(container) << container.error().message;
  for (const NamedTensor& tensor : container->tensors)
    if (tensor.shape.rank() == 1) {
      EXPECT_EQ(std::bit_cast<std::uintptr_t>(tensor.bytes.data()) % 8, 0u) << tensor.name;
    }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(OwnFile, IsNotWrittenHalfOrWrong) {
  const TemporaryFolder folder;
  const ModelSpec spec = published_spec(Architecture::mobilenet_v1, 0.25, 128, 11);
  RandomWeights weights = random_weights(spec);
  const auto path = folder.path() / "model.safetensors";
  const auto message = [&](DataType type) {
    const auto written = write_safetensors(path, spec, weights.parameters, weights.index, type);
    return written ? std::string("written") : written.error().message;
  };
  EXPECT_NE(message(DataType::i8).find("f32 or f16, not as i8"), std::string::npos);
  EXPECT_NE(write_safetensors(folder.path() / "no" / "model.safetensors", spec, weights.parameters, weights.index,
                              DataType::f32)
                .error()
                .message.find("folder cannot be written to"),
            std::string::npos);
  // 1e6 is not a half-precision number.
  Parameter& filter = weights.parameters.value(weights.index.at("pointwise3.weight"));
  std::vector<float> large(static_cast<std::size_t>(filter.shape.elements()), 1e6f);
  filter.bytes = std::as_bytes(std::span(large));
  EXPECT_NE(message(DataType::f16).find("pointwise3.weight: the weight 1e+06 does not fit into f16"),
            std::string::npos);
  weights.index.erase("stem.weight");
  EXPECT_NE(message(DataType::f32).find("stem: weight is missing"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(OwnFile, NeedsItsSpec) {
  const auto model = load_model(memory_file(safetensors_bytes(R"({"__metadata__":{"format":"mobilenet.cpp"}})", 0)));
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("its metadata has no model_spec"), std::string::npos) << model.error().message;
}

}  // namespace
}  // namespace mobilenet
