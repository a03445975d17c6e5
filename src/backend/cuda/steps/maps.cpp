// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Pooling, reductions and enlargement.

#include <algorithm>

#include "backend/cuda/program/step.h"
#include "base/error.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::cuda {
namespace {

constexpr const char* kFile = "maps";

// Whether one window has the whole map and nothing else.
bool is_global_average(const PoolOp& pool, const Shape& in, const Shape& out) {
  const Window& w = pool.window;
  return pool.kind == PoolKind::average && out[1] == 1 && out[2] == 1 && w.kernel_height == in[1] &&
         w.kernel_width == in[2] && w.dilation_height == 1 && w.dilation_width == 1 &&
         window_height(w, in[1]).pad_before == 0 && window_width(w, in[2]).pad_before == 0;
}

// Rounded up.
int in_parts(int count, int of) { return (count + of - 1) / of; }

}  // namespace

Result<void> compile_pool(const StepSource& source, const Step& step) {
  const Node& node = source.node(step.nodes.front());
  const Shape &in = source.shape(node.inputs[0]), &out = source.shape(step.output);
  PoolArguments arguments{};
  take_maps(in, out, arguments);
  arguments.channels = static_cast<std::int32_t>(in[3]);
  arguments.in_type = source.type_of(node.inputs[0]);
  arguments.out_type = source.type_of(step.output);
  const auto* pool = std::get_if<PoolOp>(&node.op);
  if (pool != nullptr && !is_global_average(*pool, in, out)) {
    arguments.is_max = pool->kind == PoolKind::max ? 1 : 0;
    arguments.window = window_arguments(pool->window, in);
    arguments.ending = ending_of(pool->activation);
    MOBILENET_TRY(Launch launch, launch_for(source, kFile, "pool", out.elements()));
    return put_launch(source, arguments, std::move(launch), node.inputs[0], step.output);
  }
  arguments.ending = ending_of(pool != nullptr ? pool->activation : Activation::none);
  Launch launch;
  const bool halves = arguments.in_type == Stored::f16 && arguments.channels % 64 == 0;
  MOBILENET_TRY(launch.function, source.kernel(kFile, halves ? "global_average_halves" : "global_average"));
  const int channels_each = halves ? 64 : 32;
  launch.grid = {static_cast<unsigned>(arguments.images),
                 static_cast<unsigned>((arguments.channels + channels_each - 1) / channels_each), 1};
  return put_launch(source, arguments, std::move(launch), node.inputs[0], step.output);
}

Result<void> compile_reduction(const StepSource& source, const Step& step) {
  const Node& node = source.node(step.nodes.front());
  const auto& op = std::get<ReduceOp>(node.op);
  const Shape& in = source.shape(node.inputs[0]);
  ReduceArguments arguments{};
  arguments.in_type = source.type_of(node.inputs[0]);
  arguments.out_type = source.type_of(step.output);
  arguments.kind = static_cast<std::int32_t>(op.kind);
  arguments.count = arguments.reduced = 1;
  std::fill_n(arguments.kept_extents, kAxes, 1);
  std::fill_n(arguments.reduced_extents, kAxes, 1);
  std::int64_t stride = 1;
  for (int axis = in.rank() - 1; axis >= 0; --axis) {
    const bool reduced = (op.axes & 1u << axis) != 0;
    (reduced ? arguments.reduced_extents : arguments.kept_extents)[axis] = static_cast<std::int32_t>(in[axis]);
    (reduced ? arguments.reduced_strides : arguments.kept_strides)[axis] = stride;
    (reduced ? arguments.reduced : arguments.count) *= in[axis];
    stride *= in[axis];
  }
  MOBILENET_TRY(Launch launch, launch_for(source, kFile, "reduce", arguments.count));
  return put_launch(source, arguments, std::move(launch), node.inputs[0], step.output);
}

Result<void> compile_resize(const StepSource& source, const Step& step) {
  const Node& node = source.node(step.nodes.front());
  const auto& op = std::get<ResizeBilinearOp>(node.op);
  const Shape &in = source.shape(node.inputs[0]), &out = source.shape(step.output);
  ResizeArguments arguments{};
  take_maps(in, out, arguments);
  arguments.channels = static_cast<std::int32_t>(in[3]);
  arguments.in_type = source.type_of(node.inputs[0]);
  arguments.out_type = source.type_of(step.output);
  const bool to_halves = arguments.out_type == Stored::f16;
  if ((arguments.in_type != Stored::f32 && arguments.in_type != Stored::f16) ||
      (arguments.out_type != Stored::f32 && !to_halves))
    return failure(ErrorCode::unsupported, "the GPU enlarges maps of floats alone");
  PackKey key{.kind = PackKey::Kind::table, .columns = 1};
  key.table = {in[1], in[2], out[1], out[2], static_cast<std::int64_t>(op.enlargement)};
  MOBILENET_TRY(const Place taps, source.weights.pack(key, [&] {
    std::vector<ResizeTapArguments> all;
    for (const int axis : {1, 2})
      for (const ResizeTap& tap : resize_taps(in[axis], out[axis], op))
        all.push_back({tap.low, tap.high, tap.fraction});
    return bytes_of(all);
  }));
  Launch launch;
  MOBILENET_TRY(launch.function, source.kernel(kFile, to_halves ? "resize_to_halves" : "resize_to_floats"));
  // As many blocks as a processor holds at a time, each with a long run of rows.
  constexpr int kBlocksEach = 8;
  const int numbers = static_cast<int>(out[2] * out[3]), rows = static_cast<int>(out[0] * out[1]);
  const int pieces = in_parts(numbers, kResizePiece);
  arguments.piece = in_parts(numbers, pieces);
  const int runs = std::clamp(kBlocksEach * source.device().processors() / pieces, 1, rows);
  arguments.rows_each = in_parts(rows, runs);
  launch.grid = {static_cast<unsigned>(in_parts(numbers, arguments.piece)),
                 static_cast<unsigned>(in_parts(rows, arguments.rows_each)), 1};
  MOBILENET_ADDRESS(launch, ResizeArguments, taps, taps);
  launch.flags = {offsetof(ResizeArguments, flag)};
  return put_launch(source, arguments, std::move(launch), node.inputs[0], step.output);
}

}  // namespace mobilenet::cuda
