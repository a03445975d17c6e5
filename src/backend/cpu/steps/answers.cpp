// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/answers.h"

#include "backend/cpu/steps/f32/steps.h"
#include "base/error.h"
#include "postprocess/detection_operator.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kRowsPerPart = 1024;  // fewer rows of an argmax are not worth another thread

struct ArgMaxStep {
  Place input, output;
  std::size_t rows = 0, columns = 0;
};

// Element: of the input; Index: of the output.
template <class Element, class Index>
void run_argmax(const ArgMaxStep& step, RunContext& context) {
  const auto* input = reinterpret_cast<const Element*>(context.at(step.input));
  auto* output = reinterpret_cast<Index*>(context.at(step.output));
  context.for_parts(step.rows, kRowsPerPart, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const Element* const numbers = input + row * step.columns;
      output[row] = static_cast<Index>(std::max_element(numbers, numbers + step.columns) - numbers);
    }
  });
}

template <class Element>
CompiledStep argmax_of(DataType index, ArgMaxStep step) {
  return index == DataType::i32 ? step_of<&run_argmax<Element, std::int32_t>>(step)
                                : step_of<&run_argmax<Element, std::int64_t>>(step);
}

struct DetectionStep {
  DetectionOperator detection;
  std::size_t batch = 0;
  Place boxes, scores;
  Place out_boxes, out_classes, out_scores, out_counts;
};

void run_detection(const DetectionStep& step, RunContext& context) {
  context.for_each(1, [&](std::size_t) {
    step.detection.run(step.batch,
                       {context.at(step.boxes), context.at(step.scores), floats_at(context, step.out_boxes),
                        floats_at(context, step.out_classes), floats_at(context, step.out_scores),
                        floats_at(context, step.out_counts)},
                       context.scratch);
  });
}

}  // namespace

Result<CompiledStep> compile_argmax(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Shape& shape = source.shape(node.inputs[0]);
  ArgMaxStep step;
  step.input = source.place(node.inputs[0]);
  step.output = source.place(node.output);
  step.columns = static_cast<std::size_t>(shape[shape.rank() - 1]);
  step.rows = static_cast<std::size_t>(shape.elements()) / step.columns;
  const DataType index = source.tensor(node.output).type;
  if (index != DataType::i32 && index != DataType::i64)
    return failure(ErrorCode::unsupported, "argmax gives i32 or i64, not ", name_of(index));
  switch (source.tensor(node.inputs[0]).type) {
    case DataType::f32:
      return argmax_of<float>(index, step);
    case DataType::u8:
      return argmax_of<std::uint8_t>(index, step);
    case DataType::i8:
      return argmax_of<std::int8_t>(index, step);
    case DataType::f16:
    case DataType::i16:
    case DataType::i32:
    case DataType::i64:
    case DataType::boolean:
      break;
  }
  return failure(ErrorCode::unsupported, "argmax of ", name_of(source.tensor(node.inputs[0]).type));
}

Result<CompiledStep> compile_detection(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Tensor& anchors = source.tensor(node.inputs[2]);
  if (!anchors.is_constant())
    return failure(ErrorCode::unsupported, "detection post-processing needs constant anchors");
  MOBILENET_TRY(std::vector<AnchorBox> boxes, stored_anchors(anchors, source.parameters.of(anchors)));
  MOBILENET_TRY(DetectionOperator detection,
                DetectionOperator::create(std::get<DetectionPostProcessOp>(node.op), source.tensor(node.inputs[0]),
                                          source.tensor(node.inputs[1]), std::move(boxes)));
  const std::size_t workspace = detection.workspace_bytes();
  DetectionStep step{std::move(detection),
                     static_cast<std::size_t>(source.shape(node.inputs[0])[0]),
                     source.place(node.inputs[0]),
                     source.place(node.inputs[1]),
                     source.place(node.output),
                     source.place(node.extra_outputs[0]),
                     source.place(node.extra_outputs[1]),
                     source.place(node.extra_outputs[2])};
  return step_of<&run_detection>(std::move(step), workspace);
}

}  // namespace mobilenet::cpu
