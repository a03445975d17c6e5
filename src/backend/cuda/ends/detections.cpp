// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/ends/detections.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "postprocess/detection.h"

namespace mobilenet::cuda {
namespace {

constexpr const char* kFile = "detections";

// Floats among the tables, whose keys are numbers of 64 bits.
Result<Place> packed_floats(const StepSource& source, const std::vector<float>& values) {
  std::vector<std::int64_t> table((values.size() + 1) / 2);
  std::memcpy(table.data(), values.data(), values.size() * sizeof(float));
  return packed_table(source, std::move(table));
}

Result<void> pack_tables(const StepSource& source, const DetectionSpec& spec, const std::vector<AnchorBox>& anchors,
                         const std::vector<bool>& wanted, Launch& launch) {
  std::vector<float> numbers;
  for (const AnchorBox& anchor : anchors)
    numbers.insert(numbers.end(), {anchor.y, anchor.x, anchor.height, anchor.width});
  MOBILENET_TRY(const Place boxes, packed_floats(source, numbers));
  MOBILENET_ADDRESS(launch, DetectionArguments, anchor_boxes, boxes);
  const SuppressionSpec& s = spec.suppression;
  if (!s.class_thresholds.empty()) {
    numbers.clear();
    for (const float threshold : s.class_thresholds) numbers.push_back(std::max(s.score_threshold, threshold));
    MOBILENET_TRY(const Place thresholds, packed_floats(source, numbers));
    MOBILENET_ADDRESS(launch, DetectionArguments, thresholds, thresholds);
  }
  if (!wanted.empty()) {
    MOBILENET_TRY(const Place classes, packed_floats(source, std::vector<float>(wanted.begin(), wanted.end())));
    MOBILENET_ADDRESS(launch, DetectionArguments, wanted, classes);
  }
  return {};
}

// Where what one kernel finds waits for the next.
void take_scratch(const StepSource& source, const DetectionArguments& a, Launch& launch) {
  const auto images = static_cast<std::size_t>(a.images), anchors = images * static_cast<std::size_t>(a.anchors),
             lists = images * static_cast<std::size_t>(a.lists),
             results = images * static_cast<std::size_t>(a.of_image);
  const auto take = [&](std::size_t field, std::size_t bytes) { launch.address(field, source.scratch(bytes)); };
  take(offsetof(DetectionArguments, decoded), anchors * 4 * sizeof(float));
  take(offsetof(DetectionArguments, broken), anchors);
  if (a.function == static_cast<std::int32_t>(ScoreFunction::softmax))
    take(offsetof(DetectionArguments, softmax), anchors * sizeof(SoftmaxRow));
  if (a.anchors > kHeldCandidates)
    take(offsetof(DetectionArguments, live), lists * static_cast<std::size_t>(a.anchors) * sizeof(std::uint64_t));
  take(offsetof(DetectionArguments, listed), lists * static_cast<std::size_t>(a.of_list) * sizeof(std::uint64_t));
  take(offsetof(DetectionArguments, counts), lists * sizeof(std::int32_t));
  if (a.is_per_class == 0) {
    take(offsetof(DetectionArguments, ranked), anchors * sizeof(std::uint64_t));
    take(offsetof(DetectionArguments, best), anchors * sizeof(std::int32_t));
    return;
  }
  take(offsetof(DetectionArguments, merged), results * sizeof(std::uint64_t));
  take(offsetof(DetectionArguments, of_class), results * sizeof(std::int32_t));
  take(offsetof(DetectionArguments, places), lists * sizeof(std::int32_t));
}

}  // namespace

Result<void> compile_detections(const StepSource& source, const DetectionSpec& spec,
                                const std::vector<AnchorBox>& anchors, const std::vector<bool>& wanted,
                                DetectionArguments a, const std::vector<Launch::Field>& fields) {
  MOBILENET_CHECK(DetectionDecoder::create(spec, anchors));
  const SuppressionSpec& s = spec.suppression;
  const bool per_class = s.rule == SuppressionRule::per_class;
  a.anchors = static_cast<std::int32_t>(anchors.size());
  a.classes = spec.classes;
  a.columns = spec.classes + (spec.background_column ? 1 : 0);
  a.function = static_cast<std::int32_t>(spec.score_function);
  a.is_per_class = per_class ? 1 : 0;
  a.lists = per_class ? a.classes : 1;
  a.of_list = std::min({s.max_detections, a.anchors, per_class ? s.max_per_class : s.max_detections});
  a.of_image = static_cast<std::int32_t>(
      std::min<std::int64_t>(s.max_detections, static_cast<std::int64_t>(a.of_list) * a.lists));
  a.classes_of_anchor = per_class ? 1 : s.max_classes_per_anchor;
  a.coder_y = spec.coder.y, a.coder_x = spec.coder.x;
  a.coder_height = spec.coder.height, a.coder_width = spec.coder.width;
  a.iou_threshold = s.iou_threshold, a.score_threshold = s.score_threshold;
  const std::int64_t blocks = static_cast<std::int64_t>(a.images) * a.lists;
  if (blocks > std::numeric_limits<std::int32_t>::max())
    return failure(ErrorCode::unsupported, blocks, " suppressions at once");

  // One after the other takes longer than all at once, as long as the device is not full of warps.
  constexpr std::int64_t kWarp = 32, kWarpsEach = 64, kMostTogether = 8;
  const std::int64_t all = static_cast<std::int64_t>(a.images) * a.anchors;
  const std::int64_t held = kWarpsEach * source.device().processors();
  a.together = static_cast<std::int32_t>(std::clamp<std::int64_t>(all / held, 1, kMostTogether));
  MOBILENET_TRY(Launch rank, launch_for(source, kFile, "rank_anchors", all / a.together * kWarp));
  rank.take(a);
  rank.fields = fields;
  MOBILENET_CHECK(pack_tables(source, spec, anchors, wanted, rank));
  take_scratch(source, a, rank);
  Launch suppress = rank;
  MOBILENET_TRY(suppress.function, source.kernel(kFile, "suppress"));
  suppress.threads = 512;
  suppress.grid = {static_cast<unsigned>(blocks), 1, 1};
  source.launches.push_back(rank);
  source.launches.push_back(suppress);
  if (!per_class) return {};
  Launch merge = std::move(rank);
  MOBILENET_TRY(merge.function, source.kernel(kFile, "merge_classes"));
  merge.grid = {static_cast<unsigned>(a.images), 1, 1};
  source.launches.push_back(std::move(merge));
  return {};
}

Result<void> compile_detection_operator(const StepSource& source, const Step& step) {
  const Node& node = source.node(step.nodes.front());
  const DetectionSpec& spec = std::get<DetectionPostProcessOp>(node.op).spec;
  const Tensor& anchors = source.tensor(node.inputs[2]);
  if (!anchors.is_constant())
    return failure(ErrorCode::unsupported, "detection post-processing needs constant anchors");
  MOBILENET_TRY(const std::vector<AnchorBox> boxes, stored_anchors(anchors, source.parameters().of(anchors)));
  DetectionArguments arguments{};
  Launch launch;
  arguments.images = static_cast<std::int32_t>(source.shape(node.inputs[0])[0]);
  arguments.rows = max_results(spec);
  const auto take_input = [&](TensorId id, Stored& type, float& scale, std::int32_t& zero,
                              std::size_t field) -> Result<void> {
    const ChannelQuantization quantization = channel_quantization(source.tensor(id), 0);
    type = source.type_of(id);
    scale = quantization.scale, zero = quantization.zero_point;
    MOBILENET_TRY(const Place place, source.place_of(id));
    launch.address(field, place);
    return {};
  };
  MOBILENET_CHECK(take_input(node.inputs[0], arguments.boxes_type, arguments.boxes_scale, arguments.boxes_zero,
                             offsetof(DetectionArguments, boxes)));
  MOBILENET_CHECK(take_input(node.inputs[1], arguments.scores_type, arguments.scores_scale, arguments.scores_zero,
                             offsetof(DetectionArguments, scores)));
  const auto take_output = [&](TensorId id, Stored& type, std::size_t field) -> Result<void> {
    type = source.type_of(id);
    MOBILENET_TRY(const Place place, source.place_of(id));
    launch.address(field, place);
    return {};
  };
  MOBILENET_CHECK(take_output(step.output, arguments.out_boxes_type, offsetof(DetectionArguments, out_boxes)));
  MOBILENET_CHECK(
      take_output(node.extra_outputs[0], arguments.out_classes_type, offsetof(DetectionArguments, out_classes)));
  MOBILENET_CHECK(
      take_output(node.extra_outputs[1], arguments.out_scores_type, offsetof(DetectionArguments, out_scores)));
  MOBILENET_CHECK(
      take_output(node.extra_outputs[2], arguments.out_counts_type, offsetof(DetectionArguments, out_counts)));
  return compile_detections(source, spec, boxes, {}, arguments, launch.fields);
}

}  // namespace mobilenet::cuda
