// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators at the end of graphs, ARG_MAX and the custom decoders, and all that their options can have wrong; products
// of activations and weights in bytes between floats.

#include <flatbuffers/flexbuffers.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>

#include "formats/tflite/load_graph.h"

namespace mobilenet::testing {
namespace {

using schema::BuiltinOperator;
using schema::BuiltinOptions;
using schema::TensorType;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Options = std::map<std::string, double>;

// Whole numbers are stored as integers, as TensorFlow's converter does.
std::vector<std::uint8_t> stored(const Options& options) {
  flexbuffers::Builder builder;
  builder.Map([&] {
    for (const auto& [name, value] : options)
      if (std::abs(value) < 1e9 && value == std::floor(value) && name.find("scale") == std::string::npos)
        builder.Int(name.c_str(), static_cast<std::int64_t>(value));
      else
        builder.Double(name.c_str(), value);
  });
  builder.Finish();
  return builder.GetBuffer();
}

const Options kOptions = {{"max_detections", 10},
                          {"max_classes_per_detection", 1},
                          {"detections_per_class", 7},
                          {"use_regular_nms", 1},
                          {"nms_score_threshold", 0.25},
                          {"nms_iou_threshold", 0.5},
                          {"num_classes", 3},
                          {"y_scale", 10},
                          {"x_scale", 9},
                          {"h_scale", 5},
                          {"w_scale", 4}};

constexpr int kBoxes = 7, kScoreColumns = 8, kAnchors = 9, kFirstAnswer = 10;  // tensors
constexpr std::size_t kDecode = 4;                                             // operator

// The maps of the small graph as 16 boxes and the scores of background and 3 classes.
GraphFile detector_graph() {
  GraphFile graph = small_float_graph();
  graph.tensors.resize(kDepthwise + 1);
  graph.operators.resize(kConvolveDepthwise + 1);
  graph.add({"boxes", {1, 16, 4}});
  graph.add({"columns", {1, 16, 4}});
  graph.add({"anchors", {16, 4}, TensorType::FLOAT32, as_data(std::vector<float>(64, 0.5f))});
  for (const char* name : {"found boxes", "found classes", "found scores", "found count"}) graph.add({name, {}});
  const int shape = graph.add({"shape", {3}, TensorType::INT32, as_data<std::int32_t>({1, 16, 4})});
  graph.operators.push_back({BuiltinOperator::RESHAPE, {kStem, shape}, {kBoxes}});
  graph.operators.push_back({BuiltinOperator::RESHAPE, {kDepthwise, shape}, {kScoreColumns}});
  GraphOperator decode{BuiltinOperator::CUSTOM, {kBoxes, kScoreColumns, kAnchors}, {}};
  for (int i = 0; i < 4; ++i) decode.outputs.push_back(kFirstAnswer + i);
  graph.outputs = decode.outputs;
  decode.custom_code = "TFLite_Detection_PostProcess";
  decode.custom_options = stored(kOptions);
  graph.operators.push_back(decode);
  return graph;
}

TEST(TfliteAnswers, OptionsOfADetector) {
  const auto model = load(detector_graph());
  ASSERT_TRUE(model) << model.error().message;
  const Node& node = model->network().nodes.back();
  ASSERT_TRUE(std::holds_alternative<DetectionPostProcessOp>(node.op));
  EXPECT_EQ(node.extra_outputs.size(), 3u);
  EXPECT_EQ(model->network().outputs.size(), 4u);
  EXPECT_EQ(model->network().boxes, node.inputs[0]);
  EXPECT_EQ(model->network().scores, node.inputs[1]);
  EXPECT_EQ(model->anchors.size(), 16u);
  const DetectionSpec& spec = model->spec.detection;
  EXPECT_EQ(spec, std::get<DetectionPostProcessOp>(node.op).spec);
  EXPECT_EQ(spec.classes, 3);
  EXPECT_TRUE(spec.background_column);
  EXPECT_EQ(spec.coder, (BoxCoder{10, 9, 5, 4}));
  EXPECT_EQ(spec.score_function, ScoreFunction::identity);
  EXPECT_EQ(spec.suppression.rule, SuppressionRule::per_class);
  EXPECT_EQ(spec.suppression.max_detections, 10);
  EXPECT_EQ(spec.suppression.max_per_class, 7);
  EXPECT_EQ(spec.suppression.max_classes_per_anchor, 1);
  EXPECT_EQ(spec.suppression.score_threshold, 0.25f);
  EXPECT_EQ(spec.suppression.iou_threshold, 0.5f);
}

// The fast rule reads no number of detections of a class, and Coral's files say 0.
TEST(TfliteAnswers, TheFastRuleDoesNotReadDetectionsOfAClass) {
  for (const double number : {0.0, -1.0, 1e9}) {
    GraphFile graph = detector_graph();
    Options options = kOptions;
    options["detections_per_class"] = number;
    graph.operators[kDecode].custom_options = stored(options);
    EXPECT_FALSE(load(graph)) << number;
    options["use_regular_nms"] = 0;
    graph.operators[kDecode].custom_options = stored(options);
    const auto model = load(graph);
    EXPECT_TRUE(model) << model.error().message;
  }
}

TEST(TfliteAnswers, ADetectorWithoutBackground) {
  GraphFile graph = detector_graph();
  Options options = kOptions;
  options["num_classes"] = 4;
  options.erase("use_regular_nms");
  options.erase("detections_per_class");
  graph.operators[kDecode].custom_options = stored(options);
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_FALSE(model->spec.detection.background_column);
  EXPECT_EQ(model->spec.detection.suppression.rule, SuppressionRule::fast);
  EXPECT_EQ(model->spec.detection.suppression.max_per_class, 100);
}

struct OptionCase {
  const char* option;
  double value;
  const char* message;
};

const OptionCase kOptionCases[] = {
    {"num_classes", -3, "its option num_classes is -3"},
    {"num_classes", 0, "its options: a detector of 0 classes"},
    {"num_classes", 2, "its scores are 1x16x4 for 2 classes"},
    {"num_classes", 5, "its scores are 1x16x4 for 5 classes"},
    {"num_classes", 1e18, "its option num_classes is 1e+18"},
    {"num_classes", kNan, "its option num_classes is"},
    {"max_detections", -1, "its option max_detections is -1"},
    {"max_detections", 0, "at most 0 detections"},
    {"max_detections", 2e9, "its option max_detections is 2e+09"},
    {"max_detections", -1e300, "its option max_detections is -1e+300"},
    {"max_detections", 1 << 17, "at most 131072 detections"},
    {"max_classes_per_detection", 0, "0 classes of an anchor"},
    {"detections_per_class", -7, "its option detections_per_class is -7"},
    {"detections_per_class", 0, "0 of a class"},
    {"nms_score_threshold", kNan, "a score threshold of nan"},
    {"y_scale", 0, "scale 0"},
    {"x_scale", -9, "scale -9"},
    {"h_scale", kNan, "scale nan"},
    {"w_scale", std::numeric_limits<double>::infinity(), "scale inf"},
    {"nms_iou_threshold", kNan, "an IoU threshold of nan"},
    {"nms_iou_threshold", -0.5, "an IoU threshold of -0.5"},
    {"nms_iou_threshold", 1.5, "an IoU threshold of 1.5"},
};

TEST(TfliteAnswers, ImpossibleOptionsOfADetector) {
  for (const OptionCase& c : kOptionCases) {
    GraphFile graph = detector_graph();
    Options options = kOptions;
    options[c.option] = c.value;
    graph.operators[kDecode].custom_options = stored(options);
    const auto model = load(graph);
    ASSERT_FALSE(model) << c.option << " = " << c.value;
    EXPECT_EQ(model.error().code, ErrorCode::bad_format) << c.option;
    EXPECT_NE(model.error().message.find("operator 4 (CUSTOM \"TFLite_Detection_PostProcess\""), std::string::npos)
        << model.error().message;
    EXPECT_NE(model.error().message.find(c.message), std::string::npos) << model.error().message;
  }
}

TEST(TfliteAnswers, MissingOptionsOfADetector) {
  for (const char* option : {"num_classes", "max_detections", "y_scale", "x_scale", "h_scale", "w_scale"}) {
    GraphFile graph = detector_graph();
    Options options = kOptions;
    options.erase(option);
    graph.operators[kDecode].custom_options = stored(options);
    EXPECT_FALSE(load(graph)) << option;
  }
}

struct BadCase {
  const char* name;
  std::function<void(GraphFile&)> bend;
  ErrorCode code;
  const char* message;  // part of it
  GraphFile (*base)() = detector_graph;
};

constexpr ErrorCode kBad = ErrorCode::bad_format;
constexpr ErrorCode kUnsupported = ErrorCode::unsupported;

// The best class of every pixel.
GraphFile argmax_graph() {
  GraphFile graph = small_float_graph();
  graph.tensors.resize(kDepthwise + 1);
  graph.operators.resize(kConvolveDepthwise + 1);
  const int axis = graph.add({"axis", {}, TensorType::INT32, as_data<std::int32_t>({3})});
  graph.outputs = {graph.add({"classes", {1, 4, 4}, TensorType::INT64})};
  GraphOperator op{BuiltinOperator::ARG_MAX, {kDepthwise, axis}, graph.outputs};
  graph.operators.push_back(op);
  return graph;
}

const BadCase kBadCases[] = {
    {"no options", [](GraphFile& g) { g.operators[kDecode].custom_options.clear(); }, kBad,
     "its options are missing or damaged"},
    {"options of one byte", [](GraphFile& g) { g.operators[kDecode].custom_options = {0}; }, kBad,
     "its options are missing or damaged"},
    {"options cut short", [](GraphFile& g) { g.operators[kDecode].custom_options.resize(20); }, kBad,
     "its options are"},
    {"options that are no map",
     [](GraphFile& g) {
       flexbuffers::Builder builder;
       builder.Int(3);
       builder.Finish();
       g.operators[kDecode].custom_options = builder.GetBuffer();
     },
     kBad, "its options are not a map"},
    {"more options than any decoder has",
     [](GraphFile& g) {
       flexbuffers::Builder builder;
       builder.Map([&] { builder.String("padding", std::string(1 << 15, 'x')); });
       builder.Finish();
       g.operators[kDecode].custom_options = builder.GetBuffer();
     },
     kBad, "its options are missing or damaged"},
    {"one output again and again",
     [](GraphFile& g) {
       g.tensors[kFirstAnswer].name = std::string(2000, 'n');
       g.outputs.assign(2000, kFirstAnswer);
     },
     kBad, "share parts of the file"},
    {"anchors for other boxes",
     [](GraphFile& g) {
       g.tensors[kAnchors].shape = {15, 4};
       g.tensors[kAnchors].data.resize(15 * 16);
     },
     kBad, "anchors 15x4"},
    {"anchors of five numbers",
     [](GraphFile& g) {
       g.tensors[kAnchors].shape = {16, 5};
       g.tensors[kAnchors].data.resize(16 * 20);
     },
     kBad, "16x5"},
    {"anchors that are no constant", [](GraphFile& g) { g.operators[kDecode].inputs[2] = kBoxes; }, kUnsupported,
     "tensor \"boxes\" is not a constant"},
    {"no anchors", [](GraphFile& g) { g.operators[kDecode].inputs.resize(2); }, kBad, "its anchors are missing"},
    {"absent scores", [](GraphFile& g) { g.operators[kDecode].inputs[1] = -1; }, kBad, "input 1 is missing"},
    {"three outputs",
     [](GraphFile& g) {
       g.operators[kDecode].outputs.resize(3);
       g.outputs.resize(3);
     },
     kBad, "3 outputs"},
    {"output in integers",
     [](GraphFile& g) {
       g.tensors[kFirstAnswer + 1].type = TensorType::UINT8;
       g.tensors[kFirstAnswer + 1].scales = {1};
       g.tensors[kFirstAnswer + 1].zero_points = {0};
     },
     kBad, "its output \"found classes\" is of type u8, expected f32"},
    {"an output twice", [](GraphFile& g) { g.operators[kDecode].outputs[3] = kFirstAnswer; }, kBad, "exists already"},
    {"another custom operator", [](GraphFile& g) { g.operators[kDecode].custom_code = "TFLite_Unheard_Of"; },
     kUnsupported, "operator 4 (CUSTOM \"TFLite_Unheard_Of\", output \"found boxes\")"},
    {"argmax along no axis", [](GraphFile& g) { g.tensors[kDepthwise + 1].data = as_data<std::int32_t>({4}); }, kBad,
     "operator 2 (ARG_MAX, output \"classes\"): names axis 4 of 4", argmax_graph},
    {"argmax in floats", [](GraphFile& g) { g.tensors[kDepthwise + 2].type = TensorType::FLOAT32; }, kBad,
     "operator 2 (ARG_MAX", argmax_graph},
};

TEST(TfliteAnswers, WhatIsWrongIsSaid) {
  for (const BadCase& c : kBadCases) {
    GraphFile graph = c.base();
    c.bend(graph);
    const auto model = load(graph);
    ASSERT_FALSE(model) << c.name;
    EXPECT_EQ(model.error().code, c.code) << c.name << ": " << model.error().message;
    EXPECT_NE(model.error().message.find(c.message), std::string::npos) << c.name << ": " << model.error().message;
  }
}

// Every byte of the options set to extremes: they load or fail with a sentence; the sanitizer build watches.
TEST(TfliteAnswers, DamagedOptions) {
  const GraphFile sound = detector_graph();
  for (std::size_t at = 0; at < sound.operators[kDecode].custom_options.size(); ++at)
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      GraphFile graph = sound;
      graph.operators[kDecode].custom_options[at] = static_cast<std::uint8_t>(value);
      const auto model = load(graph);
      if (!model) {
        EXPECT_EQ(model.error().message.find("test.tflite: "), 0u) << model.error().message;
      }
    }
}

TEST(TfliteAnswers, ArgMaxMakesIndices) {
  for (const std::int32_t axis : {3, -1})
    for (const TensorType type : {TensorType::INT32, TensorType::INT64}) {
      GraphFile graph = argmax_graph();
      graph.tensors[kDepthwise + 1].data = as_data<std::int32_t>({axis});
      graph.tensors[kDepthwise + 2].type = type;
      const auto model = load(graph);
      ASSERT_TRUE(model) << model.error().message;
      const Tensor& output = model->network().tensor(model->network().outputs[0]);
      EXPECT_EQ(output.type, type == TensorType::INT32 ? DataType::i32 : DataType::i64);
      EXPECT_EQ(output.shape, (Shape{1, 4, 4}));
      EXPECT_EQ(model->spec.segmentation.classes, 4);
    }
}

// What a file says of its inner tensors may be out of date.
TEST(TfliteAnswers, ArgMaxGoesByTheShapeThatIsComputed) {
  GraphFile graph = argmax_graph();
  graph.tensors[kDepthwise].shape = {1, 16, 4};
  graph.tensors[kDepthwise + 1].data = as_data<std::int32_t>({-1});
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->network().tensor(model->network().outputs[0]).shape, (Shape{1, 4, 4}));
}

TEST(TfliteAnswers, ADecoderOfPosesIsLeftOut) {
  GraphFile graph = detector_graph();
  graph.operators[kDecode].custom_code = "PosenetDecoderOp";
  graph.operators[kDecode].inputs = {kBoxes, kScoreColumns};
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->network().nodes.size(), 4u);
  std::vector<std::string> outputs;
  for (const TensorId id : model->network().outputs) outputs.push_back(model->network().tensor(id).name);
  EXPECT_EQ(outputs, (std::vector<std::string>{"boxes", "columns"}));
}

TEST(TfliteAnswers, ProductsOfActivations) {
  GraphFile graph = small_float_graph();
  graph.operators[kAdd].code = BuiltinOperator::MUL;
  set_options(graph.operators[kAdd], BuiltinOptions::MulOptions,
              [](auto& builder) { return schema::CreateMulOptions(builder, schema::FusedActivation::RELU); });
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(std::get<BinaryOp>(model->network().nodes[kAdd].op).activation, Activation::relu);
}

TEST(TfliteAnswers, BytesBetweenFloatsStayBytes) {
  GraphFile graph = small_float_graph();
  GraphTensor& weight = graph.tensors[kStemWeight];
  weight.type = TensorType::INT8;
  weight.data.resize(108);
  weight.scales = {0.1f};
  weight.zero_points = {0};
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  const Node& stem = model->network().nodes[kConvolve];
  const Tensor& stored_weight = model->network().tensor(stem.inputs[1]);
  EXPECT_EQ(stored_weight.type, DataType::i8);
  ASSERT_TRUE(stored_weight.quantization);
  EXPECT_EQ(stored_weight.quantization->scales, (std::vector<float>{0.1f}));
  EXPECT_EQ(model->network().tensor(stem.output).type, DataType::f32);
}

}  // namespace
}  // namespace mobilenet::testing
