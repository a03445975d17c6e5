// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/int8/steps.h"

#include "backend/cpu/steps/answers.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

struct Compile {
  const StepSource& source;
  const Node& node;

  Result<CompiledStep> operator()(const Conv2dOp& op) const {
    return op.groups == 1 ? compile_int8_convolution(source, node, op)
                          : compile_int8_grouped(source, node, op.window, op.groups, op.activation);
  }
  Result<CompiledStep> operator()(const DepthwiseConv2dOp& op) const {
    const auto channels = static_cast<int>(source.shape(node.inputs[0])[3]);
    return op.multiplier == 1 ? compile_int8_depthwise(source, node, op)
                              : compile_int8_grouped(source, node, op.window, channels, op.activation);
  }
  Result<CompiledStep> operator()(const DenseOp& op) const { return compile_int8_dense(source, node, op); }
  Result<CompiledStep> operator()(const BatchNormOp&) const {
    return failure(ErrorCode::unsupported, "batch norm has no integer form");
  }
  Result<CompiledStep> operator()(const ActivationOp& op) const { return compile_int8_activation(source, node, op); }
  Result<CompiledStep> operator()(const AddOp& op) const { return compile_int8_add(source, node, op); }
  Result<CompiledStep> operator()(const ConcatOp& op) const { return compile_int8_concat(source, node, op); }
  Result<CompiledStep> operator()(const PoolOp& op) const { return compile_int8_pool(source, node, op); }
  Result<CompiledStep> operator()(const GlobalAveragePoolOp&) const { return compile_int8_mean(source, node); }
  Result<CompiledStep> operator()(const ReshapeOp&) const {
    return failure(ErrorCode::unsupported, "a reshape cannot change the type of its numbers");  // others are no steps
  }
  Result<CompiledStep> operator()(const SoftmaxOp& op) const { return compile_int8_softmax(source, node, op); }
  Result<CompiledStep> operator()(const ResizeBilinearOp& op) const { return compile_int8_resize(source, node, op); }
  Result<CompiledStep> operator()(const QuantizeOp&) const { return compile_int8_quantize(source, node); }
  Result<CompiledStep> operator()(const PadOp& op) const { return compile_int8_pad(source, node, op); }
  Result<CompiledStep> operator()(const MulOp&) const {
    return failure(ErrorCode::unsupported, "multiplication has no integer form");
  }
  Result<CompiledStep> operator()(const ArgMaxOp&) const { return compile_argmax(source); }
  Result<CompiledStep> operator()(const DetectionPostProcessOp&) const { return compile_detection(source); }
};

}  // namespace

WindowGeometry window_geometry(const StepSource& source, const Node& node, const Window& window) {
  const Shape& input = source.shape(node.inputs[0]);
  const Shape& output = source.shape(node.output);
  WindowGeometry g;
  g.batch = input[0];
  g.input_height = input[1], g.input_width = input[2], g.input_channels = input[3];
  g.output_height = output[1], g.output_width = output[2], g.output_channels = output[3];
  g.pad_top = window_height(window, input[1]).pad_before;
  g.pad_left = window_width(window, input[2]).pad_before;
  g.kernel_height = window.kernel_height, g.kernel_width = window.kernel_width;
  g.stride_height = window.stride_height, g.stride_width = window.stride_width;
  g.dilation_height = window.dilation_height, g.dilation_width = window.dilation_width;
  return g;
}

Result<CompiledStep> compile_int8_step(const StepSource& source) {
  // Every integer operator rounds its result before the next one reads it, so the plan leaves them alone.
  if (source.step.nodes.size() != 1) return failure(ErrorCode::unsupported, "integer operators are not grouped");
  const Node& node = source.node(source.step.nodes.front());
  return std::visit(Compile{source, node}, node.op);
}

}  // namespace mobilenet::cpu
