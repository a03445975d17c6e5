// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What a small graph becomes, and the sentence for each way in which it can be wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <limits>
#include <memory>
#include <ostream>
#include <string>

#include "base/half.h"
#include "formats/tflite/load_graph.h"
#include "formats/tflite/metadata.h"
#include "formats/tflite/metadata_generated.h"
#include "network/parameter.h"
#include "spec/input_encoding.h"

namespace mobilenet::testing {
namespace {

using schema::BuiltinOperator;
using schema::BuiltinOptions;
using schema::FusedActivation;
using schema::TensorType;

std::string why(const LoadedModel& model, const std::string& what) {
  for (const Decision& decision : model.decisions)
    if (decision.what == what) return decision.why;
  return {};
}

const Tensor& output_of(const LoadedModel& model, std::size_t node) {
  return model.network().tensor(model.network().nodes[node].output);
}
const Tensor& input_of(const LoadedModel& model, std::size_t node, std::size_t input) {
  return model.network().tensor(model.network().nodes[node].inputs[input]);
}

TEST(TfliteSmall, FloatGraphBecomesNetwork) {
  const auto model = load(small_float_graph());
  ASSERT_TRUE(model) << model.error().message;
  const Network& network = model->network();
  ASSERT_EQ(network.nodes.size(), 6u);
  const auto& stem = std::get<Conv2dOp>(network.nodes[kConvolve].op);
  EXPECT_EQ(stem.window.stride_height, 2);
  EXPECT_EQ(stem.window.kernel_width, 3);
  EXPECT_EQ(stem.window.padding.rule, Padding::Rule::same);
  EXPECT_EQ(stem.activation, Activation::relu6);
  EXPECT_EQ(stem.groups, 1);
  EXPECT_EQ(std::get<DepthwiseConv2dOp>(network.nodes[kConvolveDepthwise].op).multiplier, 1);
  EXPECT_FALSE(std::get<GlobalAveragePoolOp>(network.nodes[kAverage].op).keep_axes);
  EXPECT_TRUE(std::holds_alternative<DenseOp>(network.nodes[kClassify].op));
  EXPECT_EQ(std::get<SoftmaxOp>(network.nodes[kSoftmax].op).beta, 1.0f);

  EXPECT_EQ(output_of(*model, kSoftmax).name, "scores");
  EXPECT_EQ(output_of(*model, kConvolve).shape, (Shape{1, 4, 4, 4}));
  const Tensor& weight = input_of(*model, kConvolve, 1);
  const Parameter& parameter = model->parameters().values[static_cast<std::size_t>(weight.parameter)];
  EXPECT_EQ(parameter.name, "stem/weight");
  EXPECT_EQ(parameter.layout, WeightLayout::ohwi);
  EXPECT_EQ(parameter.bytes.size(), 108 * sizeof(float));
  EXPECT_TRUE(network.fixed_size);
  EXPECT_EQ(model->format, "tflite");
  EXPECT_EQ(model->spec.classes, 5);
  EXPECT_FALSE(model->spec.has_background);
  EXPECT_EQ(model->spec.input_height, 8);
  EXPECT_EQ(model->spec.architecture, Architecture::graph);
  EXPECT_TRUE(network.layers.empty());
}

TEST(TfliteSmall, ByteBecomesExactlyMinusOneToOne) {
  const auto model = load(small_float_graph());
  ASSERT_TRUE(model);
  const PreprocessSpec& preprocess = model->spec.preprocess;
  EXPECT_EQ(preprocess.mode, ResizeMode::crop);
  EXPECT_EQ(preprocess.filter, ResizeFilter::pil_bilinear);
  for (int byte = 0; byte < 256; ++byte) {
    const float value = (static_cast<float>(byte) * preprocess.rescale - preprocess.mean[1]) / preprocess.deviation[1];
    EXPECT_EQ(value, (static_cast<float>(byte) - 127.5f) / 127.5f);
  }
}

TEST(TfliteSmall, QuantisationStaysOnTheTensors) {
  const auto model = load(small_i8_graph());
  ASSERT_TRUE(model) << model.error().message;
  const Tensor& weight = input_of(*model, kConvolveDepthwise, 1);
  ASSERT_TRUE(weight.quantization);
  EXPECT_EQ(weight.quantization->scales, (std::vector<float>{0.1f, 0.2f, 0.3f, 0.4f}));
  EXPECT_EQ(weight.quantization->axis, 3);
  EXPECT_EQ(weight.type, DataType::i8);
  EXPECT_EQ(input_of(*model, kConvolve, 2).type, DataType::i32);
  EXPECT_EQ(output_of(*model, kAdd).quantization->zero_points, (std::vector<std::int32_t>{-3}));
  EXPECT_EQ(model->spec.classes, 0);
  const ChannelQuantization q = channel_quantization(model->network().tensors.at(0), 0);
  EXPECT_TRUE(takes_bytes(model->spec.preprocess, {DataType::i8, q.scale, q.zero_point}));
}

TEST(TfliteSmall, HalfPrecisionWeightsAreReadBehindDequantize) {
  GraphFile graph = small_float_graph();
  GraphTensor& weight = graph.tensors[kStemWeight];
  const int half = graph.add(
      {"stem/half", weight.shape, TensorType::FLOAT16, as_data(std::vector<std::uint16_t>(108, float_to_half(0.25f)))});
  graph.tensors[kStemWeight].data.clear();
  graph.operators.insert(graph.operators.begin(), {BuiltinOperator::DEQUANTIZE, {half}, {kStemWeight}});
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  ASSERT_EQ(model->network().nodes.size(), 6u);
  EXPECT_EQ(input_of(*model, kConvolve, 1).type, DataType::f16);
  EXPECT_EQ(input_of(*model, kConvolve, 1).name, "stem/half");
}

TEST(TfliteSmall, WeightsOfFourBitsAreWidenedAndMarked) {
  GraphFile graph = small_i8_graph();
  GraphTensor& weight = graph.tensors[kStemWeight];
  weight.type = TensorType::INT4;
  weight.data.assign((weight.data.size() + 1) / 2, 0x8f);  // -1 in the lower half, -8 in the upper
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  const Tensor& read = input_of(*model, kConvolve, 1);
  EXPECT_TRUE(read.int4);
  EXPECT_EQ(read.type, DataType::i8);
  EXPECT_FALSE(input_of(*model, kConvolveDepthwise, 1).int4);
  const Parameter& parameter = model->parameters().of(read);
  EXPECT_EQ(stored_integer(parameter, 0), -1);
  EXPECT_EQ(stored_integer(parameter, 1), -8);

  graph.operators[kConvolve].inputs.resize(2);  // which the runtime refuses
  const auto unbiased = load(graph);
  ASSERT_FALSE(unbiased);
  EXPECT_NE(unbiased.error().message.find("weights of 4 bits without a bias"), std::string::npos);
}

TEST(TfliteSmall, ConstantsBehindTheFlatBuffer) {
  GraphFile graph = small_float_graph();
  graph.buffers_behind = true;
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  const auto inside = load(small_float_graph());
  for (std::size_t i = 0; i < model->parameters().values.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(model->parameters().values[i].bytes, inside->parameters().values[i].bytes));
}

TEST(TfliteSmall, UnalignedMemory) {
  std::vector<std::uint8_t> bytes = small_i8_graph().bytes();
  bytes.insert(bytes.begin(), 0);
  SourceFile source = source_of(bytes);
  source.bytes = source.bytes.subspan(1);
  EXPECT_TRUE(load_tflite(source));
}

TEST(TfliteSmall, ComputedShapeOfReshape) {
  GraphFile graph = small_float_graph();
  graph.tensors[kMean].shape = {1, 1, 1, 4};
  const int shape = graph.add({"shape", {4}, TensorType::INT32});
  const int begin = graph.add({"begin", {1}, TensorType::INT32, as_data<std::int32_t>({0})});
  const int first = graph.add({"first", {}, TensorType::INT32});
  const int packed = graph.add({"packed", {2}, TensorType::INT32});
  const int flat = graph.add({"flat", {1, 4}});
  set_options(graph.operators[kAverage], BuiltinOptions::ReducerOptions,
              [](auto& builder) { return schema::CreateReducerOptions(builder, true); });
  graph.operators[kClassify].inputs[0] = flat;
  graph.operators.insert(graph.operators.begin() + kClassify,
                         {{BuiltinOperator::SHAPE, {kMean}, {shape}},
                          {BuiltinOperator::STRIDED_SLICE, {shape, begin, begin, begin}, {first}},
                          {BuiltinOperator::PACK, {first, begin}, {packed}},
                          {BuiltinOperator::RESHAPE, {kMean, packed}, {flat}}});
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  ASSERT_EQ(model->network().nodes.size(), 7u);
  EXPECT_EQ(std::get<ReshapeOp>(model->network().nodes[kClassify].op).shape, (Shape{1, 4}));
}

// A constant that rescales the input becomes a batch norm, and bytes go in as they are.
TEST(TfliteSmall, RescalingInsideTheGraph) {
  GraphFile graph = small_float_graph();
  const int scale = graph.add({"scale", {}, TensorType::FLOAT32, as_data<float>({1 / 127.5f})});
  const int shift = graph.add({"shift", {1, 1, 1, 3}, TensorType::FLOAT32, as_data<float>({1, 1, 1})});
  const int scaled = graph.add({"scaled", {1, 8, 8, 3}});
  const int shifted = graph.add({"shifted", {1, 8, 8, 3}});
  graph.operators[kConvolve].inputs[0] = shifted;
  graph.operators.insert(graph.operators.begin(), {{BuiltinOperator::MUL, {kInput, scale}, {scaled}},
                                                   {BuiltinOperator::SUB, {scaled, shift}, {shifted}}});
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(std::get<BatchNormOp>(model->network().nodes[0].op).epsilon, 0);
  EXPECT_EQ(model->spec.preprocess.rescale, 1);
  EXPECT_EQ(model->spec.preprocess.mean[0], 0);
  EXPECT_EQ(model->spec.preprocess.deviation[0], 1);
  EXPECT_EQ(why(*model, "encoding"), "0 to 255 as floats, because the graph itself rescales its input");
}

TEST(TfliteSmall, QuantisedInputRangeTellsTheEncoding) {
  struct Case {
    const char* name;
    float scale;
    std::int64_t zero_point;
    float mean, deviation;
  };
  for (const Case& c : {Case{"-1 to 1", 1 / 127.5f, -1, 127.5f, 127.5f}, Case{"0 to 1", 1 / 255.0f, -128, 0, 255},
                        Case{"0 to 255", 1, -128, 0, 1}}) {
    GraphFile graph = small_i8_graph();
    GraphTensor& quantised = graph.tensors[kInput];
    quantised.scales = {c.scale};
    quantised.zero_points = {c.zero_point};
    graph.inputs = {graph.add({"float input", {1, 8, 8, 3}})};
    graph.operators.insert(graph.operators.begin(), {BuiltinOperator::QUANTIZE, graph.inputs, {kInput}});
    const auto model = load(graph);
    ASSERT_TRUE(model) << c.name << ": " << model.error().message;
    EXPECT_EQ(model->spec.preprocess.mean[2], c.mean) << c.name;
    EXPECT_EQ(model->spec.preprocess.deviation[2], c.deviation) << c.name;
  }
}

std::vector<std::uint8_t> metadata(float mean, float deviation, const char* labels) {
  flatbuffers::FlatBufferBuilder builder;
  const std::vector<float> means{mean}, deviations{deviation};
  const auto options = schema::CreateNormalizationOptionsDirect(builder, &means, &deviations);
  const std::vector units{
      schema::CreateProcessUnit(builder, schema::ProcessUnitOptions::NormalizationOptions, options.Union())};
  const std::vector files{
      schema::CreateAssociatedFileDirect(builder, labels, schema::AssociatedFileType::TENSOR_AXIS_LABELS)};
  const std::vector inputs{schema::CreateTensorMetadataDirect(builder, &units)};
  const std::vector outputs{schema::CreateTensorMetadataDirect(builder, nullptr, &files)};
  const std::vector graphs{schema::CreateSubGraphMetadataDirect(builder, &inputs, &outputs)};
  schema::FinishModelMetadataBuffer(builder, schema::CreateModelMetadataDirect(builder, &graphs));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

struct AttachedFile {
  const char* name;
  schema::AssociatedFileType type;
  const char* locale = nullptr;
};

// Files hung on the outputs, one list an output.
std::vector<std::uint8_t> metadata_of_outputs(const std::vector<std::vector<AttachedFile>>& attached) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::TensorMetadata>> outputs;
  for (const std::vector<AttachedFile>& list : attached) {
    std::vector<flatbuffers::Offset<schema::AssociatedFile>> files;
    for (const AttachedFile& file : list)
      files.push_back(schema::CreateAssociatedFileDirect(builder, file.name, file.type, file.locale));
    outputs.push_back(schema::CreateTensorMetadataDirect(builder, nullptr, &files));
  }
  const std::vector graphs{schema::CreateSubGraphMetadataDirect(builder, nullptr, &outputs)};
  schema::FinishModelMetadataBuffer(builder, schema::CreateModelMetadataDirect(builder, &graphs));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

constexpr auto kAxisLabels = schema::AssociatedFileType::TENSOR_AXIS_LABELS;
constexpr auto kValueLabels = schema::AssociatedFileType::TENSOR_VALUE_LABELS;
constexpr auto kCalibration = schema::AssociatedFileType::TENSOR_AXIS_SCORE_CALIBRATION;

TEST(TfliteSmall, MetadataHangsLabelsOnAnyOutput) {
  struct Case {
    const char* name;
    std::vector<std::vector<AttachedFile>> files;
    std::vector<std::string> labels, others;
  };
  const Case cases[] = {
      {"the first output", {{{"a", kAxisLabels}}}, {"a"}, {}},
      {"a later output, of values", {{}, {}, {{"a", kValueLabels}}}, {"a"}, {}},
      {"a calibration before the labels", {{{"c.txt", kCalibration}}, {{"a", kAxisLabels}}}, {"a"}, {"c.txt"}},
      {"translations after the model's own",
       {{{"de", kAxisLabels, "de"}, {"en", kAxisLabels, "en-US"}, {"a", kAxisLabels}}},
       {"a", "en", "de"},
       {}},
      {"translations only", {{{"de", kAxisLabels, "de"}, {"en", kAxisLabels, "en"}}}, {"en", "de"}, {}},
      {"a file that is not said to be anything", {{{"x", schema::AssociatedFileType::UNKNOWN}}}, {}, {}},
  };
  for (const Case& c : cases) {
    const std::vector<std::uint8_t> bytes = metadata_of_outputs(c.files);
    const auto read = tflite::parse_metadata(std::as_bytes(std::span(bytes)));
    ASSERT_TRUE(read) << c.name;
    EXPECT_EQ(read->label_files, c.labels) << c.name;
    EXPECT_EQ(read->other_files, c.others) << c.name;
  }
}

TEST(TfliteSmall, MetadataNormalises) {
  GraphFile graph = small_float_graph();
  graph.metadata = metadata(100, 50, "labels.txt");
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec.preprocess.mean[1], 100);
  EXPECT_EQ(model->spec.preprocess.deviation[2], 50);
  graph.metadata[20] ^= 0xff;
  EXPECT_TRUE(load(graph));
  graph.metadata = metadata(100, 0, "labels.txt");  // a deviation of zero is not believed
  EXPECT_EQ(load(graph)->spec.preprocess.deviation[0], 127.5f);
}

TEST(TfliteSmall, LabelsPackedBehindTheModel) {
#if !MOBILENET_WITH_ZIP
  GTEST_SKIP() << "needs libzip";
#else
  GraphFile graph = small_float_graph();
  graph.metadata = metadata(127.5f, 127.5f, "names.csv");
  const std::vector<std::uint8_t> model_bytes = graph.bytes();
  struct Case {
    const char* name;
    const char* file;
    std::string text;
    std::vector<std::string> labels;
  };
  const std::vector<std::string> five{"background", "b, c", "d", "e", "f"};
  for (const Case& c : {Case{"named by the metadata", "names.csv", "background\nb, c\n d\ne\nf\n", five},
                        Case{"the only text file", "x.txt", "background\r\nb, c\r\n d\r\ne\r\nf", five},
                        Case{"numbers of a calibration", "x.txt", "1.0,2.0\n1.5,2.0\n1.0,2.5\n1,2\n1,3\n", {}},
                        Case{"wrong count", "x.txt", "a\nb\n", {}}}) {
    std::vector<std::uint8_t> bytes = model_bytes;
    const auto zip = stored_zip(c.file, c.text, bytes.size());
    bytes.insert(bytes.end(), zip.begin(), zip.end());
    const auto model = load_tflite(source_of(bytes));
    ASSERT_TRUE(model) << c.name;
    EXPECT_EQ(model->spec.labels, c.labels) << c.name << ": " << why(*model, "labels");
    EXPECT_FALSE(model->spec.has_background) << c.name;  // a class of that name, not ImageNet's 1001st row
  }
  // Cut anywhere behind the first name, the file is refused rather than named after something else.
  std::vector<std::uint8_t> bytes = model_bytes;
  const auto zip = stored_zip("names.csv", "a\nb\nc\nd\ne\n", bytes.size());
  bytes.insert(bytes.end(), zip.begin(), zip.end());
  constexpr std::size_t kHeaderAndName = 39;
  for (std::size_t left = model_bytes.size() + kHeaderAndName; left < bytes.size(); ++left) {
    const std::vector<std::uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(left));
    const auto model = load_tflite(source_of(cut));
    ASSERT_FALSE(model) << left;
    EXPECT_EQ(model.error().message,
              "test.tflite: its end is cut off or damaged: names.csv, which is packed there, cannot be read");
  }
#endif
}

struct BadCase {
  const char* name;
  std::function<void(GraphFile&)> bend;
  ErrorCode code;
  const char* message;  // part of it
  GraphFile (*base)() = small_float_graph;
};
void PrintTo(const BadCase& c, std::ostream* out) { *out << c.name; }

void fuse(GraphOperator& op, FusedActivation activation) {
  set_options(op, BuiltinOptions::AddOptions,
              [activation](auto& builder) { return schema::CreateAddOptions(builder, activation); });
}

void convolve(GraphOperator& op, int stride, int dilation, schema::PaddingRule padding = schema::PaddingRule::SAME) {
  set_options(op, BuiltinOptions::Conv2DOptions, [=](auto& builder) {
    return schema::CreateConv2DOptions(builder, padding, stride, stride, FusedActivation::NONE, dilation, dilation);
  });
}

constexpr ErrorCode kBad = ErrorCode::bad_format;
constexpr ErrorCode kUnsupported = ErrorCode::unsupported;

const BadCase kBadCases[] = {
    {"softmax without end",
     [](GraphFile& g) {
       set_options(g.operators[kSoftmax], BuiltinOptions::SoftmaxOptions, [](auto& builder) {
         return schema::CreateSoftmaxOptions(builder, std::numeric_limits<float>::infinity());
       });
     },
     kBad, "scores: softmax with a beta of inf"},
    {"compiled for the Edge TPU",
     [](GraphFile& g) {
       g.operators[kAdd].code = BuiltinOperator::CUSTOM;
       g.operators[kAdd].custom_code = "edgetpu-custom-op";
     },
     kUnsupported,
     "test.tflite: is compiled for Google's Edge TPU; open the file that it was made from (without _edgetpu in its "
     "name)"},
    {"window of a million pixels", [](GraphFile& g) { convolve(g.operators[kConvolve], 1, 1 << 20); }, kBad,
     "is impossible"},
    {"unknown operator", [](GraphFile& g) { g.operators[kAdd].code = BuiltinOperator::COS; }, kUnsupported,
     "test.tflite: operator 2 (COS, output \"sum\"): this operator is not supported"},
    {"operator with a large code", [](GraphFile& g) { g.operators[kAdd].code = BuiltinOperator::HASHTABLE_SIZE; },
     kUnsupported, "operator 2 (HASHTABLE_SIZE, output \"sum\")"},
    {"operator of the future", [](GraphFile& g) { g.operators[kAdd].code = static_cast<BuiltinOperator>(5000); },
     kUnsupported, "operator 2 (number 5000, output \"sum\")"},
    {"custom operator",
     [](GraphFile& g) {
       g.operators[kAdd].code = BuiltinOperator::CUSTOM;
       g.operators[kAdd].custom_code = "My\nOp";
     },
     kUnsupported, "operator 2 (CUSTOM \"My?Op\", output \"sum\")"},
    {"version", [](GraphFile& g) { g.operators[kConvolve].version = 99; }, kUnsupported,
     "operator 0 (CONV_2D, output \"stem\"): version 99 is not supported"},
    {"fused activation", [](GraphFile& g) { fuse(g.operators[kAdd], FusedActivation::TANH); }, kUnsupported,
     "operator 2 (ADD, output \"sum\"): its fused activation 4 TANH is not supported"},
    {"two ways to enlarge",
     [](GraphFile& g) {
       g.operators[kAdd].code = BuiltinOperator::RESIZE_BILINEAR;
       set_options(g.operators[kAdd], BuiltinOptions::ResizeBilinearOptions,
                   [](auto& builder) { return schema::CreateResizeBilinearOptions(builder, true, true); });
     },
     kBad, "operator 2 (RESIZE_BILINEAR, output \"sum\"): its align_corners and half_pixel_centers exclude each other"},
    {"no options", [](GraphFile& g) { g.operators[kConvolve].options_type = BuiltinOptions::NONE; }, kBad,
     "operator 0 (CONV_2D, output \"stem\"): its options are missing"},
    {"options of another kind", [](GraphFile& g) { fuse(g.operators[kConvolve], FusedActivation::NONE); }, kBad,
     "its options are missing"},
    {"stride 0", [](GraphFile& g) { convolve(g.operators[kConvolve], 0, 1); }, kBad, "stem: kernel 3x3, stride 0x0"},
    {"negative dilation", [](GraphFile& g) { convolve(g.operators[kConvolve], 1, -1); }, kBad, "stem: kernel 3x3"},
    {"unknown padding",
     [](GraphFile& g) { convolve(g.operators[kConvolve], 1, 1, static_cast<schema::PaddingRule>(9)); }, kBad,
     "its padding rule 9 is unknown"},
    {"weight of other channels",
     [](GraphFile& g) {
       g.tensors[kStemWeight].shape = {4, 3, 3, 2};
       g.tensors[kStemWeight].data.resize(72 * 4);
     },
     kBad, "operator 0 (CONV_2D, output \"stem\"): its weight 4x3x3x2 does not fit the input 1x8x8x3"},
    {"bias of other channels",
     [](GraphFile& g) {
       g.tensors[kStemBias].shape = {3};
       g.tensors[kStemBias].data.resize(12);
     },
     kBad, "test.tflite: stem: bias is 3, expected 4"},
    {"constant too short", [](GraphFile& g) { g.tensors[kDenseWeight].data.pop_back(); }, kBad,
     "tensor \"dense/weight\": 79 bytes, but 5x4 of type f32 takes 80"},
    {"weight is no constant", [](GraphFile& g) { g.tensors[kStemWeight].data.clear(); }, kUnsupported,
     "tensor \"stem/weight\" is not a constant"},
    {"buffer out of range", [](GraphFile& g) { g.tensors[kStemWeight].buffer = 4000; }, kBad,
     "buffer 4000 does not exist"},
    {"constant behind the end of the file",
     [](GraphFile& g) {
       g.buffers_behind = true;
       g.extra_size = 1u << 20;
     },
     kBad, "lies outside the file"},
    {"constant size that wraps around",
     [](GraphFile& g) {
       g.buffers_behind = true;
       g.extra_size = ~std::uint64_t{0} - 8;
     },
     kBad, "takes 432"},
    {"tensor index out of range", [](GraphFile& g) { g.operators[kAdd].inputs[1] = 77; }, kBad,
     "operator 2 (ADD, output \"sum\"): names tensor 77 of 14"},
    {"negative tensor index", [](GraphFile& g) { g.operators[kAdd].inputs[1] = -5; }, kBad, "names tensor -5 of 14"},
    {"absent input", [](GraphFile& g) { g.operators[kAdd].inputs[1] = -1; }, kBad, "one of its two inputs is missing"},
    {"absent output", [](GraphFile& g) { g.operators[kAdd].outputs = {-1}; }, kBad, "names tensor -1 of 14"},
    {"no output", [](GraphFile& g) { g.operators[kAdd].outputs = {}; }, kBad,
     "operator 2 (ADD): 0 outputs, expected 1"},
    {"input index out of range", [](GraphFile& g) { g.inputs = {14}; }, kBad,
     "an input of the graph is tensor 14 of 14"},
    {"output index out of range", [](GraphFile& g) { g.outputs = {-1}; }, kBad,
     "an output of the graph is tensor -1 of 14"},
    {"output nobody makes", [](GraphFile& g) { g.operators.pop_back(); }, kBad,
     "the graph's output \"scores\": input \"scores\" is read before any operator has made it"},
    {"read before it is made", [](GraphFile& g) { std::swap(g.operators[kConvolve], g.operators[kConvolveDepthwise]); },
     kBad, "operator 0 (DEPTHWISE_CONV_2D, output \"depthwise\"): input \"stem\" is read before"},
    {"made twice", [](GraphFile& g) { g.operators[kConvolveDepthwise].outputs = {kStem}; }, kBad,
     "tensor \"stem\" is made here, but exists already"},
    {"constant overwritten", [](GraphFile& g) { g.operators[kConvolve].outputs = {kStemWeight}; }, kBad,
     "tensor \"stem/weight\" is made here, but exists already"},
    {"input given twice",
     [](GraphFile& g) {
       g.inputs = {kInput, kInput};
     },
     kBad, "exists already"},
    {"no graph", [](GraphFile& g) { g.graphs = 0; }, kBad, "no graph inside"},
    {"empty graph", [](GraphFile& g) { g.operators.clear(); }, kBad, "the graph has no tensors, operators"},
    {"schema version", [](GraphFile& g) { g.version = 2; }, kUnsupported, "schema version 2, expected 3"},
    {"type", [](GraphFile& g) { g.tensors[kInput].type = TensorType::UINT16; }, kUnsupported,
     "tensor \"input\": type UINT16 is not supported"},
    {"type of the future", [](GraphFile& g) { g.tensors[kInput].type = static_cast<TensorType>(99); }, kUnsupported,
     "type 99 is not supported"},
    {"integer activation", [](GraphFile& g) { g.tensors[kInput].type = TensorType::INT32; }, kUnsupported,
     "activations of type i32 are not supported"},
    {"variable", [](GraphFile& g) { g.tensors[kStem].variable = true; }, kUnsupported, "variables are not supported"},
    {"sparse weights", [](GraphFile& g) { g.tensors[kStemWeight].sparse = true; }, kUnsupported,
     "tensor \"stem/weight\": sparse weights are not supported"},
    {"negative axis", [](GraphFile& g) { g.tensors[kInput].shape[1] = -8; }, kBad,
     "tensor \"input\" has an impossible shape"},
    {"huge shape",
     [](GraphFile& g) {
       g.tensors[kInput].shape = {1, 65536, 65536, 3};
     },
     kBad, "impossible shape"},
    {"seven axes", [](GraphFile& g) { g.tensors[kInput].shape = {1, 1, 1, 1, 8, 8, 3}; }, kUnsupported, "has 7 axes"},
    {"input without axes", [](GraphFile& g) { g.tensors[kInput].shape = {}; }, kUnsupported,
     "input \"input\" is scalar, expected a batch"},
    {"free channels",
     [](GraphFile& g) {
       g.tensors[kInput].signature = {-1, 8, 8, -1};
     },
     kUnsupported, "input \"input\": the file leaves axis 3 of 1x8x8x3 free, only the batch"},
    {"a free size that a constant does not follow",
     [](GraphFile& g) {
       g.tensors[kInput].signature = {-1, -1, -1, 3};
       g.tensors[kInput].shape = {1, 1, 1, 3};
       const int shape = g.add({"shape", {2}, TensorType::INT32, as_data<std::int32_t>({1, 64})});
       g.operators[kAverage] = {BuiltinOperator::RESHAPE, {kSum, shape}, {kMean}};
     },
     kBad, "mean: cannot reshape 1x112x112x4 to 1x64"},
    {"sum of two shapes", [](GraphFile& g) { g.operators[kAdd].inputs[1] = kInput; }, kBad,
     "cannot compute add_broadcast of 1x4x4x4 and 1x8x8x3"},
    {"mean over no axis",
     [](GraphFile& g) {
       g.tensors[kMeanAxes].data = as_data<std::int32_t>({2, 4});
     },
     kBad, "reduces axis 4 of 1x4x4x4"},
    {"product of two shapes",
     [](GraphFile& g) {
       g.operators[kAdd].code = BuiltinOperator::MUL;
       g.operators[kAdd].inputs[1] = kInput;
     },
     kBad, "cannot compute multiply of 1x4x4x4 and 1x8x8x3"},
    {"options of a pack missing", [](GraphFile& g) { g.operators[kAdd].code = BuiltinOperator::PACK; }, kBad,
     "operator 2 (PACK, output \"sum\"): its options are missing"},
    {"scales without zero points", [](GraphFile& g) { g.tensors[kInput].zero_points.clear(); }, kBad,
     "has 1 scales, but 0 zero points", small_i8_graph},
    {"scales along no axis", [](GraphFile& g) { g.tensors[kStemWeight].axis = 4; }, kBad,
     "has 4 scales along axis 4 of 4x3x3x3", small_i8_graph},
    {"scales along an axis of another length", [](GraphFile& g) { g.tensors[kStemWeight].axis = 1; }, kBad,
     "has 4 scales along axis 1", small_i8_graph},
    {"scale that is no number",
     [](GraphFile& g) { g.tensors[kInput].scales = {std::numeric_limits<float>::quiet_NaN()}; }, kBad,
     "has the scale nan", small_i8_graph},
    {"scale of zero", [](GraphFile& g) { g.tensors[kStem].scales = {0}; }, kBad, "has the scale 0", small_i8_graph},
    {"zero point outside the type", [](GraphFile& g) { g.tensors[kInput].zero_points = {200}; }, kBad,
     "has the zero point 200", small_i8_graph},
    {"activation with scales for each channel",
     [](GraphFile& g) {
       g.tensors[kStem].scales = {1, 1, 1, 1};
       g.tensors[kStem].zero_points = {0, 0, 0, 0};
       g.tensors[kStem].axis = 3;
     },
     kUnsupported, "an activation with a scale for each channel", small_i8_graph},
    {"integers without a scale", [](GraphFile& g) { g.tensors[kInput].scales.clear(); }, kUnsupported,
     "is of type i8 without a scale", small_i8_graph},
    {"i8 weight with a zero point", [](GraphFile& g) { g.tensors[kStemWeight].zero_points[2] = 1; }, kUnsupported,
     "i8 weights with a zero point", small_i8_graph},
    {"float weight in an integer network",
     [](GraphFile& g) {
       g.tensors[kStemWeight].type = TensorType::FLOAT32;
       g.tensors[kStemWeight].data.resize(432);
     },
     kUnsupported, "weights of type f32 with activations of type i8", small_i8_graph},
};

class TfliteBadGraph : public ::testing::TestWithParam<BadCase> {};

TEST_P(TfliteBadGraph, FailsWithASentence) {
  GraphFile graph = GetParam().base();
  GetParam().bend(graph);
  const auto model = load(graph);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, GetParam().code);
  EXPECT_NE(model.error().message.find(GetParam().message), std::string::npos) << model.error().message;
  EXPECT_EQ(model.error().message.find("test.tflite: "), 0u) << model.error().message;
}

INSTANTIATE_TEST_SUITE_P(Cases, TfliteBadGraph, ::testing::ValuesIn(kBadCases), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
});

// A bias has one axis: that its scales lie along another one, often its weight's, means nothing.
TEST(TfliteSmall, TheAxisOfAVectorIsItsOnlyOne) {
  GraphFile graph = small_i8_graph();
  graph.tensors[kDepthwiseBias].axis = 3;
  const auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(input_of(*model, kConvolveDepthwise, 2).quantization->axis, 0);
}

TEST(TfliteSmall, NamesOfTheFileDoNotReachATerminal) {
  GraphFile graph = small_float_graph();
  graph.tensors[kStem].name = "stem\x1b[31m\n\xc2\x9bx" + std::string(5000, 'a');
  graph.tensors[kDepthwise].name = "block/depthwise;block/Relu6";
  auto model = load(graph);
  ASSERT_TRUE(model) << model.error().message;
  const std::string& name = output_of(*model, kConvolve).name;
  EXPECT_EQ(name.substr(0, 14), "stem?[31m???xa");
  EXPECT_EQ(name.size(), 1024u);
  EXPECT_LT(model->network().nodes[kConvolve].name.size(), 130u);
  EXPECT_NE(model->network().find("block/depthwise;block/Relu6"), kNoTensor) << "ordinary names stay as they are";
  // Whatever fails says so in a short line.
  graph.tensors[kStem].name += "\r\n";
  graph.tensors[kStemBias].shape = {1};
  graph.tensors[kStemBias].data.resize(4);
  const auto refused = load(graph);
  ASSERT_FALSE(refused);
  EXPECT_LT(refused.error().message.size(), 400u);
  for (const char c : refused.error().message)
    EXPECT_GE(static_cast<unsigned char>(c), 0x20) << refused.error().message;
}

TEST(TfliteSmall, NotTensorFlowLite) {
  const std::vector<std::uint8_t> empty;
  EXPECT_FALSE(load_tflite(source_of(empty)));
  const std::vector<std::uint8_t> text{'h', 'e', 'l', 'l', 'o', ' ', 'w', 'o', 'r', 'l', 'd'};
  const auto model = load_tflite(source_of(text));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().message, "test.tflite: not a TensorFlow Lite file (no TFL3 mark)");
}

}  // namespace
}  // namespace mobilenet::testing
