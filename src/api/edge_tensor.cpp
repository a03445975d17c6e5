// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "api/edge_tensor.h"

#include <cstring>

#include "api/model_state.h"
#include "base/half.h"

namespace mobilenet {
namespace {

template <class T>
void permute(const std::byte* src, std::byte* dst, std::int64_t batch, std::int64_t rows, std::int64_t columns) {
  // A transpose of [rows][columns] per picture; both layouts are that, with pixels and channels swapped.
  const auto* from = reinterpret_cast<const T*>(src);
  auto* to = reinterpret_cast<T*>(dst);
  for (std::int64_t n = 0; n < batch; ++n, from += rows * columns, to += rows * columns)
    for (std::int64_t c = 0; c < columns; ++c)
      for (std::int64_t r = 0; r < rows; ++r) to[c * rows + r] = from[r * columns + c];
}

void permute(const std::byte* src, std::byte* dst, std::int64_t batch, std::int64_t rows, std::int64_t columns,
             std::size_t element) {
  switch (element) {
    case 1:
      return permute<std::uint8_t>(src, dst, batch, rows, columns);
    case 2:
      return permute<std::uint16_t>(src, dst, batch, rows, columns);
    case 4:
      return permute<std::uint32_t>(src, dst, batch, rows, columns);
    case 8:
      return permute<std::uint64_t>(src, dst, batch, rows, columns);
  }
}

}  // namespace

void nhwc_to_nchw(const std::byte* src, std::byte* dst, const Shape& nhwc, std::size_t element) {
  permute(src, dst, nhwc[0], nhwc[1] * nhwc[2], nhwc[3], element);
}

void nchw_to_nhwc(const std::byte* src, std::byte* dst, const Shape& nhwc, std::size_t element) {
  permute(src, dst, nhwc[0], nhwc[3], nhwc[1] * nhwc[2], element);
}

EdgeTensor::EdgeTensor(const TensorMemory& source, const Tensor& tensor, std::string_view name, SourceLayout layout,
                       Pooling pooling)
    : name_(name), average_(pooling == Pooling::average && source.shape.rank() == 4), type_(source.type) {
  if (tensor.quantization && tensor.quantization->scales.size() == 1) {
    scale_ = tensor.quantization->scales[0];
    zero_point_ = tensor.quantization->zero_points[0];
  }
  if (average_) {
    type_ = DataType::f32;
    shape_ = {source.shape[0], source.shape[3]};
    copy_.resize(static_cast<std::size_t>(shape_[0] * shape_[1]) * sizeof(float));
    bytes_ = copy_.size();
    first_shape_ = shape_;
    return;
  }
  bytes_ = source.bytes;
  shape_ = framework_shape(source.shape, layout);
  first_shape_ = shape_;
  if (layout == SourceLayout::nchw && source.shape.rank() == 4) copy_.resize(source.bytes);
}

// The mean of real values, in double.
void EdgeTensor::average(const TensorMemory& source) {
  const std::int64_t pixels = source.shape[1] * source.shape[2], channels = source.shape[3];
  const auto value = [&](std::int64_t index) -> double {
    switch (source.type) {
      case DataType::u8:
        return scale_ * static_cast<double>(
                            static_cast<int>(reinterpret_cast<const std::uint8_t*>(source.data)[index]) - zero_point_);
      case DataType::i8:
        return scale_ * static_cast<double>(static_cast<int>(reinterpret_cast<const std::int8_t*>(source.data)[index]) -
                                            zero_point_);
      case DataType::f32:
        return reinterpret_cast<const float*>(source.data)[index];
      case DataType::f16:
      case DataType::i16:
      case DataType::i32:
      case DataType::i64:
      case DataType::boolean:
        break;  // no map of an operator here has such numbers
    }
    return 0;
  };
  auto* out = reinterpret_cast<float*>(copy_.data());
  for (std::int64_t n = 0; n < source.shape[0]; ++n)
    for (std::int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (std::int64_t p = 0; p < pixels; ++p) sum += value((n * pixels + p) * channels + c);
      *out++ = static_cast<float>(sum / static_cast<double>(pixels));
    }
}

TensorView EdgeTensor::show(const TensorMemory& source) {
  if (average_)
    average(source);
  else if (!copy_.empty())
    nhwc_to_nchw(source.data, copy_.data(), source.shape, size_of(type_));
  TensorView view;
  view.name = name_;
  view.type = type_;
  view.shape = shape_;
  view.data = copy_.empty() ? source.data : copy_.data();
  view.bytes = bytes_;
  if (!average_) {
    view.scale = scale_;
    view.zero_point = zero_point_;
  }
  return view;
}

TensorView EdgeTensor::first_pictures(TensorView view, std::size_t shown, std::size_t batch) {
  const auto pictures = static_cast<std::int64_t>(batch);
  if (shape_.empty() || shape_[0] % pictures != 0) return view;  // says nothing of single pictures
  first_shape_[0] = shape_[0] / pictures * static_cast<std::int64_t>(shown);
  view.shape = first_shape_;
  view.bytes = view.bytes / batch * shown;
  return view;
}

}  // namespace mobilenet
