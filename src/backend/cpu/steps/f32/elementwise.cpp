// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators without neighbours that no convolution took along: batch norm, activation, addition, softmax.

#include <algorithm>

#include "backend/cpu/kernels/f32_elementwise.h"
#include "backend/cpu/steps/f32/steps.h"
#include "base/error.h"
#include "network/clamp.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kGrain = 16 * 1024;  // numbers; fewer are not worth another thread

struct ElementwiseStep {
  const ElementwiseKernels* kernels = nullptr;
  Operand input, other;
  Place output;
  std::size_t count = 0;
  std::size_t channels = 1;  // of the last axis
  Activation activation = Activation::none;
  std::shared_ptr<const AlignedBuffer> scale;  // factors, then shifts from `shifts`
  std::size_t shifts = 0;
  float beta = 1;
};

void run_activation(const ElementwiseStep& step, RunContext& context) {
  const float* in = step.input.data(context);
  float* out = floats_at(context, step.output);
  context.for_parts(step.count, kGrain, [&](std::size_t begin, std::size_t end) {
    step.kernels->activate(step.activation, in + begin, out + begin, end - begin);
  });
}

void run_add(const ElementwiseStep& step, RunContext& context) {
  const float* a = step.input.data(context);
  const float* b = step.other.data(context);
  float* out = floats_at(context, step.output);
  const ClampRange clamp = clamp_of(step.activation);
  context.for_parts(step.count, kGrain, [&](std::size_t begin, std::size_t end) {
    step.kernels->add(a + begin, b + begin, out + begin, end - begin, clamp.low, clamp.high);
    if (!is_clamp(step.activation)) step.kernels->activate(step.activation, out + begin, out + begin, end - begin);
  });
}

void run_batch_norm(const ElementwiseStep& step, RunContext& context) {
  const float* in = step.input.data(context);
  float* out = floats_at(context, step.output);
  const float* factors = step.scale->as<float>();
  context.for_parts(step.count / step.channels, 1 + kGrain / step.channels, [&](std::size_t begin, std::size_t end) {
    step.kernels->scale_channels(in + begin * step.channels, factors, factors + step.shifts,
                                 out + begin * step.channels, end - begin, step.channels);
  });
}

void run_softmax(const ElementwiseStep& step, RunContext& context) {
  const float* in = step.input.data(context);
  float* out = floats_at(context, step.output);
  context.for_parts(step.count / step.channels, 1 + kGrain / step.channels, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row)
      step.kernels->softmax(in + row * step.channels, out + row * step.channels, step.channels, step.beta);
  });
}

Result<PackedCache::Buffer> packed_scale(const StepSource& source, const Node& node, std::size_t shifts) {
  const auto fill = [&](AlignedBuffer& buffer) {
    const ChannelScale scale = channel_scale(source.network, source.parameters, node);
    for (std::size_t c = 0; c < scale.factors.size(); ++c) {
      buffer.as<float>()[c] = static_cast<float>(scale.factors[c]);
      buffer.as<float>()[shifts + c] = static_cast<float>(scale.shifts[c]);
    }
  };
  const PackKey key{.kind = PackKey::Kind::batch_norm, .batch_norm = source.step.nodes.front()};
  return source.pack(key, 2 * shifts * sizeof(float), fill);
}

}  // namespace

Result<CompiledStep> compile_elementwise(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Shape& shape = source.shape(node.output);
  ElementwiseStep step;
  step.kernels = source.kernels.f32_elementwise;
  MOBILENET_TRY(step.input, operand(source, node.inputs[0]));
  step.output = source.place(node.output);
  step.count = static_cast<std::size_t>(shape.elements());
  if (shape.rank() > 0) step.channels = static_cast<std::size_t>(shape[shape.rank() - 1]);
  if (const auto* op = std::get_if<ActivationOp>(&node.op)) {
    step.activation = op->activation;
    return step_of<&run_activation>(std::move(step));
  }
  if (const auto* op = std::get_if<AddOp>(&node.op)) {
    step.activation = op->activation;
    MOBILENET_TRY(step.other, operand(source, node.inputs[1]));
    return step_of<&run_add>(std::move(step));
  }
  if (const auto* op = std::get_if<SoftmaxOp>(&node.op)) {
    step.beta = op->beta;
    return step_of<&run_softmax>(std::move(step));
  }
  step.shifts = (step.channels + 15) / 16 * 16;
  for (std::size_t i = 1; i < 5; ++i)
    if (!source.tensor(node.inputs[i]).is_constant())
      return failure(ErrorCode::unsupported, "its statistics are not constants");
  MOBILENET_TRY(step.scale, packed_scale(source, node, step.shifts));
  return step_of<&run_batch_norm>(std::move(step));
}

}  // namespace mobilenet::cpu
