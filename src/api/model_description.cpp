// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "api/model_description.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file_bytes.h"
#include "formats/json/preprocess_spec_json.h"
#include "formats/labels/labels.h"
#include "json/json_fields.h"
#include "json/json_text.h"
#include "preprocess/preprocess_options.h"
#include "spec/input_encoding.h"

namespace mobilenet {
namespace {

using json = JsonValue;

constexpr int kVersion = 1;

constexpr std::array<std::pair<std::string_view, std::optional<ScoreFunction>>, 4> kScoreFunctions{
    {{"softmax", ScoreFunction::softmax},
     {"sigmoid", ScoreFunction::sigmoid},
     {"identity", ScoreFunction::identity},
     {"none", std::nullopt}}};
constexpr std::array<std::string_view, 8> kKeys{"version",  "geometry", "filter", "encoding",
                                                "channels", "fill",     "labels", "scores"};

// A description being read: what it said so far, in words and numbers.
class Reader {
 public:
  Reader(const json& object, std::string place, LoadedModel& model)
      : fields_(object, place), object_(object), place_(std::move(place)), model_(model) {}

  Result<void> read(const std::filesystem::path& folder) {
    check_keys();
    MOBILENET_CHECK(fields_.mistake());
    PreprocessSpec spec = model_.spec.preprocess;
    read_geometry(spec);
    read_encoding(spec);
    MOBILENET_CHECK(fields_.mistake());
    model_.spec.preprocess = std::move(spec);
    MOBILENET_CHECK(read_scores());
    return read_labels(folder);
  }

 private:
  void check_keys() {
    if (!object_.is_object()) return;
    const int version = fields_.integer("version", 1, 1 << 30, kVersion);
    if (version > kVersion) fields_.remember("version", std::to_string(version), "at most " + std::to_string(kVersion));
    for (const auto& [name, value] : object_.members()) {
      if (std::find(kKeys.begin(), kKeys.end(), name) != kKeys.end()) continue;
      std::string known;
      for (const std::string_view key : kKeys) known += (known.empty() ? "" : ", ") + std::string(key);
      fields_.remember(describe(name), "no key of a description", "one of " + known);
    }
  }

  void said(const std::string& what) {
    std::erase_if(model_.decisions, [&](const Decision& decision) { return decision.what == what; });
    model_.decisions.push_back({what, place_ + " says it"});
  }

  void read_geometry(PreprocessSpec& spec) {
    if (fields_.has("geometry") && object_.find("geometry")->is_object()) {
      PreprocessSpec fresh;
      JsonFields inner(*object_.find("geometry"), place_ + ": geometry");
      geometry_from_json(inner, fresh);
      fields_.adopt(inner.mistake());
      fresh.filter = spec.filter;
      fresh.swap_red_blue = spec.swap_red_blue;
      fresh.rescale = spec.rescale;
      fresh.divide_by_255 = spec.divide_by_255;
      fresh.mean = spec.mean;
      fresh.deviation = spec.deviation;
      fresh.fill = spec.fill;
      fresh.unknown = spec.unknown;
      fresh.unknown.geometry.clear();
      spec = std::move(fresh);
      said("resize");
    } else if (fields_.has("geometry")) {
      put(spec, {.geometry = fields_.choice("geometry", kGeometryNames)});
      said("resize");
    }
    if (fields_.has("filter")) {
      put(spec, {.filter = fields_.choice("filter", kFilterNames)});
      said("filter");
    }
    spec.fill = channels_from_json(fields_, "fill", -1e6, 1e6, spec.fill);
  }

  void read_encoding(PreprocessSpec& spec) {
    if (fields_.has("encoding") && object_.find("encoding")->is_object()) {
      JsonFields inner(*object_.find("encoding"), place_ + ": encoding");
      set_encoding({channels_from_json(inner, "mean", -1e6, 1e6, {0, 0, 0}),
                    channels_from_json(inner, "deviation", 1e-9, 1e6, {1, 1, 1})},
                   spec);
      spec.rescale = static_cast<float>(inner.number("rescale", 1e-9, 1e9, 1));
      spec.divide_by_255 = inner.boolean("divide_by_255", false);
      fields_.adopt(inner.mistake());
      said("encoding");
    } else if (fields_.has("encoding")) {
      set_encoding(fields_.choice("encoding", kEncodingNames), spec);
      said("encoding");
    }
    if (fields_.has("channels")) {
      put(spec, {.channels = fields_.choice("channels", kChannelOrderNames)});
      said("channel order");
    }
  }

  // Of values that the tables hold, so it cannot fail.
  static void put(PreprocessSpec& spec, const PreprocessOptions& options) {
    if (auto changed = with_options(spec, options)) spec = *std::move(changed);
  }

  Result<void> read_scores() {
    if (!fields_.has("scores")) return {};
    const std::optional<ScoreFunction> function = fields_.choice("scores", kScoreFunctions);
    MOBILENET_CHECK(fields_.mistake());
    ModelSpec& spec = model_.spec;
    if (spec.classes > 0)
      spec.class_scores = function;
    else if (spec.detection.classes > 0 && function)
      spec.detection.score_function = *function;
    else
      return failure(ErrorCode::invalid_argument, place_, ": scores are ", function ? "said" : "none",
                     ", which does not fit this model's task");
    said("scores");
    return {};
  }

  // A list, or the name of a text file in the same folder.
  Result<void> read_labels(const std::filesystem::path& folder) {
    if (!fields_.has("labels")) return {};
    const json& labels = *object_.find("labels");
    if (!labels.is_array()) return read_labels_file(folder);
    std::vector<std::string> names;
    for (const json& label : labels) {
      if (!label.is_string())
        return failure(ErrorCode::bad_format, place_, ": label ", names.size(), " is ", describe(label),
                       ", expected a string");
      names.push_back(label.get<std::string>());
    }
    if (names.empty()) return {};
    auto set = set_labels(label_source("the list of labels", std::move(names)), model_.spec, model_.decisions);
    return set ? set : Result<void>(at(place_, std::move(set).error()));
  }

  Result<void> read_labels_file(const std::filesystem::path& folder) {
    const std::string name = fields_.text("labels");
    MOBILENET_CHECK(fields_.mistake());
    const std::filesystem::path file(name);
    if (name.empty() || file.has_parent_path() || file.has_root_path() || name == "." || name == "..")
      return failure(ErrorCode::bad_format, place_, ": labels is ", describe(name),
                     ", expected a list or the name of a file in the same folder");
    auto set = set_labels_from_file(folder / file, model_.spec, model_.decisions);
    return set ? set : Result<void>(at(place_, std::move(set).error()));
  }

  JsonFields fields_;
  const json& object_;
  std::string place_;
  LoadedModel& model_;
};

// The name of a geometry that means just this, or all of its fields.
JsonText geometry_of(const PreprocessSpec& spec) {
  for (const auto& [name, policy] : kGeometryNames) {
    auto same = with_options(spec, {.geometry = policy, .filter = spec.filter});
    if (same && *same == spec) return name;
  }
  return geometry_to_json(spec);
}

JsonText encoding_of(const PreprocessSpec& spec) {
  for (const auto& [name, encoding] : kEncodingNames) {
    PreprocessSpec same = spec;
    set_encoding(encoding, same);
    if (same == spec) return name;
  }
  JsonText all =
      JsonText::object({{"mean", channels_to_json(spec.mean)}, {"deviation", channels_to_json(spec.deviation)}});
  if (spec.rescale != 1) all.add("rescale", shortest_decimal(spec.rescale));
  if (spec.divide_by_255) all.add("divide_by_255", true);
  return all;
}

}  // namespace

std::filesystem::path description_path(const std::filesystem::path& model) {
  std::filesystem::path path = model;
  return path.replace_extension(".mobilenet.json");
}

Result<void> apply_description(const std::filesystem::path& path, LoadedModel& model) {
  MOBILENET_TRY(const auto file, FileBytes::read(path));
  const std::string place = path.filename().string();
  const std::span<const std::byte> bytes = file->bytes();
  auto parsed = parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, {.depth = 4});
  if (!parsed) return at(place, std::move(parsed).error());
  model.decisions.push_back({"description", "what " + place + " says goes before all else"});
  return Reader(*parsed, place, model).read(path.parent_path());
}

std::string description_of(const LoadedModel& model) {
  const ModelSpec& spec = model.spec;
  const PreprocessSpec& preprocess = spec.preprocess;
  JsonText all = JsonText::object({{"version", kVersion}});
  if (preprocess.unknown.geometry.empty()) all.add("geometry", geometry_of(preprocess));
  if (preprocess.unknown.filter.empty()) all.add("filter", name_in(kFilterNames, preprocess.filter));
  if (preprocess.unknown.encoding.empty()) all.add("encoding", encoding_of(preprocess));
  all.add("channels", preprocess.swap_red_blue ? "bgr" : "rgb");
  if (preprocess.mode == ResizeMode::pad || preprocess.mode == ResizeMode::fit)
    all.add("fill", channels_to_json(preprocess.fill));
  if (spec.detection.classes > 0)
    all.add("scores", name_in(kScoreFunctions, std::optional(spec.detection.score_function)));
  else if (spec.classes > 0)
    all.add("scores", name_in(kScoreFunctions, spec.class_scores));
  if (!spec.labels.empty()) all.add("labels", JsonText::array_of(spec.labels));
  return all.indented() + "\n";
}

}  // namespace mobilenet
