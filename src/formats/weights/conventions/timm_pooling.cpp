// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/weights/conventions/timm_pooling.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/letter_case.h"
#include "base/text.h"
#include "json/json_fields.h"

namespace mobilenet {
namespace {

struct NamedPooling {
  std::string_view name;
  HeadPooling pooling;
};
// Those that are called fast are the same, computed otherwise.
constexpr std::array<NamedPooling, 10> kPoolings{{{"avg", HeadPooling::average},
                                                  {"max", HeadPooling::maximum},
                                                  {"avgmax", HeadPooling::mean_of_both},
                                                  {"catavgmax", HeadPooling::both},
                                                  {"", HeadPooling::none},
                                                  {"fast", HeadPooling::average},
                                                  {"fastavg", HeadPooling::average},
                                                  {"fastmax", HeadPooling::maximum},
                                                  {"fastavgmax", HeadPooling::mean_of_both},
                                                  {"fastcatavgmax", HeadPooling::both}}};

// What the constructor was told goes before what was noted about the network, and that before what the weights that it
// began with came with. Nothing where nobody says it.
Result<std::optional<HeadPooling>> stated_pooling(const JsonValue& config) {
  JsonFields groups(config, "config.json");
  for (const JsonValue* place :
       {groups.object("model_args"), groups.object("kwargs"), &config, groups.object("pretrained_cfg")}) {
    MOBILENET_CHECK(groups.mistake());
    if (place == nullptr) continue;
    JsonFields fields(*place, "config.json");
    if (!fields.has("global_pool")) continue;
    const std::string name = fields.text("global_pool");
    MOBILENET_CHECK(fields.mistake());
    const auto known = std::find_if(kPoolings.begin(), kPoolings.end(),
                                    [&](const NamedPooling& candidate) { return candidate.name == lower_case(name); });
    if (known == kPoolings.end())
      return failure(ErrorCode::unsupported, "config.json: global_pool is ", describe(name),
                     ", supported are avg, max, avgmax, catavgmax and \"\" for none");
    return std::optional(known->pooling);
  }
  return std::optional<HeadPooling>();
}

// Whether the classifier reads twice the channels of the last map.
bool reads_both(const NamedWeights& weights, const ModelSpec& spec) {
  const auto classifier = weights.index.find("logits.weight");
  if (classifier == weights.index.end()) return false;
  const Shape& shape = weights.parameters.value(classifier->second).shape;
  const std::int64_t channels = spec.last > 0 ? spec.last : spec.blocks.back().outputs;
  return shape.rank() >= 2 && shape[1] == 2 * channels;
}

}  // namespace

Result<void> decide_timm_pooling(const JsonValue* config, const NamedWeights& weights, WeightsReading& reading) {
  ModelSpec& spec = reading.spec;
  std::optional<HeadPooling> stated;
  if (config != nullptr) {
    MOBILENET_TRY(stated, stated_pooling(*config));
  }
  std::string why = "global_pool in config.json";
  if (!stated && reads_both(weights, spec)) {
    stated = HeadPooling::both;
    why = "the classifier reads twice the channels";
  }
  if (stated == HeadPooling::none && spec.classes > 0) {
    stated = HeadPooling::average;
    why = "the classifier needs a row, though global_pool in config.json is empty";
  }
  if (!stated) return {};
  spec.pooling = *stated;
  const auto name = std::find_if(kPoolings.begin(), kPoolings.end(),
                                 [&](const NamedPooling& candidate) { return candidate.pooling == *stated; });
  reading.decisions.push_back({text("pooling ", name->name.empty() ? "none" : name->name), why});
  return {};
}

}  // namespace mobilenet
