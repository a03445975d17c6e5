// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/json/model_spec_json.h"

#include <array>
#include <utility>

#include "base/error.h"
#include "formats/json/head_spec_json.h"
#include "formats/json/preprocess_spec_json.h"
#include "json/json_fields.h"
#include "json/json_text.h"
#include "models/assembly.h"
#include "models/registry.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

using json = JsonValue;

// 1 had fewer ways to resize, and one way to score; 2 only the average before a classifier. A new field whose absence
// would change answers needs a new version; what has no need of it is written as before.
constexpr int kVersion = 3;
int version_of(const ModelSpec& spec) { return spec.pooling == HeadPooling::average ? 2 : kVersion; }

template <class T>
using Names = std::pair<std::string_view, T>;

constexpr std::array<Names<SourceLayout>, 2> kLayouts{{{"nhwc", SourceLayout::nhwc}, {"nchw", SourceLayout::nchw}}};
constexpr std::array<Names<BlockActivation>, 2> kActivations{
    {{"relu", BlockActivation::relu}, {"relu6", BlockActivation::relu6}}};
constexpr std::array<Names<bool>, 2> kPaddings{{{"same", true}, {"symmetric", false}}};  // tf_padding
constexpr std::array<Names<std::optional<ScoreFunction>>, 4> kClassScores{{{"softmax", ScoreFunction::softmax},
                                                                           {"sigmoid", ScoreFunction::sigmoid},
                                                                           {"identity", ScoreFunction::identity},
                                                                           {"none", std::nullopt}}};

constexpr std::array<Names<HeadPooling>, 5> kPoolings{{{"average", HeadPooling::average},
                                                       {"maximum", HeadPooling::maximum},
                                                       {"mean_of_both", HeadPooling::mean_of_both},
                                                       {"both", HeadPooling::both},
                                                       {"none", HeadPooling::none}}};

std::vector<Names<Architecture>> architecture_names() {
  std::vector<Names<Architecture>> names;
  for (const ArchitectureRow& row : architectures()) names.emplace_back(row.name, row.architecture);
  return names;
}

// What stands under the name of a head; a classifier has nothing of its own.
std::string_view key_of(Head head) {
  switch (head) {
    case Head::classifier:
      return {};
    case Head::detector:
      return "detector";
    case Head::segmenter:
      return "segmenter";
  }
  return {};
}

void add_head(const ModelSpec& spec, JsonText& all) {
  const Head head = row_of(spec.architecture).head;
  switch (head) {
    case Head::classifier:
      return;
    case Head::detector:
      return all.add(key_of(head), detector_to_json(spec.detection_head, spec.detection));
    case Head::segmenter:
      return all.add(key_of(head), segmenter_to_json(spec.segmentation_head, spec.segmentation));
  }
}

Result<void> head_from_json(const json& value, ModelSpec& spec) {
  switch (row_of(spec.architecture).head) {
    case Head::classifier:
      return {};
    case Head::detector:
      return detector_from_json(value, spec.detection_head, spec.detection);
    case Head::segmenter:
      return segmenter_from_json(value, spec.segmentation_head, spec.segmentation);
  }
  return {};
}

JsonText as_json(const BlockSpec& block) {
  return JsonText::object({{"inputs", block.inputs},
                           {"hidden", block.hidden},
                           {"outputs", block.outputs},
                           {"stride", block.stride},
                           {"dilation", block.dilation},
                           {"expand", block.expand},
                           {"residual", block.residual}});
}

Result<BlockSpec> block_from_json(const json& value, const std::string& place) {
  JsonFields fields(value, place);
  BlockSpec block;
  block.inputs = fields.integer("inputs", 1, kMostChannels);
  block.hidden = fields.integer("hidden", 1, kMostChannels);
  block.outputs = fields.integer("outputs", 1, kMostChannels);
  block.stride = fields.integer("stride", 1, 2);
  block.dilation = fields.integer("dilation", 1, kMostDilation);
  block.expand = fields.boolean("expand");
  block.residual = fields.boolean("residual");
  MOBILENET_CHECK(fields.mistake());
  return block;
}

Result<std::vector<BlockSpec>> blocks_from_json(const json& values) {
  if (values.size() > static_cast<std::size_t>(kMostBlocks))
    return failure(ErrorCode::bad_format, "model_spec: has ", values.size(), " blocks, at most ", kMostBlocks);
  std::vector<BlockSpec> blocks;
  for (const json& value : values) {
    MOBILENET_TRY(const BlockSpec block,
                  block_from_json(value, "model_spec: block " + std::to_string(blocks.size() + 1)));
    blocks.push_back(block);
  }
  return blocks;
}

Result<std::vector<std::string>> labels_from_json(const json& values) {
  std::vector<std::string> labels;
  for (const json& value : values) {
    if (!value.is_string())
      return failure(ErrorCode::bad_format, "model_spec: label ", labels.size(), " is ", describe(value),
                     ", expected a string");
    labels.push_back(value.get<std::string>());
  }
  return labels;
}

}  // namespace

std::string model_spec_to_json(const ModelSpec& spec) {
  JsonText blocks = JsonText::array({});
  for (const BlockSpec& block : spec.blocks) blocks.add(as_json(block));
  JsonText all = JsonText::object({{"version", version_of(spec)},
                                   {"architecture", name_of(spec.architecture)},
                                   {"depth_multiplier", spec.depth_multiplier},
                                   {"input_height", spec.input_height},
                                   {"input_width", spec.input_width},
                                   {"input_name", spec.input_name},
                                   {"layout", name_in(kLayouts, spec.layout)},
                                   {"stem", spec.stem},
                                   {"blocks", blocks},
                                   {"last", spec.last},
                                   {"classes", spec.classes},
                                   {"has_background", spec.has_background},
                                   {"padding", name_in(kPaddings, spec.tf_padding)},
                                   {"epsilon", spec.epsilon},
                                   {"activation", name_in(kActivations, spec.activation)},
                                   {"preprocess", preprocess_to_json(spec.preprocess)},
                                   {"labels", JsonText::array_of(spec.labels)}});
  if (spec.pooling != HeadPooling::average) all.add("pooling", name_in(kPoolings, spec.pooling));
  if (spec.padding_size > 0) all.add("padding_size", spec.padding_size);
  if (spec.classes > 0) all.add("scores", name_in(kClassScores, spec.class_scores));
  add_head(spec, all);
  return all.text();
}

Result<ModelSpec> model_spec_from_json(std::string_view text) {
  auto parsed = parse_json(text, {.depth = 8});
  if (!parsed) return at("model_spec", std::move(parsed).error());
  JsonFields fields(*parsed, "model_spec");
  const int version = fields.integer("version", 1, 1 << 30);
  MOBILENET_CHECK(fields.mistake());
  if (version > kVersion)
    return failure(ErrorCode::unsupported, "model_spec: has version ", version, ", this build reads up to ", kVersion);

  ModelSpec spec;
  spec.architecture = fields.choice("architecture", std::span<const Names<Architecture>>(architecture_names()));
  spec.depth_multiplier = fields.number("depth_multiplier", 0, 100);
  spec.input_height = fields.integer("input_height", 1, kMostPixels);
  spec.input_width = fields.integer("input_width", 1, kMostPixels);
  spec.input_name = fields.text("input_name");
  spec.layout = fields.choice("layout", kLayouts);
  spec.stem = fields.integer("stem", 1, kMostChannels);
  spec.last = fields.integer("last", 0, kMostChannels);
  spec.classes = fields.integer("classes", 0, kMostClasses);
  spec.has_background = fields.boolean("has_background");
  if (fields.has("pooling")) spec.pooling = fields.choice("pooling", kPoolings);
  if (fields.has("padding_size")) spec.padding_size = fields.integer("padding_size", 1, kMostPixels);
  if (fields.has("scores")) spec.class_scores = fields.choice("scores", kClassScores);
  spec.tf_padding = fields.choice("padding", kPaddings);
  spec.epsilon = fields.number("epsilon", 1e-12, 1);
  spec.activation = fields.choice("activation", kActivations);
  const json* blocks = fields.array("blocks");
  const json* preprocess = fields.object("preprocess");
  const json* labels = fields.array("labels");
  const std::string_view key = key_of(row_of(spec.architecture).head);
  const json* head = key.empty() ? nullptr : fields.object(key);
  if (!key.empty() && !head) fields.remember(key, "missing", "an object");
  if (!blocks) fields.remember("blocks", "missing", "an array");
  if (!preprocess) fields.remember("preprocess", "missing", "an object");
  if (spec.input_name.empty() || spec.input_name.size() > 256)
    fields.remember("input_name", std::to_string(spec.input_name.size()) + " bytes", "a name of 1 to 256 bytes");
  MOBILENET_CHECK(fields.mistake());
  MOBILENET_TRY(spec.blocks, blocks_from_json(*blocks));
  MOBILENET_TRY(spec.preprocess, preprocess_from_json(*preprocess, "model_spec: preprocess", version));
  if (head) MOBILENET_CHECK(head_from_json(*head, spec));
  if (labels) {
    MOBILENET_TRY(spec.labels, labels_from_json(*labels));
  }
  if (auto fits = check_structure(spec); !fits) return at("model_spec", std::move(fits).error());
  return spec;
}

}  // namespace mobilenet
