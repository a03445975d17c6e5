// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/parameter.h"

#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/half.h"
#include "base/quoted.h"

namespace mobilenet {
namespace {

// Files do not promise alignment, so every element is copied out.
template <class T>
T load(const Parameter& parameter, std::int64_t index) {
  T value;
  std::memcpy(&value, parameter.bytes.data() + static_cast<std::size_t>(index) * sizeof(T), sizeof(T));
  return value;
}

}  // namespace

Result<FilterView> filter_view(const Parameter& parameter) {
  const Shape& shape = parameter.shape;
  const auto mismatch = [&](const char* expected) {
    return failure(ErrorCode::bad_format, quoted(parameter.name), ": weight is ", to_string(shape), ", expected ",
                   expected);
  };
  for (const std::int64_t axis : shape.axes())
    if (axis <= 0 || axis > std::numeric_limits<int>::max())
      return failure(ErrorCode::bad_format, quoted(parameter.name), ": weight is ", to_string(shape));
  const auto axis = [&](int i) { return static_cast<int>(shape[i]); };
  FilterView view;
  view.parameter = &parameter;
  switch (parameter.layout) {
    case WeightLayout::none:
      return failure(ErrorCode::bad_format, quoted(parameter.name), ": is not the weight of a convolution");
    case WeightLayout::ohwi:
      if (shape.rank() != 4) return mismatch("outputs x height x width x inputs");
      view.outputs = axis(0), view.height = axis(1), view.width = axis(2), view.inputs = axis(3);
      view.input_stride = 1;
      view.column_stride = shape[3];
      view.row_stride = shape[2] * shape[3];
      view.output_stride = shape[1] * shape[2] * shape[3];
      return view;
    case WeightLayout::oihw:
      if (shape.rank() != 4) return mismatch("outputs x inputs x height x width");
      view.outputs = axis(0), view.inputs = axis(1), view.height = axis(2), view.width = axis(3);
      view.column_stride = 1;
      view.row_stride = shape[3];
      view.input_stride = shape[2] * shape[3];
      view.output_stride = shape[1] * shape[2] * shape[3];
      return view;
    case WeightLayout::hwc:
      if (shape.rank() != 4 || shape[0] != 1) return mismatch("1 x height x width x channels");
      view.height = axis(1), view.width = axis(2), view.outputs = axis(3), view.inputs = 1;
      view.output_stride = 1;
      view.column_stride = shape[3];
      view.row_stride = shape[2] * shape[3];
      return view;
    case WeightLayout::oi:
      // A 1x1 convolution used as a classifier keeps its two extra axes.
      if (shape.rank() != 2 && !(shape.rank() == 4 && shape[2] == 1 && shape[3] == 1))
        return mismatch("outputs x inputs");
      view.outputs = axis(0), view.inputs = axis(1), view.height = view.width = 1;
      view.input_stride = 1;
      view.output_stride = shape[1];
      return view;
  }
  return mismatch("a known layout");
}

double stored_value(const Parameter& parameter, std::int64_t index) {
  switch (parameter.type) {
    case DataType::f32:
      return load<float>(parameter, index);
    case DataType::f16:
      return half_to_float(load<std::uint16_t>(parameter, index));
    case DataType::i64:
      return static_cast<double>(load<std::int64_t>(parameter, index));
    case DataType::u8:
    case DataType::i8:
    case DataType::i16:
    case DataType::i32:
    case DataType::boolean:
      return stored_integer(parameter, index);
  }
  return 0;
}

std::int32_t stored_integer(const Parameter& parameter, std::int64_t index) {
  switch (parameter.type) {
    case DataType::u8:
    case DataType::boolean:
      return load<std::uint8_t>(parameter, index);
    case DataType::i8:
      return load<std::int8_t>(parameter, index);
    case DataType::i16:
      return load<std::int16_t>(parameter, index);
    case DataType::i32:
      return load<std::int32_t>(parameter, index);
    case DataType::i64:
      return static_cast<std::int32_t>(load<std::int64_t>(parameter, index));
    case DataType::f32:
    case DataType::f16:
      break;
  }
  return 0;
}

std::int64_t stored_wide_integer(const Parameter& parameter, std::int64_t index) {
  return parameter.type == DataType::i64 ? load<std::int64_t>(parameter, index) : stored_integer(parameter, index);
}

ChannelQuantization channel_quantization(const Tensor& tensor, int channel) {
  if (!tensor.quantization || tensor.quantization->scales.empty()) return {};
  const Quantization& q = *tensor.quantization;
  const std::size_t i = q.scales.size() == 1 ? 0 : static_cast<std::size_t>(channel);
  return {q.scales[i], q.zero_points[i]};
}

const float* RealReader::read(const std::byte* stored, std::size_t first, std::size_t count, float* converted) const {
  if (type == DataType::f32) return reinterpret_cast<const float*>(stored) + first;
  const auto convert = [&](const auto* integers) {
    for (std::size_t i = 0; i < count; ++i)
      converted[i] = quantization.scale * static_cast<float>(integers[first + i] - quantization.zero_point);
  };
  if (type == DataType::u8)
    convert(reinterpret_cast<const std::uint8_t*>(stored));
  else if (type == DataType::i16)
    convert(reinterpret_cast<const std::int16_t*>(stored));
  else
    convert(reinterpret_cast<const std::int8_t*>(stored));
  return converted;
}

double real_value(const Tensor& tensor, const Parameter& parameter, std::int64_t index) {
  const double stored = stored_value(parameter, index);
  if (!tensor.quantization || tensor.quantization->scales.empty()) return stored;
  const Quantization& q = *tensor.quantization;
  int channel = 0;
  if (q.scales.size() > 1) {
    std::int64_t inner = 1;
    for (int i = parameter.shape.rank() - 1; i > q.axis; --i) inner *= parameter.shape[i];
    channel = static_cast<int>(index / inner % parameter.shape[q.axis]);
  }
  const ChannelQuantization c = channel_quantization(tensor, channel);
  return (stored - c.zero_point) * static_cast<double>(c.scale);
}

std::vector<float> real_values(const Tensor& tensor, const Parameter& parameter) {
  std::vector<float> values(static_cast<std::size_t>(parameter.shape.elements()));
  // Nearly all weights there are; one by one they took a seventh of the time to a first answer.
  const bool plain = !tensor.quantization || tensor.quantization->scales.empty();
  if (plain && parameter.type == DataType::f32) {
    std::memcpy(values.data(), parameter.bytes.data(), values.size() * sizeof(float));
    return values;
  }
  if (plain && parameter.type == DataType::f16) {
    floats_of_halves(parameter.bytes.data(), values.size(), values.data());
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(real_value(tensor, parameter, static_cast<std::int64_t>(i)));
  return values;
}

Result<std::vector<AnchorBox>> stored_anchors(const Tensor& tensor, const Parameter& parameter) {
  if (parameter.shape.rank() != 2 || parameter.shape[1] != 4)
    return failure(ErrorCode::bad_format, quoted(tensor.name), ": anchors are ", to_string(parameter.shape),
                   ", expected n x 4");
  const std::vector<float> values = real_values(tensor, parameter);
  std::vector<AnchorBox> anchors;
  anchors.reserve(values.size() / 4);
  for (std::size_t i = 0; i + 3 < values.size(); i += 4)
    anchors.push_back({values[i], values[i + 1], values[i + 2], values[i + 3]});
  return anchors;
}

}  // namespace mobilenet
