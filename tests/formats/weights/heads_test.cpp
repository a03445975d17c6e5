// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Detectors and segmenters out of files: Hugging Face's DeepLab, ncnn's SSDLite, the project's own file, and TensorFlow
// Lite's stored anchors beside the generated ones.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "base/file_bytes.h"
#include "formats/json/model_spec_json.h"
#include "formats/safetensors/safetensors_file.h"
#include "formats/safetensors/write_safetensors.h"
#include "formats/weights/convention.h"
#include "models/anchors.h"
#include "network/parameter.h"
#include "support/test_data.h"

namespace mobilenet {
namespace {

using nlohmann::json;
using testing::TemporaryFolder;

Result<LoadedModel> open(const std::filesystem::path& path) {
  auto file = FileBytes::read(path);
  if (!file) return std::move(file).error();
  return load_model({path.string(), path, (*file)->bytes(), *file});
}

const Tensor& tensor_of(const LoadedModel& model, const std::string& name) {
  for (const Tensor& tensor : model.network().tensors)
    if (tensor.name == name) return tensor;
  throw std::runtime_error("no tensor " + name);
}

std::vector<float> weight_of(const LoadedModel& model, const std::string& name) {
  const Tensor& tensor = tensor_of(model, name);
  return real_values(tensor, model.parameters().values.at(static_cast<std::size_t>(tensor.parameter)));
}

TEST(NcnnSsdlite, NamesBecomeCanonical) {
  const std::pair<const char*, const char*> kNames[] = {
      {"Conv.weight", "stem.weight"},
      {"conv/depthwise.bias", "block1/depthwise.bias"},
      {"conv_16/project.weight_scale", "block17/project.weight_scale"},
      {"Conv_1.weight", "last.weight"},
      {"layer_19_1_2.weight", "extra1/reduce.weight"},
      {"layer_19_2_5/depthwise.weight", "extra4/depthwise.weight"},
      {"layer_19_2_5.bias", "extra4.bias"},
      {"conv_13/expand_mbox_loc.weight", "head0/box.weight"},
      {"Conv_1_mbox_conf/depthwise.weight", "head1/class/depthwise.weight"},
      {"layer_19_2_2_mbox_loc.weight", "head2/box.weight"},
      {"layer_19_2_5_mbox_conf.bias", "head5/class.bias"},
  };
  for (const auto& [name, canonical] : kNames)
    EXPECT_EQ(kNcnnSsdliteConvention.canonical_name({}, name), canonical) << name;
  for (const char* name :
       {"", "Conv", ".weight", "conv_.weight", "conv_1.weight", "conv_1000/expand.weight", "conv_-1/expand.weight",
        "layer_19_1_1.weight", "layer_19_1_6.weight", "layer_19_1_", "layer_19_1_2/depthwise.weight",
        "layer_19_3_2.weight", "layer_19_2_1_mbox_loc.weight", "layer_19_2_2_mbox_loc/pointwise.weight",
        "conv_12/expand_mbox_loc.weight", "Conv.input_scale"})
    EXPECT_FALSE(kNcnnSsdliteConvention.canonical_name({}, name)) << name;
}

TEST(NcnnSsdlite, OpensTheRealFile) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto model = open(*testing::test_data() / "models/ssdlite_mobilenetv2_voc_int8.safetensors");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->format, "safetensors (ncnn)");
  const ModelSpec& spec = model->spec;
  EXPECT_EQ(spec.architecture, Architecture::ssdlite_mobilenet_v2);
  EXPECT_EQ(spec.depth_multiplier, 1);
  EXPECT_EQ(spec.detection.classes, 20);
  EXPECT_EQ(spec.labels.size(), 20u);
  const ModelSpec published = published_spec(Architecture::ssdlite_mobilenet_v2, 1, 300, 20);
  EXPECT_EQ(spec.blocks, published.blocks);
  EXPECT_EQ(spec.detection_head, published.detection_head);
  EXPECT_TRUE(spec.preprocess.swap_red_blue);
  EXPECT_EQ(model->network().anchor_maps.size(), 6u);

  const Shape input{1, 300, 300, 3};
  const auto shapes = infer_shapes(model->network(), model->parameters(), {&input, 1}).value();
  EXPECT_EQ(to_string(shapes[static_cast<std::size_t>(model->network().scores)]), "1x1917x21");
}

TEST(HuggingFaceDeepLab, OpensARealFile) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto model = open(*testing::test_data() / "expected/frameworks/hf_deeplab_v2_0.35_257_os8/model.safetensors");
  ASSERT_TRUE(model) << model.error().message;
  const ModelSpec& spec = model->spec;
  EXPECT_EQ(spec.architecture, Architecture::deeplab_mobilenet_v2);
  EXPECT_EQ(spec.segmentation, (SegmentationSpec{21, Enlargement::half_pixel_centers}));
  EXPECT_EQ(spec.classes, 0);
  EXPECT_EQ(spec.last, 0);
  EXPECT_EQ(spec.blocks[6].dilation, 1);  // 8 is reached before it
  EXPECT_EQ(spec.blocks[7].dilation, 2);
  EXPECT_EQ(spec.blocks[14].dilation, 4);
  EXPECT_EQ(spec.preprocess.mode, ResizeMode::shortest_edge);
  EXPECT_EQ(spec.preprocess.resize_height, 289);
  EXPECT_EQ(spec.labels.size(), 21u);
}

// --- the project's own file ---

void expect_round_trip(const char* architecture) {
  SCOPED_TRACE(architecture);
  ModelSpec spec = spec_from_name(architecture).value();
  spec.detection.suppression.rule = SuppressionRule::per_class;
  spec.detection.suppression.max_detections = 17;
  if (spec.detection.classes > 0) {
    spec.detection.coder = {9, 8, 7, 6};
    spec.detection.suppression.class_thresholds.assign(static_cast<std::size_t>(spec.detection.classes), 0.3f);
  } else {
    spec.detection = {};
  }
  const RandomWeights random = random_weights(spec);
  const TemporaryFolder folder;
  const auto path = folder.path() / "model.safetensors";
  ASSERT_TRUE(write_safetensors(path, spec, random.parameters, random.index, DataType::f32));
  const auto model = open(path);
  ASSERT_TRUE(model) << model.error().message;
  ModelSpec expected = spec;
  expected.labels = model->spec.labels;  // built-in names join at loading
  EXPECT_EQ(model->spec, expected);
  EXPECT_EQ(model->network().anchor_maps.size(), spec.detection.anchor_shapes.size());
}

TEST(OwnHeadFiles, RoundTrip) {
  for (const char* architecture :
       {"ssd_mobilenet_v1:0.25:96:4", "ssd_mobilenet_v2:0.35:96:4", "ssdlite_mobilenet_v2:0.35:96:4",
        "deeplab_mobilenet_v2:0.35:65:4", "deeplab_v3plus_mobilenet_v2:0.35:65:4"})
    expect_round_trip(architecture);
}

TEST(OwnHeadFiles, IntegerWeightsAreWrittenAsTheNumbersTheyStandFor) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto source = open(*testing::test_data() / "models/ssdlite_mobilenetv2_voc_int8.safetensors");
  ASSERT_TRUE(source) << source.error().message;
  const TemporaryFolder folder;
  const auto path = folder.path() / "model.safetensors";
  const auto written = write_safetensors(path, source->spec, source->parameters(), source->weights, DataType::f32);
  ASSERT_TRUE(written) << written.error().message;
  const auto copy = open(path);
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(copy->spec, source->spec);
  for (const char* name : {"stem.weight", "block14/depthwise.weight", "head0/box.weight", "head3/class.bias"})
    EXPECT_EQ(weight_of(*copy, name), weight_of(*source, name)) << name;
}

struct Hostile {
  const char* name;
  const char* architecture;
  void (*change)(json&);
  const char* message;
};

const Hostile kHostile[] = {
    {"no detector", "ssd_mobilenet_v2", [](json& j) { j.erase("detector"); }, "detector is missing"},
    {"a detector of another type", "ssd_mobilenet_v2", [](json& j) { j["detector"] = 3; }, "detector is 3"},
    {"a classifier's pooling", "deeplab_mobilenet_v2", [](json& j) { j["pooling"] = "maximum"; },
     "a pooling of its own in front of a segmenter"},
    {"no segmenter", "deeplab_mobilenet_v2", [](json& j) { j.erase("segmenter"); }, "segmenter is missing"},
    {"a tap outside", "ssd_mobilenet_v2", [](json& j) { j["detector"]["tap"] = 99; }, "of block 99"},
    {"a negative tap", "ssd_mobilenet_v2", [](json& j) { j["detector"]["tap"] = -1; }, "tap is -1"},
    {"anchors of a million maps", "ssd_mobilenet_v2",
     [](json& j) { j["detector"]["anchors"] = json(std::vector<int>(1000000)); }, "anchors is an array of 1000000"},
    {"anchors that are numbers", "ssd_mobilenet_v2", [](json& j) { j["detector"]["anchors"][0] = 1; }, "map 0"},
    {"anchors of one side", "ssd_mobilenet_v2", [](json& j) { j["detector"]["anchors"][1][0] = json::array({0.5}); },
     "map 1"},
    {"an anchor of no height", "ssd_mobilenet_v2", [](json& j) { j["detector"]["anchors"][1][0][0] = 0; }, "map 1"},
    {"an anchor that vanishes in float", "ssd_mobilenet_v2",
     [](json& j) { j["detector"]["anchors"][1][0][0] = 1e-300; }, "head1"},
    {"an enormous anchor", "ssd_mobilenet_v2", [](json& j) { j["detector"]["anchors"][1][0][0] = 1e30; }, "map 1"},
    {"a coder that divides by zero", "ssd_mobilenet_v2", [](json& j) { j["detector"]["coder"][2] = 0; }, "coder"},
    {"three coder numbers", "ssd_mobilenet_v2",
     [](json& j) {
       j["detector"]["coder"] = {1, 2, 3};
     },
     "coder"},
    {"an unknown predictor", "ssd_mobilenet_v2", [](json& j) { j["detector"]["predictor"] = "5x5"; },
     "one of pointwise"},
    {"SSDLite's predictor in SSD", "ssd_mobilenet_v2", [](json& j) { j["detector"]["predictor"] = "separable"; },
     "SSDLite, and nothing else"},
    {"unknown scores", "ssd_mobilenet_v2", [](json& j) { j["detector"]["scores"] = "tanh"; }, "one of identity"},
    {"a threshold above 1", "ssd_mobilenet_v2", [](json& j) { j["detector"]["suppression"]["iou_threshold"] = 1.5; },
     "iou_threshold is 1.5"},
    {"thresholds of another count", "ssd_mobilenet_v2",
     [](json& j) { j["detector"]["suppression"]["class_thresholds"] = {0.5}; }, "class_thresholds"},
    {"no detections", "ssd_mobilenet_v2", [](json& j) { j["detector"]["suppression"]["max_detections"] = 0; },
     "max_detections is 0"},
    {"countless detections", "ssd_mobilenet_v2",
     [](json& j) { j["detector"]["suppression"]["max_detections"] = 1LL << 40; }, "max_detections"},
    {"an extra map without channels", "ssd_mobilenet_v2", [](json& j) { j["detector"]["extras"][0]["outputs"] = 0; },
     "extra feature map 1: outputs is 0"},
    {"257 classes", "deeplab_mobilenet_v2", [](json& j) { j["segmenter"]["classes"] = 257; }, "classes is 257"},
    {"two ways to enlarge", "deeplab_mobilenet_v2", [](json& j) { j["segmenter"]["half_pixel_centers"] = true; },
     "half_pixel_centers"},
    {"a rate that is text", "deeplab_v3plus_mobilenet_v2", [](json& j) { j["segmenter"]["rates"][0] = "6"; }, "rate"},
    {"a rate past any picture", "deeplab_v3plus_mobilenet_v2", [](json& j) { j["segmenter"]["rates"][0] = 1u << 31; },
     "rate"},
    {"a decoder from nowhere", "deeplab_v3plus_mobilenet_v2", [](json& j) { j["segmenter"]["low_level"] = 18; },
     "joins block 18"},
};

TEST(OwnHeadFiles, RefuseHostileSpecs) {
  for (const Hostile& hostile : kHostile) {
    SCOPED_TRACE(hostile.name);
    json text = json::parse(model_spec_to_json(spec_from_name(hostile.architecture).value()));
    hostile.change(text);
    const auto spec = model_spec_from_json(text.dump());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find(hostile.message), std::string::npos) << spec.error().message;
  }
}

// --- TensorFlow's anchors ---

TEST(Anchors, AreThoseThatTensorFlowStores) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto model = open(*testing::test_data() / "models/coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite");
  ASSERT_TRUE(model) << model.error().message;
  float scale = 0;
  for (const Node& node : model->network().nodes)
    if (std::holds_alternative<DetectionPostProcessOp>(node.op))
      scale = channel_quantization(model->network().tensor(node.inputs[2]), 0).scale;
  ASSERT_GT(scale, 0);
  constexpr AnchorGrid kGrids[] = {{19, 19}, {10, 10}, {5, 5}, {3, 3}, {2, 2}, {1, 1}};
  const auto generated = generate_anchors(multiple_grid_shapes(6), kGrids);
  ASSERT_EQ(generated.size(), 1917u);
  ASSERT_EQ(model->anchors.size(), generated.size());
  // They are stored as bytes: half a step, and float32 of TensorFlow's own arithmetic.
  const float tolerance = 0.5f * scale + 1e-5f;
  float worst = 0;
  for (std::size_t i = 0; i < generated.size(); ++i) {
    const AnchorBox &a = model->anchors[i], &b = generated[i];
    for (const float difference : {a.y - b.y, a.x - b.x, a.height - b.height, a.width - b.width})
      worst = std::max(worst, std::abs(difference));
  }
  EXPECT_LE(worst, tolerance);
}

}  // namespace
}  // namespace mobilenet
