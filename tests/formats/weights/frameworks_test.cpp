// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Files as Hugging Face and timm write them: real ones, and names and shapes by hand for what no real one here has.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "base/file_bytes.h"
#include "formats/safetensors/tensor_list.h"
#include "formats/weights/framework_weights.h"
#include "support/test_data.h"

namespace mobilenet {
namespace {

using testing::hugging_face_v2;
using testing::memory_file;
using testing::SafetensorsText;
using testing::TemporaryFolder;
using testing::TensorList;
using testing::timm;

Result<LoadedModel> open(const std::filesystem::path& path) {
  auto file = FileBytes::read(path);
  if (!file) return std::move(file).error();
  return load_model({path.string(), path, (*file)->bytes(), *file});
}

std::string shape_of(const LoadedModel& model, const std::string& layer, std::int64_t height, std::int64_t width) {
  const TensorId id = model.network().find(layer);
  if (id == kNoTensor) return "no such layer";
  const auto shapes = infer_shapes(model.network(), model.parameters(), std::vector{Shape{1, height, width, 3}});
  if (!shapes) return shapes.error().message;
  return to_string(shapes.value()[static_cast<std::size_t>(id)]);
}

std::string shape_of(const LoadedModel& model, const std::string& layer) {
  return shape_of(model, layer, model.spec.input_height, model.spec.input_width);
}

std::string why(const LoadedModel& model, std::string_view what) {
  for (const Decision& decision : model.decisions)
    if (decision.what.find(what) != std::string::npos) return decision.what + ": " + decision.why;
  return "nothing decided";
}

// The shapes of all hidden states that the framework itself wrote down, NCHW there.
void expect_hidden_states(const LoadedModel& model, const std::filesystem::path& file) {
  const auto states = nlohmann::json::parse(std::ifstream(file));
  for (const auto& state : states) {
    const auto shape = state.at("shape").get<std::vector<std::int64_t>>();
    const std::string name = "hidden_" + std::to_string(state.at("i").get<int>());
    EXPECT_EQ(shape_of(model, name), to_string(Shape{1, shape[2], shape[3], shape[1]})) << name;
  }
  EXPECT_EQ(model.network().find("hidden_" + std::to_string(states.size())), kNoTensor);
}

TEST(HuggingFace, OpensARealV1) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto folder = *testing::test_data() / "expected/frameworks/hf_mobilenet_v1_0.25_128";
  const auto model = open(folder / "model.safetensors");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->format, "safetensors (Hugging Face)");
  const ModelSpec& spec = model->spec;
  EXPECT_EQ(spec.architecture, Architecture::mobilenet_v1);
  EXPECT_EQ(spec.depth_multiplier, 0.25);
  EXPECT_EQ(spec.input_height, 128);
  EXPECT_EQ(spec.blocks.size(), 13u);
  EXPECT_TRUE(spec.tf_padding);
  EXPECT_EQ(spec.epsilon, 1e-3);
  EXPECT_EQ(spec.activation, BlockActivation::relu6);
  EXPECT_EQ(spec.layout, SourceLayout::nchw);
  EXPECT_EQ(spec.input_name, "pixel_values");
  EXPECT_EQ(spec.classes, 1001);
  EXPECT_TRUE(spec.has_background);
  EXPECT_EQ(spec.labels.at(286), "Egyptian cat");  // LABEL_286 is no name
  const ModelSpec published = published_spec(Architecture::mobilenet_v1, 0.25, 128, 1001);
  EXPECT_EQ(spec.stem, published.stem);
  EXPECT_EQ(spec.blocks, published.blocks);
  EXPECT_EQ(spec.preprocess.mode, ResizeMode::shortest_edge);
  EXPECT_EQ(spec.preprocess.filter, ResizeFilter::pil_bilinear);
  EXPECT_EQ(spec.preprocess.rounding, CropRounding::down);
  EXPECT_EQ(spec.preprocess.resize_height, 160);
  EXPECT_EQ(spec.preprocess.base_height, 128);
  EXPECT_EQ(spec.preprocess.rescale, 1);
  EXPECT_EQ(spec.preprocess.mean, (std::array{127.5f, 127.5f, 127.5f}));
  EXPECT_EQ(spec.preprocess.deviation, (std::array{127.5f, 127.5f, 127.5f}));
  EXPECT_EQ(shape_of(*model, "logits"), "1x1001");
  EXPECT_EQ(model->network().tensor(model->network().inputs[0]).name, "pixel_values");
  expect_hidden_states(*model, folder / "hidden_parrot.json");
}

TEST(HuggingFace, OpensARealV2) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto folder = *testing::test_data() / "expected/frameworks/hf_mobilenet_v2_0.35_96";
  const auto model = open(folder / "model.safetensors");
  ASSERT_TRUE(model) << model.error().message;
  const ModelSpec& spec = model->spec;
  const ModelSpec published = published_spec(Architecture::mobilenet_v2, 0.35, 96, 101);
  EXPECT_EQ(spec.architecture, Architecture::mobilenet_v2);
  EXPECT_EQ(spec.depth_multiplier, 0.35);
  EXPECT_EQ(spec.stem, 16);
  EXPECT_EQ(spec.blocks, published.blocks);
  EXPECT_EQ(spec.last, 1280);
  EXPECT_EQ(spec.classes, 101);
  EXPECT_FALSE(spec.has_background);
  EXPECT_TRUE(spec.labels.empty());
  EXPECT_EQ(spec.preprocess.resize_height, 128);
  EXPECT_EQ(spec.preprocess.base_height, 96);
  EXPECT_TRUE(spec.tf_padding);
  expect_hidden_states(*model, folder / "hidden_cat_720p.json");
}

TEST(Timm, OpensARealV2) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto model = open(*testing::test_data() / "expected/frameworks/timm_mobilenetv2_035/model.safetensors");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->format, "safetensors (timm)");
  const ModelSpec& spec = model->spec;
  EXPECT_EQ(spec.depth_multiplier, 0.35);
  EXPECT_EQ(spec.blocks, published_spec(Architecture::mobilenet_v2, 0.35, 224, 101).blocks);
  EXPECT_EQ(spec.last, 1280);
  EXPECT_EQ(spec.classes, 101);
  EXPECT_FALSE(spec.tf_padding);
  EXPECT_EQ(spec.epsilon, 1e-5);
  EXPECT_EQ(spec.input_name, "input");
  EXPECT_EQ(spec.preprocess.mode, ResizeMode::shortest_edge);
  EXPECT_EQ(spec.preprocess.filter, ResizeFilter::pil_bicubic);
  EXPECT_EQ(spec.preprocess.rounding, CropRounding::half_even);
  EXPECT_EQ(spec.preprocess.resize_height, 256);
  EXPECT_EQ(spec.preprocess.base_height, 224);
  EXPECT_TRUE(spec.preprocess.divide_by_255);
  EXPECT_EQ(spec.preprocess.mean, (std::array{0.485f, 0.456f, 0.406f}));
  EXPECT_EQ(spec.preprocess.deviation, (std::array{0.229f, 0.224f, 0.225f}));
  EXPECT_EQ(shape_of(*model, "block17/output"), "1x7x7x112");
}

TEST(Timm, OpensTheDefaultModel) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto folder = *testing::test_data() / "../default_model";
  if (!std::filesystem::exists(folder / "model.safetensors")) GTEST_SKIP() << "needs the default model's source";
  const auto model = open(folder / "model.safetensors");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec.depth_multiplier, 1);
  EXPECT_EQ(model->spec.input_height, 160);
  EXPECT_EQ(model->spec.classes, 202);
  EXPECT_EQ(model->spec.preprocess.filter, ResizeFilter::pil_bilinear);
  EXPECT_EQ(model->spec.preprocess.resize_height, 160);
  ASSERT_EQ(model->spec.labels.size(), 202u);
  EXPECT_EQ(model->spec.labels[0], "Egyptian cat");
  EXPECT_EQ(why(*model, "labels"), "labels: labels.txt beside the model has 202 lines");
}

// --- names and shapes by hand ---

TEST(HuggingFace, OpensEveryWidthWithoutAnyConfiguration) {
  for (const double multiplier : {0.35, 0.5, 0.75, 1.0, 1.3, 1.4}) {
    SCOPED_TRACE(multiplier);
    const ModelSpec spec = published_spec(Architecture::mobilenet_v2, multiplier, 224, 1001);
    const auto model = load_model(memory_file(hugging_face_v2(spec, "mobilenet_v2.").bytes()));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->spec.depth_multiplier, multiplier);
    EXPECT_EQ(model->spec.blocks, spec.blocks);
    EXPECT_EQ(model->spec.last, spec.last);
    EXPECT_EQ(model->spec.input_height, 224);
    EXPECT_EQ(model->spec.preprocess.resize_height, 256);
    EXPECT_EQ(model->spec.preprocess.base_height, 224);
    EXPECT_EQ(model->spec.labels.front(), "background");
    EXPECT_NE(why(*model, "preprocessing").find("no preprocessor_config.json"), std::string::npos);
  }
}

// As the image-classification pipeline of transformers decides.
TEST(HuggingFace, ProblemTypeSaysHowScoresAreMade) {
  struct Case {
    const char* name;
    int classes;
    const char* config;
    std::optional<ScoreFunction> scores;
  };
  const Case cases[] = {
      {"not said", 3, R"({"id2label": {"0": "a", "1": "b", "2": "c"}})", ScoreFunction::softmax},
      {"null", 3, R"({"problem_type": null})", ScoreFunction::softmax},
      {"single label", 3, R"({"problem_type": "single_label_classification"})", ScoreFunction::softmax},
      {"multi label", 3, R"({"problem_type": "multi_label_classification"})", ScoreFunction::sigmoid},
      {"one label", 1, R"({"id2label": {"0": "hotdog"}})", ScoreFunction::sigmoid},
      {"one label without a name", 1, "{}", ScoreFunction::sigmoid},
      {"one label, said to be single", 1, R"({"problem_type": "single_label_classification"})", ScoreFunction::sigmoid},
      {"regression", 2, R"({"problem_type": "regression", "id2label": {"0": "x", "1": "y"}})", std::nullopt},
      {"regression of one number", 1, R"({"problem_type": "regression", "id2label": {"0": "age"}})", std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const TemporaryFolder folder;
    folder.write("config.json", c.config);
    const auto model = load_model(folder.file(
        hugging_face_v2(published_spec(Architecture::mobilenet_v2, 0.35, 224, c.classes), "mobilenet_v2.").bytes()));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->spec.classes, c.classes);
    EXPECT_EQ(model->spec.class_scores, c.scores);
  }
}

TEST(HuggingFace, OpensExtractorsWithAndWithoutPrefix) {
  const ModelSpec spec = published_spec(Architecture::mobilenet_v2, 0.5, 224, 0);
  for (const std::string prefix : {"", "mobilenet_v2."}) {
    const auto model = load_model(memory_file(hugging_face_v2(spec, prefix).bytes()));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->spec.classes, 0);
    EXPECT_TRUE(model->spec.labels.empty());
    EXPECT_EQ(shape_of(*model, "pool"), "1x1280");
    EXPECT_EQ(model->network().find("logits"), kNoTensor);
    EXPECT_EQ(model->network().outputs.at(0), model->network().find("pool"));
  }
}

TEST(HuggingFace, FollowsItsConfiguration) {
  const TemporaryFolder folder;
  ModelSpec written = published_spec(Architecture::mobilenet_v2, 1, 224, 3);
  written.blocks[0].expand = true;  // first_layer_is_expansion: false
  folder.write("config.json", R"({"model_type": "mobilenet_v2", "tf_padding": false, "layer_norm_eps": 1e-5,
      "hidden_act": "relu", "output_stride": 16, "image_size": 96, "id2label": {"0": "a", "1": "b", "2": "c"}})");
  folder.write("preprocessor_config.json",
               R"({"size": {"height": 96, "width": 128}, "do_center_crop": false, "resample": 3,
                   "do_rescale": false, "image_mean": 10, "image_std": [1, 2, 4]})");
  const auto model = load_model(folder.file(hugging_face_v2(written, "mobilenet_v2.").bytes()));
  ASSERT_TRUE(model) << model.error().message;
  const ModelSpec& spec = model->spec;
  EXPECT_FALSE(spec.tf_padding);
  EXPECT_EQ(spec.epsilon, 1e-5);
  EXPECT_EQ(spec.activation, BlockActivation::relu);
  EXPECT_TRUE(spec.blocks[0].expand);
  EXPECT_EQ(spec.blocks[13].stride, 1);
  EXPECT_EQ(spec.blocks[13].dilation, 1);
  EXPECT_EQ(spec.blocks[14].dilation, 2);
  EXPECT_EQ(spec.input_height, 96);
  EXPECT_EQ(spec.input_width, 128);
  EXPECT_EQ(spec.preprocess.mode, ResizeMode::squash);
  EXPECT_EQ(spec.preprocess.filter, ResizeFilter::pil_bicubic);
  EXPECT_EQ(spec.preprocess.rescale, 1);
  EXPECT_EQ(spec.preprocess.mean, (std::array{10.0f, 10.0f, 10.0f}));
  EXPECT_EQ(spec.preprocess.deviation, (std::array{1.0f, 2.0f, 4.0f}));
  EXPECT_EQ(spec.labels, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(shape_of(*model, "last"), "1x6x8x1280");

  folder.write("labels.txt", "x\ny\nz\n");
  const auto relabelled = load_model(folder.file(hugging_face_v2(written, "mobilenet_v2.").bytes()));
  ASSERT_TRUE(relabelled);
  EXPECT_EQ(relabelled->spec.labels, (std::vector<std::string>{"x", "y", "z"}));
}

TEST(HuggingFace, IgnoresTheConfigurationOfAnotherModel) {
  const TemporaryFolder folder;
  folder.write("config.json", R"({"model_type": "vit", "layer_norm_eps": 1e-12, "hidden_act": "gelu"})");
  const auto model =
      load_model(folder.file(hugging_face_v2(published_spec(Architecture::mobilenet_v2, 0.35, 224, 5), "").bytes()));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec.epsilon, 1e-3);
  EXPECT_EQ(why(*model, "config.json"),
            "config.json is not used: it is for \"vit\", the tensors are those of mobilenet_v2");
}

TEST(Timm, OpensDeeperAndWiderNetworks) {
  // mobilenetv2_110d: depth x 1.2 inside, stem and last convolution as at 1.0.
  const std::vector<int> stages{1, 3, 4, 5, 4, 4, 1};
  const std::vector<int> outputs{16, 24, 32, 72, 104, 176, 352}, strides{1, 2, 2, 2, 1, 2, 1};
  ModelSpec written = published_spec(Architecture::mobilenet_v2, 1, 224, 1000);
  written.blocks.clear();
  int inputs = 32;
  for (std::size_t s = 0; s < stages.size(); ++s)
    for (int i = 0; i < stages[s]; ++i) {
      const int stride = i == 0 ? strides[s] : 1;
      const bool expand = s > 0;
      written.blocks.push_back(
          {inputs, expand ? 6 * inputs : inputs, outputs[s], stride, 1, expand, stride == 1 && inputs == outputs[s]});
      inputs = outputs[s];
    }
  const auto model = load_model(memory_file(timm(written, stages).bytes()));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec.blocks, written.blocks);
  EXPECT_EQ(model->spec.depth_multiplier, 1.1);
  EXPECT_EQ(model->spec.preprocess.mean, (std::array{0.485f, 0.456f, 0.406f}));
  EXPECT_EQ(model->spec.labels.at(0), "tench, Tinca tinca");
  EXPECT_FALSE(model->spec.has_background);
  EXPECT_EQ(shape_of(*model, "block22/output"), "1x7x7x352");
}

TEST(Timm, OpensV1WithAndWithoutALastConvolution) {
  const std::vector<int> stages{1, 2, 2, 6, 2};
  for (const int last : {0, 1024}) {
    ModelSpec written = published_spec(Architecture::mobilenet_v1, 1, 224, 1000);
    written.last = last;
    const auto model = load_model(memory_file(timm(written, stages).bytes()));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->spec.architecture, Architecture::mobilenet_v1);
    EXPECT_EQ(model->spec.blocks, written.blocks);
    EXPECT_EQ(model->spec.depth_multiplier, 1);
    EXPECT_FALSE(model->spec.tf_padding);
    EXPECT_EQ(model->spec.preprocess.mean, (std::array{0.5f, 0.5f, 0.5f}));
    EXPECT_EQ(model->spec.preprocess.resize_height, 256);
    for (const Node& node : model->network().nodes) EXPECT_FALSE(std::holds_alternative<AddOp>(node.op));
    EXPECT_EQ(shape_of(*model, "last"), last > 0 ? "1x7x7x1024" : "no such layer");
  }
}

TEST(Timm, OpensExtractorsThatEndWithTheBlocks) {
  ModelSpec written = published_spec(Architecture::mobilenet_v2, 1, 224, 0);
  written.last = 0;
  const auto model = load_model(memory_file(timm(written, {1, 2, 3, 4, 3, 3, 1}).bytes()));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(shape_of(*model, "pool"), "1x320");
}

TEST(Timm, FollowsItsConfiguration) {
  const std::string bytes =
      timm(published_spec(Architecture::mobilenet_v2, 0.5, 224, 2), {1, 2, 3, 4, 3, 3, 1}).bytes();
  const TemporaryFolder folder;
  folder.write("config.json", R"({"architecture": "mobilenetv2_050", "label_names": ["n1", "n2"],
      "label_descriptions": {"n1": "cat"}, "pretrained_cfg": {"input_size": [3, 192, 192], "crop_pct": 0.95,
      "interpolation": "bilinear", "mean": [0, 0, 0], "std": [1, 1, 1]}})");
  const auto model = load_model(folder.file(bytes));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec.input_height, 192);
  EXPECT_EQ(model->spec.preprocess.resize_height, 202);  // floor(192 / 0.95)
  EXPECT_EQ(model->spec.preprocess.filter, ResizeFilter::pil_bilinear);
  EXPECT_EQ(model->spec.preprocess.deviation, (std::array{1.0f, 1.0f, 1.0f}));
  EXPECT_EQ(model->spec.labels, (std::vector<std::string>{"cat", "n2"}));
}

// What timm itself takes for the constructor's global_pool, and what a classifier's width tells.
TEST(Timm, PoolingIsFoundWhereverItIsSaid) {
  struct Case {
    const char* name;
    const char* config;
    HeadPooling pooling;
  };
  const Case cases[] = {
      {"nowhere", R"({"pretrained_cfg": {}})", HeadPooling::average},
      {"about the network", R"({"global_pool": "max", "pretrained_cfg": {}})", HeadPooling::maximum},
      {"flat, as older files have it", R"({"architecture": "mobilenetv2_035", "global_pool": "avgmax", "std": 1})",
       HeadPooling::mean_of_both},
      {"with the weights", R"({"pretrained_cfg": {"global_pool": "max"}})", HeadPooling::maximum},
      {"to the constructor", R"({"global_pool": "avg", "model_args": {"global_pool": "fastmax"}})",
       HeadPooling::maximum},
      {"to the constructor, elsewhere", R"({"kwargs": {"global_pool": "FastAvgMax"}})", HeadPooling::mean_of_both},
      {"null", R"({"global_pool": null})", HeadPooling::average},
      {"none, but a classifier", R"({"global_pool": ""})", HeadPooling::average},
      {"of another network", R"({"architecture": "resnet18", "global_pool": "max"})", HeadPooling::average},
  };
  const ModelSpec spec = published_spec(Architecture::mobilenet_v2, 0.35, 224, 2);
  const std::vector<int> stages{1, 2, 3, 4, 3, 3, 1};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const TemporaryFolder folder;
    folder.write("config.json", c.config);
    const auto model = load_model(folder.file(timm(spec, stages).bytes()));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->spec.pooling, c.pooling);
  }
  ModelSpec features = spec;
  features.classes = 0;
  const std::string wide = TensorList::of(timm(features, stages).bytes())
                               .add("classifier.weight", {2, 2560})
                               .add("classifier.bias", {2})
                               .file();
  const auto model = load_model(memory_file(wide));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec.pooling, HeadPooling::both);
  EXPECT_EQ(why(*model, "pooling"), "pooling catavgmax: the classifier reads twice the channels");
  const TemporaryFolder folder;
  folder.write("config.json", R"({"global_pool": "avg"})");
  const auto narrow = load_model(folder.file(wide));
  ASSERT_FALSE(narrow);
  EXPECT_EQ(narrow.error().message, "model.safetensors: logits: weight is 2x2560, expected 2x1280");
}

// transformers' trainer saves timm's networks with its own problem_type.
TEST(Timm, WrappedByTransformersFollowsItsScores) {
  struct Case {
    const char* config;
    int classes;
    std::optional<ScoreFunction> scores;
  };
  const Case cases[] = {
      {R"({"model_type": "timm_wrapper"})", 3, ScoreFunction::softmax},
      {R"({"model_type": "timm_wrapper", "problem_type": "multi_label_classification"})", 3, ScoreFunction::sigmoid},
      {R"({"model_type": "timm_wrapper", "problem_type": "regression", "label_names": ["a"]})", 1, std::nullopt},
      {R"({"model_type": "timm_wrapper", "label_names": ["a"]})", 1, ScoreFunction::sigmoid},
      {R"({"problem_type": "multi_label_classification"})", 3, ScoreFunction::softmax},  // timm has no such word
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.config);
    const TemporaryFolder folder;
    folder.write("config.json", c.config);
    const ModelSpec spec = published_spec(Architecture::mobilenet_v2, 0.35, 224, c.classes);
    TensorList list = TensorList::of(timm(spec, {1, 2, 3, 4, 3, 3, 1}).bytes());
    const auto model = load_model(folder.file(list.prefix("timm_model.").file()));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->spec.class_scores, c.scores);
  }
}

TEST(Frameworks, RefuseWhatTheyCannotFollow) {
  struct Case {
    const char* name;
    const char* file;
    const char* text;
    const char* message;
  };
  const Case timm_cases[] = {
      {"not JSON", "config.json", "{", "config.json beside the file: is not valid JSON"},
      {"not an object", "config.json", "[]", "config.json: is an array of 0"},
      {"fractional size", "config.json", R"({"pretrained_cfg": {"input_size": [3, 0, 224]}})",
       "input_size is an array"},
      {"zero deviation", "config.json", R"({"pretrained_cfg": {"std": [0, 1, 1]}})", "std is an array"},
      {"another activation", "config.json", R"({"model_args": {"act_layer": "silu"}})", "sets act_layer to \"silu\""},
      {"another pooling", "config.json", R"({"global_pool": "gem"})", "global_pool is \"gem\""},
  };
  const std::string timm_file =
      timm(published_spec(Architecture::mobilenet_v2, 0.35, 224, 2), {1, 2, 3, 4, 3, 3, 1}).bytes();
  const Case hugging_face_cases[] = {
      {"another activation", "config.json", R"({"hidden_act": "gelu"})", "hidden_act is \"gelu\""},
      {"no output stride", "config.json", R"({"output_stride": 24})", "output_stride is 24"},
      {"epsilon of text", "config.json", R"({"layer_norm_eps": "small"})", "layer_norm_eps is \"small\""},
      {"huge size", "preprocessor_config.json", R"({"size": 99999999})", "size is 99999999"},
      {"negative size", "preprocessor_config.json", R"({"size": {"shortest_edge": -1}})", "shortest_edge is -1"},
  };
  const std::string hugging_face_file =
      hugging_face_v2(published_spec(Architecture::mobilenet_v2, 0.35, 224, 2), "").bytes();
  const auto check = [](const Case& c, const std::string& bytes) {
    SCOPED_TRACE(c.name);
    const TemporaryFolder folder;
    folder.write(c.file, c.text);
    const auto model = load_model(folder.file(bytes));
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find(c.message), std::string::npos) << model.error().message;
    EXPECT_TRUE(model.error().message.starts_with("model.safetensors: ")) << model.error().message;
  };
  for (const Case& c : timm_cases) check(c, timm_file);
  for (const Case& c : hugging_face_cases) check(c, hugging_face_file);
}

TEST(Frameworks, NameTheTensorThatDoesNotFit) {
  const ModelSpec spec = published_spec(Architecture::mobilenet_v2, 0.35, 224, 2);
  struct Case {
    const char* name;
    std::string bytes;
    const char* message;
  };
  ModelSpec bent = spec;
  bent.blocks[4].inputs = 24;  // its expansion reads 24 channels, the block before it writes 16
  ModelSpec shallow = spec;
  shallow.blocks.pop_back();
  const Case cases[] = {
      {"no tensors", SafetensorsText().bytes(), "has no tensors"},
      {"wrong channels", hugging_face_v2(bent, "").bytes(),
       "test.safetensors: block5/expand: weight is 96x24x1x1, expected 96x16x1x1"},
      {"a block is missing", hugging_face_v2(shallow, "").bytes(), "block17/project: weight is missing"},
      {"an extra tensor", hugging_face_v2(spec, "").tensor("projector.weight", {1}).bytes(),
       "projector.weight: 1 is not a tensor of a MobileNet V2 as Hugging Face saves it"},
      {"an extra layer", hugging_face_v2(spec, "").tensor("layer.16.conv_3x3.convolution.weight", {1, 1, 3, 3}).bytes(),
       "layer.16.conv_3x3.convolution.weight: 1x1x3x3 has no place"},
      {"two of one name",
       hugging_face_v2(spec, "").tensor("mobilenet_v2.conv_1x1.convolution.weight", {1, 1, 1, 1}).bytes(), "beside"},
      {"integers of two bytes", hugging_face_v2(spec, "", "I16").bytes(), "classifier.weight: is I16"},
      {"torchvision", SafetensorsText().tensor("features.0.0.weight", {32, 3, 3, 3}).bytes(), "torchvision"},
      {"timm V3", timm(spec, {1, 2, 3, 4, 3, 3, 1}).tensor("conv_head.bias", {1280}).bytes(), "MobileNet V3"},
      {"other stages", timm(spec, {1, 2, 3, 4, 3, 4}).bytes(), "has 6 stages of blocks"},
      {"a hole in a stage", timm(spec, {1, 2, 3, 4, 3, 3, 1}).tensor("blocks.1.7.conv_dw.weight", {8, 1, 3, 3}).bytes(),
       "block4/project: weight is missing"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto model = load_model(memory_file(c.bytes));
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find(c.message), std::string::npos) << model.error().message;
  }
}

// A filter of another size: the names of timm's EfficientNet-Lite and MnasNet are those of MobileNet V2.
TEST(Frameworks, RefuseLargerFilters) {
  std::string bytes = timm(published_spec(Architecture::mobilenet_v1, 0.25, 224, 2), {1, 2, 2, 6, 2}).bytes();
  const std::string three = "[8,1,3,3]", one = "[8,1,1,9]";
  bytes.replace(bytes.find(three), three.size(), one);
  const auto model = load_model(memory_file(bytes));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().message, "test.safetensors: depthwise1: weight is 8x1x1x9, expected 8x1x3x3");
}

// Names, shapes and offsets that change at random: a sentence, or a network whose shapes can be told.
TEST(Frameworks, SurviveRandomChangesOfTheHeader) {
  constexpr unsigned kSeed = 3;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  ModelSpec narrow = published_spec(Architecture::mobilenet_v1, 0.05, 64, 2);
  for (const std::string& good :
       {timm(narrow, {1, 2, 2, 6, 2}).bytes(),
        hugging_face_v2(published_spec(Architecture::mobilenet_v2, 0.05, 64, 2), "").bytes()}) {
    std::size_t header = 0;
    for (std::size_t i = 8; i-- > 0;) header = header << 8 | static_cast<unsigned char>(good[i]);
    auto owner = std::make_shared<std::string>(good);
    const SourceFile file{"mutated", {}, std::as_bytes(std::span(owner->data(), owner->size())), owner};
    for (int round = 0; round < 400; ++round) {
      const std::size_t place = 8 + random() % header;
      const std::string before = owner->substr(place, 2);
      // Digits for digits, so that the text often stays JSON.
      for (std::size_t i = place; i < place + before.size(); ++i)
        (*owner)[i] = std::isdigit(static_cast<unsigned char>((*owner)[i])) ? static_cast<char>('0' + random() % 10)
                                                                            : static_cast<char>(random() % 128);
      if (const auto model = load_model(file)) {
        const Shape input{1, 64, 64, 3};
        EXPECT_TRUE(infer_shapes(model->network(), model->parameters(), std::vector{input}));
      }
      owner->replace(place, before.size(), before);
    }
  }
}

}  // namespace
}  // namespace mobilenet
