// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators at the end of a graph, which turn maps into answers: ARG_MAX and the custom decoders.

#include <flatbuffers/flexbuffers.h>

#include <memory>

#include "formats/tflite/operator_reader.h"
#include "network/check_detection.h"
#include "network/parameter.h"

namespace mobilenet::tflite {
namespace {

// One number of a map of options; `missing` where the map does not have it.
float number(const flexbuffers::Map& options, const char* key, float missing) {
  const flexbuffers::Reference value = options[key];
  return value.IsNumeric() || value.IsBool() ? static_cast<float>(value.AsDouble()) : missing;
}

Result<int> count(const flexbuffers::Map& options, const char* key, int missing) {
  const flexbuffers::Reference value = options[key];
  if (!value.IsNumeric()) return missing;
  const double stored = value.AsDouble();
  constexpr double kMost = 1 << 20;
  if (!(stored >= 0 && stored <= kMost)) return failure(ErrorCode::bad_format, "its option ", key, " is ", stored);
  return static_cast<int>(stored);
}

Result<DetectionSpec> detection_spec(const schema::Operator& stored) {
  // A dozen numbers; the verifier takes time by the square of the size.
  constexpr unsigned kMostBytes = 16 << 10;
  const auto* bytes = stored.custom_options();
  if (bytes == nullptr || bytes->size() > kMostBytes || !flexbuffers::VerifyBuffer(bytes->data(), bytes->size()))
    return failure(ErrorCode::bad_format, "its options are missing or damaged");
  const flexbuffers::Reference root = flexbuffers::GetRoot(bytes->data(), bytes->size());
  if (!root.IsMap()) return failure(ErrorCode::bad_format, "its options are not a map");
  const flexbuffers::Map options = root.AsMap();
  DetectionSpec spec;
  spec.coder = {number(options, "y_scale", 0), number(options, "x_scale", 0), number(options, "h_scale", 0),
                number(options, "w_scale", 0)};
  SuppressionSpec& suppression = spec.suppression;
  MOBILENET_TRY(spec.classes, count(options, "num_classes", 0));
  MOBILENET_TRY(suppression.max_detections, count(options, "max_detections", 0));
  MOBILENET_TRY(suppression.max_classes_per_anchor, count(options, "max_classes_per_detection", 1));
  suppression.rule = number(options, "use_regular_nms", 0) != 0 ? SuppressionRule::per_class : SuppressionRule::fast;
  // The fast rule does not read this number, and files that use it have anything here.
  if (suppression.rule == SuppressionRule::per_class) {
    MOBILENET_TRY(suppression.max_per_class, count(options, "detections_per_class", 100));
  }
  suppression.iou_threshold = number(options, "nms_iou_threshold", 0);
  suppression.score_threshold = number(options, "nms_score_threshold", 0);
  if (auto possible = check(spec); !possible) return at("its options", std::move(possible).error());
  return spec;
}

}  // namespace

Result<void> OperatorReader::arg_max(const Call& call) {
  MOBILENET_TRY(std::vector<TensorId> operands, activations(call, 1));
  const Shape x = shape(operands[0]);
  MOBILENET_TRY(const int over, axis(call, 1, x.rank()));
  if (over != x.rank() - 1) {
    // Classes stand before height and width where the file keeps planes: what is compared goes last.
    TransposeOp op;
    Shape moved;
    int place = 0;
    for (int i = 0; i < x.rank(); ++i)
      if (i != over) op.order[static_cast<std::size_t>(place++)] = i, moved.push_back(x[i]);
    op.order[static_cast<std::size_t>(place)] = over;
    moved.push_back(x[over]);
    MOBILENET_TRY(const TensorId classes_last, between(operands[0], moved, "/classes_last"));
    MOBILENET_CHECK(append_node(op, {operands[0]}, classes_last));
    operands[0] = classes_last;
  }
  MOBILENET_TRY(const TensorId output, tensors_.define_numbers(call.output));
  if (const DataType type = tensor(output).type; type != DataType::i32 && type != DataType::i64)
    return failure(ErrorCode::bad_format, "its output is of type ", name_of(type), ", expected i32 or i64");
  return append_node(ArgMaxOp{}, std::move(operands), output);
}

// Boxes, scores, anchors in; boxes, classes, scores and their count out.
Result<void> OperatorReader::detection_post_process(const Call& call) {
  MOBILENET_TRY(DetectionSpec spec, detection_spec(*call.stored));
  std::vector<TensorId> operands;
  for (const std::size_t input : {std::size_t{0}, std::size_t{1}}) {
    if (!call.has(input)) return failure(ErrorCode::bad_format, "input ", input, " is missing");
    MOBILENET_TRY(const TensorId id, tensors_.activation(call.inputs[input]));
    operands.push_back(id);
  }
  if (!call.has(2)) return failure(ErrorCode::bad_format, "its anchors are missing");
  MOBILENET_TRY(const TensorId anchors, tensors_.constant(call.inputs[2], WeightLayout::none));
  if (auto boxes = stored_anchors(tensor(anchors), tensors_.parameter(anchors)); !boxes)
    return std::move(boxes).error();
  operands.push_back(anchors);
  // As the runtime does: one score column more than classes means that the first one is background.
  const Shape& scores = shape(operands[1]);
  if (scores.rank() != 3 || (scores[2] != spec.classes && scores[2] != spec.classes + 1))
    return failure(ErrorCode::bad_format, "its scores are ", to_string(scores), " for ", spec.classes, " classes");
  spec.background_column = scores[2] == spec.classes + 1;

  MOBILENET_TRY(const TensorId output, tensors_.define(call.output));
  std::vector<TensorId> extra;
  for (const int index : call.extra_outputs) {
    MOBILENET_TRY(const TensorId id, tensors_.define(index));
    extra.push_back(id);
  }
  for (const TensorId id : {output, extra[0], extra[1], extra[2]})
    if (tensor(id).type != DataType::f32)
      return failure(ErrorCode::bad_format, "its output ", quoted(tensor(id).name), " is of type ",
                     name_of(tensor(id).type), ", expected f32");
  MOBILENET_CHECK(append_node(DetectionPostProcessOp{std::move(spec)}, std::move(operands), output));
  network_.nodes.back().extra_outputs = std::move(extra);
  return {};
}

// A decoder of another task's answers: the network ends in the maps that it reads.
Result<void> OperatorReader::left_out_decoder(const Call& call) {
  if (call.inputs.empty()) return failure(ErrorCode::bad_format, "has no inputs");
  for (const int index : call.inputs)
    if (index < 0 || !tensors_.activation(index))
      return failure(ErrorCode::bad_format, "reads something that no operator has made");
  const auto inputs = std::make_shared<const std::vector<int>>(call.inputs.begin(), call.inputs.end());
  MOBILENET_CHECK(tensors_.set_left_out(call.output, inputs));
  for (const int index : call.extra_outputs) MOBILENET_CHECK(tensors_.set_left_out(index, inputs));
  return {};
}

}  // namespace mobilenet::tflite
