// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/step.h"

#include <algorithm>

#include "backend/cuda/steps/tiles.h"
#include "base/error.h"
#include "base/quoted.h"
#include "network/clamp.h"
#include "network/operator_table.h"

namespace mobilenet::cuda {
namespace {

constexpr OperatorTable<CompileStep> kOperators{
    {kOperator<Conv2dOp>, &compile_convolution},
    {kOperator<DenseOp>, &compile_convolution},
    {kOperator<DepthwiseConv2dOp>, &compile_depthwise},
    {kOperator<TransposeConv2dOp>, &compile_transposed},
    {kOperator<BatchNormOp>, &compile_batch_norm},
    {kOperator<ActivationOp>, &compile_unary},
    {kOperator<UnaryOp>, &compile_unary},
    {kOperator<AddOp>, &compile_binary},
    {kOperator<BinaryOp>, &compile_binary},
    {kOperator<ConcatOp>, &compile_concat},
    {kOperator<PoolOp>, &compile_pool},
    {kOperator<GlobalAveragePoolOp>, &compile_pool},
    {kOperator<ReduceOp>, &compile_reduction},
    {kOperator<L2NormalizeOp>, &compile_rows},
    {kOperator<ReshapeOp>, &compile_unary},  // of a constant; others are no steps
    {kOperator<SoftmaxOp>, &compile_rows},
    {kOperator<LogSoftmaxOp>, &compile_rows},
    {kOperator<ResizeBilinearOp>, &compile_resize},
    {kOperator<ResizeNearestOp>, &compile_movement},
    {kOperator<QuantizeOp>, &compile_unary},
    {kOperator<CastOp>, &compile_unary},
    {kOperator<PadOp>, &compile_movement},
    {kOperator<TransposeOp>, &compile_movement},
    {kOperator<SliceOp>, &compile_movement},
    {kOperator<TileOp>, &compile_movement},
    {kOperator<ArgMaxOp>, &compile_rows},
    {kOperator<DetectionPostProcessOp>, &compile_detection_operator},
};

}  // namespace

Result<const CompileStep*> compiler_of(const Network& network, const Node& node) {
  const CompileStep& compile = kOperators[node.op];
  if (compile == nullptr)
    return at(node.name, failure(ErrorCode::unsupported, kind_of(node.op), " cannot run on the GPU yet"));
  for (const TensorId id : node.inputs)
    if (network.is_activation(id)) {
      if (auto stored = stored_as(network.tensor(id)); !stored) return at(node.name, std::move(stored).error());
    }
  if (auto stored = stored_as(network.tensor(node.output)); !stored) return at(node.name, std::move(stored).error());
  return &compile;
}

Result<Stored> stored_as(const Tensor& tensor) {
  switch (tensor.type) {
    case DataType::f32:
      return Stored::f32;
    case DataType::u8:
      return Stored::u8;
    case DataType::i8:
      return Stored::i8;
    case DataType::i32:
      return Stored::i32;
    case DataType::i64:
      return Stored::i64;
    case DataType::f16:
    case DataType::i16:
    case DataType::boolean:
      break;
  }
  return failure(ErrorCode::unsupported, "tensor ", quoted(tensor.name), " is ", name_of(tensor.type),
                 ", which the GPU does not compute with");
}

std::size_t size_of(Stored type) {
  switch (type) {
    case Stored::f32:
    case Stored::i32:
      return 4;
    case Stored::f16:
      return 2;
    case Stored::u8:
    case Stored::i8:
      return 1;
    case Stored::i64:
      break;
  }
  return 8;
}

Stored StepSource::type_of(TensorId id) const {
  return tensor(id).is_constant() ? Stored::f32 : stored[static_cast<std::size_t>(id)];
}

Result<Place> StepSource::place_of(TensorId id) const {
  if (!tensor(id).is_constant()) return places[static_cast<std::size_t>(id)];
  return weights.pack({.kind = PackKey::Kind::constant, .tensor = id}, [&] { return bytes_of(constant(id)); });
}

Place StepSource::scratch(std::size_t bytes) const {
  const Place place{Place::Kind::arena, arena_bytes};
  arena_bytes += next_aligned(bytes);
  return place;
}

Result<Launch> launch_for(const StepSource& source, const char* file, const char* name, std::int64_t count) {
  constexpr std::int64_t kThreads = 256, kBlocksEach = 16;
  Launch launch;
  MOBILENET_TRY(launch.function, source.kernel(file, name));
  const std::int64_t most = kBlocksEach * source.device().processors();
  launch.grid[0] = static_cast<unsigned>(std::clamp<std::int64_t>((count + kThreads - 1) / kThreads, 1, most));
  return launch;
}

Ending ending_of(Activation activation) {
  const ClampRange range = clamp_of(activation);
  return {range.low, range.high, is_clamp(activation) ? 0 : static_cast<std::int32_t>(activation)};
}

WindowArguments window_arguments(const Window& w, const Shape& in) {
  return {w.kernel_height,
          w.kernel_width,
          w.stride_height,
          w.stride_width,
          w.dilation_height,
          w.dilation_width,
          static_cast<std::int32_t>(window_height(w, in[1]).pad_before),
          static_cast<std::int32_t>(window_width(w, in[2]).pad_before)};
}

bool is_given(const PlanView& plan, TensorId id) {
  const Network& network = plan.network();
  for (const Node* maker = network.producer(id); maker != nullptr && is_plain_reshape(network, *maker);
       maker = network.producer(id))
    id = maker->inputs[0];
  return std::find(network.inputs.begin(), network.inputs.end(), id) != network.inputs.end();
}

OutputPlace output_place(const Part& part, std::int64_t pixels, int channels, Stored type) {
  OutputPlace place{};
  place.pixel = channels;
  if (part.row == channels) {  // channels beside others
    place.first = part.first;
    place.pixel = static_cast<std::int32_t>(part.stride);
  } else if (part.row > 0) {
    place.first = part.first;
    if (part.row < pixels * channels) {  // of a single row there is no next, and nobody divides
      place.line = static_cast<std::int32_t>(part.row / channels);
      place.between = part.stride - part.row;
    }
  }
  const std::int64_t vector = type == Stored::f16 ? 8 : 4;
  const auto is_whole = [&](std::int64_t elements) { return elements % vector == 0; };
  place.eights = (type == Stored::f16 || type == Stored::f32) && channels % 8 == 0 && is_whole(place.first) &&
                 is_whole(place.pixel) && is_whole(place.between);
  return place;
}

std::vector<std::byte> halves_of(std::span<const float> values) {
  std::vector<std::byte> bytes(values.size() * 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t half = half_of(values[i]);
    std::memcpy(bytes.data() + 2 * i, &half, sizeof half);
  }
  return bytes;
}

std::vector<float> in_whole_16(std::vector<float> values) {
  values.resize((values.size() + 15) / 16 * 16);
  return values;
}

Result<Place> packed_table(const StepSource& source, std::vector<std::int64_t> table) {
  const PackKey key{.kind = PackKey::Kind::table, .table = std::move(table)};
  return source.weights.pack(key, [&] { return bytes_of(key.table); });
}

}  // namespace mobilenet::cuda
