// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The operators without weights that change the shape of a map: pooling, reducing, joining, reshaping, resizing.

#include <algorithm>
#include <array>

#include "formats/tflite/operator_reader.h"

namespace mobilenet::tflite {

Result<std::vector<std::int64_t>> OperatorReader::integers(const Call& call, std::size_t input) const {
  if (!call.has(input)) return failure(ErrorCode::bad_format, "input ", input, " is missing");
  return tensors_.integers(call.inputs[input]);
}

Result<void> OperatorReader::pool(const Call& call) {
  const auto* options = call.options<schema::Pool2DOptions>();
  if (options == nullptr) return missing_options();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  PoolOp op;
  op.kind = call.code == schema::BuiltinOperator::MAX_POOL_2D ? PoolKind::max : PoolKind::average;
  MOBILENET_TRY(op.window, window_of(*options));
  op.window.kernel_height = options->filter_height();
  op.window.kernel_width = options->filter_width();
  MOBILENET_TRY(op.activation, activation_of(options->fused_activation_function()));
  return append(call, op, std::move(operands));
}

Result<void> OperatorReader::reduce(const Call& call, ReduceKind kind) {
  const auto* options = call.options<schema::ReducerOptions>();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  MOBILENET_TRY(const std::vector<std::int64_t> axes, integers(call, 1));
  const Shape x = shape(operands[0]);
  ReduceOp op{.kind = kind};
  op.keep_axes = options != nullptr && options->keep_dims();
  for (const std::int64_t axis : axes) {
    const std::int64_t over = from_front(axis, x.rank());
    if (over < 0 || over >= x.rank())
      return failure(ErrorCode::bad_format, "reduces axis ", axis, " of ", to_string(x));
    op.axes |= 1u << over;
  }
  constexpr unsigned kHeightAndWidth = 0b0110;
  if (op.kind == ReduceKind::mean && x.rank() == 4 && op.axes == kHeightAndWidth)
    return append(call, GlobalAveragePoolOp{op.keep_axes}, std::move(operands));
  return append(call, op, std::move(operands));
}

Result<void> OperatorReader::concatenation(const Call& call) {
  const auto* options = call.options<schema::ConcatenationOptions>();
  if (options == nullptr) return missing_options();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, call.inputs.size()));
  const Shape& x = shape(operands[0]);
  const std::int64_t axis = from_front(options->axis(), x.rank());
  if (axis < 0 || axis >= x.rank())
    return failure(ErrorCode::bad_format, "joins ", to_string(x), " along axis ", options->axis());
  if (options->fused_activation_function() != schema::FusedActivation::NONE)
    return failure(ErrorCode::unsupported, "a fused activation is not supported here");
  return append(call, ConcatOp{static_cast<int>(axis)}, std::move(operands));
}

Result<void> OperatorReader::reshape(const Call& call) {
  const auto* options = call.options<schema::ReshapeOptions>();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  ReshapeOp op;
  if (call.has(1) && tensors_.is_unknown(call.inputs[1])) {
    MOBILENET_TRY(op.shape, tensors_.stored_result(call.output));
    return append(call, op, std::move(operands));
  }
  std::vector<std::int64_t> axes;
  if (call.has(1)) {
    MOBILENET_TRY(axes, integers(call, 1));
  } else if (options != nullptr && options->new_shape() != nullptr) {
    for (const std::int32_t axis : *options->new_shape())
      if (axes.size() <= Shape::kMaxRank) axes.push_back(axis);
  } else {
    return failure(ErrorCode::bad_format, "its new shape is missing");
  }
  if (axes.size() > Shape::kMaxRank)
    return failure(ErrorCode::unsupported, "more than ", Shape::kMaxRank, " axes are not supported");
  for (const std::int64_t axis : axes) op.shape.push_back(axis);
  return append(call, op, std::move(operands));
}

Result<void> OperatorReader::squeeze(const Call& call) {
  const auto* options = call.options<schema::SqueezeOptions>();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const Shape& x = shape(operands[0]);
  const auto* listed = options != nullptr ? options->squeeze_dims() : nullptr;
  const bool all = listed == nullptr || listed->size() == 0;
  std::array<bool, Shape::kMaxRank> removed{};
  for (int axis = 0; axis < x.rank(); ++axis) removed[static_cast<std::size_t>(axis)] = all && x[axis] == 1;
  for (unsigned i = 0; !all && i < listed->size(); ++i) {
    const std::int64_t axis = from_front(listed->Get(i), x.rank());
    if (axis < 0 || axis >= x.rank() || x[static_cast<int>(axis)] != 1)
      return failure(ErrorCode::bad_format, "cannot remove axis ", listed->Get(i), " of ", to_string(x));
    removed[static_cast<std::size_t>(axis)] = true;
  }
  ReshapeOp op;
  for (int axis = 0; axis < x.rank(); ++axis)
    if (!removed[static_cast<std::size_t>(axis)]) op.shape.push_back(x[axis]);
  return append(call, op, std::move(operands));
}

// The new height and width of a map, which may be computed by the graph.
Result<std::array<int, 2>> OperatorReader::new_size(const Call& call) const {
  std::vector<std::int64_t> size;
  if (call.has(1) && tensors_.is_unknown(call.inputs[1])) {
    MOBILENET_TRY(const Shape stored, tensors_.stored_result(call.output));
    if (stored.rank() == 4) size = {stored[1], stored[2]};
  } else {
    MOBILENET_TRY(size, integers(call, 1));
  }
  if (size.size() != 2 || std::min(size[0], size[1]) < 1 || std::max(size[0], size[1]) > kMaxExtent)
    return failure(ErrorCode::bad_format, "its new height and width are impossible");
  return std::array<int, 2>{static_cast<int>(size[0]), static_cast<int>(size[1])};
}

// What both kinds say: the new size and where the centres of pixels lie.
template <class Op, class Options>
Result<Op> OperatorReader::resize(const Call& call) const {
  const auto* options = call.options<Options>();
  const bool corners = options != nullptr && options->align_corners();
  const bool centers = options != nullptr && options->half_pixel_centers();
  if (corners && centers)
    return failure(ErrorCode::bad_format, "its align_corners and half_pixel_centers exclude each other");
  MOBILENET_TRY(const auto size, new_size(call));
  Op op;
  op.height = size[0];
  op.width = size[1];
  if (corners) op.enlargement = Enlargement::align_corners;
  if (centers) op.enlargement = Enlargement::half_pixel_centers;
  return op;
}

Result<void> OperatorReader::resize_bilinear(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  MOBILENET_TRY(const auto op, (resize<ResizeBilinearOp, schema::ResizeBilinearOptions>(call)));
  return append(call, op, std::move(operands));
}

Result<void> OperatorReader::resize_nearest(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  MOBILENET_TRY(auto op, (resize<ResizeNearestOp, schema::ResizeNearestNeighborOptions>(call)));
  op.fixed_point = size_of(tensor(operands[0]).type) == 1 && op.enlargement == Enlargement::top_left;
  return append(call, op, std::move(operands));
}

Result<void> OperatorReader::expand_dims(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const Shape x = shape(operands[0]);
  if (x.rank() == Shape::kMaxRank)
    return failure(ErrorCode::unsupported, "more than ", Shape::kMaxRank, " axes are not supported");
  MOBILENET_TRY(const int place, axis(call, 1, x.rank() + 1));
  ReshapeOp op;
  for (int i = 0; i <= x.rank(); ++i) {
    if (i == place) op.shape.push_back(1);
    if (i < x.rank()) op.shape.push_back(x[i]);
  }
  return append(call, op, std::move(operands));
}

}  // namespace mobilenet::tflite
