// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "graphs/graph_tensors.h"

#include <flatbuffers/flexbuffers.h>

#include <algorithm>
#include <cmath>

namespace mobilenet::testing {
namespace {

using schema::TensorType;

// Two numbers a byte, the first in its lower half.
std::vector<std::uint8_t> packed(const std::vector<std::uint8_t>& numbers) {
  std::vector<std::uint8_t> halves((numbers.size() + 1) / 2);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    halves[i / 2] = static_cast<std::uint8_t>(halves[i / 2] | (numbers[i] & 15u) << (4 * (i % 2)));
  return halves;
}

template <class T, class Make>
std::vector<std::uint8_t> data_of(std::size_t count, Make make) {
  std::vector<T> values(count);
  for (T& value : values) value = make();
  return as_data(values);
}

}  // namespace

std::vector<std::uint8_t> DetectionOptions::bytes() const {
  flexbuffers::Builder builder;
  builder.Map([&] {
    builder.Int("max_detections", most);
    builder.Int("max_classes_per_detection", classes_per_box);
    builder.Int("detections_per_class", per_class);
    builder.Bool("use_regular_nms", regular);
    builder.Float("nms_score_threshold", score_threshold);
    builder.Float("nms_iou_threshold", iou_threshold);
    builder.Int("num_classes", classes);
    builder.Float("y_scale", 10.0f);
    builder.Float("x_scale", 10.0f);
    builder.Float("h_scale", 5.0f);
    builder.Float("w_scale", 5.0f);
  });
  builder.Finish();
  return builder.GetBuffer();
}

std::int64_t GraphTensors::zero_point(bool is_unsigned) {
  const int low = is_unsigned ? 0 : -128, anywhere = choices_.between(low, low + 255);
  return choices_.pick({low, low + 255, low + 128, low + 127, anywhere, anywhere});
}

// Below 2.8e-9 the bound of a RELU6 overflows in LiteRT.
constexpr double kLeastScale = 3e-9;

int GraphTensors::integer(const std::vector<int>& shape, double scale, std::int64_t zero_point) {
  GraphTensor made;
  made.shape = shape;
  made.type = kind_ == Kind::i16 ? TensorType::INT16 : unsigned_kind() ? TensorType::UINT8 : TensorType::INT8;
  made.scales = {static_cast<float>(std::max(scale, kLeastScale))};
  made.zero_points = {zero_point};
  return graph_.add(made);
}

int GraphTensors::activation(const std::vector<int>& shape, double natural) {
  if (kind_ == Kind::f32) return graph_.add({"", shape});
  const double spread = wild_scales_ && choices_.one_in(4) ? 14 : 2.5;
  if (kind_ == Kind::i16) return integer(shape, natural * std::exp2(choices_.real(-2.5, 2.5)), 0);
  return integer(shape, natural * std::exp2(choices_.real(-spread, spread)), zero_point(unsigned_kind()));
}

int GraphTensors::like(int other, const std::vector<int>& shape) {
  GraphTensor made = tensor(other);
  made.shape = shape;
  return graph_.add(made);
}

int GraphTensors::probabilities(const std::vector<int>& shape) {
  if (kind_ == Kind::f32) return graph_.add({"", shape});
  if (kind_ == Kind::i16) return integer(shape, 1.0 / 32768, 0);
  return integer(shape, 1.0 / 256, unsigned_kind() ? 0 : -128);
}

int GraphTensors::int_constant(const std::vector<int>& values) {
  const std::vector<std::int32_t> numbers(values.begin(), values.end());
  return graph_.add({"", {static_cast<int>(values.size())}, TensorType::INT32, as_data(numbers)});
}

int GraphTensors::float_constant(const std::vector<int>& shape, double largest) {
  Choices numbers(choices_.word());
  return graph_.add({"", shape, TensorType::FLOAT32, data_of<float>(static_cast<std::size_t>(elements(shape)), [&] {
                       return static_cast<float>(numbers.real(-largest, largest));
                     })});
}

int GraphTensors::numbers(const std::vector<int>& shape, double largest) {
  if (kind_ == Kind::f32) return float_constant(shape, largest);
  const bool wide = kind_ == Kind::i16;
  const int id = activation(shape, largest / (wide ? 32768 : 128));
  Choices random(choices_.word());
  const auto bytes = static_cast<std::size_t>(elements(shape)) * (wide ? 2 : 1);
  tensor(id).data = data_of<std::uint8_t>(bytes, [&] { return random.byte(); });
  return id;
}

int GraphTensors::slopes(const std::vector<int>& shape) {
  const Kind before = kind_;
  kind_ = Kind::i8;
  const int id = numbers(shape, 2);
  kind_ = before;
  return id;
}

int GraphTensors::number_like(int other) {
  if (!is_integer(other)) return float_constant({1}, 2);
  const int id = like(other, {1});
  const std::size_t bytes = tensor(id).type == TensorType::INT16 ? 2 : 1;
  for (std::size_t i = 0; i < bytes; ++i) tensor(id).data.push_back(choices_.byte());
  return id;
}

void GraphTensors::make_nonzero(int id) {
  std::vector<std::uint8_t>& data = tensor(id).data;
  if (tensor(id).type == TensorType::INT16) {
    for (std::size_t i = 0; i < data.size(); i += 2) data[i] |= 1;
  } else {
    const auto zero = static_cast<std::uint8_t>(tensor(id).zero_points[0]);
    for (std::uint8_t& byte : data)
      if (byte == zero) byte = static_cast<std::uint8_t>(byte ^ 1);
  }
}

int GraphTensors::anchors_of(int count) {
  Choices numbers(choices_.word());
  std::vector<float> boxes;  // y, x, height, width
  for (int i = 0; i < count; ++i)
    for (const double low : {0.0, 0.0, 0.05, 0.05}) boxes.push_back(static_cast<float>(numbers.real(low, 0.7 + low)));
  if (kind_ == Kind::f32) return graph_.add({"", {count, 4}, TensorType::FLOAT32, as_data(boxes)});
  constexpr float kSteps = 200;  // of the picture's side; TensorFlow Lite wants integers beside integer boxes
  const int id = integer({count, 4}, 1 / kSteps, unsigned_kind() ? 0 : -128);
  for (const float side : boxes) {
    const auto stored = static_cast<std::uint8_t>(std::lround(side * kSteps));
    tensor(id).data.push_back(static_cast<std::uint8_t>(unsigned_kind() ? stored : stored - 128));
  }
  return id;
}

GraphTensors::Weighted GraphTensors::float_weights(const WeightShape& weight, const std::vector<int>& output_shape) {
  const double fan = static_cast<double>(elements(weight.shape)) / weight.outputs;
  const int filter = float_constant(weight.shape, std::sqrt(3 / fan)), bias = float_constant({weight.outputs}, 0.5);
  return {filter, bias, graph_.add({"", output_shape})};
}

GraphTensors::Weighted GraphTensors::weights(int input, const WeightShape& weight,
                                             const std::vector<int>& output_shape) {
  if (kind_ == Kind::f32) return float_weights(weight, output_shape);
  const auto outputs = static_cast<std::size_t>(weight.outputs);
  const auto count = static_cast<std::size_t>(elements(weight.shape));
  const double fan = static_cast<double>(count) / weight.outputs;
  const double base = std::exp2(choices_.real(-10, -3));
  GraphTensor filter;
  filter.shape = weight.shape;
  filter.type = unsigned_kind() ? TensorType::UINT8 : TensorType::INT8;
  filter.scales = {static_cast<float>(base)};
  filter.zero_points = {unsigned_kind() ? zero_point(true) : 0};
  if (kind_ == Kind::i8_per_channel || kind_ == Kind::i16) {
    filter.axis = weight.channel_axis;
    filter.scales.clear();
    for (std::size_t i = 0; i < outputs; ++i)
      filter.scales.push_back(static_cast<float>(base * std::exp2(choices_.real(-2, 2))));
    filter.zero_points.assign(outputs, 0);
  }
  const bool signed_bytes = kind_ == Kind::i8 || kind_ == Kind::i8_per_channel;
  const bool int4 = weight.may_be_int4 && signed_bytes && choices_.one_in(6);
  if (int4)
    for (float& channel : filter.scales) channel *= 16;
  Choices numbers(choices_.word());
  const bool full = choices_.one_in(3);
  filter.data = data_of<std::uint8_t>(count, [&] {
    const int low = unsigned_kind() ? 0 : -127, high = unsigned_kind() ? 255 : 127;
    if (full) return static_cast<std::uint8_t>(numbers.between(low, high));
    const int middle = static_cast<int>(filter.zero_points[0]);  // sums of two numbers: most are small
    return static_cast<std::uint8_t>(
        std::clamp(middle + numbers.between(-60, 60) + numbers.between(-60, 60), low, high));
  });
  if (int4) {
    for (std::uint8_t& number : filter.data) number = static_cast<std::uint8_t>(static_cast<std::int8_t>(number) / 16);
    filter.type = TensorType::INT4;
    filter.data = packed(filter.data);
  }

  // Of typical numbers of 16 bits, times weights, as many steps of 16 bits.
  const double typical = kind_ == Kind::i16 ? 40 : 60;
  const int output = activation(output_shape, scale(input) * base * std::sqrt(fan) * typical);
  GraphTensor bias;
  bias.shape = {weight.outputs};
  bias.type = TensorType::INT32;
  bias.scales.clear();
  double largest_scale = 0;
  for (const float channel : filter.scales) {
    bias.scales.push_back(tensor(input).scales[0] * channel);
    largest_scale = std::max(largest_scale, static_cast<double>(bias.scales.back()));
  }
  bias.zero_points.assign(bias.scales.size(), 0);
  // Beyond 2^31 steps of the output XNNPACK's conversion wraps around, where this library saturates. And its sums of
  // weights of 4 bits have 16 times their value.
  const double most = std::min(0x1p30 * scale(output) / largest_scale, int4 ? 0x1p25 : 0x1p31);
  const int size =
      static_cast<int>(std::min(choices_.pick({0.0, 100.0, 3000.0, 100000.0, 0x1p24, 0x1p28}), std::max(0.0, most)));
  if (kind_ == Kind::i16) {
    bias.type = TensorType::INT64;
    bias.data = data_of<std::int64_t>(outputs, [&] { return static_cast<std::int64_t>(numbers.real(-size, size)); });
  } else
    bias.data = data_of<std::int32_t>(outputs, [&] { return static_cast<std::int32_t>(numbers.real(-size, size)); });
  const int filter_id = graph_.add(std::move(filter)), bias_id = graph_.add(std::move(bias));
  return {filter_id, bias_id, output};
}

std::vector<std::byte> GraphTensors::values_of_input(int id) {
  Choices numbers(choices_.word());
  const auto count = static_cast<std::size_t>(elements(shape(id)));
  std::vector<std::uint8_t> data;
  const std::uint32_t style = choices_.below(4);
  if (!is_integer(id)) {
    data = data_of<float>(count, [&] { return static_cast<float>(numbers.real(-2, 2)); });
  } else if (tensor(id).type == TensorType::INT16) {
    const int most = choices_.pick({32767, 3000, 100});
    data = data_of<std::int16_t>(count, [&] { return static_cast<std::int16_t>(numbers.between(-most, most)); });
  } else {
    const int low = tensor(id).type == TensorType::UINT8 ? 0 : -128;
    const int zero = static_cast<int>(tensor(id).zero_points[0]);
    data = data_of<std::uint8_t>(count, [&] {
      if (style == 2) return static_cast<std::uint8_t>(std::clamp(zero + numbers.between(-40, 40), low, low + 255));
      if (style == 3) return static_cast<std::uint8_t>(numbers.one_in(2) ? low : low + 255);
      return numbers.byte();
    });
  }
  const auto bytes = std::as_bytes(std::span(data));
  return {bytes.begin(), bytes.end()};
}

}  // namespace mobilenet::testing
