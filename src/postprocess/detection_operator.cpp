// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "postprocess/detection_operator.h"

#include <algorithm>

#include "base/error.h"
#include "base/quoted.h"

namespace mobilenet {

DetectionOperator::DetectionOperator(DetectionDecoder decoder, RealReader boxes, RealReader scores)
    : decoder_(std::move(decoder)), boxes_(boxes), scores_(scores) {}

Result<DetectionOperator> DetectionOperator::create(const DetectionPostProcessOp& op, const Tensor& boxes,
                                                    const Tensor& scores, std::vector<AnchorBox> anchors) {
  for (const Tensor* tensor : {&boxes, &scores})
    if (tensor->type != DataType::f32 && tensor->type != DataType::u8 && tensor->type != DataType::i8)
      return failure(ErrorCode::unsupported, quoted(tensor->name), " is ", name_of(tensor->type),
                     ", expected f32, u8 or i8");
  MOBILENET_TRY(DetectionDecoder decoder, DetectionDecoder::create(op.spec, std::move(anchors)));
  return DetectionOperator(std::move(decoder), {boxes.type, channel_quantization(boxes, 0)},
                           {scores.type, channel_quantization(scores, 0)});
}

std::size_t DetectionOperator::score_numbers() const {
  const DetectionSpec& spec = decoder_.spec();
  return static_cast<std::size_t>(decoder_.anchors()) *
         static_cast<std::size_t>(spec.classes + (spec.background_column ? 1 : 0));
}

std::size_t DetectionOperator::workspace_bytes() const {
  return decoder_.workspace_bytes() + (box_numbers() + score_numbers()) * sizeof(float);
}

void DetectionOperator::run(std::size_t batch, const Memory& memory, std::byte* workspace) const {
  const auto most = static_cast<std::size_t>(max_results(decoder_.spec()));
  std::fill_n(memory.out_boxes, batch * most * 4, 0.0f);
  std::fill_n(memory.out_classes, batch * most, 0.0f);
  std::fill_n(memory.out_scores, batch * most, 0.0f);
  auto* const converted = reinterpret_cast<float*>(workspace + decoder_.workspace_bytes());
  for (std::size_t n = 0; n < batch; ++n) {
    const DetectorOutput output{
        boxes_.read(memory.boxes, n * box_numbers(), box_numbers(), converted),
        scores_.read(memory.scores, n * score_numbers(), score_numbers(), converted + box_numbers())};
    // Where a box has rows for several classes, those of box i begin at i times that number, whether there are as
    // many classes or not, and the count is of boxes: so the runtime does it.
    const SuppressionSpec& s = decoder_.spec().suppression;
    const std::size_t rows_of_box =
        s.rule == SuppressionRule::fast ? static_cast<std::size_t>(s.max_classes_per_anchor) : 1;
    std::size_t boxes = 0, row = 0;
    int anchor = -1;
    for (const RawDetection& found : decoder_.run(output, workspace)) {
      if (rows_of_box == 1 || found.anchor != anchor) row = n * most + boxes++ * rows_of_box;
      anchor = found.anchor;
      const float box[] = {found.top, found.left, found.bottom, found.right};
      std::copy_n(box, 4, memory.out_boxes + row * 4);
      memory.out_classes[row] = static_cast<float>(found.class_index);
      memory.out_scores[row] = found.score;
      ++row;
    }
    memory.out_counts[n] = static_cast<float>(boxes);
  }
}

}  // namespace mobilenet
