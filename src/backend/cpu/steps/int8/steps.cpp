// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/int8/steps.h"

#include "backend/cpu/program/operators.h"
#include "backend/cpu/steps/answers.h"
#include "backend/cpu/steps/conversion.h"
#include "backend/cpu/steps/movement.h"
#include "network/fixed_convolution.h"

namespace mobilenet::cpu {
namespace {

// The node's own operator, handed to the function that compiles it.
template <class Operator>
Result<CompiledStep> compile_with(Result<CompiledStep> (*compile)(const StepSource&, const Node&, const Operator&),
                                  const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  return compile(source, node, std::get<Operator>(node.op));
}
template <auto kCompile>
Result<CompiledStep> compile(const StepSource& source) {
  return compile_with(kCompile, source);
}

// The same for layers with weights, some of which no kernel rounds right.
template <auto kCompile>
Result<CompiledStep> compile_layer(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  if (fixed_layer(node.op, source.tensor(node.inputs[1]))) return compile_int8_fixed_layer(source, node);
  return compile<kCompile>(source);
}

}  // namespace

// By operator; every integer operator is a step of its own, because its result is rounded before the next one reads it.
constinit const OperatorTable<CompileStep> kInt8Operators{
    {kOperator<Conv2dOp>, &compile_layer<&compile_int8_convolution>},
    {kOperator<DepthwiseConv2dOp>, &compile_layer<&compile_int8_depthwise>},
    {kOperator<TransposeConv2dOp>, &compile<&compile_int8_transposed>},
    {kOperator<DenseOp>, &compile_layer<&compile_int8_dense>},
    {kOperator<ActivationOp>, &compile<&compile_int8_activation>},
    {kOperator<UnaryOp>, &compile<&compile_int8_unary>},
    {kOperator<BinaryOp>, &compile_integer_binary},
    {kOperator<AddOp>, &compile<&compile_int8_add>},
    {kOperator<ConcatOp>, &compile_integer_concat},
    {kOperator<PoolOp>, &compile<&compile_int8_pool>},
    {kOperator<GlobalAveragePoolOp>, &compile<&compile_int8_mean>},
    {kOperator<ReduceOp>, &compile_integer_reduction},
    {kOperator<LogSoftmaxOp>, &compile<&compile_int8_log_softmax>},
    {kOperator<L2NormalizeOp>, &compile<&compile_int8_l2_normalize>},
    {kOperator<SoftmaxOp>, &compile<&compile_int8_softmax>},
    {kOperator<ResizeBilinearOp>, &compile_integer_resize},
    {kOperator<QuantizeOp>, &compile<&compile_int8_quantize>},
    {kOperator<CastOp>, &compile_cast},
    {kOperator<PadOp>, &compile_pad},
    {kOperator<TransposeOp>, &compile_transpose},
    {kOperator<SliceOp>, &compile_slice},
    {kOperator<TileOp>, &compile_tile},
    {kOperator<ResizeNearestOp>, &compile_resize_nearest},
    {kOperator<ArgMaxOp>, &compile_argmax},
    {kOperator<DetectionPostProcessOp>, &compile_detection},
};

}  // namespace mobilenet::cpu
