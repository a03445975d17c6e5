// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "graphs/graph_movements.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace mobilenet::testing {

using schema::BuiltinOperator;
using schema::BuiltinOptions;

int GraphMovements::some_movement(int x, int most) {
  using Make = int (GraphMovements::*)(int);
  static constexpr Make kAll[] = {
      &GraphMovements::transpose, &GraphMovements::slice,    &GraphMovements::strided_slice,
      &GraphMovements::split,     &GraphMovements::pack,     &GraphMovements::unpack,
      &GraphMovements::tile,      &GraphMovements::pad,      &GraphMovements::resize_nearest,
      &GraphMovements::blocks,    &GraphMovements::expand,   &GraphMovements::gather,
      &GraphMovements::reverse,   &GraphMovements::broadcast};
  most_ = most;
  if (shape(x).size() < 2) return -1;
  return (this->*kAll[choices_.below(std::size(kAll))])(x);
}

int GraphMovements::transpose(int x) {
  const std::vector<int> in = shape(x);
  std::vector<int> order(in.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size() - 1; i > 1; --i)
    std::swap(order[i], order[1 + choices_.below(static_cast<std::uint32_t>(i))]);
  std::vector<int> out;
  for (const int axis : order) out.push_back(in[static_cast<std::size_t>(axis)]);
  return put(BuiltinOperator::TRANSPOSE, {x, int_constant(order)}, like(x, out), 2);
}

int GraphMovements::slice(int x) {
  std::vector<int> begin(shape(x).size(), 0), size = shape(x), out = shape(x);
  for (std::size_t axis = 1; axis < out.size(); ++axis) {
    if (choices_.one_in(2)) continue;
    begin[axis] = choices_.between(0, out[axis] - 1);
    out[axis] = size[axis] = choices_.between(1, out[axis] - begin[axis]);
    if (begin[axis] + out[axis] == shape(x)[axis] && choices_.one_in(2)) size[axis] = -1;
  }
  return put(BuiltinOperator::SLICE, {x, int_constant(begin), int_constant(size)}, like(x, out), 2);
}

int GraphMovements::strided_slice(int x) {
  std::vector<int> begin(shape(x).size(), 0), end = shape(x), strides(shape(x).size(), 1), out = shape(x);
  int begin_mask = 0, end_mask = 0;
  for (std::size_t axis = 1; axis < out.size(); ++axis) {
    if (choices_.one_in(2)) continue;
    const int extent = out[axis], bit = 1 << axis;
    strides[axis] = choices_.pick({1, 1, 2, 3});
    begin[axis] = choices_.between(0, extent - 1);
    end[axis] = choices_.between(begin[axis] + 1, extent);
    if (choices_.one_in(4)) begin_mask |= bit;
    if (choices_.one_in(4)) end_mask |= bit;
    const int from = (begin_mask & bit) != 0 ? 0 : begin[axis], to = (end_mask & bit) != 0 ? extent : end[axis];
    out[axis] = (to - from + strides[axis] - 1) / strides[axis];
    if (choices_.one_in(3)) begin[axis] -= extent;
    if (choices_.one_in(3) && end[axis] < extent) end[axis] -= extent;
  }
  return put(BuiltinOperator::STRIDED_SLICE, {x, int_constant(begin), int_constant(end), int_constant(strides)},
             like(x, out), 2, BuiltinOptions::StridedSliceOptions,
             [=](auto& builder) { return schema::CreateStridedSliceOptions(builder, begin_mask, end_mask); });
}

// The last part is what goes on; the others are outputs.
int GraphMovements::split(int x) {
  const int axis = axis_of(x), extent = shape(x)[static_cast<std::size_t>(axis)];
  std::vector<int> sizes;
  if (choices_.one_in(2)) {
    const int parts = choices_.pick({2, 3, 4});
    if (extent % parts != 0) return -1;
    sizes.assign(static_cast<std::size_t>(parts), extent / parts);
  } else {
    if (extent < 2) return -1;
    sizes = {choices_.between(1, extent - 1)};
    sizes.push_back(extent - sizes[0]);
  }
  const bool even = std::all_of(sizes.begin(), sizes.end(), [&](int size) { return size == sizes[0]; });
  std::vector<int> outputs;
  for (const int size : sizes) {
    std::vector<int> part = shape(x);
    part[static_cast<std::size_t>(axis)] = size;
    outputs.push_back(like(x, part));
  }
  const int along = int_constant({choices_.one_in(3) ? axis - static_cast<int>(shape(x).size()) : axis});
  // SplitOptions and SplitVOptions have one field, the number of outputs; the reader's schema leaves the tables out.
  constexpr auto kSplitOptions = static_cast<BuiltinOptions>(35), kSplitVOptions = static_cast<BuiltinOptions>(79);
  put(even ? BuiltinOperator::SPLIT : BuiltinOperator::SPLIT_V,
      even ? std::vector<int>{along, x} : std::vector<int>{x, int_constant(sizes), along}, outputs[0], even ? 2 : 1);
  GraphOperator& op = graph_.operators.back();
  op.outputs = outputs;
  op.options_type = even ? kSplitOptions : kSplitVOptions;
  op.options = [parts = static_cast<int>(sizes.size())](flatbuffers::FlatBufferBuilder& builder) {
    const auto start = builder.StartTable();
    builder.AddElement<std::int32_t>(4, parts, 0);
    return flatbuffers::Offset<void>(builder.EndTable(start));
  };
  for (std::size_t i = 0; i + 1 < outputs.size(); ++i) graph_.outputs.push_back(outputs[i]);
  return outputs.back();
}

int GraphMovements::pack(int x) {
  const int rank = static_cast<int>(shape(x).size()), count = choices_.pick({1, 2, 2, 3});
  if (rank > 4) return -1;
  const int axis = choices_.between(1, rank);
  std::vector<int> out = shape(x);
  out.insert(out.begin() + axis, count);
  if (!fits(out)) return -1;
  return put(BuiltinOperator::PACK, std::vector<int>(static_cast<std::size_t>(count), x), like(x, out), 2,
             BuiltinOptions::PackOptions,
             [=](auto& builder) { return schema::CreatePackOptions(builder, count, axis); });
}

int GraphMovements::unpack(int x) {
  const int axis = axis_of(x), count = shape(x)[static_cast<std::size_t>(axis)];
  if (count > 8 || shape(x).size() < 3) return -1;
  std::vector<int> out = shape(x);
  out.erase(out.begin() + axis);
  std::vector<int> outputs;
  for (int i = 0; i < count; ++i) outputs.push_back(like(x, out));
  put(BuiltinOperator::UNPACK, {x}, outputs[0], 2, BuiltinOptions::UnpackOptions,
      [=](auto& builder) { return schema::CreateUnpackOptions(builder, count, axis); });
  graph_.operators.back().outputs = outputs;
  for (std::size_t i = 0; i + 1 < outputs.size(); ++i) graph_.outputs.push_back(outputs[i]);
  return outputs.back();
}

int GraphMovements::tile(int x) {
  std::vector<int> repeats(shape(x).size(), 1), out = shape(x);
  for (std::size_t axis = 1; axis < out.size(); ++axis)
    if (choices_.one_in(2)) out[axis] *= repeats[axis] = choices_.pick({2, 3});
  if (!fits(out)) return -1;
  return put(BuiltinOperator::TILE, {x, int_constant(repeats)}, like(x, out), 1);
}

// Any axis but the first, and mirrors.
int GraphMovements::pad(int x) {
  const std::uint32_t kind = choices_.below(4);
  const bool mirrors = kind == 1 || kind == 2;
  std::vector<int> out = shape(x), amounts(2 * shape(x).size(), 0);
  for (std::size_t axis = 1; axis < out.size(); ++axis) {
    const int most = mirrors ? std::min(3, kind == 1 ? out[axis] - 1 : out[axis]) : 3;
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}})
      if (choices_.one_in(2)) amounts[2 * axis + side] = choices_.between(0, most);
    out[axis] += amounts[2 * axis] + amounts[2 * axis + 1];
  }
  if (!fits(out) || out.size() > 4) return -1;
  const int padding = int_constant(amounts);
  tensor(padding).shape = {static_cast<int>(out.size()), 2};
  if (kind == 0) return put(BuiltinOperator::PAD, {x, padding}, like(x, out), 2);
  if (kind == 3) return put(BuiltinOperator::PADV2, {x, padding, number_like(x)}, like(x, out), 2);
  const auto mode = kind == 1 ? schema::MirrorPadMode::REFLECT : schema::MirrorPadMode::SYMMETRIC;
  return put(BuiltinOperator::MIRROR_PAD, {x, padding}, like(x, out), 2, BuiltinOptions::MirrorPadOptions,
             [=](auto& builder) { return schema::CreateMirrorPadOptions(builder, mode); });
}

int GraphMovements::resize_nearest(int x) {
  if (shape(x).size() != 4) return -1;
  const std::vector<int> out{1, choices_.between(1, 24), choices_.between(1, 24), shape(x)[3]};
  if (!fits(out)) return -1;
  const std::uint32_t rule = choices_.below(3);
  return put(BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, {x, int_constant({out[1], out[2]})}, like(x, out), 3,
             BuiltinOptions::ResizeNearestNeighborOptions,
             [=](auto& builder) { return schema::CreateResizeNearestNeighborOptions(builder, rule == 1, rule == 2); });
}

int GraphMovements::blocks(int x) {
  if (shape(x).size() != 4) return -1;
  const int b = choices_.pick({2, 2, 3});
  std::vector<int> out = shape(x);
  if (choices_.one_in(2)) {
    if (out[1] % b != 0 || out[2] % b != 0) return -1;
    out = {1, out[1] / b, out[2] / b, out[3] * b * b};
    return put(BuiltinOperator::SPACE_TO_DEPTH, {x}, like(x, out), 1, BuiltinOptions::SpaceToDepthOptions,
               [=](auto& builder) { return schema::CreateSpaceToDepthOptions(builder, b); });
  }
  if (out[3] % (b * b) != 0) return -1;
  out = {1, out[1] * b, out[2] * b, out[3] / (b * b)};
  return put(BuiltinOperator::DEPTH_TO_SPACE, {x}, like(x, out), 1, BuiltinOptions::DepthToSpaceOptions,
             [=](auto& builder) { return schema::CreateDepthToSpaceOptions(builder, b); });
}

int GraphMovements::expand(int x) {
  if (shape(x).size() > 4) return -1;
  std::vector<int> out = shape(x);
  const int axis = choices_.between(1, static_cast<int>(out.size()));
  out.insert(out.begin() + axis, 1);
  return put(BuiltinOperator::EXPAND_DIMS, {x, int_constant({axis})}, like(x, out), 1);
}

int GraphMovements::gather(int x) {
  const int axis = axis_of(x), extent = shape(x)[static_cast<std::size_t>(axis)];
  std::vector<int> indices(static_cast<std::size_t>(choices_.between(1, 5))), out = shape(x);
  for (int& index : indices) index = choices_.between(0, extent - 1);
  out[static_cast<std::size_t>(axis)] = static_cast<int>(indices.size());
  if (!fits(out)) return -1;
  const int said = choices_.one_in(3) ? axis - static_cast<int>(out.size()) : axis;
  return put(BuiltinOperator::GATHER, {x, int_constant(indices)}, like(x, out), 2, BuiltinOptions::GatherOptions,
             [=](auto& builder) { return schema::CreateGatherOptions(builder, said); });
}

int GraphMovements::reverse(int x) {
  return put(BuiltinOperator::REVERSE_V2, {x, int_constant({axis_of(x)})}, like(x, shape(x)), 3);
}

// One position of some axes, repeated.
int GraphMovements::broadcast(int x) {
  std::vector<int> begin(shape(x).size(), 0), one = shape(x), out = shape(x);
  for (std::size_t axis = 1; axis < out.size(); ++axis) {
    if (choices_.one_in(2)) continue;
    begin[axis] = choices_.between(0, one[axis] - 1);
    one[axis] = 1;
    out[axis] = choices_.between(1, 12);
  }
  if (!fits(out)) return -1;
  const int part = put(BuiltinOperator::SLICE, {x, int_constant(begin), int_constant(one)}, like(x, one), 2);
  // Axes before the first one are repeated, too; here that is the batch.
  if (one.size() < 4 && choices_.one_in(3)) out.insert(out.begin(), 1);
  return put(BuiltinOperator::BROADCAST_TO, {part, int_constant(out)}, like(x, out), 3);
}

}  // namespace mobilenet::testing
