// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/ends/answer.h"

#include <algorithm>
#include <cstdint>

#include "backend/cuda/ends/detections.h"
#include "backend/cuda/kernels/answer_arguments.h"
#include "base/aligned_buffer.h"
#include "base/error.h"
#include "network/picture_axes.h"

namespace mobilenet::cuda {
namespace {

constexpr std::size_t kMostRows = 128;  // of a picture: each takes a round of the kernel, the host sorts them at once

std::size_t choice_of(const TopKEnd& end) {
  return end.rows.empty() ? static_cast<std::size_t>(end.classes) : end.rows.size();
}
std::size_t top_of(const TopKEnd& end) { return std::min(choice_of(end), static_cast<std::size_t>(end.top)); }

// As floats, whatever is stored elsewhere.
Result<Place> output_of(const StepSource& source, TensorId id) {
  const auto& outputs = source.plan.outputs;
  const auto found = std::find(outputs.begin(), outputs.end(), id);
  if (found == outputs.end())
    return failure(ErrorCode::invalid_argument, "the answer reads ", source.tensor(id).name, ", which is no output");
  return Place{Place::Kind::output, static_cast<std::uint64_t>(found - outputs.begin())};
}

Result<AnswerCode> compile_rows(const StepSource& source, const TopKEnd& end) {
  // Not the output's first axis: a graph may squeeze a batch of one away.
  const std::int64_t batch = source.plan.batch;
  TopRowsArguments arguments{};
  arguments.columns = static_cast<std::int32_t>(source.shape(end.logits).elements() / batch);
  arguments.classes = end.classes;
  arguments.choice = static_cast<std::int32_t>(choice_of(end));
  arguments.top = static_cast<std::int32_t>(top_of(end));
  arguments.function = static_cast<std::int32_t>(end.scores);
  if (arguments.columns > arguments.classes)
    return failure(ErrorCode::bad_format, arguments.columns, " scores of ", arguments.classes, " classes");
  AnswerCode code;
  code.kind = AnswerCode::Kind::rows;
  code.pictures = static_cast<std::size_t>(batch);
  code.most = top_of(end);
  code.results = whole_lines(code.pictures * sizeof(std::int32_t));
  code.host_bytes = code.results + code.pictures * code.most * sizeof(FoundRow);
  Launch launch;
  MOBILENET_TRY(launch.function, source.kernel("top_rows", "top_rows"));
  launch.grid[0] = static_cast<unsigned>(batch);
  launch.take(arguments);
  MOBILENET_TRY(const Place logits, output_of(source, end.logits));
  MOBILENET_ADDRESS(launch, TopRowsArguments, logits, logits);
  if (!end.rows.empty()) {
    MOBILENET_TRY(const Place rows, packed_table(source, {end.rows.begin(), end.rows.end()}));
    MOBILENET_ADDRESS(launch, TopRowsArguments, rows, rows);
  }
  MOBILENET_ADDRESS(launch, TopRowsArguments, scores,
                    source.scratch(code.pictures * static_cast<std::size_t>(end.classes) * sizeof(float)));
  MOBILENET_ADDRESS(launch, TopRowsArguments, broken, (Place{Place::Kind::host, 0}));
  MOBILENET_ADDRESS(launch, TopRowsArguments, found, (Place{Place::Kind::host, code.results}));
  source.launches.push_back(std::move(launch));
  return code;
}

Result<AnswerCode> compile_boxes(const StepSource& source, const BoxesEnd& end) {
  const Shape &boxes = source.shape(end.boxes), &scores = source.shape(end.scores);
  const std::int64_t columns = end.detection.classes + (end.detection.background_column ? 1 : 0);
  const auto anchors = static_cast<std::int64_t>(end.anchors.size());
  if (boxes.rank() != 3 || boxes[1] != anchors || boxes[2] != 4 || !(scores == Shape{boxes[0], anchors, columns}))
    return failure(ErrorCode::bad_format, "boxes ", to_string(boxes), " and scores ", to_string(scores), " do not fit ",
                   anchors, " anchors and ", end.detection.classes, " classes");
  MOBILENET_TRY(const DetectionDecoder decoder, DetectionDecoder::create(end.detection, end.anchors));
  AnswerCode code;
  code.kind = AnswerCode::Kind::boxes;
  code.pictures = static_cast<std::size_t>(boxes[0]);
  code.most = std::min(end.most, decoder.most_results());
  code.results = whole_lines(code.pictures * sizeof(FoundBoxes));
  code.host_bytes = code.results + code.pictures * code.most * sizeof(FoundBox);
  DetectionArguments arguments{};
  arguments.images = static_cast<std::int32_t>(boxes[0]);
  arguments.boxes_scale = arguments.scores_scale = 1;
  arguments.most_found = static_cast<std::int32_t>(code.most);
  Launch launch;
  MOBILENET_TRY(const Place from, output_of(source, end.boxes));
  MOBILENET_TRY(const Place from_scores, output_of(source, end.scores));
  MOBILENET_ADDRESS(launch, DetectionArguments, boxes, from);
  MOBILENET_ADDRESS(launch, DetectionArguments, scores, from_scores);
  MOBILENET_ADDRESS(launch, DetectionArguments, found_all, (Place{Place::Kind::host, 0}));
  MOBILENET_ADDRESS(launch, DetectionArguments, found, (Place{Place::Kind::host, code.results}));
  MOBILENET_CHECK(compile_detections(source, end.detection, end.anchors, end.wanted, arguments, launch.fields));
  return code;
}

Result<AnswerCode> compile_mask(const StepSource& source, const MaskEnd& end) {
  const Shape &logits = source.shape(end.logits), &input = source.shape(source.plan.inputs[0]);
  const PictureAxes axes = map_axes(input);
  if (logits.rank() != 4 || logits[0] != input[0])
    return failure(ErrorCode::bad_format, "masks of ", input[0], " pictures, of ", to_string(logits));
  AnswerCode code;
  code.kind = AnswerCode::Kind::mask;
  code.pictures = static_cast<std::size_t>(logits[0]);
  code.segmentation = end.segmentation;
  code.rows = static_cast<int>(logits[1]), code.columns = static_cast<int>(logits[2]);
  code.input_height = static_cast<int>(input[axes.height]), code.input_width = static_cast<int>(input[axes.width]);
  const Place calls = source.scratch(code.pictures * sizeof(MaskCall));
  code.calls = calls.at;
  code.results = whole_lines(code.pictures * sizeof(std::int32_t));  // from where the MaskCalls are copied
  code.host_bytes = code.results + code.pictures * sizeof(MaskCall);
  MaskArguments arguments{};
  arguments.pictures = static_cast<std::int32_t>(code.pictures);
  arguments.rows = code.rows, arguments.columns = code.columns;
  arguments.channels = static_cast<std::int32_t>(logits[3]);
  const bool is_one = arguments.channels == 1;  // of two classes
  ScoreFunction function = end.segmentation.score_function;
  arguments.is_probability = function == ScoreFunction::identity ? 1 : 0;
  // The sigmoid of one number is the softmax of it and 0.
  if (is_one && function == ScoreFunction::sigmoid) function = ScoreFunction::softmax;
  arguments.function = static_cast<std::int32_t>(function);
  if (end.probabilities) code.probabilities = is_one ? 2 : static_cast<std::size_t>(arguments.channels);
  Launch launch;
  MOBILENET_TRY(launch.function, source.kernel("mask", end.probabilities ? "mask_and_probabilities" : "mask"));
  constexpr unsigned kBlocksEach = 8;  // what a processor holds at a time
  launch.grid[0] = kBlocksEach * static_cast<unsigned>(source.device().processors());
  launch.take(arguments);
  MOBILENET_TRY(const Place from, output_of(source, end.logits));
  MOBILENET_ADDRESS(launch, MaskArguments, logits, from);
  MOBILENET_ADDRESS(launch, MaskArguments, calls, calls);
  MOBILENET_ADDRESS(launch, MaskArguments, broken, (Place{Place::Kind::host, 0}));
  source.launches.push_back(std::move(launch));
  return code;
}

}  // namespace

bool claims_answer(const Network& network, const AnswerEnd& end) {
  const auto is_float = [&](TensorId id) { return network.tensor(id).type == DataType::f32; };
  if (const auto* classes = std::get_if<TopKEnd>(&end))
    return is_float(classes->logits) && top_of(*classes) <= kMostRows;
  // Several classes of an anchor, where they score the same, come in an order of std::partial_sort's.
  if (const auto* objects = std::get_if<BoxesEnd>(&end))
    return is_float(objects->boxes) && is_float(objects->scores) &&
           objects->detection.suppression.max_classes_per_anchor == 1;
  if (const auto* mask = std::get_if<MaskEnd>(&end)) return is_float(mask->logits);
  return false;
}

Result<AnswerCode> compile_answer(const StepSource& source, const AnswerEnd& end) {
  const std::size_t before = source.launches.size();
  AnswerCode code;
  TensorId last = kNoTensor;
  const char* kind = "";
  if (const auto* classes = std::get_if<TopKEnd>(&end)) {
    MOBILENET_TRY(code, compile_rows(source, *classes));
    last = classes->logits, kind = "top classes";
  } else if (const auto* objects = std::get_if<BoxesEnd>(&end)) {
    MOBILENET_TRY(code, compile_boxes(source, *objects));
    last = objects->scores, kind = "boxes";
  } else if (const auto* mask = std::get_if<MaskEnd>(&end)) {
    MOBILENET_TRY(code, compile_mask(source, *mask));
    last = mask->logits, kind = "mask";
  }
  for (std::size_t i = before; i < source.launches.size(); ++i) {
    source.launches[i].name = source.tensor(last).name;
    source.launches[i].kind = kind;
  }
  return code;
}

}  // namespace mobilenet::cuda
