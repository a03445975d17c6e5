// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Names of operators, types and shapes, for messages and profiles.

#include <mobilenet/tensor.h>

#include "network/ops.h"
#include "network/shape.h"

namespace mobilenet {
namespace {

std::string_view name_of(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::absolute:
      return "absolute";
    case UnaryKind::elu:
      return "elu";
    case UnaryKind::exp:
      return "exp";
    case UnaryKind::leaky_relu:
      return "leaky_relu";
    case UnaryKind::log:
      return "log";
    case UnaryKind::negate:
      return "negate";
    case UnaryKind::rsqrt:
      return "rsqrt";
    case UnaryKind::sqrt:
      return "sqrt";
    case UnaryKind::square:
      return "square";
    case UnaryKind::tanh:
      return "tanh";
  }
  return "?";
}

std::string_view name_of(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::add:
      return "add_broadcast";
    case BinaryKind::divide:
      return "divide";
    case BinaryKind::maximum:
      return "maximum";
    case BinaryKind::minimum:
      return "minimum";
    case BinaryKind::multiply:
      return "multiply";
    case BinaryKind::power:
      return "power";
    case BinaryKind::prelu:
      return "prelu";
    case BinaryKind::squared_difference:
      return "squared_difference";
    case BinaryKind::subtract:
      return "subtract";
  }
  return "?";
}

std::string_view name_of(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::maximum:
      return "reduce_max";
    case ReduceKind::mean:
      return "mean";
    case ReduceKind::minimum:
      return "reduce_min";
    case ReduceKind::sum:
      return "sum";
  }
  return "?";
}

struct KindOf {
  std::string_view operator()(const Conv2dOp& op) const {
    return op.window.kernel_height == 1 && op.window.kernel_width == 1 ? "pointwise" : "convolution";
  }
  std::string_view operator()(const DepthwiseConv2dOp&) const { return "depthwise"; }
  std::string_view operator()(const TransposeConv2dOp&) const { return "transpose_convolution"; }
  std::string_view operator()(const DenseOp&) const { return "dense"; }
  std::string_view operator()(const BatchNormOp&) const { return "batch_norm"; }
  std::string_view operator()(const ActivationOp&) const { return "activation"; }
  std::string_view operator()(const UnaryOp& op) const { return name_of(op.kind); }
  std::string_view operator()(const AddOp&) const { return "add"; }
  std::string_view operator()(const BinaryOp& op) const { return name_of(op.kind); }
  std::string_view operator()(const ConcatOp&) const { return "concat"; }
  std::string_view operator()(const PoolOp& op) const {
    return op.kind == PoolKind::average ? "average_pool" : "max_pool";
  }
  std::string_view operator()(const GlobalAveragePoolOp&) const { return "global_average_pool"; }
  std::string_view operator()(const ReduceOp& op) const { return name_of(op.kind); }
  std::string_view operator()(const L2NormalizeOp&) const { return "l2_normalize"; }
  std::string_view operator()(const ReshapeOp&) const { return "reshape"; }
  std::string_view operator()(const SoftmaxOp&) const { return "softmax"; }
  std::string_view operator()(const LogSoftmaxOp&) const { return "log_softmax"; }
  std::string_view operator()(const ResizeBilinearOp&) const { return "resize_bilinear"; }
  std::string_view operator()(const ResizeNearestOp&) const { return "resize_nearest"; }
  std::string_view operator()(const QuantizeOp&) const { return "quantize"; }
  std::string_view operator()(const CastOp&) const { return "cast"; }
  std::string_view operator()(const PadOp&) const { return "pad"; }
  std::string_view operator()(const TransposeOp&) const { return "transpose"; }
  std::string_view operator()(const SliceOp&) const { return "slice"; }
  std::string_view operator()(const TileOp&) const { return "tile"; }
  std::string_view operator()(const ArgMaxOp&) const { return "argmax"; }
  std::string_view operator()(const DetectionPostProcessOp&) const { return "detection_post_process"; }
};

}  // namespace

std::string_view kind_of(const Op& op) { return std::visit(KindOf{}, op); }

std::string to_string(const Shape& shape) {
  if (shape.rank() == 0) return "scalar";
  std::string text;
  for (const std::int64_t axis : shape.axes()) {
    if (!text.empty()) text += 'x';
    text += std::to_string(axis);
  }
  return text;
}

std::size_t size_of(DataType type) {
  switch (type) {
    case DataType::f32:
    case DataType::i32:
      return 4;
    case DataType::f16:
    case DataType::i16:
      return 2;
    case DataType::u8:
    case DataType::i8:
    case DataType::boolean:
      return 1;
    case DataType::i64:
      return 8;
  }
  return 0;
}

std::string_view name_of(DataType type) {
  switch (type) {
    case DataType::f32:
      return "f32";
    case DataType::f16:
      return "f16";
    case DataType::u8:
      return "u8";
    case DataType::i8:
      return "i8";
    case DataType::i16:
      return "i16";
    case DataType::i32:
      return "i32";
    case DataType::i64:
      return "i64";
    case DataType::boolean:
      return "boolean";
  }
  return "?";
}

}  // namespace mobilenet
