// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators at the end of a network, whose output is no longer a map of numbers: argmax and detections.
#include "backend/reference/operators.h"
#include "base/error.h"
#include "postprocess/detection_operator.h"

namespace mobilenet::reference {
namespace {

template <class Element, class Index>
Operator arg_max() {
  return [](const Operands& operands) {
    const Shape& shape = operands.inputs[0].shape;
    const std::int64_t columns = shape[shape.rank() - 1], rows = shape.elements() / columns;
    const auto* x = operands.inputs[0].as<Element>();
    auto* out = operands.as<Index>();
    for (std::int64_t row = 0; row < rows; ++row, x += columns) {
      std::int64_t best = 0;
      for (std::int64_t column = 1; column < columns; ++column)
        if (x[column] > x[best]) best = column;
      out[row] = static_cast<Index>(best);
    }
  };
}

}  // namespace

Result<Operator> prepare(const ArgMaxOp&, const NodeView& view) {
  const DataType type = view.input(0).type, index = view.output().type;
  if (view.input(0).is_constant()) return failure(ErrorCode::unsupported, "argmax of a constant");
  if (index != DataType::i32 && index != DataType::i64)
    return failure(ErrorCode::unsupported, "argmax gives i32 or i64, not ", name_of(index));
  const auto with_index = [&]<class Element>(Element) {
    return index == DataType::i32 ? arg_max<Element, std::int32_t>() : arg_max<Element, std::int64_t>();
  };
  if (type == DataType::f32) return with_index(float{});
  if (type == DataType::u8) return with_index(std::uint8_t{});
  if (type == DataType::i8) return with_index(std::int8_t{});
  return failure(ErrorCode::unsupported, "argmax of ", name_of(type), " is not supported");
}

Result<Operator> prepare(const DetectionPostProcessOp& op, const NodeView& view) {
  if (!view.has(2) || !view.input(2).is_constant())
    return failure(ErrorCode::unsupported, "detection post-processing needs constant anchors");
  MOBILENET_TRY(std::vector<AnchorBox> anchors, stored_anchors(view.input(2), view.parameter(2)));
  MOBILENET_TRY(DetectionOperator detection,
                DetectionOperator::create(op, view.input(0), view.input(1), std::move(anchors)));
  return Operator([detection = std::move(detection)](const Operands& operands) {
    // One per thread that ever computes here, kept for its next frame.
    thread_local std::vector<std::max_align_t> workspace;
    const std::size_t units = detection.workspace_bytes() / sizeof(std::max_align_t) + 1;
    if (workspace.size() < units) workspace.resize(units);
    const auto output = [&](std::size_t i) { return reinterpret_cast<float*>(operands.extra_outputs[i]); };
    detection.run(
        static_cast<std::size_t>(operands.shape[0]),
        {operands.inputs[0].data, operands.inputs[1].data, operands.as<float>(), output(0), output(1), output(2)},
        reinterpret_cast<std::byte*>(workspace.data()));
  });
}

}  // namespace mobilenet::reference
