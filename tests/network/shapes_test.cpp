// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>

#include <cstring>

#include "network/network.h"
#include "network/parameter.h"

namespace mobilenet {
namespace {

struct WindowCase {
  const char* name;
  Padding padding;
  int kernel, stride, dilation;
  std::int64_t input, output, pad_before;
};

constexpr Padding kSame{Padding::Rule::same};
constexpr Padding kValid{};
constexpr Padding kOne{Padding::Rule::explicit_, 1, 1, 1, 1};

// TensorFlow's SAME puts the odd pixel at the end, and none at the start for even sizes with stride 2.
constexpr WindowCase kWindowCases[] = {
    {"same, stride 2, even size pads 0 before", kSame, 3, 2, 1, 224, 112, 0},
    {"same, stride 2, odd size pads 1 before", kSame, 3, 2, 1, 225, 113, 1},
    {"same, stride 1", kSame, 3, 1, 1, 7, 7, 1},
    {"same, dilation 2", kSame, 3, 1, 2, 33, 33, 2},
    {"same, dilation 4 with stride 2", kSame, 3, 2, 4, 33, 17, 4},
    {"same, kernel larger than the input", kSame, 5, 1, 1, 2, 2, 2},
    {"same, one pixel", kSame, 3, 2, 1, 1, 1, 1},
    {"symmetric, stride 2, even size", kOne, 3, 2, 1, 224, 112, 1},
    {"symmetric, stride 2, odd size", kOne, 3, 2, 1, 225, 113, 1},
    {"valid", kValid, 3, 2, 1, 225, 112, 0},
    {"valid, too small", kValid, 3, 1, 1, 2, 0, 0},
};

TEST(Shapes, Windows) {
  for (const WindowCase& c : kWindowCases) {
    const Window window{c.kernel, c.kernel, c.stride, c.stride, c.dilation, c.dilation, c.padding};
    const WindowExtent extent = window_height(window, c.input);
    EXPECT_EQ(extent.output, c.output) << c.name;
    EXPECT_TRUE(c.output == 0 || extent.pad_before == c.pad_before) << c.name << ": " << extent.pad_before;
  }
}

// One convolution whose weight is `weight`, OIHW.
struct OneConvolution {
  std::vector<float> numbers;
  Network network;
  Parameters parameters;

  explicit OneConvolution(Shape weight, Window window = {3, 3, 1, 1, 1, 1, kSame}, int groups = 1)
      : numbers(static_cast<std::size_t>(std::max<std::int64_t>(weight.elements(), 0))) {
    parameters.values.push_back({"w", DataType::f32, weight, WeightLayout::oihw, std::as_bytes(std::span(numbers))});
    network.tensors = {{"x", DataType::f32, {1, 8, 8, 4}, {}, -1},
                       {"w", DataType::f32, weight, {}, 0},
                       {"y", DataType::f32, {}, {}, -1}};
    network.nodes = {{"conv_1", Conv2dOp{window, groups, Activation::none}, {0, 1}, 2}};
    network.inputs = {0};
    network.outputs = {2};
  }
  Result<std::vector<Shape>> infer(Shape input) const { return infer_shapes(network, parameters, {&input, 1}); }
};

TEST(Shapes, BatchAndSizeAreFree) {
  const OneConvolution one({6, 4, 3, 3});
  EXPECT_EQ(one.infer({3, 17, 9, 4}).value()[2], (Shape{3, 17, 9, 6}));
}

struct ImpossibleCase {
  const char* name;
  Shape weight;
  Window window;
  int groups;
  Shape input;
  const char* said;  // what the message must contain
};

const ImpossibleCase kImpossibleCases[] = {
    {"channels differ", {6, 4, 3, 3}, {3, 3, 1, 1, 1, 1, kSame}, 1, {1, 8, 8, 5}, "6x3x3x4, expected 6x3x3x5"},
    {"kernel differs", {6, 4, 1, 1}, {3, 3, 1, 1, 1, 1, kSame}, 1, {1, 8, 8, 4}, "expected 6x3x3x4"},
    {"stride zero", {6, 4, 3, 3}, {3, 3, 0, 1, 1, 1, kSame}, 1, {1, 8, 8, 4}, "stride 0x1"},
    {"negative dilation", {6, 4, 3, 3}, {3, 3, 1, 1, -1, 1, kSame}, 1, {1, 8, 8, 4}, "dilation -1x1"},
    {"groups do not divide", {6, 4, 3, 3}, {3, 3, 1, 1, 1, 1, kSame}, 3, {1, 8, 8, 4}, "3 groups"},
    {"input too small", {6, 4, 3, 3}, {3, 3, 1, 1, 1, 1, kValid}, 1, {1, 2, 8, 4}, "too small"},
    {"not a map", {6, 4, 3, 3}, {3, 3, 1, 1, 1, 1, kSame}, 1, {1, 4}, "expected batch x height x width x channels"},
    {"too large", {6, 4, 3, 3}, {3, 3, 1, 1, 1, 1, kSame}, 1, {1000, 1000, 1000, 4}, "too large"},
    {"empty batch", {6, 4, 3, 3}, {3, 3, 1, 1, 1, 1, kSame}, 1, {0, 8, 8, 4}, "impossible shape"},
};

TEST(Shapes, WhatCannotBeIsNamed) {
  for (const ImpossibleCase& c : kImpossibleCases) {
    const auto shapes = OneConvolution(c.weight, c.window, c.groups).infer(c.input);
    ASSERT_FALSE(shapes) << c.name;
    EXPECT_NE(shapes.error().message.find(c.said), std::string::npos) << c.name << ": " << shapes.error().message;
  }
}

struct ReshapeCase {
  const char* name;
  Shape input, stored, output;  // output of rank 0: impossible
};

const ReshapeCase kReshapeCases[] = {
    {"flatten", {1, 1, 1, 1001}, {1, 1001}, {1, 1001}},
    {"a leading 1 is the batch", {3, 1, 1, 1001}, {1, 1001}, {3, 1001}},
    {"open axis", {2, 3, 4, 5}, {1, -1, 5}, {2, 12, 5}},
    {"open first axis", {1, 3, 4, 5}, {-1, 5}, {12, 5}},
    {"rows of a picture", {1, 4, 6}, {2, -1}, {2, 12}},
    {"rows of each picture", {3, 4, 6}, {2, -1}, {6, 12}},
    {"open rows of each picture", {3, 4, 6}, {-1, 6}, {12, 6}},
    {"each picture without an axis of its own", {3, 1, 4}, {4}, {12}},
    {"count differs", {1, 3}, {1, 4}, {}},
    {"two open axes", {1, 4}, {-1, -1}, {}},
    {"negative", {1, 4}, {1, -4}, {}},
    {"overflow", {1, 4}, {1, 1 << 30, 1 << 30, 1 << 30}, {}},
};

TEST(Shapes, Reshape) {
  for (const ReshapeCase& c : kReshapeCases) {
    Network network;
    network.tensors = {{"x", DataType::f32, c.input, {}, -1}, {"y", DataType::f32, {}, {}, -1}};
    network.nodes = {{"reshape", ReshapeOp{c.stored}, {0}, 1}};
    network.inputs = {0};
    const auto shapes = infer_shapes(network, {}, {&c.input, 1});
    ASSERT_EQ(static_cast<bool>(shapes), c.output.rank() > 0) << c.name;
    if (shapes) {
      EXPECT_EQ(to_string((*shapes)[1]), to_string(c.output)) << c.name;
    }
  }
}

// SQUEEZE 1x1 -> 1 leaves the batch as the only axis: along it one picture's answer would depend on the others.
TEST(Shapes, NothingReachesOverTheBatch) {
  const Shape one{1, 1}, three{3, 1};
  for (const auto& [name, op] : {std::pair<const char*, Op>{"softmax", SoftmaxOp{}}, {"batch norm", BatchNormOp{}}}) {
    Network network;
    network.tensors = {
        {"x", DataType::f32, one, {}, -1}, {"row", DataType::f32, {}, {}, -1}, {"y", DataType::f32, {}, {}, -1}};
    network.nodes = {{"squeeze", ReshapeOp{{1}}, {0}, 1}, {name, op, {1}, 2}};
    network.inputs = {0};
    const auto shapes = infer_shapes(network, {}, {&three, 1});
    ASSERT_FALSE(shapes) << name;
    EXPECT_EQ(shapes.error().code, ErrorCode::unsupported) << name;
    EXPECT_NE(shapes.error().message.find(std::string(name) + " over the 3 pictures of a batch"), std::string::npos)
        << shapes.error().message;
    if (std::holds_alternative<SoftmaxOp>(op)) {
      EXPECT_TRUE(infer_shapes(network, {}, {&one, 1}));
    }
  }
}

struct BroadcastCase {
  const char* name;
  Shape a, b, together;  // no axes: they do not fit
};

const BroadcastCase kBroadcastCases[] = {
    {"same shape", {2, 3, 4, 5}, {2, 3, 4, 5}, {2, 3, 4, 5}},
    {"gates", {2, 3, 4, 5}, {2, 1, 1, 5}, {2, 3, 4, 5}},
    {"the gates first", {2, 1, 1, 5}, {2, 3, 4, 5}, {2, 3, 4, 5}},
    {"vectors", {2, 5}, {2, 5}, {2, 5}},
    {"gates of one channel", {2, 3, 4, 5}, {2, 1, 1, 1}, {2, 3, 4, 5}},
    {"one row", {2, 3, 4, 5}, {2, 1, 4, 5}, {2, 3, 4, 5}},
    {"a column and a row", {2, 3, 1, 5}, {2, 1, 4, 5}, {2, 3, 4, 5}},
    {"another width", {2, 3, 4, 5}, {2, 3, 2, 5}, {}},
    {"gates of one picture for two", {2, 3, 4, 5}, {1, 1, 1, 5}, {}},
    {"a vector for two pictures", {2, 3, 4, 5}, {2, 5}, {}},
    {"a vector for one picture", {1, 3, 4, 5}, {1, 5}, {1, 3, 4, 5}},
};

TEST(Shapes, OperandsAreRepeated) {
  for (const BroadcastCase& c : kBroadcastCases) {
    Network network;
    network.tensors = {
        {"a", DataType::f32, c.a, {}, -1}, {"b", DataType::f32, c.b, {}, -1}, {"y", DataType::f32, {}, {}, -1}};
    network.nodes = {{"scale", BinaryOp{}, {0, 1}, 2}};
    network.inputs = {0, 1};
    const Shape inputs[] = {c.a, c.b};
    const auto shapes = infer_shapes(network, {}, inputs);
    ASSERT_EQ(static_cast<bool>(shapes), c.together.rank() > 0) << c.name;
    if (shapes) {
      EXPECT_EQ((*shapes)[2], c.together) << c.name;
    } else {
      EXPECT_EQ(shapes.error().message.find("scale: "), 0u) << shapes.error().message;
    }
  }
}

struct MovementCase {
  const char* name;
  Op op;
  Shape input, output;  // no axes: refused
};

constexpr std::int64_t kAll = SliceOp::kAll;
const MovementCase kMovementCases[] = {
    {"planes first", TransposeOp{{0, 3, 1, 2}}, {2, 3, 4, 5}, {2, 5, 3, 4}},
    {"an axis twice", TransposeOp{{0, 1, 1, 2}}, {1, 3, 4, 5}, {}},
    {"the first axis of two pictures", TransposeOp{{1, 0}}, {2, 3}, {}},
    {"the first axis of one", TransposeOp{{1, 0}}, {1, 3}, {3, 1}},
    {"every second", SliceOp{{0, 1}, {1, 2}, {kAll, kAll}}, {2, 6}, {2, 3}},
    {"backwards", SliceOp{{0, 5}, {1, -1}, {kAll, kAll}}, {2, 6}, {2, 6}},
    {"past the end", SliceOp{{0, 4}, {1, 1}, {kAll, 3}}, {2, 6}, {}},
    {"one of two pictures", SliceOp{{0, 0}, {1, 1}, {1, kAll}}, {2, 6}, {}},
    {"three times", TileOp{{1, 3}}, {2, 6}, {2, 18}},
    {"not at all", TileOp{{1, 0}}, {2, 6}, {}},
    {"a mirror with the edge", PadOp{{0, 3}, {0, 3}, PadMode::symmetric}, {1, 3}, {1, 9}},
    {"a mirror without the edge", PadOp{{0, 2}, {0, 2}, PadMode::reflect}, {1, 3}, {1, 7}},
    {"more than a mirror shows", PadOp{{0, 3}, {0, 0}, PadMode::reflect}, {1, 3}, {}},
    {"channels", PadOp{{0, 0, 0, 1}, {0, 0, 0, 2}}, {2, 3, 3, 4}, {2, 3, 3, 7}},
    {"axes of another rank", PadOp{{0, 1}, {0, 1}}, {1, 3, 3}, {}},
    {"a reduction of planes", ReduceOp{ReduceKind::mean, 0b1100, false}, {2, 3, 4, 5}, {2, 3}},
    {"a reduction that keeps axes", ReduceOp{ReduceKind::maximum, 0b1010, true}, {2, 3, 4, 5}, {2, 1, 4, 1}},
    {"a reduction over two pictures", ReduceOp{ReduceKind::sum, 0b0001, true}, {2, 3}, {}},
    {"a reduction of an axis too many", ReduceOp{ReduceKind::sum, 0b0100, true}, {2, 3}, {}},
};

TEST(Shapes, MovementsAndReductions) {
  for (const MovementCase& c : kMovementCases) {
    Network network;
    network.tensors = {{"x", DataType::f32, c.input, {}, -1}, {"y", DataType::f32, {}, {}, -1}};
    network.nodes = {{"node", c.op, {0}, 1}};
    network.inputs = {0};
    const auto shapes = infer_shapes(network, {}, {&c.input, 1});
    ASSERT_EQ(static_cast<bool>(shapes), c.output.rank() > 0)
        << c.name << (shapes ? "" : ": " + shapes.error().message);
    if (shapes) {
      EXPECT_EQ((*shapes)[1], c.output) << c.name;
    }
  }
}

TEST(Shapes, ArgMaxDropsTheLastAxis) {
  Network network;
  network.tensors = {{"x", DataType::f32, {}, {}, -1}, {"y", DataType::i32, {}, {}, -1}};
  network.nodes = {{"best", ArgMaxOp{}, {0}, 1}};
  network.inputs = {0};
  const auto infer = [&](Shape input) { return infer_shapes(network, {}, {&input, 1}); };
  EXPECT_EQ(infer({3, 5, 7, 21}).value()[1], (Shape{3, 5, 7}));
  EXPECT_EQ(infer({3, 21}).value()[1], (Shape{3}));
  EXPECT_EQ(infer({21}).error().message, "best: argmax of 21");
}

// Two pictures of 6 boxes, 2 classes and background, at most 5 detections.
struct OneDetector {
  std::vector<float> numbers = std::vector<float>(24);
  Network network;
  Parameters parameters;
  DetectionSpec spec;

  OneDetector() {
    spec.classes = 2;
    spec.suppression.max_detections = 5;
    parameters.values = {{"anchors", DataType::f32, {6, 4}, WeightLayout::none, std::as_bytes(std::span(numbers))}};
    network.tensors.resize(7);
    network.tensors[2].parameter = 0;
    network.nodes = {{"detect", DetectionPostProcessOp{}, {0, 1, 2}, 3, {4, 5, 6}}};
    network.inputs = {0, 1};
  }
  Result<std::vector<Shape>> infer(Shape boxes = {2, 6, 4}, Shape scores = {2, 6, 3}) {
    network.nodes[0].op = DetectionPostProcessOp{spec};
    const Shape inputs[] = {boxes, scores};
    return infer_shapes(network, parameters, inputs);
  }
};

TEST(Shapes, DetectionsHaveFourOutputs) {
  OneDetector one;
  const auto shapes = one.infer().value();
  EXPECT_EQ(shapes[3], (Shape{2, 5, 4}));
  EXPECT_EQ(shapes[4], (Shape{2, 5}));
  EXPECT_EQ(shapes[5], (Shape{2, 5}));
  EXPECT_EQ(shapes[6], (Shape{2}));
  one.spec.suppression.max_classes_per_anchor = 2;
  EXPECT_EQ(one.infer().value()[3], (Shape{2, 10, 4}));
}

TEST(Shapes, DetectionsThatDoNotFit) {
  OneDetector one;
  EXPECT_FALSE(one.infer({2, 6, 5}));
  EXPECT_FALSE(one.infer({2, 7, 4}, {2, 7, 3})) << "anchors for other boxes";
  EXPECT_FALSE(one.infer({2, 6, 4}, {1, 6, 3}));
  EXPECT_EQ(one.infer({2, 6, 4}, {2, 6, 2}).error().message,
            "detect: boxes 2x6x4, scores 2x6x2 and anchors 6x4 do not fit 2 classes and a background column");
  one.spec.suppression.max_detections = 0;
  EXPECT_FALSE(one.infer());
  one.spec.suppression.max_detections = 1 << 20;
  one.spec.suppression.max_classes_per_anchor = 1 << 14;
  EXPECT_EQ(one.infer().error().code, ErrorCode::out_of_memory);
  one = {};
  one.network.nodes[0].extra_outputs.pop_back();
  EXPECT_EQ(one.infer().error().message, "detect: needs four outputs");
}

TEST(Parameter, FilterViewsOfAllLayoutsAgree) {
  // The same 2 outputs x 2 rows x 3 columns x 2 inputs in both orders.
  std::vector<float> ohwi, oihw;
  const auto value = [](int o, int y, int x, int i) { return static_cast<float>(1000 * o + 100 * y + 10 * x + i); };
  for (int o = 0; o < 2; ++o)
    for (int y = 0; y < 2; ++y)
      for (int x = 0; x < 3; ++x)
        for (int i = 0; i < 2; ++i) ohwi.push_back(value(o, y, x, i));
  for (int o = 0; o < 2; ++o)
    for (int i = 0; i < 2; ++i)
      for (int y = 0; y < 2; ++y)
        for (int x = 0; x < 3; ++x) oihw.push_back(value(o, y, x, i));
  const Parameter a{"a", DataType::f32, {2, 2, 3, 2}, WeightLayout::ohwi, std::as_bytes(std::span(ohwi))};
  const Parameter b{"b", DataType::f32, {2, 2, 2, 3}, WeightLayout::oihw, std::as_bytes(std::span(oihw))};
  for (const Parameter* parameter : {&a, &b}) {
    const FilterView view = filter_view(*parameter).value();
    for (int o = 0; o < 2; ++o)
      for (int y = 0; y < 2; ++y)
        for (int x = 0; x < 3; ++x)
          for (int i = 0; i < 2; ++i) EXPECT_EQ(stored_value(*parameter, view.offset(o, y, x, i)), value(o, y, x, i));
  }
}

TEST(Parameter, QuantisedPerChannelAndUnaligned) {
  // One byte in front makes every element unaligned.
  std::vector<std::byte> bytes(1 + 4 * sizeof(std::int32_t));
  const std::int32_t stored[4] = {10, -20, 30, -40};
  std::memcpy(bytes.data() + 1, stored, sizeof(stored));
  const Parameter parameter{"w", DataType::i32, {2, 2}, WeightLayout::none, std::span(bytes).subspan(1)};
  Tensor tensor{"w", DataType::i32, {2, 2}, Quantization{{0.5f, 2.0f}, {0, 10}, 0}, 0};
  EXPECT_EQ(real_values(tensor, parameter), (std::vector<float>{5, -10, 40, -100}));
  tensor.quantization->axis = 1;
  EXPECT_EQ(real_values(tensor, parameter), (std::vector<float>{5, -60, 15, -100}));
}

}  // namespace
}  // namespace mobilenet
