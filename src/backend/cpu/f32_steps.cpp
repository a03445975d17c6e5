// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/f32_steps.h"

#include <cstdint>
#include <cstring>

#include "backend/cpu/answer_steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

// Kernels count pixels in int: a hostile file's kernel of 65536 pixels, 65536 apart, would not fit.
constexpr std::int64_t kMaxReach = 1 << 20;

Result<void> check_reach(const Node& node) {
  const Window* window = nullptr;
  if (const auto* convolution = std::get_if<Conv2dOp>(&node.op)) window = &convolution->window;
  if (const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&node.op)) window = &depthwise->window;
  if (const auto* pool = std::get_if<PoolOp>(&node.op)) window = &pool->window;
  if (window == nullptr) return {};
  const std::int64_t height = std::int64_t{window->kernel_height} * window->dilation_height;
  const std::int64_t width = std::int64_t{window->kernel_width} * window->dilation_width;
  if (height <= kMaxReach && width <= kMaxReach) return {};
  return failure(ErrorCode::unsupported, node.name, ": a window of ", height, "x", width, " pixels is too large");
}

struct Compile {
  const StepSource& source;

  Result<CompiledStep> operator()(const Conv2dOp&) const { return compile_convolution(source); }
  Result<CompiledStep> operator()(const DenseOp&) const { return compile_convolution(source); }
  Result<CompiledStep> operator()(const DepthwiseConv2dOp&) const { return compile_depthwise(source); }
  Result<CompiledStep> operator()(const BatchNormOp&) const { return compile_elementwise(source); }
  Result<CompiledStep> operator()(const ActivationOp&) const { return compile_elementwise(source); }
  Result<CompiledStep> operator()(const AddOp&) const { return compile_elementwise(source); }
  Result<CompiledStep> operator()(const SoftmaxOp&) const { return compile_elementwise(source); }
  Result<CompiledStep> operator()(const ConcatOp&) const { return compile_copy(source); }
  Result<CompiledStep> operator()(const PadOp&) const { return compile_copy(source); }
  Result<CompiledStep> operator()(const ReshapeOp&) const { return compile_copy(source); }
  Result<CompiledStep> operator()(const QuantizeOp&) const { return compile_copy(source); }  // float to float
  Result<CompiledStep> operator()(const PoolOp&) const { return compile_pool(source); }
  Result<CompiledStep> operator()(const GlobalAveragePoolOp&) const { return compile_pool(source); }
  Result<CompiledStep> operator()(const ResizeBilinearOp&) const { return compile_resize(source); }
  Result<CompiledStep> operator()(const MulOp&) const { return compile_elementwise(source); }
  Result<CompiledStep> operator()(const ArgMaxOp&) const { return compile_argmax(source); }
  Result<CompiledStep> operator()(const DetectionPostProcessOp&) const { return compile_detection(source); }
};

}  // namespace

Operand operand(const StepSource& source, TensorId id) {
  if (source.tensor(id).parameter < 0) return {source.offset(id), nullptr};
  return {kNotInArena, source.packed.get("f32 constant " + std::to_string(id), [&] {
            const std::vector<float> values = constant_values(source, id);
            AlignedBuffer buffer(values.size() * sizeof(float));
            std::memcpy(buffer.data(), values.data(), buffer.size());
            return buffer;
          })};
}

Result<CompiledStep> compile_f32_step(const StepSource& source) {
  const Node& head = source.node(source.step.nodes.front());
  MOBILENET_CHECK(check_reach(head));
  MOBILENET_TRY(CompiledStep step, std::visit(Compile{source}, head.op));
  step.name = source.node(source.step.nodes.back()).name;
  step.kind = kind_of(head.op);
  return step;
}

}  // namespace mobilenet::cpu
