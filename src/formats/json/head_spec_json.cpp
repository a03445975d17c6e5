// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/json/head_spec_json.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "base/error.h"
#include "json/json_fields.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

using json = JsonValue;

template <class T>
using Names = std::pair<std::string_view, T>;

constexpr std::array<Names<ScoreFunction>, 3> kScoreFunctions{
    {{"identity", ScoreFunction::identity}, {"sigmoid", ScoreFunction::sigmoid}, {"softmax", ScoreFunction::softmax}}};
constexpr std::array<Names<PredictorKind>, 3> kPredictors{{{"pointwise", PredictorKind::pointwise},
                                                           {"dense", PredictorKind::dense},
                                                           {"separable", PredictorKind::separable}}};
constexpr std::array<Names<AnchorUnit>, 3> kAnchorUnits{
    {{"sides", AnchorUnit::sides}, {"shorter_side", AnchorUnit::shorter_side}, {"pixel", AnchorUnit::pixel}}};
constexpr std::array<Names<SuppressionRule>, 2> kRules{
    {{"fast", SuppressionRule::fast}, {"per_class", SuppressionRule::per_class}}};

JsonText suppression_to_json(const SuppressionSpec& suppression) {
  JsonText thresholds = JsonText::array({});
  for (const float threshold : suppression.class_thresholds) thresholds.add(shortest_decimal(threshold));
  return JsonText::object({{"rule", name_in(kRules, suppression.rule)},
                           {"iou_threshold", shortest_decimal(suppression.iou_threshold)},
                           {"score_threshold", shortest_decimal(suppression.score_threshold)},
                           {"class_thresholds", thresholds},
                           {"max_detections", suppression.max_detections},
                           {"max_per_class", suppression.max_per_class},
                           {"max_classes_per_anchor", suppression.max_classes_per_anchor}});
}

// A required array of at most `most` elements; noted as a mistake when it is not.
const json* bounded_array(JsonFields& fields, std::string_view key, std::size_t most) {
  const json* array = fields.array(key);
  if (!array) {
    fields.remember(key, "missing", "an array");
  } else if (array->size() > most) {
    fields.remember(key, "an array of " + std::to_string(array->size()), "at most " + std::to_string(most));
    return nullptr;
  }
  return array;
}

Result<SuppressionSpec> suppression_from_json(const json& value, int classes) {
  JsonFields fields(value, "model_spec: suppression");
  SuppressionSpec suppression;
  suppression.rule = fields.choice("rule", kRules);
  suppression.iou_threshold = static_cast<float>(fields.number("iou_threshold", 0, 1));
  suppression.score_threshold = static_cast<float>(fields.number("score_threshold", 0, 1));
  suppression.max_detections = fields.integer("max_detections", 1, kMostDetections);
  suppression.max_per_class = fields.integer("max_per_class", 1, kMostDetections);
  suppression.max_classes_per_anchor = fields.integer("max_classes_per_anchor", 1, kMostSsdClasses);
  const json* thresholds = bounded_array(fields, "class_thresholds", static_cast<std::size_t>(classes));
  MOBILENET_CHECK(fields.mistake());
  if (!thresholds->empty())
    for (const double threshold : fields.numbers("class_thresholds", static_cast<std::size_t>(classes), 0, 1))
      suppression.class_thresholds.push_back(static_cast<float>(threshold));
  MOBILENET_CHECK(fields.mistake());
  return suppression;
}

Result<std::vector<ExtraMapSpec>> extras_from_json(const json& values) {
  std::vector<ExtraMapSpec> extras;
  for (const json& value : values) {
    JsonFields fields(value, "model_spec: extra feature map " + std::to_string(extras.size() + 1));
    const int reduced = fields.integer("reduced", 1, kMostChannels);
    extras.push_back({reduced, fields.integer("outputs", 1, kMostChannels)});
    MOBILENET_CHECK(fields.mistake());
  }
  return extras;
}

// [[[height, width], ...], ...]: per feature map, per anchor of a cell.
Result<std::vector<std::vector<AnchorShape>>> anchors_from_json(const json& maps) {
  std::vector<std::vector<AnchorShape>> all;
  for (const json& map : maps) {
    const auto mistake = [&](const auto&... what) {
      return failure(ErrorCode::bad_format, "model_spec: anchors of feature map ", all.size(), ": ", what...);
    };
    if (!map.is_array() || map.empty() || map.size() > kMostAnchors)
      return mistake("is ", describe(map), ", expected an array of 1 to ", kMostAnchors, " sizes");
    std::vector<AnchorShape> shapes;
    for (const json& sides : map) {
      const bool pair = sides.is_array() && sides.size() == 2 && sides[0].is_number() && sides[1].is_number();
      if (!pair) return mistake("has ", describe(sides), ", expected a height and a width");
      const double height = sides[0].get<double>(), width = sides[1].get<double>();
      for (const double side : {height, width})
        if (!(side > 0 && side <= kLargestAnchor))
          return mistake("has ", describe(sides), ", expected more than 0 and up to ", kLargestAnchor);
      shapes.push_back({static_cast<float>(height), static_cast<float>(width)});
    }
    all.push_back(std::move(shapes));
  }
  return all;
}

}  // namespace

JsonText detector_to_json(const DetectionHeadSpec& head, const DetectionSpec& detection) {
  JsonText extras = JsonText::array({}), anchors = JsonText::array({});
  for (const ExtraMapSpec& extra : head.extras)
    extras.add(JsonText::object({{"reduced", extra.reduced}, {"outputs", extra.outputs}}));
  for (const std::vector<AnchorShape>& map : detection.anchor_shapes) {
    JsonText shapes = JsonText::array({});
    for (const AnchorShape& shape : map)
      shapes.add(JsonText::array({shortest_decimal(shape.height), shortest_decimal(shape.width)}));
    anchors.add(shapes);
  }
  const BoxCoder& coder = detection.coder;
  return JsonText::object({{"tap", head.tap},
                           {"extras", extras},
                           {"separable_extras", head.separable_extras},
                           {"predictor", name_in(kPredictors, head.predictor)},
                           {"classes", detection.classes},
                           {"background_column", detection.background_column},
                           {"anchors", anchors},
                           {"anchor_unit", name_in(kAnchorUnits, detection.anchor_unit)},
                           {"coder", JsonText::array({shortest_decimal(coder.y), shortest_decimal(coder.x),
                                                      shortest_decimal(coder.height), shortest_decimal(coder.width)})},
                           {"scores", name_in(kScoreFunctions, detection.score_function)},
                           {"suppression", suppression_to_json(detection.suppression)}});
}

Result<void> detector_from_json(const json& value, DetectionHeadSpec& head, DetectionSpec& detection) {
  JsonFields fields(value, "model_spec: detector");
  head.tap = fields.integer("tap", 1, kMostBlocks);
  head.separable_extras = fields.boolean("separable_extras");
  head.predictor = fields.choice("predictor", kPredictors);
  detection.classes = fields.integer("classes", 1, kMostSsdClasses);
  detection.background_column = fields.boolean("background_column");
  detection.score_function = fields.choice("scores", kScoreFunctions);
  if (fields.has("anchor_unit")) detection.anchor_unit = fields.choice("anchor_unit", kAnchorUnits);
  const std::vector<double> coder = fields.numbers("coder", 4, 1e-3, 1e6);
  const json* extras = bounded_array(fields, "extras", kMostMaps);
  const json* anchors = bounded_array(fields, "anchors", kMostMaps);
  const json* suppression = fields.object("suppression");
  if (!suppression) fields.remember("suppression", "missing", "an object");
  MOBILENET_CHECK(fields.mistake());
  detection.coder = {static_cast<float>(coder[0]), static_cast<float>(coder[1]), static_cast<float>(coder[2]),
                     static_cast<float>(coder[3])};
  MOBILENET_TRY(head.extras, extras_from_json(*extras));
  MOBILENET_TRY(detection.anchor_shapes, anchors_from_json(*anchors));
  MOBILENET_TRY(detection.suppression, suppression_from_json(*suppression, detection.classes));
  return {};
}

JsonText segmenter_to_json(const SegmentationHeadSpec& head, const SegmentationSpec& segmentation) {
  return JsonText::object({{"channels", head.channels},
                           {"rates", JsonText::array_of(head.rates)},
                           {"low_level", head.low_level},
                           {"low_level_channels", head.low_level_channels},
                           {"classes", segmentation.classes},
                           {"align_corners", segmentation.enlargement == Enlargement::align_corners},
                           {"half_pixel_centers", segmentation.enlargement == Enlargement::half_pixel_centers}});
}

Result<void> segmenter_from_json(const json& value, SegmentationHeadSpec& head, SegmentationSpec& segmentation) {
  JsonFields fields(value, "model_spec: segmenter");
  head.channels = fields.integer("channels", 1, kMostChannels);
  head.low_level = fields.integer("low_level", 0, kMostBlocks);
  head.low_level_channels = fields.integer("low_level_channels", 1, kMostChannels);
  segmentation.classes = fields.integer("classes", 2, kMostMaskClasses);
  const bool corners = fields.boolean("align_corners"), centers = fields.boolean("half_pixel_centers");
  segmentation.enlargement = corners   ? Enlargement::align_corners
                             : centers ? Enlargement::half_pixel_centers
                                       : Enlargement::top_left;
  if (corners && centers) fields.remember("half_pixel_centers", "true", "false where align_corners is true");
  const json* rates = bounded_array(fields, "rates", kMostRates);
  MOBILENET_CHECK(fields.mistake());
  for (const json& rate : *rates) {
    if (!rate.is_number_unsigned() || rate.get<std::uint64_t>() < 1 || rate.get<std::uint64_t>() > kMostRate)
      return failure(ErrorCode::bad_format, "model_spec: segmenter: a rate is ", describe(rate), ", expected 1 to ",
                     kMostRate);
    head.rates.push_back(rate.get<int>());
  }
  return {};
}

}  // namespace mobilenet
