// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/f32/steps.h"

#include <cstring>
#include <string>

#include "backend/cpu/program/operators.h"
#include "backend/cpu/steps/answers.h"
#include "backend/cpu/steps/conversion.h"
#include "backend/cpu/steps/movement.h"
#include "base/error.h"

namespace mobilenet::cpu {
Result<Operand> operand(const StepSource& source, TensorId id) {
  if (!source.tensor(id).is_constant()) return Operand{source.place(id), nullptr};
  const std::size_t bytes = static_cast<std::size_t>(source.shape(id).elements()) * sizeof(float);
  Operand constant;
  const PackKey key{.kind = PackKey::Kind::constant, .weight = id};
  MOBILENET_TRY(constant.constant, source.pack(key, bytes, [&](AlignedBuffer& buffer) {
    std::memcpy(buffer.data(), constant_values(source.network, source.parameters, id).data(), bytes);
  }));
  return constant;
}

// By the operator that a step begins with.
constinit const OperatorTable<CompileStep> kF32Operators{
    {kOperator<Conv2dOp>, &compile_convolution},
    {kOperator<DenseOp>, &compile_convolution},
    {kOperator<DepthwiseConv2dOp>, &compile_depthwise},
    {kOperator<TransposeConv2dOp>, &compile_transposed},
    {kOperator<BatchNormOp>, &compile_elementwise},
    {kOperator<ActivationOp>, &compile_elementwise},
    {kOperator<AddOp>, &compile_elementwise},
    {kOperator<UnaryOp>, &compile_unary},
    {kOperator<BinaryOp>, &compile_binary},
    {kOperator<SoftmaxOp>, &compile_elementwise},
    {kOperator<LogSoftmaxOp>, &compile_rows},
    {kOperator<L2NormalizeOp>, &compile_rows},
    {kOperator<ConcatOp>, &compile_copy},
    {kOperator<CastOp>, &compile_cast},
    {kOperator<PadOp>, &compile_pad},
    {kOperator<TransposeOp>, &compile_transpose},
    {kOperator<SliceOp>, &compile_slice},
    {kOperator<TileOp>, &compile_tile},
    {kOperator<ResizeNearestOp>, &compile_resize_nearest},
    {kOperator<ReshapeOp>, &compile_copy},   // of a constant; others are no steps
    {kOperator<QuantizeOp>, &compile_copy},  // float to float
    {kOperator<PoolOp>, &compile_pool},
    {kOperator<GlobalAveragePoolOp>, &compile_pool},
    {kOperator<ReduceOp>, &compile_reduction},
    {kOperator<ResizeBilinearOp>, &compile_resize},
    {kOperator<ArgMaxOp>, &compile_argmax},
    {kOperator<DetectionPostProcessOp>, &compile_detection},
};

}  // namespace mobilenet::cpu
