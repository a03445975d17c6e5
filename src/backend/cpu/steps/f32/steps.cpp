// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/f32/steps.h"

#include <cstring>
#include <string>

#include "backend/cpu/steps/answers.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

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

Result<Operand> operand(const StepSource& source, TensorId id) {
  if (!source.tensor(id).is_constant()) return Operand{source.place(id), nullptr};
  const std::size_t bytes = static_cast<std::size_t>(source.shape(id).elements()) * sizeof(float);
  Operand constant;
  MOBILENET_TRY(constant.constant, source.pack("f32 constant " + std::to_string(id), bytes, [&](AlignedBuffer& buffer) {
    std::memcpy(buffer.data(), constant_values(source, id).data(), bytes);
  }));
  return constant;
}

Result<CompiledStep> compile_f32_step(const StepSource& source) {
  return std::visit(Compile{source}, source.node(source.step.nodes.front()).op);
}

}  // namespace mobilenet::cpu
