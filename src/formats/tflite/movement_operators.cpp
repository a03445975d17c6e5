// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The operators that only move elements: padding, transposing, slicing, joining, repeating.

#include <algorithm>
#include <numeric>

#include "formats/tflite/operator_reader.h"
#include "network/parameter.h"

namespace mobilenet::tflite {
namespace {

constexpr std::size_t kMostParts = 256;  // that one operator takes a tensor apart into, or puts together

TransposeOp order_of(std::initializer_list<int> axes) {
  TransposeOp op;
  std::copy(axes.begin(), axes.end(), op.order.begin());
  return op;
}

// All of every axis.
SliceOp whole(int rank) {
  SliceOp op;
  for (int i = 0; i < rank; ++i) op.begin.push_back(0), op.stride.push_back(1), op.count.push_back(SliceOp::kAll);
  return op;
}

// `count` of an axis of `extent` from `begin` on; all of it stays all of it, whatever the extent will be.
void take(SliceOp& op, int axis, std::int64_t begin, std::int64_t count, std::int64_t extent) {
  op.begin[axis] = begin;
  op.count[axis] = begin == 0 && count == extent ? SliceOp::kAll : count;
}

// Whether the axes that are longer than 1 keep their order (the first is the batch, which must stay the first): then
// the elements stay where they are.
bool keeps_elements(const TransposeOp& op, const Shape& x) {
  int last = -1;
  for (int i = 0; i < x.rank(); ++i) {
    const int axis = op.order[static_cast<std::size_t>(i)];
    if ((axis == 0) != (i == 0)) return false;
    if (x[axis] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

}  // namespace

Result<int> OperatorReader::axis(const Call& call, std::size_t input, int rank) const {
  MOBILENET_TRY(const std::vector<std::int64_t> stored, integers(call, input));
  const std::int64_t axis = stored.size() == 1 ? from_front(stored[0], rank) : -1;
  if (axis < 0 || axis >= rank)
    return failure(ErrorCode::bad_format, "names axis ", stored.empty() ? 0 : stored[0], " of ", rank);
  return static_cast<int>(axis);
}

// PAD, PADV2 and MIRROR_PAD. The constant holds before and after for each axis.
Result<void> OperatorReader::pad(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  MOBILENET_TRY(const std::vector<std::int64_t> amounts, integers(call, 1));
  const int rank = shape(operands[0]).rank();
  if (amounts.size() != 2 * static_cast<std::size_t>(rank))
    return failure(ErrorCode::bad_format, "pads ", amounts.size() / 2, " axes of ", to_string(shape(operands[0])));
  PadOp op;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    if (amounts[i] < 0 || amounts[i] > kMaxExtent)
      return failure(ErrorCode::bad_format, "padding by ", amounts[i], " is impossible");
    (i % 2 == 0 ? op.before : op.after).push_back(amounts[i]);
  }
  if (call.code == schema::BuiltinOperator::MIRROR_PAD) {
    const auto* options = call.options<schema::MirrorPadOptions>();
    if (options == nullptr) return missing_options();
    op.mode = options->mode() == schema::MirrorPadMode::REFLECT ? PadMode::reflect : PadMode::symmetric;
  }
  if (call.code == schema::BuiltinOperator::PADV2) {
    if (!call.has(2)) return failure(ErrorCode::bad_format, "its value is missing");
    MOBILENET_TRY(const TensorId value, tensors_.constant(call.inputs[2], WeightLayout::none));
    if (shape(value).elements() != 1)
      return failure(ErrorCode::bad_format, "its value is ", to_string(shape(value)), ", expected one number");
    op.value = real_values(tensor(value), tensors_.parameter(value))[0];
  }
  return append(call, std::move(op), std::move(operands));
}

// Two in a row are one, and one that moves nothing is a reshape: what converters of planes-first graphs put around
// every convolution mostly goes away.
Result<void> OperatorReader::transpose(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const int rank = shape(operands[0]).rank();
  MOBILENET_TRY(const std::vector<std::int64_t> order, integers(call, 1));
  if (order.size() != static_cast<std::size_t>(rank))
    return failure(ErrorCode::bad_format, "orders ", order.size(), " axes of ", to_string(shape(operands[0])));
  TransposeOp op;
  unsigned seen = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int64_t from = from_front(order[i], rank);
    if (from < 0 || from >= rank || (seen & 1u << from) != 0)
      return failure(ErrorCode::bad_format, "its order of axes names ", order[i], " twice or out of ", rank);
    seen |= 1u << from;
    op.order[i] = static_cast<int>(from);
  }
  if (const Node* before = network_.producer(operands[0]); before != nullptr)
    if (const auto* first = std::get_if<TransposeOp>(&before->op)) {
      TransposeOp both;
      for (std::size_t i = 0; i < order.size(); ++i)
        both.order[i] = first->order[static_cast<std::size_t>(op.order[i])];
      op = both;
      operands[0] = before->inputs[0];
    }
  const Shape x = shape(operands[0]);
  if (!keeps_elements(op, x)) return append(call, op, std::move(operands));
  ReshapeOp same;
  for (int i = 0; i < rank; ++i) same.shape.push_back(x[op.order[static_cast<std::size_t>(i)]]);
  return append(call, same, std::move(operands));
}

Result<void> OperatorReader::slice(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const Shape x = shape(operands[0]);
  MOBILENET_TRY(const std::vector<std::int64_t> begin, integers(call, 1));
  MOBILENET_TRY(const std::vector<std::int64_t> size, integers(call, 2));
  if (begin.size() != static_cast<std::size_t>(x.rank()) || size.size() != begin.size())
    return failure(ErrorCode::bad_format, "slices ", begin.size(), " axes of ", to_string(x));
  SliceOp op = whole(x.rank());
  for (int i = 0; i < x.rank(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (begin[at] < 0 || begin[at] >= x[i] || size[at] < -1 || size[at] == 0 || size[at] > x[i] - begin[at])
      return failure(ErrorCode::bad_format, "takes ", size[at], " of axis ", i, " of ", to_string(x), " from ",
                     begin[at]);
    take(op, i, begin[at], size[at], x[i]);
  }
  return append(call, std::move(op), std::move(operands));
}

Result<void> OperatorReader::strided_slice(const Call& call) {
  if (call.has(0) && (tensors_.is_extents(call.inputs[0]) || tensors_.is_constant(call.inputs[0])))
    return extents(call);
  const auto* options = call.options<schema::StridedSliceOptions>();
  if (options == nullptr) return missing_options();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const Shape x = shape(operands[0]);
  MOBILENET_TRY(const std::vector<std::int64_t> begins, integers(call, 1));
  MOBILENET_TRY(const std::vector<std::int64_t> ends, integers(call, 2));
  MOBILENET_TRY(const std::vector<std::int64_t> strides, integers(call, 3));
  if (begins.size() > static_cast<std::size_t>(x.rank()) || ends.size() != begins.size() ||
      strides.size() != begins.size())
    return failure(ErrorCode::bad_format, "slices ", begins.size(), " axes of ", to_string(x));
  if (options->ellipsis_mask() != 0 || options->new_axis_mask() != 0)
    return failure(ErrorCode::unsupported, "an ellipsis or a new axis is not supported");
  SliceOp op = whole(x.rank());
  Shape taken, left;
  for (int i = 0; i < x.rank(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool said = at < begins.size();
    const bool shrinks = said && is_set(options->shrink_axis_mask(), i);
    const std::int64_t stride = said ? strides[at] : 1;
    if (stride == 0 || std::abs(stride) > kMaxExtent)
      return failure(ErrorCode::bad_format, "takes steps of ", stride, " along axis ", i);
    // Ends that lie outside are as far as there is anything.
    const auto inside = [&](std::int64_t place) {
      return std::clamp<std::int64_t>(from_front(place, static_cast<int>(x[i])), stride > 0 ? 0 : -1,
                                      stride > 0 ? x[i] : x[i] - 1);
    };
    std::int64_t begin = stride > 0 ? 0 : x[i] - 1, end = stride > 0 ? x[i] : -1;
    if (said && (shrinks || !is_set(options->begin_mask(), i))) begin = inside(begins[at]);
    if (shrinks)
      end = begin + (stride > 0 ? 1 : -1);
    else if (said && !is_set(options->end_mask(), i))
      end = inside(options->offset() ? begin + ends[at] : ends[at]);
    const std::int64_t count = stride > 0 ? (end - begin + stride - 1) / stride : (begin - end - stride - 1) / -stride;
    if (begin < 0 || begin >= x[i] || count < 1)
      return failure(ErrorCode::bad_format, "takes nothing of axis ", i, " of ", to_string(x));
    op.stride[i] = stride;
    take(op, i, begin, shrinks ? 1 : count, stride == 1 ? x[i] : -1);
    taken.push_back(count);
    if (!shrinks) left.push_back(count);
  }
  if (left.rank() == taken.rank()) return append(call, std::move(op), std::move(operands));
  if (left.rank() == 0) return failure(ErrorCode::unsupported, "a slice of a single number is not supported");
  MOBILENET_TRY(const TensorId part, between(operands[0], taken, "/part"));
  MOBILENET_CHECK(append_node(std::move(op), std::move(operands), part));
  return append(call, ReshapeOp{left}, {part});
}

Result<void> OperatorReader::reverse(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const Shape x = shape(operands[0]);
  MOBILENET_TRY(const int over, axis(call, 1, x.rank()));
  SliceOp op = whole(x.rank());
  op.begin[over] = x[over] - 1;
  op.stride[over] = -1;
  return append(call, std::move(op), std::move(operands));
}

// SPLIT (axis, x) into equal parts, SPLIT_V (x, sizes, axis) into those of the sizes.
Result<void> OperatorReader::split(const Call& call) {
  const bool sized = call.code == schema::BuiltinOperator::SPLIT_V;
  const std::size_t parts = call.extra_outputs.size() + 1;
  if (parts > kMostParts) return failure(ErrorCode::unsupported, "more than ", kMostParts, " parts are not supported");
  if (!call.has(sized ? 0 : 1)) return failure(ErrorCode::bad_format, "its input is missing");
  MOBILENET_TRY(const TensorId x, tensors_.activation(call.inputs[sized ? 0 : 1]));
  const Shape extent = shape(x);
  MOBILENET_TRY(const int over, axis(call, sized ? 2 : 0, extent.rank()));
  std::vector<std::int64_t> sizes(parts, extent[over] / static_cast<std::int64_t>(parts));
  if (sized) {
    MOBILENET_TRY(sizes, integers(call, 1));
    std::int64_t known = 0;
    for (const std::int64_t size : sizes) known += std::max<std::int64_t>(size, 0);
    for (std::int64_t& size : sizes)
      if (size == -1) size = extent[over] - known;
  }
  std::int64_t total = 0;
  for (const std::int64_t size : sizes) {
    if (size < 1 || size > extent[over]) return failure(ErrorCode::bad_format, "a part of ", size, " is impossible");
    total += size;
  }
  if (sizes.size() != parts || total != extent[over])
    return failure(ErrorCode::bad_format, "cannot take ", to_string(extent), " apart into ", parts, " along axis ",
                   over);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < parts; ++i) {
    SliceOp op = whole(extent.rank());
    take(op, over, begin, sizes[i], extent[over]);
    begin += sizes[i];
    Call part = call;
    if (i > 0) part.output = call.extra_outputs[i - 1];
    MOBILENET_CHECK(append(part, std::move(op), {x}));
  }
  return {};
}

// One slice for each position along the axis, which then goes away.
Result<void> OperatorReader::unpack(const Call& call) {
  const auto* options = call.options<schema::UnpackOptions>();
  if (options == nullptr) return missing_options();
  MOBILENET_TRY(const std::vector<TensorId> operands, activations(call, 1));
  const TensorId x = operands[0];
  const Shape extent = shape(x);
  const std::int64_t over = from_front(options->axis(), extent.rank());
  const std::size_t parts = call.extra_outputs.size() + 1;
  if (over < 0 || over >= extent.rank() || parts > kMostParts ||
      extent[static_cast<int>(over)] != static_cast<std::int64_t>(parts))
    return failure(ErrorCode::bad_format, "cannot take ", to_string(extent), " apart into ", parts, " along axis ",
                   options->axis());
  Shape one = extent, rest;
  one[static_cast<int>(over)] = 1;
  for (int i = 0; i < extent.rank(); ++i)
    if (i != over) rest.push_back(extent[i]);
  if (rest.rank() == 0) return failure(ErrorCode::unsupported, "single numbers as outputs are not supported");
  for (std::size_t i = 0; i < parts; ++i) {
    SliceOp op = whole(extent.rank());
    take(op, static_cast<int>(over), static_cast<std::int64_t>(i), 1, extent[static_cast<int>(over)]);
    Call part = call;
    if (i > 0) part.output = call.extra_outputs[i - 1];
    MOBILENET_TRY(const TensorId taken, between(x, one, "/part"));
    MOBILENET_CHECK(append_node(std::move(op), {x}, taken));
    MOBILENET_CHECK(append(part, ReshapeOp{rest}, {taken}));
  }
  return {};
}

// The inputs side by side along a new axis; or extents that become a shape.
Result<void> OperatorReader::pack(const Call& call) {
  for (const int input : call.inputs)
    if (input >= 0 && tensors_.is_extents(input)) return extents(call);
  const auto* options = call.options<schema::PackOptions>();
  if (options == nullptr) return missing_options();
  if (call.inputs.size() > kMostParts)
    return failure(ErrorCode::unsupported, "more than ", kMostParts, " inputs are not supported");
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, call.inputs.size()));
  const Shape x = shape(operands[0]);
  const std::int64_t over = from_front(options->axis(), x.rank() + 1);
  if (over < 0 || over > x.rank() || x.rank() == Shape::kMaxRank)
    return failure(ErrorCode::unsupported, "joining ", to_string(x), " along a new axis ", options->axis(),
                   " is not supported");
  Shape spread;
  for (int i = 0; i <= x.rank(); ++i) {
    if (i == over) spread.push_back(1);
    if (i < x.rank()) spread.push_back(x[i]);
  }
  std::vector<TensorId> parts;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (!(shape(operands[i]) == x))
      return failure(ErrorCode::bad_format, "cannot join ", to_string(x), " and ", to_string(shape(operands[i])));
    const auto first = std::find(operands.begin(), operands.end(), operands[i]) - operands.begin();
    if (first < static_cast<std::ptrdiff_t>(i)) {
      parts.push_back(parts[static_cast<std::size_t>(first)]);
      continue;
    }
    MOBILENET_TRY(const TensorId part, reshaped(operands[i], spread, "/with_axis"));
    parts.push_back(part);
  }
  return append(call, ConcatOp{static_cast<int>(over)}, std::move(parts));
}

// Along one axis, what constant indices name: a few slices, joined.
Result<void> OperatorReader::gather(const Call& call) {
  const auto* options = call.options<schema::GatherOptions>();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const TensorId x = operands[0];
  const Shape extent = shape(x);
  MOBILENET_TRY(const std::vector<std::int64_t> indices, integers(call, 1));
  const std::int64_t over = options == nullptr ? 0 : from_front(options->axis(), extent.rank());
  if (over < 0 || over >= extent.rank() || (options != nullptr && options->batch_dims() != 0) || indices.empty())
    return failure(ErrorCode::unsupported, "gathering ", indices.size(), " of ", to_string(extent), " along axis ",
                   options == nullptr ? 0 : options->axis(), " is not supported");
  const int axis = static_cast<int>(over);
  MOBILENET_TRY(const Shape made, tensors_.shape(call.output));
  if (made.rank() != extent.rank())
    return failure(ErrorCode::unsupported, "gathering ", to_string(extent), " into ", to_string(made),
                   " is not supported");
  Shape one = extent;
  one[axis] = 1;
  std::vector<TensorId> parts;
  for (const std::int64_t index : indices) {
    if (index < 0 || index >= extent[axis])
      return failure(ErrorCode::bad_format, "names position ", index, " of ", extent[axis]);
    SliceOp op = whole(extent.rank());
    take(op, axis, index, 1, extent[axis]);
    MOBILENET_TRY(const TensorId part, between(x, one, "/part"));
    MOBILENET_CHECK(append_node(std::move(op), {x}, part));
    parts.push_back(part);
  }
  return append(call, ConcatOp{axis}, std::move(parts));
}

Result<void> OperatorReader::tile(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  MOBILENET_TRY(const std::vector<std::int64_t> repeats, integers(call, 1));
  TileOp op;
  for (const std::int64_t number : repeats)
    if (op.repeats.rank() < Shape::kMaxRank) op.repeats.push_back(number);
  return append(call, std::move(op), std::move(operands));
}

Result<void> OperatorReader::broadcast_to(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const Shape x = shape(operands[0]);
  MOBILENET_TRY(const std::vector<std::int64_t> axes, integers(call, 1));
  Shape wanted;
  for (const std::int64_t extent : axes)
    if (wanted.rank() < Shape::kMaxRank) wanted.push_back(extent);
  const std::optional<Shape> together = broadcast(x, wanted);
  if (!together || !(*together == wanted))
    return failure(ErrorCode::bad_format, "cannot repeat ", to_string(x), " as ", to_string(wanted));
  Shape aligned;
  for (int i = 0; i < wanted.rank() - x.rank(); ++i) aligned.push_back(1);
  for (const std::int64_t extent : x.axes()) aligned.push_back(extent);
  MOBILENET_TRY(const TensorId under, reshaped(operands[0], aligned, "/aligned"));
  TileOp op;
  for (int i = 0; i < wanted.rank(); ++i) op.repeats.push_back(aligned[i] == 1 ? wanted[i] : 1);
  return append(call, std::move(op), {under});
}

// [height, width, channels] as [height / b, width / b, b b channels], and back.
Result<void> OperatorReader::space_to_depth(const Call& call) {
  const auto* options = call.options<schema::SpaceToDepthOptions>();
  if (options == nullptr) return missing_options();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const Shape x = shape(operands[0]);
  const std::int64_t b = options->block_size();
  if (x.rank() != 4 || b < 1 || x[1] % b != 0 || x[2] % b != 0)
    return failure(ErrorCode::bad_format, "cannot divide ", to_string(x), " into blocks of ", b);
  MOBILENET_TRY(const TensorId blocks, reshaped(operands[0], {x[0], x[1] / b, b, x[2] / b, b, x[3]}, "/blocks"));
  MOBILENET_TRY(const TensorId moved, between(blocks, {x[0], x[1] / b, x[2] / b, b, b, x[3]}, "/moved"));
  MOBILENET_CHECK(append_node(order_of({0, 1, 3, 2, 4, 5}), {blocks}, moved));
  return append(call, ReshapeOp{{x[0], x[1] / b, x[2] / b, b * b * x[3]}}, {moved});
}

Result<void> OperatorReader::depth_to_space(const Call& call) {
  const auto* options = call.options<schema::DepthToSpaceOptions>();
  if (options == nullptr) return missing_options();
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const Shape x = shape(operands[0]);
  const std::int64_t b = options->block_size();
  if (x.rank() != 4 || b < 1 || b > kMaxExtent || x[3] % (b * b) != 0)
    return failure(ErrorCode::bad_format, "cannot make blocks of ", b, " of ", to_string(x));
  const std::int64_t channels = x[3] / (b * b);
  MOBILENET_TRY(const TensorId blocks, reshaped(operands[0], {x[0], x[1], x[2], b, b, channels}, "/blocks"));
  MOBILENET_TRY(const TensorId moved, between(blocks, {x[0], x[1], b, x[2], b, channels}, "/moved"));
  MOBILENET_CHECK(append_node(order_of({0, 1, 3, 2, 4, 5}), {blocks}, moved));
  return append(call, ReshapeOp{{x[0], x[1] * b, x[2] * b, channels}}, {moved});
}

}  // namespace mobilenet::tflite
