// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/int16/steps.h"

#include "backend/cpu/program/operators.h"
#include "backend/cpu/steps/conversion.h"
#include "backend/cpu/steps/int8/steps.h"
#include "backend/cpu/steps/movement.h"

namespace mobilenet::cpu {

constinit const OperatorTable<CompileStep> kInt16Operators{
    {kOperator<Conv2dOp>, &compile_int16_layer},
    {kOperator<DepthwiseConv2dOp>, &compile_int16_layer},
    {kOperator<TransposeConv2dOp>, &compile_int16_layer},
    {kOperator<DenseOp>, &compile_int16_layer},
    {kOperator<ActivationOp>, &compile_int16_activation},
    {kOperator<UnaryOp>, &compile_int16_unary},
    {kOperator<AddOp>, &compile_integer_binary},
    {kOperator<BinaryOp>, &compile_integer_binary},
    {kOperator<ConcatOp>, &compile_integer_concat},
    {kOperator<PoolOp>, &compile_int16_pool},
    {kOperator<GlobalAveragePoolOp>, &compile_int16_pool},
    {kOperator<ReduceOp>, &compile_integer_reduction},
    {kOperator<SoftmaxOp>, &compile_int16_softmax},
    {kOperator<ResizeBilinearOp>, &compile_integer_resize},
    {kOperator<QuantizeOp>, &compile_int16_quantize},
    {kOperator<CastOp>, &compile_cast},
    {kOperator<PadOp>, &compile_pad},
    {kOperator<TransposeOp>, &compile_transpose},
    {kOperator<SliceOp>, &compile_slice},
    {kOperator<TileOp>, &compile_tile},
    {kOperator<ResizeNearestOp>, &compile_resize_nearest},
};

}  // namespace mobilenet::cpu
