// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every real .tflite file: its operators, names and what was recognised and decided; what it detects or
// segments.

#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "base/file_bytes.h"
#include "formats/formats.h"
#include "formats/tflite/load_tflite.h"
#include "network/parameter.h"
#include "spec/input_encoding.h"
#include "support/test_data.h"

namespace mobilenet::testing {
namespace {

// What the input of a published file takes: the picture's bytes, or floats from -1 to 1; others fail.
enum class Stored { bytes, floats, others };

Stored stored(const LoadedModel& model) {
  const Tensor& input = model.network().tensor(model.network().inputs[0]);
  const ChannelQuantization q = channel_quantization(input, 0);
  const PreprocessSpec& spec = model.spec.preprocess;
  if (takes_bytes(spec, {input.type, q.scale, q.zero_point})) return Stored::bytes;
  const bool ends = real_number(spec, 0, 0) == -1 && real_number(spec, 255, 2) == 1;
  return input.type == DataType::f32 && ends ? Stored::floats : Stored::others;
}

struct ModelCase {
  const char* file;
  std::map<std::string, int> kinds;  // nodes of the network by kind_of
  Architecture architecture;
  double depth_multiplier;
  int height, width;
  int classes;
  Stored encoding;
  const char* input;
  const char* output;
  const char* pool;  // tensor behind the layer; null: no such layer
  const char* logits;
  const char* labels;  // the reason begins like this; null: no labels
};
void PrintTo(const ModelCase& c, std::ostream* out) { *out << c.file; }

const ModelCase kModelCases[] = {
    {"mobilenet_v1_0.25_128_quant.tflite",
     {{"convolution", 1}, {"pointwise", 14}, {"depthwise", 13}, {"average_pool", 1}, {"reshape", 1}, {"softmax", 1}},
     Architecture::mobilenet_v1,
     0.25,
     128,
     128,
     1001,
     Stored::bytes,
     "input",
     "MobilenetV1/Predictions/Reshape_1",
     "MobilenetV1/Logits/AvgPool_1a/AvgPool",
     "MobilenetV1/Logits/SpatialSqueeze1",
     "imagenet_labels.txt inside the file"},
    {"mobilenet_v1_0.25_224_1_default_1.tflite",
     {{"convolution", 1}, {"pointwise", 14}, {"depthwise", 13}, {"average_pool", 1}, {"reshape", 1}, {"softmax", 1}},
     Architecture::mobilenet_v1,
     0.25,
     224,
     224,
     1001,
     Stored::floats,
     "input",
     "MobilenetV1/Predictions/Reshape_1",
     "MobilenetV1/Logits/AvgPool_1a/AvgPool",
     "MobilenetV1/Logits/SpatialSqueeze",
     "built in"},
    {"mobilenet_v1_1.0_224_quant_embedding_extractor.tflite",
     {{"convolution", 1}, {"pointwise", 13}, {"depthwise", 13}, {"average_pool", 1}},
     Architecture::mobilenet_v1,
     1.0,
     224,
     224,
     0,
     Stored::bytes,
     "input",
     "MobilenetV1/Logits/AvgPool_1a/AvgPool",
     "MobilenetV1/Logits/AvgPool_1a/AvgPool",
     nullptr,
     nullptr},
    {"mobilenet_v2_1.0_224_quant.tflite",
     {{"convolution", 1},
      {"pointwise", 35},
      {"depthwise", 17},
      {"add", 10},
      {"average_pool", 1},
      {"reshape", 1},
      {"softmax", 1}},
     Architecture::mobilenet_v2,
     1.0,
     224,
     224,
     1001,
     Stored::bytes,
     "input",
     "MobilenetV2/Predictions/Softmax",
     "MobilenetV2/Logits/AvgPool",
     "MobilenetV2/Logits/Squeeze1",
     "imagenet_labels.txt inside the file"},
    {"tf2_mobilenet_v2_1.0_224_ptq.tflite",
     {{"convolution", 1},
      {"pointwise", 35},
      {"depthwise", 17},
      {"add", 10},
      {"quantize", 2},
      {"global_average_pool", 1},
      {"reshape", 1},
      {"softmax", 1}},
     Architecture::mobilenet_v2,
     1.0,
     224,
     224,
     1001,
     Stored::bytes,
     "input",
     "Identity",
     "MobileNetV2/top/Reshape/Reshape;StatefulPartitionedCall/MobileNetV2/top/Reshape/Reshape;"
     "MobileNetV2/top/GlobalPool/Mean/reduction_indices;"
     "StatefulPartitionedCall/MobileNetV2/top/GlobalPool/Mean/reduction_indices;MobileNetV2/top/GlobalPool/Mean;"
     "StatefulPartitionedCall/MobileNetV2/top/GlobalPool/Mean;MobileNetV2/top/Reshape/Reshape/shape;"
     "StatefulPartitionedCall/MobileNetV2/top/Reshape/Reshape/shape1",
     "MobileNetV2/top/SpatialSqueeze/Reshape;StatefulPartitionedCall/MobileNetV2/top/SpatialSqueeze/Reshape",
     "imagenet_labels.txt inside the file"},
    {"mobilenet_quant_v1_224_head_layers.tflite",
     {{"pointwise", 1}, {"reshape", 1}, {"softmax", 1}},
     Architecture::graph,
     0,
     1,
     1,
     1001,
     Stored::others,  // no picture
     "MobilenetV1/Logits/AvgPool_1a/AvgPool",
     "MobilenetV1/Predictions/Reshape_1",
     nullptr,
     nullptr,
     "built in"},
    {"deeplabv3_257_mv_gpu.tflite",
     {{"convolution", 1},
      {"pointwise", 37},
      {"depthwise", 17},
      {"add", 10},
      {"resize_bilinear", 3},
      {"average_pool", 1},
      {"concat", 1}},
     Architecture::graph,
     0.5,
     257,
     257,
     0,
     Stored::floats,
     "sub_7",
     "ResizeBilinear_3",
     nullptr,
     nullptr,
     nullptr},
    {"object_detection_ssd_mobilenetv2_oidv4_fp16.tflite",
     {{"convolution", 5}, {"pointwise", 50}, {"depthwise", 17}, {"add", 10}, {"reshape", 13}, {"concat", 2}},
     Architecture::graph,
     1.0,
     300,
     300,
     0,
     Stored::floats,
     "normalized_input_image_tensor",
     "raw_outputs/box_encodings",
     nullptr,
     nullptr,
     nullptr},
};

Result<LoadedModel> load(const std::string& name) {
  const auto path = *test_data() / "models" / name;
  auto file = FileBytes::read(path);
  if (!file) return std::move(file).error();
  return load_tflite({name, path, (*file)->bytes(), *file});
}

std::string tensor_name(const Network& network, TensorId id) { return network.tensor(id).name; }

// The exact tensor behind a layer, by the layers alone: find() would take a tensor's name too.
const std::string* layer_tensor(const Network& network, const std::string& name) {
  for (const std::vector<Layer>* list : {&network.layers, &network.aliases})
    for (const Layer& layer : *list)
      if (layer.name == name) return &network.tensor(layer.tensor).name;
  return nullptr;
}

class TfliteModel : public ::testing::TestWithParam<ModelCase> {};

TEST_P(TfliteModel, BecomesTheNetworkThatItIs) {
  MOBILENET_NEEDS_TEST_DATA();
  const ModelCase& expected = GetParam();
  const auto model = load(expected.file);
  ASSERT_TRUE(model) << model.error().message;
  const Network& network = model->network();
  std::map<std::string, int> kinds;
  for (const Node& node : network.nodes) ++kinds[std::string(kind_of(node.op))];
  EXPECT_EQ(kinds, expected.kinds);
  EXPECT_EQ(tensor_name(network, network.inputs[0]), expected.input);
  EXPECT_EQ(tensor_name(network, network.outputs[0]), expected.output);

  EXPECT_EQ(model->spec.architecture, expected.architecture);
  EXPECT_EQ(model->spec.depth_multiplier, expected.depth_multiplier);
  EXPECT_EQ(model->spec.input_height, expected.height);
  EXPECT_EQ(model->spec.input_width, expected.width);
  EXPECT_EQ(model->spec.classes, expected.classes);
  EXPECT_EQ(model->spec.has_background, expected.classes == 1001);
  EXPECT_EQ(stored(*model), expected.encoding);
  for (const auto& [layer, tensor] : {std::pair{"pool", expected.pool}, {"logits", expected.logits}}) {
    const std::string* found = layer_tensor(network, layer);
    ASSERT_EQ(found != nullptr, tensor != nullptr) << layer;
    if (found != nullptr) {
      EXPECT_EQ(*found, tensor) << layer;
    }
  }
  if (expected.logits != nullptr) {
    const Tensor& logits = network.tensor(network.find("logits"));
    EXPECT_EQ(logits.shape, (Shape{1, expected.classes}));
  }

  std::string labels;
  for (const Decision& decision : model->decisions)
    if (decision.what == "labels") labels = decision.why;
  EXPECT_EQ(labels.substr(0, expected.labels ? std::string(expected.labels).size() : 0),
            expected.labels ? expected.labels : "");
  if (expected.classes > 0) {
    EXPECT_EQ(model->spec.labels.size(), static_cast<std::size_t>(expected.classes));
  }
  if (expected.classes == 1001) {
    EXPECT_EQ(model->spec.labels[0], "background");
    EXPECT_EQ(model->spec.labels[1].substr(0, 5), "tench");
  }
}

INSTANTIATE_TEST_SUITE_P(Files, TfliteModel, ::testing::ValuesIn(kModelCases), [](const auto& test) {
  std::string name = test.param.file;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
});

struct LayersCase {
  const char* file;
  std::size_t layers;
  std::size_t aliases;
  const char* layer;
  const char* tensor;
};

// One telling layer of each file: a tap, a residual sum, the end of the backbone.
constexpr LayersCase kLayersCases[] = {
    {"mobilenet_v1_0.25_224_1_default_1.tflite", 29, 26, "pointwise11",
     "MobilenetV1/MobilenetV1/Conv2d_11_pointwise/Relu6"},
    {"mobilenet_v1_0.25_224_1_default_1.tflite", 29, 26, "hidden_0",
     "MobilenetV1/MobilenetV1/Conv2d_1_depthwise/Relu6"},
    {"mobilenet_v1_1.0_224_quant_embedding_extractor.tflite", 28, 26, "pool", "MobilenetV1/Logits/AvgPool_1a/AvgPool"},
    {"deeplabv3_257_mv_gpu.tflite", 68, 16, "block3/output", "MobilenetV2/expanded_conv_2/add"},
    {"deeplabv3_257_mv_gpu.tflite", 68, 16, "hidden_15",
     "MobilenetV2/expanded_conv_16/project/BatchNorm/FusedBatchNorm"},
    {"deeplabv3_257_mv_gpu.tflite", 68, 16, "block14/expand", "MobilenetV2/expanded_conv_13/expand/Relu6"},
    {"object_detection_ssd_mobilenetv2_oidv4_fp16.tflite", 69, 16, "last",
     "FeatureExtractor/MobilenetV2/Conv_1/Relu6;FeatureExtractor/MobilenetV2/Conv_1/BatchNorm/FusedBatchNormV3;"
     "FeatureExtractor/MobilenetV2/Conv_1/Conv2D"},
    {"mobilenet_quant_v1_224_head_layers.tflite", 0, 0, nullptr, nullptr},
};

TEST(TfliteModels, LayersAreNamedByStructure) {
  MOBILENET_NEEDS_TEST_DATA();
  for (const LayersCase& c : kLayersCases) {
    const auto model = load(c.file);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->network().layers.size(), c.layers) << c.file;
    EXPECT_EQ(model->network().aliases.size(), c.aliases) << c.file;
    if (c.layer == nullptr) continue;
    const std::string* found = layer_tensor(model->network(), c.layer);
    ASSERT_NE(found, nullptr) << c.file << " " << c.layer;
    EXPECT_EQ(*found, c.tensor) << c.file << " " << c.layer;
  }
}

TEST(TfliteModels, HalfPrecisionWeightsKeepTheirBytes) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto model = load("object_detection_ssd_mobilenetv2_oidv4_fp16.tflite");
  ASSERT_TRUE(model) << model.error().message;
  std::int64_t weights = 0;
  for (const Parameter& parameter : model->parameters().values) {
    EXPECT_EQ(parameter.type, DataType::f16) << parameter.name;
    weights += parameter.shape.elements();
  }
  EXPECT_EQ(weights, 4951996);
}

// Detectors and segmenters: what their graphs end in.
struct TaskCase {
  const char* file;
  Stored encoding;
  int detected, segmented;  // classes; 0: not one
  std::size_t anchors;      // that the file stores
  std::size_t maps;         // of generated anchors
  std::size_t labels;
  const char* raw;  // tensor of the raw scores or of the logits
};

constexpr TaskCase kTaskCases[] = {
    {"coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite", Stored::bytes, 90, 0, 1917, 0, 90, "convert_scores"},
    {"mobile_object_localizer_v1_1_meta.tflite", Stored::bytes, 1, 0, 738, 0, 1, "convert_scores"},
    {"object_detection_ssd_mobilenetv2_oidv4_fp16.tflite", Stored::floats, 23, 0, 0, 6, 23,
     "raw_outputs/class_predictions"},
    {"deeplabv3_257_mv_gpu.tflite", Stored::floats, 0, 21, 0, 0, 21, "logits/semantic/BiasAdd"},
    {"deeplabv3_mnv2_ade20k_int8.tflite", Stored::bytes, 0, 32, 0, 0, 0,
     "logits/semantic/BiasAdd;logits/semantic/Conv2D;logits/semantic/biases1"},
    {"deeplabv3_mnv2_pascal_quant.tflite", Stored::bytes, 0, 21, 0, 0, 21,
     "logits/semantic/BiasAdd;logits/semantic/Conv2D;logits/semantic/biases1"},
};

TEST(TfliteModels, DetectorsAndSegmenters) {
  MOBILENET_NEEDS_TEST_DATA();
  for (const TaskCase& c : kTaskCases) {
    const auto model = load(c.file);
    ASSERT_TRUE(model) << model.error().message;
    const Network& network = model->network();
    EXPECT_EQ(stored(*model), c.encoding) << c.file;
    EXPECT_EQ(model->spec.detection.classes, c.detected) << c.file;
    EXPECT_EQ(model->spec.segmentation.classes, c.segmented) << c.file;
    EXPECT_EQ(model->anchors.size(), c.anchors) << c.file;
    EXPECT_EQ(network.anchor_maps.size(), c.maps) << c.file;
    EXPECT_EQ(model->spec.labels.size(), c.labels) << c.file;
    EXPECT_EQ(network.boxes != kNoTensor, c.detected > 0) << c.file;
    const TensorId raw = c.detected > 0 ? network.scores : network.mask_logits;
    ASSERT_NE(raw, kNoTensor) << c.file;
    EXPECT_EQ(tensor_name(network, raw), c.raw) << c.file;
  }
}

constexpr const char* kOtherFiles[] = {
    "mobilenet_v3_small_keras_imagenet_dynamic_int8.tflite",
    "posenet_mobilenet_v1_075_353_481_16_quant_decoder.tflite",
};

// Files that end in a decoder of another task, and files with weights in bytes between floats, load too.
TEST(TfliteModels, OtherFilesLoad) {
  MOBILENET_NEEDS_TEST_DATA();
  for (const char* file : kOtherFiles) {
    const auto model = load(file);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->spec.detection.classes + model->spec.segmentation.classes, 0) << file;
    for (const TensorId output : model->network().outputs)
      EXPECT_GT(model->network().tensor(output).shape.elements(), 0) << file;
  }
}

TEST(TfliteModels, EveryFileIsInATable) {
  MOBILENET_NEEDS_TEST_DATA();
  std::set<std::string> known;
  for (const ModelCase& c : kModelCases) known.insert(c.file);
  for (const TaskCase& c : kTaskCases) known.insert(c.file);
  for (const char* file : kOtherFiles) known.insert(file);
  for (const auto& entry : std::filesystem::directory_iterator(*test_data() / "models"))
    EXPECT_TRUE(entry.path().extension() != ".tflite" || known.contains(entry.path().filename()))
        << entry.path().filename();
}

}  // namespace
}  // namespace mobilenet::testing
