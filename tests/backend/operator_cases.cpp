// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/operator_cases.h"

namespace mobilenet::testing {
namespace {

using Rule = Padding::Rule;

Window window(int kernel, int stride, int dilation = 1, Padding padding = {Rule::same}) {
  return {kernel, kernel, stride, stride, dilation, dilation, padding};
}
Window rectangle(int kernel_height, int kernel_width, int stride_height, int stride_width) {
  return {kernel_height, kernel_width, stride_height, stride_width, 1, 1, {Rule::same}};
}
constexpr Padding kValid{Rule::explicit_, 0, 0, 0, 0};
constexpr Padding kOneAround{Rule::explicit_, 1, 1, 1, 1};
constexpr Padding kBottomRight{Rule::explicit_, 0, 0, 1, 1};

constexpr Numbers kFloats[] = {Numbers::f32, Numbers::f16_weights, Numbers::i8_weights};
constexpr Numbers kIntegers[] = {Numbers::u8, Numbers::i8, Numbers::i8_per_channel};
constexpr Numbers kPlain[] = {Numbers::f32, Numbers::u8, Numbers::i8};  // for operators without constants
constexpr ZeroPoints kZeroPoints[] = {ZeroPoints::middle, ZeroPoints::lowest, ZeroPoints::highest};

const char* in_words(Numbers numbers) {
  switch (numbers) {
    case Numbers::f32:
      return "f32";
    case Numbers::f16_weights:
      return "f16 weights";
    case Numbers::i8_weights:
      return "i8 weights in floats";
    case Numbers::u8:
      return "u8";
    case Numbers::i8:
      return "i8";
    case Numbers::i8_per_channel:
      return "i8 per channel";
    case Numbers::int4_weights:
      return "weights of 4 bits";
  }
  return "?";
}

const char* in_words(ZeroPoints zero_points) {
  switch (zero_points) {
    case ZeroPoints::middle:
      return "";
    case ZeroPoints::lowest:
      return ", zero points lowest";
    case ZeroPoints::highest:
      return ", zero points highest";
  }
  return "?";
}

const char* activation_name(Activation activation) {
  switch (activation) {
    case Activation::none:
      return "no activation";
    case Activation::relu:
      return "relu";
    case Activation::relu6:
      return "relu6";
    case Activation::hard_swish:
      return "hard swish";
    case Activation::hard_sigmoid:
      return "hard sigmoid";
    case Activation::sigmoid:
      return "sigmoid";
    case Activation::relu_n1_to_1:
      return "-1 to 1";
    case Activation::relu_0_to_1:
      return "0 to 1";
  }
  return "?";
}

class Table {
 public:
  std::vector<OperatorCase> rows;

  // The row with its numbers in its name.
  void add(OperatorCase row, Numbers numbers, ZeroPoints zero_points = ZeroPoints::middle) {
    row.name += std::string(", ") + in_words(numbers) + in_words(zero_points);
    row.numbers = numbers;
    row.zero_points = zero_points;
    rows.push_back(std::move(row));
  }

  // Operators with weights.
  void add_weighted(const OperatorCase& row) {
    for (const Numbers numbers : kFloats) add(row, numbers);
    for (const Numbers numbers : kIntegers) add(row, numbers);
    add(row, Numbers::int4_weights);
  }
  void add_plain(const OperatorCase& row) {
    for (const Numbers numbers : kPlain) add(row, numbers);
  }
  void add_extreme_zero_points(const OperatorCase& row) {
    for (const Numbers numbers : kIntegers)
      for (const ZeroPoints zero_points : kZeroPoints)
        if (zero_points != ZeroPoints::middle) add(row, numbers, zero_points);
  }
};

OperatorCase convolution(const char* what, Shape input, int outputs, Window w, int groups = 1,
                         Activation activation = Activation::none) {
  OperatorCase row;
  row.name = std::string("convolution: ") + what;
  row.op = Conv2dOp{w, groups, activation};
  row.inputs = {input};
  row.outputs = outputs;
  return row;
}

OperatorCase depthwise(const char* what, Shape input, Window w, int multiplier = 1,
                       Activation activation = Activation::none) {
  OperatorCase row;
  row.name = std::string("depthwise: ") + what;
  row.op = DepthwiseConv2dOp{w, multiplier, activation};
  row.inputs = {input};
  row.outputs = static_cast<int>(input[3]) * multiplier;
  return row;
}

OperatorCase dense(const char* what, Shape input, int outputs, Activation activation = Activation::none) {
  OperatorCase row;
  row.name = std::string("dense: ") + what;
  row.op = DenseOp{activation};
  row.inputs = {input};
  row.outputs = outputs;
  return row;
}

OperatorCase plain(const char* what, Op op, std::vector<Shape> inputs) {
  OperatorCase row;
  row.name = std::string(kind_of(op)) + ": " + what;
  row.op = std::move(op);
  row.inputs = std::move(inputs);
  return row;
}

void add_convolutions(Table& table) {
  table.add_weighted(convolution("one pixel, one channel", {1, 1, 1, 1}, 1, window(1, 1)));
  table.add_weighted(convolution("pointwise, vector multiples", {1, 8, 8, 32}, 64, window(1, 1)));
  table.add_weighted(convolution("pointwise, channels beside every vector", {1, 7, 5, 37}, 61, window(1, 1)));
  table.add_weighted(convolution("pointwise, one more than 64", {1, 3, 3, 65}, 65, window(1, 1)));
  table.add_weighted(convolution("pointwise, batch of three", {3, 5, 7, 24}, 19, window(1, 1)));
  table.add_weighted(convolution("pointwise, stride two", {1, 7, 8, 16}, 24, window(1, 2)));
  table.add_weighted(convolution("pointwise, classifier", {1, 1, 1, 129}, 1001, window(1, 1)));
  table.add_weighted(convolution("pointwise, long sums", {1, 2, 2, 1280}, 5, window(1, 1)));
  table.add_weighted(convolution("stem, even size", {1, 16, 16, 3}, 32, window(3, 2)));
  table.add_weighted(convolution("stem, odd size", {1, 17, 15, 3}, 24, window(3, 2)));
  table.add_weighted(convolution("stem, batch of two", {2, 11, 13, 3}, 8, window(3, 2)));
  table.add_weighted(convolution("symmetric padding", {1, 9, 10, 3}, 13, window(3, 2, 1, kOneAround)));
  table.add_weighted(convolution("padding below and right only", {1, 8, 8, 5}, 9, window(3, 2, 1, kBottomRight)));
  table.add_weighted(convolution("no padding", {1, 6, 7, 11}, 9, window(3, 1, 1, kValid)));
  table.add_weighted(convolution("kernel larger than the picture", {1, 2, 3, 4}, 6, window(5, 1)));
  table.add_weighted(convolution("rectangular kernel and strides", {1, 9, 8, 5}, 7, rectangle(3, 5, 2, 1)));
  table.add_weighted(convolution("dilation two", {1, 9, 9, 6}, 10, window(3, 1, 2)));
  table.add_weighted(convolution("dilation four, taps that miss the picture", {1, 5, 3, 4}, 8, window(3, 1, 4)));
  table.add_weighted(convolution("two groups", {1, 6, 5, 8}, 12, window(3, 1), 2));
  table.add_weighted(convolution("relu", {1, 5, 5, 16}, 20, window(1, 1), 1, Activation::relu));
  table.add_weighted(convolution("relu6", {1, 5, 5, 16}, 20, window(3, 1), 1, Activation::relu6));
  table.add_weighted(convolution("-1 to 1", {1, 5, 5, 16}, 20, window(3, 1), 1, Activation::relu_n1_to_1));
  for (const Activation activation : {Activation::hard_swish, Activation::hard_sigmoid, Activation::sigmoid}) {
    const std::string what = activation_name(activation);
    table.add(convolution(what.c_str(), {1, 4, 5, 9}, 17, window(1, 1), 1, activation), Numbers::f32);
  }
  OperatorCase unbiased = convolution("without bias", {1, 4, 4, 12}, 16, window(1, 1));
  unbiased.with_bias = false;
  table.add_weighted(unbiased);
  for (const int kernel : {1, 3}) {
    OperatorCase torch = convolution(kernel == 1 ? "PyTorch layout, pointwise" : "PyTorch layout, 3x3", {1, 5, 6, 7},
                                     10, window(kernel, 1, 1, kernel == 1 ? kValid : kOneAround));
    torch.torch_layout = true;
    table.add(torch, Numbers::f32);
    table.add(torch, Numbers::f16_weights);
  }
  table.add_extreme_zero_points(convolution("padded", {1, 5, 6, 9}, 18, window(3, 2), 1, Activation::relu6));
  table.add_extreme_zero_points(convolution("pointwise", {1, 3, 5, 40}, 33, window(1, 1)));
}

void add_depthwise(Table& table) {
  table.add_weighted(depthwise("one pixel, one channel", {1, 1, 1, 1}, window(3, 1)));
  table.add_weighted(depthwise("stride one", {1, 8, 8, 32}, window(3, 1)));
  table.add_weighted(depthwise("channels beside every vector", {1, 5, 7, 17}, window(3, 1)));
  table.add_weighted(depthwise("many channels", {1, 4, 3, 133}, window(3, 1)));
  table.add_weighted(depthwise("stride two, even size", {1, 8, 10, 16}, window(3, 2)));
  table.add_weighted(depthwise("stride two, odd size", {1, 9, 13, 32}, window(3, 2)));
  table.add_weighted(depthwise("stride two, symmetric padding", {1, 8, 9, 24}, window(3, 2, 1, kOneAround)));
  table.add_weighted(
      depthwise("stride two, padding below and right only", {1, 8, 8, 5}, window(3, 2, 1, kBottomRight)));
  table.add_weighted(depthwise("no padding", {1, 6, 5, 12}, window(3, 1, 1, kValid)));
  table.add_weighted(depthwise("batch of three", {3, 6, 5, 20}, window(3, 1)));
  table.add_weighted(depthwise("one row", {1, 1, 9, 8}, window(3, 1)));
  table.add_weighted(depthwise("one column", {1, 9, 1, 8}, window(3, 2)));
  table.add_weighted(depthwise("dilation two", {1, 9, 8, 12}, window(3, 1, 2)));
  table.add_weighted(depthwise("dilation larger than the picture", {1, 3, 3, 6}, window(3, 1, 4)));
  table.add_weighted(depthwise("5x5", {1, 7, 9, 14}, window(5, 1)));
  table.add_weighted(depthwise("7x7, stride two", {1, 9, 9, 10}, window(7, 2)));
  table.add_weighted(depthwise("rectangular", {1, 8, 9, 10}, rectangle(3, 1, 1, 2)));
  table.add_weighted(depthwise("multiplier two", {1, 6, 5, 9}, window(3, 1), 2));
  table.add_weighted(depthwise("multiplier of one channel", {1, 6, 6, 1}, window(3, 2), 8));
  table.add_weighted(depthwise("relu", {1, 5, 5, 16}, window(3, 1), 1, Activation::relu));
  table.add_weighted(depthwise("relu6", {1, 7, 6, 40}, window(3, 2), 1, Activation::relu6));
  table.add_weighted(depthwise("-1 to 1", {1, 7, 6, 40}, window(3, 2), 1, Activation::relu_n1_to_1));
  OperatorCase unbiased = depthwise("without bias", {1, 5, 6, 12}, window(3, 1));
  unbiased.with_bias = false;
  table.add_weighted(unbiased);
  OperatorCase torch = depthwise("PyTorch layout", {1, 5, 6, 11}, window(3, 2, 1, kOneAround));
  torch.torch_layout = true;
  table.add(torch, Numbers::f32);
  table.add(torch, Numbers::f16_weights);
  table.add_extreme_zero_points(depthwise("padded", {1, 6, 7, 21}, window(3, 2), 1, Activation::relu6));
  table.add_extreme_zero_points(depthwise("dilated", {1, 6, 7, 16}, window(3, 1, 2)));
}

void add_dense(Table& table) {
  table.add_weighted(dense("one by one", {1, 1}, 1));
  table.add_weighted(dense("beside every vector", {1, 37}, 23));
  table.add_weighted(dense("classifier", {1, 256}, 1001));
  table.add_weighted(dense("batch of three", {3, 65}, 18));
  table.add_weighted(dense("of a map", {2, 2, 3, 7}, 10));
  table.add_weighted(dense("relu6", {2, 48}, 20, Activation::relu6));
  table.add_weighted(dense("-1 to 1", {2, 48}, 20, Activation::relu_n1_to_1));
  table.add_extreme_zero_points(dense("classifier", {1, 100}, 33));
}

void add_elementwise(Table& table) {
  table.add(plain("channels beside every vector", BatchNormOp{1e-3}, {{2, 3, 5, 37}}), Numbers::f32);
  table.add(plain("small epsilon, f16 constants", BatchNormOp{1e-5}, {{1, 4, 4, 8}}), Numbers::f16_weights);
  table.add(plain("of a vector", BatchNormOp{1e-3}, {{3, 21}}), Numbers::f32);
  for (const Activation activation : {Activation::none, Activation::relu, Activation::relu6, Activation::sigmoid,
                                      Activation::relu_n1_to_1, Activation::relu_0_to_1}) {
    const std::string what = activation_name(activation);
    table.add_plain(plain(what.c_str(), ActivationOp{activation}, {{1, 5, 7, 13}}));
  }
  for (const Activation activation : {Activation::hard_swish, Activation::hard_sigmoid}) {
    const std::string what = activation_name(activation);
    table.add(plain(what.c_str(), ActivationOp{activation}, {{2, 5, 7, 13}}), Numbers::f32);
  }
  for (const Activation activation :
       {Activation::none, Activation::relu, Activation::relu6, Activation::relu_n1_to_1}) {
    const std::string what = activation_name(activation);
    const OperatorCase add = plain(what.c_str(), AddOp{activation}, {{2, 5, 7, 19}, {2, 5, 7, 19}});
    table.add_plain(add);
    for (const Numbers numbers : {Numbers::u8, Numbers::i8}) {
      table.add(add, numbers, ZeroPoints::lowest);
      // Highest zero points leave nothing above zero.
      if (activation == Activation::none) table.add(add, numbers, ZeroPoints::highest);
    }
  }
  table.add_plain(plain("of vectors", AddOp{}, {{1, 1}, {1, 1}}));
  // Same type, other scale; conversions between types are built where a test needs them.
  for (const Numbers numbers : {Numbers::u8, Numbers::i8})
    for (const ZeroPoints zero_points : kZeroPoints)
      table.add(plain("rescale", QuantizeOp{}, {{1, 3, 5, 29}}), numbers, zero_points);
}

void add_movement(Table& table) {
  table.add_plain(plain("channels", ConcatOp{3}, {{2, 3, 5, 7}, {2, 3, 5, 12}}));
  table.add_plain(plain("rows of four", ConcatOp{1}, {{1, 2, 3, 5}, {1, 1, 3, 5}, {1, 4, 3, 5}, {1, 2, 3, 5}}));
  table.add_plain(plain("columns", ConcatOp{2}, {{2, 3, 1, 4}, {2, 3, 6, 4}}));
  table.add_plain(plain("anchors", ConcatOp{1}, {{2, 19, 4}, {2, 6, 4}}));
  table.add_plain(plain("the first axis of one picture", ConcatOp{0}, {{1, 3, 5}, {1, 3, 5}}));
  table.add_plain(plain("one input", ConcatOp{3}, {{1, 2, 2, 3}}));
  table.add_plain(plain("to a vector", ReshapeOp{{1, -1}}, {{1, 2, 3, 5}}));
  table.add_plain(plain("batch of three", ReshapeOp{{1, 6, 5}}, {{3, 2, 3, 5}}));
  table.add_plain(plain("below and right", pad_of_map(0, 0, 1, 1), {{2, 5, 4, 9}}));
  table.add_plain(plain("all sides", pad_of_map(1, 2, 3, 4), {{1, 3, 5, 4}}));
  for (const Numbers numbers : {Numbers::u8, Numbers::i8})
    table.add(plain("all sides", pad_of_map(1, 1, 1, 1), {{1, 3, 3, 3}}), numbers, ZeroPoints::highest);
  table.add_plain(plain("channels", PadOp{{0, 0, 0, 2}, {0, 0, 0, 3}}, {{2, 3, 2, 5}}));
  table.add_plain(plain("every axis of a row", PadOp{{0, 2, 1}, {0, 0, 3}, PadMode::constant, 1.5f}, {{2, 3, 4}}));
  table.add_plain(
      plain("mirrored without the edge", PadOp{{0, 2, 1, 0}, {0, 1, 3, 0}, PadMode::reflect}, {{2, 3, 4, 5}}));
  table.add_plain(
      plain("mirrored with the edge", PadOp{{0, 2, 1, 0}, {0, 3, 4, 0}, PadMode::symmetric}, {{2, 3, 4, 5}}));
  table.add_plain(plain("planes last", TransposeOp{{0, 2, 3, 1}}, {{2, 3, 4, 5}}));
  table.add_plain(plain("planes first", TransposeOp{{0, 3, 1, 2}}, {{2, 3, 4, 5}}));
  table.add_plain(plain("blocks", TransposeOp{{0, 1, 3, 2, 4, 5}}, {{1, 3, 2, 2, 3, 4}}));
  table.add_plain(plain("height and width", TransposeOp{{0, 2, 1, 3}}, {{2, 3, 4, 17}}));
  constexpr std::int64_t kAll = SliceOp::kAll;
  table.add_plain(
      plain("a part of the channels", SliceOp{{0, 0, 0, 3}, {1, 1, 1, 1}, {kAll, kAll, kAll, 4}}, {{2, 3, 4, 9}}));
  table.add_plain(plain("a part of a map", SliceOp{{0, 1, 2, 0}, {1, 1, 1, 1}, {kAll, 2, kAll, kAll}}, {{2, 4, 5, 6}}));
  table.add_plain(
      plain("every second pixel", SliceOp{{0, 1, 0, 0}, {1, 2, 2, 1}, {kAll, kAll, kAll, kAll}}, {{2, 6, 5, 3}}));
  table.add_plain(
      plain("channels backwards", SliceOp{{0, 0, 0, 2}, {1, 1, 1, -1}, {kAll, kAll, kAll, kAll}}, {{1, 4, 5, 3}}));
  table.add_plain(plain("pixels", TileOp{{1, 3, 2, 1}}, {{2, 2, 3, 4}}));
  table.add_plain(plain("one pixel everywhere", TileOp{{1, 5, 6, 1}}, {{2, 1, 1, 7}}));
  table.add_plain(plain("channels", TileOp{{1, 1, 1, 3}}, {{1, 2, 3, 4}}));
  table.add_plain(plain("nearest, doubled", ResizeNearestOp{6, 8}, {{2, 3, 4, 5}}));
  table.add_plain(plain("nearest, odd sizes", ResizeNearestOp{7, 3}, {{1, 3, 5, 4}}));
  table.add_plain(plain("nearest, aligned corners", ResizeNearestOp{8, 9, Enlargement::align_corners}, {{1, 4, 5, 3}}));
  table.add_plain(
      plain("nearest, half-pixel centres", ResizeNearestOp{7, 4, Enlargement::half_pixel_centers}, {{1, 3, 8, 5}}));
}

void add_pooling(Table& table) {
  for (const PoolKind kind : {PoolKind::average, PoolKind::max}) {
    const std::string prefix = kind == PoolKind::average ? "average, " : "max, ";
    const auto add = [&](const char* what, Window w, Shape input, Activation activation = Activation::none) {
      const OperatorCase row = plain((prefix + what).c_str(), PoolOp{kind, w, activation}, {input});
      table.add_plain(row);
      // Where the largest numbers lie beyond 1, nothing else is left.
      if (activation != Activation::relu_n1_to_1) table.add(row, Numbers::i8, ZeroPoints::lowest);
      if (activation == Activation::none) table.add(row, Numbers::u8, ZeroPoints::highest);
    };
    add("whole picture", window(7, 1, 1, kValid), {1, 7, 7, 33});
    add("edges count fewer pixels", window(3, 1), {1, 5, 6, 19});
    add("stride two on an odd size", window(3, 2), {2, 7, 9, 16});
    add("no padding", window(2, 2, 1, kValid), {1, 5, 6, 5});
    add("relu6", window(2, 1), {1, 4, 4, 21}, Activation::relu6);
    add("-1 to 1", window(2, 1), {1, 4, 4, 21}, Activation::relu_n1_to_1);
  }
  for (const bool keep_axes : {true, false}) {
    const char* what = keep_axes ? "axes kept" : "axes dropped";
    table.add_plain(plain(what, GlobalAveragePoolOp{keep_axes}, {{2, 7, 7, 41}}));
    table.add_plain(plain(keep_axes ? "one pixel, axes kept" : "one pixel, axes dropped",
                          GlobalAveragePoolOp{keep_axes}, {{1, 1, 1, 8}}));
    for (const Numbers numbers : {Numbers::u8, Numbers::i8})
      for (const ZeroPoints zero_points : {ZeroPoints::lowest, ZeroPoints::highest})
        table.add(plain(what, GlobalAveragePoolOp{keep_axes}, {{1, 4, 4, 65}}), numbers, zero_points);
  }
}

void add_softmax_and_resize(Table& table) {
  table.add_plain(plain("classifier", SoftmaxOp{1}, {{2, 1001}}));
  table.add_plain(plain("one class", SoftmaxOp{1}, {{1, 1}}));
  table.add_plain(plain("per pixel, beta", SoftmaxOp{0.5f}, {{1, 3, 4, 21}}));
  const auto add = [&](const char* what, ResizeBilinearOp op, Shape input) {
    table.add_plain(plain(what, op, {input}));
    table.add(plain(what, op, {input}), Numbers::i8, ZeroPoints::highest);
  };
  add("aligned corners, enlarged", {9, 13, Enlargement::align_corners}, {2, 5, 4, 11});
  add("half-pixel centres, enlarged", {9, 13, Enlargement::half_pixel_centers}, {1, 5, 4, 11});
  add("legacy, enlarged", {9, 13, Enlargement::top_left}, {1, 5, 4, 11});
  add("aligned corners, reduced", {3, 2, Enlargement::align_corners}, {1, 7, 9, 5});
  add("half-pixel centres, reduced", {3, 2, Enlargement::half_pixel_centers}, {1, 7, 9, 5});
  add("from one pixel", {33, 33, Enlargement::align_corners}, {1, 1, 1, 8});
  add("to one pixel", {1, 1, Enlargement::align_corners}, {1, 5, 5, 8});
  add("to the same size", {6, 5, Enlargement::align_corners}, {1, 6, 5, 3});
  OperatorCase like = plain("to the size of another map", ResizeBilinearOp{0, 0, Enlargement::align_corners},
                            {{1, 2, 3, 6}, {1, 7, 5, 2}});
  table.add_plain(like);
}

void add_products(Table& table) {
  const auto multiply = [](Activation activation) { return BinaryOp{BinaryKind::multiply, activation}; };
  for (const Activation activation : {Activation::none, Activation::relu, Activation::relu6}) {
    const std::string what = activation_name(activation);
    table.add(plain(what.c_str(), multiply(activation), {{2, 5, 7, 19}, {2, 5, 7, 19}}), Numbers::f32);
    table.add(plain((what + ", gates").c_str(), multiply(activation), {{2, 5, 7, 19}, {2, 1, 1, 19}}), Numbers::f32);
  }
  const auto add = [&](const char* what, BinaryKind kind, Shape a, Shape b) {
    table.add(plain(what, BinaryOp{kind}, {a, b}), Numbers::f32);
  };
  add("gates of vector multiples", BinaryKind::multiply, {1, 4, 4, 32}, {1, 1, 1, 32});
  add("one pixel", BinaryKind::multiply, {3, 1, 1, 5}, {3, 1, 1, 5});
  add("of vectors", BinaryKind::multiply, {2, 37}, {2, 37});
  add("the gates first", BinaryKind::subtract, {2, 1, 1, 19}, {2, 5, 7, 19});
  add("a column and a row", BinaryKind::add, {2, 5, 1, 3}, {2, 1, 7, 3});
  add("one number a pixel", BinaryKind::maximum, {2, 5, 7, 19}, {2, 5, 7, 1});
  add("one number a picture", BinaryKind::minimum, {2, 5, 7, 19}, {2, 1, 1, 1});
  add("of maps", BinaryKind::squared_difference, {2, 5, 7, 19}, {2, 5, 7, 19});
  add("by a map", BinaryKind::prelu, {2, 5, 7, 19}, {2, 5, 7, 19});
  add("a channel of its own", BinaryKind::divide, {2, 3, 3, 5}, {2, 3, 1, 5});
  for (const UnaryKind kind : {UnaryKind::absolute, UnaryKind::elu, UnaryKind::exp, UnaryKind::leaky_relu,
                               UnaryKind::negate, UnaryKind::square, UnaryKind::tanh})
    table.add(plain("a map", UnaryOp{kind, 0.3f}, {{2, 3, 5, 7}}), Numbers::f32);
  table.add(plain("a map", L2NormalizeOp{}, {{2, 3, 5, 7}}), Numbers::f32);
  table.add(plain("an embedding", L2NormalizeOp{}, {{2, 128}}), Numbers::f32);
  table.add(plain("scores", LogSoftmaxOp{}, {{2, 1001}}), Numbers::f32);
}

void add_reductions(Table& table) {
  for (const ReduceKind kind : {ReduceKind::maximum, ReduceKind::mean, ReduceKind::minimum, ReduceKind::sum}) {
    const auto add = [&](const char* what, unsigned axes, bool keep_axes, Shape input) {
      table.add(plain(what, ReduceOp{kind, axes, keep_axes}, {input}), Numbers::f32);
    };
    add("height and width", 0b0110, true, {2, 5, 7, 19});
    add("planes", 0b1100, false, {2, 11, 5, 7});
    add("channels", 0b1000, true, {2, 5, 7, 19});
    add("rows and channels", 0b1010, false, {2, 5, 7, 19});
    add("columns", 0b0100, true, {2, 5, 7, 19});
  }
}

void add_transposed(Table& table) {
  const auto add = [&](const char* what, Window window, int height, int width, Shape input, int outputs) {
    OperatorCase row = plain(what, TransposeConv2dOp{window, height, width, Activation::none}, {input});
    row.outputs = outputs;
    for (const Numbers numbers :
         {Numbers::f32, Numbers::f16_weights, Numbers::u8, Numbers::i8, Numbers::i8_per_channel})
      table.add(row, numbers);
    row.with_bias = false;
    row.name += ", no bias";
    table.add(row, Numbers::f32);
  };
  add("doubled", window(3, 2), 10, 14, {2, 5, 7, 9}, 5);
  add("doubled to an odd size", window(4, 2), 9, 13, {1, 5, 7, 4}, 17);
  add("all that is reached", window(3, 2, 1, kValid), 11, 15, {1, 5, 7, 4}, 6);
  add("windows that do not touch", window(2, 3, 1, kValid), 0, 0, {1, 3, 4, 5}, 4);
  add("the same size", window(3, 1), 0, 0, {1, 4, 5, 3}, 8);
}

void add_answers(Table& table) {
  for (const int bits : {32, kIndex64}) {
    const auto add = [&](const char* what, Shape input) {
      OperatorCase row =
          plain((std::string(what) + ", " + std::to_string(bits) + " bits").c_str(), ArgMaxOp{}, {input});
      row.outputs = bits;
      table.add_plain(row);
    };
    add("of a map", {2, 5, 7, 21});
    add("of scores", {3, 1001});  // bytes: many ties
    add("of one class", {1, 3, 2, 1});
  }
  for (const SuppressionRule rule : {SuppressionRule::fast, SuppressionRule::per_class}) {
    const bool fast = rule == SuppressionRule::fast;
    const auto add = [&](const char* what, int anchors, bool background, int classes_of_anchor) {
      DetectionSpec spec;
      spec.classes = 5;
      spec.background_column = background;
      spec.suppression.rule = rule;
      spec.suppression.score_threshold = 0.5f;
      spec.suppression.max_detections = 12;
      spec.suppression.max_per_class = 4;
      spec.suppression.max_classes_per_anchor = classes_of_anchor;
      table.add_plain(plain((std::string(fast ? "fast, " : "per class, ") + what).c_str(), DetectionPostProcessOp{spec},
                            {{2, anchors, 4}, {2, anchors, background ? 6 : 5}}));
    };
    add("background", 37, true, 1);
    add("no background", 64, false, 1);
    add("fewer anchors than rows", 3, true, 1);
    if (fast) add("several classes of an anchor", 30, true, 3);
  }
}

}  // namespace

const std::vector<OperatorCase>& operator_cases() {
  static const std::vector<OperatorCase> cases = [] {
    Table table;
    add_convolutions(table);
    add_depthwise(table);
    add_dense(table);
    add_elementwise(table);
    add_movement(table);
    add_pooling(table);
    add_softmax_and_resize(table);
    add_products(table);
    add_reductions(table);
    add_transposed(table);
    add_answers(table);
    return std::move(table.rows);
  }();
  return cases;
}

}  // namespace mobilenet::testing
