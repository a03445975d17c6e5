// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// How the bytes of a picture become the numbers of a .tflite input: what is known, what is guessed, what each is
// called.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tflite/input_range.h"
#include "formats/tflite/load_tflite.h"
#include "formats/tflite/tflite_graph.h"
#include "network/parameter.h"
#include "spec/input_encoding.h"

namespace mobilenet::testing {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;

constexpr PixelEncoding kSigned = PixelEncoding::minus_one_to_one(), kUnit = PixelEncoding::unit(),
                        kBytes = PixelEncoding::bytes();

const Decision* decision(const LoadedModel& model, std::string_view what) {
  for (const Decision& decision : model.decisions)
    if (decision.what == what) return &decision;
  return nullptr;
}

PixelEncoding encoding_of(const PreprocessSpec& spec) {
  EXPECT_EQ(spec.rescale, 1);
  EXPECT_FALSE(spec.divide_by_255);
  return {spec.mean, spec.deviation};
}

LoadedModel loaded(const GraphFile& graph) {
  const std::vector<std::uint8_t> bytes = graph.bytes();
  return load_tflite(source_of(bytes)).value();
}

struct Step {
  BuiltinOperator code;
  float constant;
};

// The small classifier behind some arithmetic with constants.
GraphFile behind(std::initializer_list<Step> steps) {
  GraphFile graph = small_float_graph();
  int value = kInput;
  std::vector<GraphOperator> operators;
  for (const Step& step : steps) {
    const int constant = graph.add({"constant", {}, TensorType::FLOAT32, as_data<float>({step.constant})});
    const int result = graph.add({"step " + std::to_string(operators.size()), {1, 8, 8, 3}});
    operators.push_back({step.code, {value, constant}, {result}});
    value = result;
  }
  graph.operators[kConvolve].inputs[0] = value;
  graph.operators.insert(graph.operators.begin(), operators.begin(), operators.end());
  return graph;
}

TEST(TflitePicture, OperatorsAtTheInputTellTheEncoding) {
  struct Case {
    const char* name;
    GraphFile graph;
    PixelEncoding encoding;
  };
  constexpr BuiltinOperator kMul = BuiltinOperator::MUL, kSub = BuiltinOperator::SUB;
  const Case cases[] = {
      {"bytes to -1 to 1", behind({{kMul, 1 / 127.5f}, {kSub, 1}}), kBytes},
      {"the mean first", behind({{kSub, 127.5f}, {kMul, 1 / 127.5f}}), kBytes},
      {"bytes to 0 to 1", behind({{kMul, 1 / 255.0f}}), kBytes},
      {"a mean alone", behind({{kSub, 103.94f}}), kBytes},
      {"a mean and Caffe's scale", behind({{kSub, 123.68f}, {kMul, 0.017f}}), kBytes},
      {"0 to 1 to -1 to 1", behind({{kMul, 2}, {kSub, 1}}), kUnit},
      {"a mean of 0 to 1", behind({{kSub, 0.485f}, {kMul, 1 / 0.229f}}), kUnit},
      {"0 to 1 to bytes", behind({{kMul, 255}}), kUnit},
      {"-1 to 1 to bytes", behind({{kMul, 127.5f}, {kSub, -127.5f}}), kSigned},
  };
  for (const Case& c : cases) {
    const LoadedModel model = loaded(c.graph);
    EXPECT_EQ(encoding_of(model.spec.preprocess), c.encoding) << c.name;
    ASSERT_NE(decision(model, "encoding"), nullptr) << c.name;
    EXPECT_FALSE(decision(model, "encoding")->is_guess) << c.name;
  }
}

TEST(TflitePicture, NamesTellTheFamily) {
  struct Case {
    const char* name;
    const char* input;
    const char* inside;
    PixelEncoding encoding;
    bool is_guess;
    double crop_fraction;
  };
  const Case cases[] = {
      {"nothing known", "input", "x", kSigned, true, 0.875},
      {"TF-slim", "input", "MobilenetV2/Conv/Relu6", kSigned, false, 0.875},
      {"Teachable Machine", "sequential_1_input", "sequential_3/dense_Dense1/Relu", kSigned, false, 1},
      {"TensorFlow Hub", "hub_input:0", "x", kUnit, true, 0.875},
      {"Keras with a head of its own", "serving_default_input_1:0", "sequential/dense/BiasAdd", kUnit, true, 0.875},
      {"Keras, old names", "mobilenetv2_1.00_224_input", "dense/Softmax", kUnit, true, 0.875},
  };
  for (const Case& c : cases) {
    GraphFile graph = small_float_graph();
    graph.tensors[kInput].name = c.input;
    graph.tensors[kStem].name = c.inside;
    const LoadedModel model = loaded(graph);
    EXPECT_EQ(encoding_of(model.spec.preprocess), c.encoding) << c.name;
    const Decision* encoding = decision(model, "encoding");
    ASSERT_NE(encoding, nullptr) << c.name;
    EXPECT_EQ(encoding->is_guess, c.is_guess) << c.name;
    EXPECT_EQ(encoding->why.find("a guess") != std::string::npos, c.is_guess) << encoding->why;
    EXPECT_EQ(encoding->why.find("--encoding") != std::string::npos, c.is_guess) << encoding->why;
    EXPECT_EQ(model.spec.preprocess.crop_fraction, c.crop_fraction) << c.name;
  }
}

TEST(TflitePicture, IntegerInputsHoldRealNumbers) {
  struct Case {
    const char* name;
    float scale;
    std::int64_t zero_point;  // of i8
    PixelEncoding encoding;
    bool bytes, is_guess;
  };
  const Case cases[] = {
      {"1/128 around 0", 1 / 128.0f, 0, kSigned, true, false},
      {"1/127.5 around 0", 1 / 127.5f, 0, kSigned, true, false},
      {"1/127.5 around -1", 1 / 127.5f, -1, kSigned, true, false},
      {"0 to 1", 1 / 255.0f, -128, kUnit, true, false},
      {"0 to 1 in 256 steps", 1 / 256.0f, -128, kUnit, true, false},
      {"0 to 255", 1, -128, kBytes, true, false},
      {"0 to 255, calibrated", 0.99994f, -128, kBytes, true, false},
      {"-128 to 127", 1, 0, {{128, 128, 128}, {1, 1, 1}}, true, false},
      {"-0.5 to 0.5", 1 / 255.0f, 0, {{127.5f, 127.5f, 127.5f}, {255, 255, 255}}, true, false},
      {"-1 to 1 of pictures without black", 0.006705187f, 2, kSigned, false, true},
      {"0 to 1 of dark pictures", 0.6f / 255, -128, kUnit, false, true},
      {"0 to 255 of dark pictures", 0.8f, -128, kBytes, false, true},
      {"ImageNet's mean and deviation",
       4.758f / 255,
       -14,
       {{123.675f, 116.28f, 103.53f}, {58.395f, 57.12f, 57.375f}},
       false,
       false},
      {"nothing known", 12.0f / 255, -64, {{64, 64, 64}, {255 / 12.0f, 255 / 12.0f, 255 / 12.0f}}, true, true},
  };
  for (const Case& c : cases) {
    GraphFile graph = small_i8_graph();
    graph.tensors[kInput].scales = {c.scale};
    graph.tensors[kInput].zero_points = {c.zero_point};
    const LoadedModel model = loaded(graph);
    const PixelEncoding got = encoding_of(model.spec.preprocess);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(got.mean[i], c.encoding.mean[i], 1e-3) << c.name;
      EXPECT_NEAR(got.deviation[i], c.encoding.deviation[i], 1e-3) << c.name;
    }
    EXPECT_EQ(takes_bytes(model.spec.preprocess, {DataType::i8, c.scale, static_cast<std::int32_t>(c.zero_point)}),
              c.bytes)
        << c.name;
    EXPECT_EQ(decision(model, "encoding")->is_guess, c.is_guess) << c.name << ": " << decision(model, "encoding")->why;
  }
}

TEST(TflitePicture, SillyRangesBecomeTheBytes) {
  for (const tflite::Range range : {tflite::Range{0, 0}, {1, -1}, {-1e30, 1e30}, {-1e-30, 1e-30}, {5, 6}}) {
    const tflite::EncodingChoice choice = tflite::choose_by_range(range);
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_TRUE(std::isfinite(choice.encoding.mean[c])) << range.low;
      EXPECT_TRUE(std::isfinite(choice.encoding.deviation[c]) && choice.encoding.deviation[c] > 0) << range.low;
    }
  }
}

}  // namespace
}  // namespace mobilenet::testing
