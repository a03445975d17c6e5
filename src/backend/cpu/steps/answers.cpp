// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/answers.h"

#include <algorithm>
#include <array>

#include "backend/cpu/steps/f32/steps.h"
#include "base/error.h"
#include "postprocess/detection_operator.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kRowsPerPart = 1024;  // fewer rows of an argmax are not worth another thread
constexpr std::size_t kRowsTogether = 256;  // whose places are found before they are stored in their own type

struct ArgMaxStep {
  const ArgMaxKernels* kernels = nullptr;
  Place input, output;
  std::size_t rows = 0, columns = 0;
  std::uint8_t flip = 0;
};

void find_places(const ArgMaxStep& step, const float* rows, std::size_t count, std::int32_t* places) {
  step.kernels->floats(rows, count, step.columns, places);
}
void find_places(const ArgMaxStep& step, const std::uint8_t* rows, std::size_t count, std::int32_t* places) {
  step.kernels->bytes(rows, count, step.columns, step.flip, places);
}

// Element: of the input; Index: of the output.
template <class Element, class Index>
void run_argmax(const ArgMaxStep& step, RunContext& context) {
  const auto* input = reinterpret_cast<const Element*>(context.at(step.input));
  auto* output = reinterpret_cast<Index*>(context.at(step.output));
  context.for_parts(step.rows, kRowsPerPart, [&](std::size_t begin, std::size_t end) {
    std::array<std::int32_t, kRowsTogether> places;
    for (std::size_t row = begin; row < end; row += kRowsTogether) {
      const std::size_t count = std::min(kRowsTogether, end - row);
      find_places(step, input + row * step.columns, count, places.data());
      std::copy_n(places.begin(), count, output + row);
    }
  });
}

template <class Element>
CompiledStep argmax_of(DataType index, const ArgMaxStep& step) {
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
  step.kernels = source.kernels.arg_max;
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
    case DataType::i8:
      step.flip = 0x80;
      return argmax_of<std::uint8_t>(index, step);
    case DataType::u8:
      return argmax_of<std::uint8_t>(index, step);
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
