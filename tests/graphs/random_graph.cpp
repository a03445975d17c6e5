// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "graphs/random_graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

#include "graphs/graph_elements.h"

namespace mobilenet::testing {
namespace {

using schema::BuiltinOperator;
using schema::BuiltinOptions;
using schema::FusedActivation;
using schema::PaddingRule;
using schema::TensorType;

// Larger ones would make a graph slow on the reference backend.
constexpr int kMostElements = 40000;
// Tensors of 256 kB: only these stream row by row from step to step, so some graphs have them.
constexpr int kMostElementsOfLargeGraphs = 80000;
constexpr int kMostWeights = 60000;

class GraphMaker : private GraphElements {
 public:
  explicit GraphMaker(Choices& choices) : GraphElements(choices) {}

  RandomGraph make() {
    begin();
    const int operators = choices_.pick({1, 1, 2, 3, 4, 6, 8});
    for (int i = 0; i < operators && choices_.more(); ++i) add_operator();
    RandomGraph graph;
    if (choices_.one_in(12)) graph.rows_a_box = add_detector();
    if (graph.rows_a_box == 0) {
      if (graph_.operators.empty())
        live_.push_back(put(BuiltinOperator::RELU, {live_[0]}, like(live_[0], shape(live_[0])), 2));
      if (is_integer(live_.back()) && kind_ != Kind::i16 && choices_.one_in(16)) arg_max(live_.back());
      // Floats of two programs may lie on either side of an integer, those of an input do not.
      if (kind_ == Kind::f32 && !is_integer(graph_.inputs[0]) && choices_.one_in(12))
        kept_.push_back(cast(graph_.inputs[0]));
      choose_outputs();
    }
    drop_unread_inputs();
    for (const int input : graph_.inputs) graph.inputs.push_back(values_of_input(input));
    graph.file = std::move(graph_);
    return graph;
  }

 private:
  void begin() {
    kind_ = choices_.pick({Kind::u8, Kind::i8, Kind::i8_per_channel, Kind::f32, Kind::u8, Kind::i8,
                           Kind::i8_per_channel, Kind::f32, Kind::i16});
    wild_scales_ = choices_.one_in(3);
    large_ = kind_ == Kind::f32 && choices_.one_in(24);
    const int channels = large_ ? choices_.pick({8, 16, 17})
                                : choices_.pick({1, 2, 3, 3, 4, 5, 7, 8, 9, 12, 16, 17, 20, 24, 31, 32, 33, 40, 64});
    const int longest = large_ ? 70 : channels <= 8 && choices_.one_in(10) ? 70 : 20;
    const std::vector<int> shape{1, choices_.between(large_ ? 60 : 1, longest),
                                 choices_.between(large_ ? 60 : 1, longest), channels};
    const int inputs = choices_.one_in(8) ? 2 : 1;
    for (int i = 0; i < inputs; ++i) {
      graph_.inputs.push_back(activation(shape, std::exp2(choices_.real(-8, -2))));
      live_.push_back(graph_.inputs.back());
    }
  }

  // A tensor that is there, mostly the newest.
  int some_tensor() {
    if (!choices_.one_in(3)) return live_.back();
    return live_[choices_.below(static_cast<std::uint32_t>(live_.size()))];
  }

  void add_operator() {
    using Make = int (GraphMaker::*)(int);
    static constexpr Make kOfMaps[] = {&GraphMaker::convolution, &GraphMaker::convolution, &GraphMaker::convolution,
                                       &GraphMaker::depthwise,   &GraphMaker::depthwise,   &GraphMaker::depthwise,
                                       &GraphMaker::pool,        &GraphMaker::mean,        &GraphMaker::resize,
                                       &GraphMaker::pad,         &GraphMaker::transposed,  &GraphMaker::move,
                                       &GraphMaker::spread};
    static constexpr Make kOfAny[] = {
        &GraphMaker::dense,   &GraphMaker::add,     &GraphMaker::add,        &GraphMaker::concatenation,
        &GraphMaker::element, &GraphMaker::softmax, &GraphMaker::reshape,    &GraphMaker::squeeze,
        &GraphMaker::convert, &GraphMaker::binary,  &GraphMaker::shift,      &GraphMaker::unary,
        &GraphMaker::reduce,  &GraphMaker::move,    &GraphMaker::dense_rows, &GraphMaker::root};
    const int x = some_tensor();
    if (kind_ == Kind::i16) return add_wide_operator(x);
    const bool map = shape(x).size() == 4 && !choices_.one_in(3);
    const Make chosen = map ? kOfMaps[choices_.below(std::size(kOfMaps))] : kOfAny[choices_.below(std::size(kOfAny))];
    const int y = (this->*chosen)(x);
    if (y >= 0 && std::find(live_.begin(), live_.end(), y) == live_.end()) live_.push_back(y);
  }

  bool fits(const std::vector<int>& shape) const {
    return elements(shape) <= (large_ ? kMostElementsOfLargeGraphs : kMostElements);
  }

  // Those that integers of 16 bits have.
  void add_wide_operator(int x) {
    using Make = int (GraphMaker::*)(int);
    static constexpr Make kOfMaps[] = {&GraphMaker::convolution, &GraphMaker::convolution, &GraphMaker::depthwise,
                                       &GraphMaker::depthwise,   &GraphMaker::pool,        &GraphMaker::mean,
                                       &GraphMaker::pad,         &GraphMaker::move,        &GraphMaker::resize,
                                       &GraphMaker::transposed};
    static constexpr Make kOfAny[] = {&GraphMaker::dense,   &GraphMaker::add,     &GraphMaker::concatenation,
                                      &GraphMaker::element, &GraphMaker::softmax, &GraphMaker::reshape,
                                      &GraphMaker::squeeze, &GraphMaker::unary,   &GraphMaker::binary,
                                      &GraphMaker::binary,  &GraphMaker::reduce,  &GraphMaker::dense_rows,
                                      &GraphMaker::root};
    const bool map = shape(x).size() == 4 && !choices_.one_in(3);
    const Make chosen = map ? kOfMaps[choices_.below(std::size(kOfMaps))] : kOfAny[choices_.below(std::size(kOfAny))];
    if (const int y = (this->*chosen)(x); y >= 0) live_.push_back(y);
  }

  struct Axis {
    int kernel = 1, stride = 1, dilation = 1;
    int reach() const { return (kernel - 1) * dilation + 1; }
  };
  struct Window {
    Axis rows, columns;
    PaddingRule padding = PaddingRule::SAME;
    int output(const Axis& axis, int input) const {
      return padding == PaddingRule::SAME ? (input + axis.stride - 1) / axis.stride
                                          : (input - axis.reach()) / axis.stride + 1;
    }
  };

  Window window(int x, bool square_strides) {
    Window made;
    if (!choices_.one_in(3)) made.rows.kernel = choices_.between(1, 5), made.columns.kernel = choices_.between(1, 5);
    if (choices_.one_in(2)) made.rows.stride = made.columns.stride = choices_.between(1, 3);
    if (!square_strides && choices_.one_in(4)) made.columns.stride = choices_.between(1, 3);
    if (made.rows.stride * made.columns.stride == 1 && choices_.one_in(4))
      made.rows.dilation = choices_.between(1, 3), made.columns.dilation = choices_.between(1, 3);
    const bool inside = made.rows.reach() <= shape(x)[1] && made.columns.reach() <= shape(x)[2];
    if (inside && choices_.one_in(2)) made.padding = PaddingRule::VALID;
    return made;
  }

  int convolution(int x) {
    const std::vector<int> in = shape(x);
    const Window w = window(x, false);
    const int outputs = choices_.pick({1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 48, 64, 65, 129});
    int groups = choices_.one_in(8) && kind_ != Kind::i16 ? choices_.pick({2, 3, 4, 8}) : 1;
    if (in[3] % groups != 0 || outputs % groups != 0) groups = 1;
    const std::vector<int> out{1, w.output(w.rows, in[1]), w.output(w.columns, in[2]), outputs};
    const std::vector<int> weight{outputs, w.rows.kernel, w.columns.kernel, in[3] / groups};
    if (elements(weight) > kMostWeights || !fits(out)) return -1;
    const auto [filter, bias, y] = weights(x, {weight, 0, outputs, true}, out);
    const FusedActivation activation = fused();
    return put(BuiltinOperator::CONV_2D, {x, filter, bias}, y, kind_ == Kind::i16 ? 4 : 3,
               BuiltinOptions::Conv2DOptions, [=](auto& builder) {
                 return schema::CreateConv2DOptions(builder, w.padding, w.columns.stride, w.rows.stride, activation,
                                                    w.columns.dilation, w.rows.dilation);
               });
  }

  int depthwise(int x) {
    const std::vector<int> in = shape(x);
    const Window w = window(x, !choices_.one_in(4));
    int multiplier = choices_.one_in(4) ? choices_.pick({2, 3, 4, 8}) : 1;
    if (in[3] > 16) multiplier = 1;
    if (in[3] == 1) multiplier = choices_.pick({1, 2, 7, 8, 16, 31, 32, 33});
    const int outputs = in[3] * multiplier;
    const std::vector<int> out{1, w.output(w.rows, in[1]), w.output(w.columns, in[2]), outputs};
    if (!fits(out)) return -1;
    const auto [filter, bias, y] = weights(x, {{1, w.rows.kernel, w.columns.kernel, outputs}, 3, outputs, true}, out);
    const FusedActivation activation = fused();
    return put(BuiltinOperator::DEPTHWISE_CONV_2D, {x, filter, bias}, y, kind_ == Kind::i16 ? 5 : 3,
               BuiltinOptions::DepthwiseConv2DOptions, [=](auto& builder) {
                 return schema::CreateDepthwiseConv2DOptions(builder, w.padding, w.columns.stride, w.rows.stride,
                                                             multiplier, activation, w.columns.dilation,
                                                             w.rows.dilation);
               });
  }

  int dense(int x) {
    const int inputs = elements(shape(x));
    const int outputs = choices_.pick({1, 2, 3, 5, 8, 9, 16, 17, 33});
    if (inputs * outputs > kMostWeights) return -1;
    const auto [filter, bias, y] = weights(x, {{outputs, inputs}, 0, outputs, true}, {1, outputs});
    const FusedActivation activation = fused();
    return put(BuiltinOperator::FULLY_CONNECTED, {x, filter, bias}, y,
               kind_ == Kind::i16              ? 7
               : kind_ == Kind::i8_per_channel ? 5
                                               : 4,
               BuiltinOptions::FullyConnectedOptions,
               [=](auto& builder) { return schema::CreateFullyConnectedOptions(builder, activation); });
  }

  int add(int x) {
    const int other = partner(x, [&](const auto& theirs) { return theirs == shape(x); });
    const FusedActivation activation_function = fused();
    return put(BuiltinOperator::ADD, {x, other}, activation(shape(x), larger_scale(x, other)), 2,
               BuiltinOptions::AddOptions,
               [=](auto& builder) { return schema::CreateAddOptions(builder, activation_function); });
  }

  int transposed(int x) {
    const std::vector<int> in = shape(x);
    Window w;
    w.rows = {choices_.between(1, 4), choices_.between(1, 3), 1};
    w.columns = {choices_.between(1, 4), w.rows.stride, 1};
    w.padding = choices_.pick({PaddingRule::SAME, PaddingRule::VALID});
    const bool same = w.padding == PaddingRule::SAME;
    const auto reached = [&](const Axis& axis, int extent) {
      return same ? extent * axis.stride - choices_.between(0, axis.stride - 1)
                  : (extent - 1) * axis.stride + axis.kernel;
    };
    const int outputs = choices_.pick({1, 2, 3, 5, 8, 17, 32});
    // Windows that do not touch: without padding nothing makes the pixels between them.
    const bool apart = w.rows.kernel < w.rows.stride || w.columns.kernel < w.columns.stride;
    if (apart && (!same || tensor(x).type == TensorType::UINT8)) return -1;
    const std::vector<int> out{1, reached(w.rows, in[1]), reached(w.columns, in[2]), outputs};
    const std::vector<int> weight{outputs, w.rows.kernel, w.columns.kernel, in[3]};
    if (elements(weight) > kMostWeights || !fits(out)) return -1;
    const auto [filter, bias, y] = weights(x, {weight, 0, outputs}, out);
    std::vector<int> inputs{int_constant(out), filter, x};
    if (choices_.one_in(2)) inputs.push_back(bias);
    return put(BuiltinOperator::TRANSPOSE_CONV, inputs, y, inputs.size() == 4 ? 3 : 2,
               BuiltinOptions::TransposeConvOptions, [=](auto& builder) {
                 return schema::CreateTransposeConvOptions(builder, w.padding, w.columns.stride, w.rows.stride);
               });
  }

  // A convolution with holes, as a batch of every second or third pixel.
  int spread(int x) {
    const std::vector<int> in = shape(x);
    const int block = choices_.pick({2, 2, 3}), kernel = choices_.pick({1, 2, 3}), reach = (kernel - 1) * block + 1;
    const bool depthwise = choices_.one_in(2), same = choices_.one_in(3);
    std::vector<int> border, crops, parts{block * block}, made{block * block}, out{1};
    for (const std::size_t axis : {std::size_t{1}, std::size_t{2}}) {
      const int before = choices_.between(0, block);
      int after = (block - (in[axis] + before) % block) % block;
      if (choices_.one_in(2)) after += block;
      const int whole = in[axis] + before + after, left = same ? whole : whole - reach + 1;
      // Never more than what was put around.
      const int crop_before = choices_.between(0, before), crop_after = choices_.between(0, after);
      border.insert(border.end(), {before, after}), crops.insert(crops.end(), {crop_before, crop_after});
      parts.push_back(whole / block), made.push_back(left / block), out.push_back(left - crop_before - crop_after);
      if (left < block || out.back() < 1) return -1;
    }
    const int outputs = depthwise ? in[3] : choices_.pick({1, 3, 8, 17});
    parts.push_back(in[3]), made.push_back(outputs), out.push_back(outputs);
    if (elements(parts) > kMostElements || elements(made) > kMostElements) return -1;
    const auto table = [&](const std::vector<int>& numbers) {
      const int id = int_constant(numbers);
      tensor(id).shape = {2, 2};
      return id;
    };
    const int blocks = int_constant({block, block}), spread_out = like(x, parts);
    put(BuiltinOperator::SPACE_TO_BATCH_ND, {x, blocks, table(border)}, spread_out, 2);
    const std::vector<int> weight =
        depthwise ? std::vector<int>{1, kernel, kernel, outputs} : std::vector<int>{outputs, kernel, kernel, in[3]};
    const auto [filter, bias, y] = weights(x, {weight, depthwise ? 3 : 0, outputs, true}, made);
    const FusedActivation activation = fused();
    const PaddingRule rule = same ? PaddingRule::SAME : PaddingRule::VALID;
    if (depthwise)
      put(BuiltinOperator::DEPTHWISE_CONV_2D, {spread_out, filter, bias}, y, 3, BuiltinOptions::DepthwiseConv2DOptions,
          [=](auto& builder) { return schema::CreateDepthwiseConv2DOptions(builder, rule, 1, 1, 1, activation); });
    else
      put(BuiltinOperator::CONV_2D, {spread_out, filter, bias}, y, 3, BuiltinOptions::Conv2DOptions,
          [=](auto& builder) { return schema::CreateConv2DOptions(builder, rule, 1, 1, activation); });
    return put(BuiltinOperator::BATCH_TO_SPACE_ND, {y, blocks, table(crops)}, like(y, out), 2);
  }

  // A dense layer of each row of the last axis.
  int dense_rows(int x) {
    const int inputs = shape(x).back(), outputs = choices_.pick({1, 2, 3, 5, 8, 17, 33});
    const bool keep = choices_.one_in(2);
    std::vector<int> out = shape(x);
    out.back() = outputs;
    if (!keep) out = {elements(shape(x)) / inputs, outputs};
    if (inputs * outputs > kMostWeights || !fits(out)) return -1;
    if (!keep && out[0] != 1) return -1;  // rows of a batch are no pictures
    const auto [filter, bias, y] = weights(x, {{outputs, inputs}, 0, outputs, true}, out);
    const FusedActivation activation = fused();
    return put(BuiltinOperator::FULLY_CONNECTED, {x, filter, bias}, y, kind_ == Kind::i16 ? 7 : 5,
               BuiltinOptions::FullyConnectedOptions, [=](auto& builder) {
                 return schema::CreateFullyConnectedOptions(builder, activation, schema::WeightsFormat::DEFAULT, keep);
               });
  }

  int move(int x) { return some_movement(x, kMostElements); }

  // Floats only: x + c, x - c, c - x, with one number or one a channel.
  int shift(int x) {
    if (is_integer(x)) return -1;
    const int constant =
        float_constant(choices_.one_in(2) ? std::vector<int>{shape(x).back()} : std::vector<int>{1}, 2);
    std::vector<int> inputs{x, constant};
    if (choices_.one_in(3)) std::swap(inputs[0], inputs[1]);
    const int y = activation(shape(x), 1);
    const FusedActivation activation_function = fused();
    if (choices_.one_in(2))
      return put(BuiltinOperator::ADD, inputs, y, 1, BuiltinOptions::AddOptions,
                 [=](auto& builder) { return schema::CreateAddOptions(builder, activation_function); });
    return put(BuiltinOperator::SUB, inputs, y, 1, BuiltinOptions::SubOptions,
               [=](auto& builder) { return schema::CreateSubOptions(builder, activation_function); });
  }

  int concatenation(int x) {
    const int rank = static_cast<int>(shape(x).size());
    if (rank < 2) return -1;
    const int axis = choices_.between(1, rank - 1);
    std::vector<int> inputs{x};
    std::vector<int> joined = shape(x);
    double largest = scale(x);
    for (int more = choices_.pick({1, 1, 2, 3}); more > 0; --more) {
      inputs.push_back(partner(x, [&](std::vector<int> theirs) {
        if (theirs.size() != shape(x).size()) return false;
        theirs[static_cast<std::size_t>(axis)] = shape(x)[static_cast<std::size_t>(axis)];
        return theirs == shape(x);
      }));
      joined[static_cast<std::size_t>(axis)] += shape(inputs.back())[static_cast<std::size_t>(axis)];
      largest = std::max(largest, scale(inputs.back()));
    }
    if (!fits(joined)) return -1;
    const int y = choices_.one_in(2) ? like(x, joined) : activation(joined, largest);
    const int said = choices_.one_in(3) ? axis - rank : axis;
    return put(BuiltinOperator::CONCATENATION, inputs, y, 2, BuiltinOptions::ConcatenationOptions,
               [=](auto& builder) { return schema::CreateConcatenationOptions(builder, said); });
  }

  int pool(int x) {
    const std::vector<int> in = shape(x);
    Window w;
    w.rows = {choices_.between(1, std::min(in[1], 7)), choices_.between(1, 3), 1};
    w.columns = {choices_.between(1, std::min(in[2], 7)), choices_.between(1, 3), 1};
    if (choices_.one_in(6)) w.rows.kernel = in[1], w.columns.kernel = in[2];
    w.padding = choices_.pick({PaddingRule::SAME, PaddingRule::VALID});
    const int y = like(x, {1, w.output(w.rows, in[1]), w.output(w.columns, in[2]), in[3]});
    const FusedActivation activation = fused();
    return put(choices_.one_in(2) ? BuiltinOperator::MAX_POOL_2D : BuiltinOperator::AVERAGE_POOL_2D, {x}, y, 2,
               BuiltinOptions::Pool2DOptions, [=](auto& builder) {
                 return schema::CreatePool2DOptions(builder, w.padding, w.columns.stride, w.rows.stride,
                                                    w.columns.kernel, w.rows.kernel, activation);
               });
  }

  int mean(int x) {
    const bool keep = !choices_.one_in(3);
    const int axes = int_constant(choices_.pick<std::vector<int>>({{1, 2}, {2, 1}, {-3, -2}}));
    const std::vector<int> out = keep ? std::vector<int>{1, 1, 1, shape(x)[3]} : std::vector<int>{1, shape(x)[3]};
    const int y = choices_.one_in(2) ? like(x, out) : activation(out, scale(x));
    return put(BuiltinOperator::MEAN, {x, axes}, y, 2, BuiltinOptions::ReducerOptions,
               [=](auto& builder) { return schema::CreateReducerOptions(builder, keep); });
  }

  int resize(int x) {
    const int height = choices_.between(1, 24), width = choices_.between(1, 24);
    const std::vector<int> out{1, height, width, shape(x)[3]};
    if (!fits(out)) return -1;
    const std::uint32_t rule = choices_.below(3);
    return put(BuiltinOperator::RESIZE_BILINEAR, {x, int_constant({height, width})}, like(x, out), 3,
               BuiltinOptions::ResizeBilinearOptions,
               [=](auto& builder) { return schema::CreateResizeBilinearOptions(builder, rule == 1, rule == 2); });
  }

  int pad(int x) {
    std::vector<int> out = shape(x), amounts(8, 0);
    for (std::size_t axis : {1, 2})
      for (std::size_t side : {0, 1}) {
        amounts[2 * axis + side] = choices_.between(0, 3);
        out[axis] += amounts[2 * axis + side];
      }
    if (!fits(out)) return -1;
    const int padding = int_constant(amounts);
    tensor(padding).shape = {4, 2};
    return put(BuiltinOperator::PAD, {x, padding}, like(x, out), 2);
  }

  int element(int x) {
    switch (choices_.below(5)) {
      case 0:
        return put(BuiltinOperator::RELU, {x}, activation(shape(x), scale(x)), 2);
      case 3:
        if (kind_ == Kind::i16) return -1;
        return put(choices_.pick({BuiltinOperator::RELU_N1_TO_1, BuiltinOperator::RELU_0_TO_1}), {x},
                   activation(shape(x), scale(x)));
      case 1:
        return put(BuiltinOperator::RELU6, {x}, activation(shape(x), scale(x)), 2);
      case 2:
        if (kind_ == Kind::i16) return -1;
        return put(BuiltinOperator::HARD_SWISH, {x}, activation(shape(x), scale(x)));
      default:
        return put(BuiltinOperator::LOGISTIC, {x},
                   choices_.one_in(3) ? activation(shape(x), 1.0 / 256) : probabilities(shape(x)), 2);
    }
  }

  int softmax(int x) {
    const float beta = choices_.pick({1.0f, 1.0f, 0.5f, 2.0f});
    return put(BuiltinOperator::SOFTMAX, {x}, probabilities(shape(x)), 2, BuiltinOptions::SoftmaxOptions,
               [=](auto& builder) { return schema::CreateSoftmaxOptions(builder, beta); });
  }

  int reshaped(int x, const std::vector<int>& to, std::vector<int> said) {
    const int target = int_constant(said);
    return put(BuiltinOperator::RESHAPE, {x, target}, like(x, to), 1, BuiltinOptions::ReshapeOptions,
               [said](auto& builder) { return schema::CreateReshapeOptionsDirect(builder, &said); });
  }

  int reshape(int x) {
    const int count = elements(shape(x)), channels = shape(x).back();
    const std::vector<int> to = choices_.pick<std::vector<int>>(
        {{1, count}, {1, 1, 1, count}, {1, count / channels, channels}, {1, count / channels, 1, channels}});
    std::vector<int> said = to;
    if (choices_.one_in(2)) said.back() = -1;
    return reshaped(x, to, said);
  }

  int squeeze(int x) {
    std::vector<int> left{shape(x).front()}, gone;
    const int rank = static_cast<int>(shape(x).size());
    for (int axis = 1; axis < rank; ++axis) {
      const int extent = shape(x)[static_cast<std::size_t>(axis)];
      if (extent == 1 && choices_.one_in(2))
        gone.push_back(choices_.one_in(2) ? axis - rank : axis);
      else
        left.push_back(extent);
    }
    if (gone.empty() || left.size() < 2) return -1;  // the batch alone is no tensor of a picture
    return put(BuiltinOperator::SQUEEZE, {x}, like(x, left), 1, BuiltinOptions::SqueezeOptions,
               [gone](auto& builder) { return schema::CreateSqueezeOptionsDirect(builder, &gone); });
  }

  // To another scale of the same type, or to another type, in which what follows computes.
  int convert(int x) {
    if (is_integer(x) && choices_.one_in(2))
      return put(BuiltinOperator::QUANTIZE, {x}, activation(shape(x), scale(x)), 2);
    // Floats of two programs differ in their last bits, and integers made of them by a step: only from an input.
    if (!is_integer(x) && std::find(graph_.inputs.begin(), graph_.inputs.end(), x) == graph_.inputs.end()) return -1;
    const double old_scale = scale(x);
    const std::int64_t old_zero = is_integer(x) ? tensor(x).zero_points[0] : 0;
    const bool from_u8 = tensor(x).type == TensorType::UINT8, floats = !is_integer(x);
    if (!floats && choices_.one_in(3)) {
      kind_ = Kind::f32;
      return keep_only(put(BuiltinOperator::DEQUANTIZE, {x}, activation(shape(x), 1), 2));
    }
    kind_ = floats    ? choices_.pick({Kind::u8, Kind::i8})
            : from_u8 ? choices_.pick({Kind::i8, Kind::i8_per_channel})
                      : Kind::u8;
    int y = 0;
    if (!floats && choices_.one_in(2))  // the same numbers, 128 apart
      y = integer(shape(x), old_scale, old_zero + (from_u8 ? -128 : 128));
    else
      y = activation(shape(x), floats ? std::exp2(choices_.real(-7, -4)) : old_scale);
    return keep_only(put(BuiltinOperator::QUANTIZE, {x}, y, floats ? 1 : 2));
  }

  // Later operators read tensors of the new type only; those of the old one that nobody read become outputs.
  int keep_only(int y) {
    std::erase_if(live_, [&](int tensor) { return is_read(tensor) || is_input(tensor); });
    kept_.insert(kept_.end(), live_.begin(), live_.end());
    live_ = {y};
    return y;
  }

  void arg_max(int x) {
    const std::vector<int> in = shape(x);
    if (in.size() < 2 || is_input(x)) return;
    const TensorType type = choices_.pick({TensorType::INT32, TensorType::INT64});
    GraphTensor index;
    index.shape.assign(in.begin(), in.end() - 1);
    index.type = type;
    const int axis = int_constant({choices_.pick({-1, static_cast<int>(in.size()) - 1})});
    const int place = put(BuiltinOperator::ARG_MAX, {x, axis}, graph_.add(index), 2);
    // ArgMaxOptions has one field, the type of the output; the reader's schema leaves the table out.
    constexpr auto kArgMaxOptions = static_cast<BuiltinOptions>(40);
    graph_.operators.back().options_type = kArgMaxOptions;
    graph_.operators.back().options = [type](flatbuffers::FlatBufferBuilder& builder) {
      const auto start = builder.StartTable();
      builder.AddElement<std::int8_t>(4, static_cast<std::int8_t>(type), -1);
      return flatbuffers::Offset<void>(builder.EndTable(start));
    };
    kept_.push_back(place);
    if (choices_.one_in(2)) kept_.push_back(cast(place));
  }

  // To numbers of another type, which no operator of these graphs reads: an output.
  int cast(int x) {
    GraphTensor numbers;
    numbers.shape = shape(x);
    numbers.type = choices_.pick({TensorType::FLOAT32, TensorType::INT32, TensorType::INT64, TensorType::UINT8});
    return put(BuiltinOperator::CAST, {x}, graph_.add(numbers));
  }

  // A 1x1 convolution of the map, as rows of `columns`. Real values of integers are exact where the scale is a power of
  // two; elsewhere LiteRT's own differ in the last bit from one part of a tensor to another, and so does the order of
  // equal scores.
  int predictions(int x, int columns, int anchors) {
    const std::vector<int> out{1, shape(x)[1], shape(x)[2], columns * anchors};
    const auto [filter, bias, y] = weights(x, {{out[3], 1, 1, shape(x)[3]}, 0, out[3]}, out);
    for (float& scale : tensor(y).scales) scale = std::exp2(std::ceil(std::log2(scale)));
    put(BuiltinOperator::CONV_2D, {x, filter, bias}, y, 3, BuiltinOptions::Conv2DOptions,
        [](auto& builder) { return schema::CreateConv2DOptions(builder, PaddingRule::SAME, 1, 1); });
    return reshaped(y, {1, elements(out) / columns, columns}, {1, -1, columns});
  }

  // Rows that the answer has for each box; 0: there is no map for a detector.
  int add_detector() {
    const auto found = std::find_if(live_.rbegin(), live_.rend(), [&](int id) { return shape(id).size() == 4; });
    // TensorFlow Lite's operator takes floats and u8.
    if (kind_ != Kind::f32 && kind_ != Kind::u8) return 0;
    if (found == live_.rend() || shape(*found)[1] * shape(*found)[2] > 100) return 0;
    const int map = *found;
    const int anchors = choices_.pick({1, 2, 3, 6}), classes = choices_.pick({1, 2, 3, 7, 20});
    const int boxes = predictions(map, 4, anchors);
    int scores = predictions(map, classes + 1, anchors);
    if (!choices_.one_in(4)) scores = put(BuiltinOperator::LOGISTIC, {scores}, probabilities(shape(scores)), 2);
    const int count = shape(boxes)[1];
    // Cells that are alike, or saturated scores, give scores that are equal but for the last bits of two programs, and
    // those decide which box suppresses which. Integers are equal exactly.
    if (kind_ == Kind::f32)
      scores = put(BuiltinOperator::ADD, {scores, float_constant(shape(scores), 0.5)}, activation(shape(scores), 1), 1,
                   BuiltinOptions::AddOptions, [](auto& builder) { return schema::CreateAddOptions(builder); });
    DetectionOptions options;
    options.classes = classes;
    options.most = choices_.pick({1, 5, 10, 40});
    options.classes_per_box = std::min(classes, choices_.pick({1, 1, 1, 2, 3}));
    options.per_class = choices_.pick({1, 5, 100});
    options.regular = choices_.one_in(3);
    options.score_threshold = choices_.pick({1e-8f, 0.3f, 0.5f, 0.0f});
    options.iou_threshold = choices_.pick({0.6f, 0.3f, 0.5f, 1.0f});
    const int rows = options.most * options.classes_per_box;
    const int anchor_boxes = anchors_of(count);
    graph_.outputs.clear();
    for (const std::vector<int>& shape : {std::vector<int>{1, rows, 4}, {1, rows}, {1, rows}, {1}})
      graph_.outputs.push_back(graph_.add({"", shape}));
    put(BuiltinOperator::CUSTOM, {boxes, scores, anchor_boxes}, graph_.outputs[0]);
    GraphOperator& op = graph_.operators.back();
    op.outputs = graph_.outputs;
    op.custom_code = "TFLite_Detection_PostProcess";
    op.custom_options = options.bytes();
    return options.regular ? 1 : options.classes_per_box;
  }

  bool is_read(int id) const {
    return std::any_of(graph_.operators.begin(), graph_.operators.end(), [&](const GraphOperator& op) {
      return std::find(op.inputs.begin(), op.inputs.end(), id) != op.inputs.end();
    });
  }
  bool is_input(int id) const {
    return std::find(graph_.inputs.begin(), graph_.inputs.end(), id) != graph_.inputs.end();
  }

  // Everything that nobody reads, and some tensors inside.
  void choose_outputs() {
    kept_.insert(kept_.end(), live_.begin(), live_.end());
    for (const int id : kept_)
      if (!is_input(id) && (!is_read(id) || choices_.one_in(6))) graph_.outputs.push_back(id);
    std::sort(graph_.outputs.begin(), graph_.outputs.end());
    graph_.outputs.erase(std::unique(graph_.outputs.begin(), graph_.outputs.end()), graph_.outputs.end());
  }

  void drop_unread_inputs() {
    std::erase_if(graph_.inputs, [&](int id) { return !is_read(id); });
  }

  std::vector<int> kept_;  // outputs of parts that computed in another type
  bool large_ = false;
};

const char* name_of(TensorType type) {
  switch (type) {
    case TensorType::UINT8:
      return "u8";
    case TensorType::INT8:
      return "i8";
    case TensorType::INT4:
      return "i4";
    case TensorType::INT16:
      return "i16";
    case TensorType::INT32:
      return "i32";
    case TensorType::INT64:
      return "i64";
    default:
      return "f32";
  }
}

std::string describe(const GraphFile& file, int id) {
  const GraphTensor& tensor = file.tensors[static_cast<std::size_t>(id)];
  std::string text = "t" + std::to_string(id) + " " + name_of(tensor.type) + " ";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) text += (i ? "x" : "") + std::to_string(tensor.shape[i]);
  if (!tensor.scales.empty())
    text += " * " + std::to_string(tensor.scales[0]) + (tensor.scales.size() > 1 ? " ..." : "") + " + " +
            std::to_string(tensor.zero_points[0]);
  return text;
}

}  // namespace

RandomGraph random_graph(Choices& choices) { return GraphMaker(choices).make(); }

std::string description(const GraphFile& file) {
  std::string text;
  for (const GraphOperator& op : file.operators) {
    text += schema::EnumNameBuiltinOperator(op.code);
    for (const int id : op.inputs) text += (id == op.inputs[0] ? " " : ", ") + describe(file, id);
    text += " -> " + describe(file, op.outputs[0]) + "\n";
  }
  return text;
}

}  // namespace mobilenet::testing
