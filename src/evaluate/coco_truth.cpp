// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "evaluate/coco_truth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/file_bytes.h"
#include "base/letter_case.h"
#include "json/json_value.h"

namespace mobilenet::evaluation {
namespace {

namespace fs = std::filesystem;

Error bad(const fs::path& path, std::string_view what) {
  return failure(ErrorCode::bad_format, path.native(), ": ", what);
}

// Fields of one JSON object; `place` names it in messages.
struct Fields {
  const JsonValue& object;
  std::string place;

  const JsonValue* find(const char* key) const { return object.find(key); }
  Error wants(const char* key, const std::string& what) const {
    return Error{ErrorCode::bad_format, place + " has no field " + key + " that is " + what};
  }
};

// 7, and 7.0 too: some programs write every number with a point.
std::optional<std::int64_t> whole_number(const JsonValue* value) {
  constexpr double kExact = 9007199254740992.0;  // doubles beyond hold no odd numbers
  if (value == nullptr || !value->is_number()) return std::nullopt;
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  if (value->is_number_integer()) return value->get<std::int64_t>();
  const auto number = value->get<double>();
  if (std::abs(number) > kExact || number != std::floor(number)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

Result<std::int64_t> integer(const Fields& fields, const char* key) {
  if (const auto number = whole_number(fields.find(key))) return *number;
  return fields.wants(key, "a whole number");
}

Result<double> number(const Fields& fields, const char* key) {
  const JsonValue* value = fields.find(key);
  if (value != nullptr && value->is_number()) return value->get<double>();
  return fields.wants(key, "a number");
}

Result<CocoImageId> image_id(const Fields& fields, const char* key) {
  const JsonValue* value = fields.find(key);
  if (const auto number = whole_number(value)) return CocoImageId(*number);
  if (value != nullptr && value->is_string()) return CocoImageId(value->get<std::string>());
  return fields.wants(key, "a whole number or a text");
}

Result<CocoBox> box(const Fields& fields) {
  const JsonValue* value = fields.find("bbox");
  CocoBox sides{};
  if (value == nullptr || !value->is_array() || value->size() != sides.size() ||
      !std::ranges::all_of(*value, [](const auto& side) { return side.is_number(); }))
    return fields.wants("bbox", "an array of four numbers");
  for (std::size_t i = 0; i < sides.size(); ++i) sides[i] = (*value)[i].get<double>();
  return sides;
}

// Only the fields that count are kept: outlines and captions are most of COCO's files, which are as large as they are.
Result<JsonValue> read_coco_json(const fs::path& path) {
  static constexpr std::array<std::string_view, 12> kFields = {"images",      "annotations", "categories", "id",
                                                               "file_name",   "image_id",    "bbox",       "area",
                                                               "category_id", "iscrowd",     "score",      "name"};
  constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
  MOBILENET_TRY(const auto file, FileBytes::read(path));
  const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  auto json = parse_json(text, {.bytes = kAny, .values = kAny, .members = kFields});
  if (!json) return at(path.native(), json.error());
  return json;
}

// The array of that name in COCO's instances.
Result<const JsonValue*> array_of(const JsonValue& json, const fs::path& path, const char* name) {
  const JsonValue* const array = json.find(name);
  if (array != nullptr && array->is_array()) return array;
  return bad(path, std::string("is no COCO annotation file: it has no array ") + name);
}

std::string place_of(const fs::path& path, const char* what, std::size_t i) {
  return path.string() + ": " + what + '[' + std::to_string(i) + ']';
}

template <class T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

template <class T>
std::optional<std::size_t> position_of(const std::vector<T>& sorted, const T& value) {
  const auto at = std::ranges::lower_bound(sorted, value);
  if (at == sorted.end() || *at != value) return std::nullopt;
  return static_cast<std::size_t>(at - sorted.begin());
}

// "apple, banana and 3 more"
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMost) text += " and " + std::to_string(names.size() - kMost) + " more";
  return text;
}

}  // namespace

Result<CocoTruth> CocoTruth::read(const fs::path& path) {
  const auto json = read_coco_json(path);
  if (!json) return json.error();
  const auto images = array_of(*json, path, "images"), objects = array_of(*json, path, "annotations"),
             categories = array_of(*json, path, "categories");
  for (const auto* part : {&images, &objects, &categories})
    if (!*part) return part->error();

  CocoTruth truth;
  truth.source_ = path.string();
  std::map<std::int64_t, std::string> names_by_id;
  for (std::size_t i = 0; i < (*categories)->size(); ++i) {
    const Fields fields{(**categories)[i], place_of(path, "categories", i)};
    const auto id = integer(fields, "id");
    if (!id) return id.error();
    const auto* name = fields.find("name");
    names_by_id.emplace(*id, name != nullptr && name->is_string() ? name->get<std::string>() : "");
  }
  for (const auto& [id, name] : names_by_id) {
    truth.category_ids_.push_back(id);
    truth.category_names_.push_back(name);
  }
  std::vector<std::pair<std::string, CocoImageId>> names;
  for (std::size_t i = 0; i < (*images)->size(); ++i) {
    const Fields fields{(**images)[i], place_of(path, "images", i)};
    const auto id = image_id(fields, "id");
    if (!id) return id.error();
    truth.ids_.push_back(*id);
    if (const auto* name = fields.find("file_name"); name != nullptr && name->is_string())
      names.emplace_back(fs::path(name->get<std::string>()).filename().string(), *id);
  }
  sort_unique(truth.ids_);
  truth.pictures_.resize(truth.ids_.size());
  for (const auto& [name, id] : names) truth.by_name_.insert_or_assign(name, *truth.picture_with_id(id));

  for (std::size_t i = 0; i < (*objects)->size(); ++i) {
    const Fields fields{(**objects)[i], place_of(path, "annotations", i)};
    const auto image = image_id(fields, "image_id");
    const auto category = integer(fields, "category_id");
    const auto sides = box(fields);
    if (!image) return image.error();
    if (!category) return category.error();
    if (!sides) return sides.error();
    const auto picture = truth.picture_with_id(*image);
    const auto index = truth.category_with_id(*category);
    if (!picture || !index) continue;  // of a picture or category that this file leaves out
    TrueObject object{*index, *sides, (*sides)[2] * (*sides)[3], false, false};
    if (fields.find("area") != nullptr) {
      const auto area = number(fields, "area");
      if (!area) return area.error();
      object.area = *area;
    }
    if (const auto* crowd = fields.find("iscrowd"); crowd != nullptr)
      object.crowd = crowd->is_boolean() ? crowd->get<bool>() : whole_number(crowd).value_or(0) != 0;
    object.id_is_zero = whole_number(fields.find("id")) == std::int64_t{0};
    truth.pictures_[*picture].truth.push_back(object);
  }
  return truth;
}

std::optional<std::size_t> CocoTruth::picture_with_id(const CocoImageId& id) const { return position_of(ids_, id); }

std::optional<std::size_t> CocoTruth::category_with_id(std::int64_t id) const { return position_of(category_ids_, id); }

std::optional<std::size_t> CocoTruth::picture_named(std::string_view picture) const {
  const auto at = by_name_.find(fs::path(picture).filename().string());
  return at != by_name_.end() ? at->second : picture_with_id(coco_image_id(picture));
}

Result<std::string> CocoTruth::match_classes(const ModelInfo& info) {
  std::map<std::string, std::size_t> by_name;
  for (std::size_t i = 0; i < category_names_.size(); ++i)
    if (!category_names_[i].empty()) by_name.emplace(plain_name(category_names_[i]), i);
  const auto classes = static_cast<std::size_t>(std::max(info.classes, 0));
  std::vector<std::optional<std::size_t>> category_of_class(classes);
  std::vector<bool> taken(category_ids_.size(), false);
  bool labelled = false, numbers_agree = true;
  for (std::size_t c = 0; c < std::min(classes, info.labels.size()); ++c) {
    if (info.labels[c].empty()) continue;
    labelled = true;
    const auto named = by_name.find(plain_name(info.labels[c]));
    if (named == by_name.end()) continue;
    category_of_class[c] = named->second;
    taken[named->second] = true;
    numbers_agree = numbers_agree && category_ids_[named->second] == static_cast<std::int64_t>(c) + 1;
  }
  const bool any_named = std::ranges::find(taken, true) != taken.end();
  if (numbers_agree && (any_named || !labelled || by_name.empty()))
    for (std::size_t c = 0; c < classes; ++c) {
      const auto numbered = category_with_id(static_cast<std::int64_t>(c) + 1);
      if (category_of_class[c] || !numbered || taken[*numbered]) continue;
      category_of_class[c] = numbered;
      taken[*numbered] = true;
    }
  std::vector<std::string> unmatched;
  for (std::size_t i = 0; i < category_ids_.size(); ++i)
    if (!taken[i])
      unmatched.push_back(category_names_[i].empty() ? "id " + std::to_string(category_ids_[i]) : category_names_[i]);
  if (!category_ids_.empty() && unmatched.size() == category_ids_.size())
    return Error{ErrorCode::not_found,
                 source_ + ": none of its categories (" + some_of(unmatched) + ") is a class of " + info.source +
                     (info.labels.empty() ? ", whose classes have no names" : " (" + some_of(info.labels) + ")")};
  category_of_class_ = std::move(category_of_class);
  return some_of(unmatched);
}

Result<void> CocoTruth::read_results(const fs::path& path) {
  const auto json = read_coco_json(path);
  if (!json) return json.error();
  if (!json->is_array()) return bad(path, "is no COCO results file: it is no array of detections");
  std::vector<std::vector<FoundObject>> found(pictures_.size());
  bool known = false;  // a category
  for (std::size_t i = 0; i < json->size(); ++i) {
    const Fields fields{(*json)[i], place_of(path, "", i)};
    const auto image = image_id(fields, "image_id");
    const auto category = integer(fields, "category_id");
    const auto sides = box(fields);
    const auto score = number(fields, "score");
    if (!image) return image.error();
    if (!category) return category.error();
    if (!sides) return sides.error();
    if (!score) return score.error();
    const auto picture = picture_with_id(*image);
    if (!picture) return Error{ErrorCode::not_found, fields.place + " is of a picture without annotations"};
    if (const auto index = category_with_id(*category)) {
      found[*picture].push_back({*index, *sides, *score});
      known = true;
    }
  }
  if (!known && !json->empty())
    return Error{ErrorCode::not_found, path.string() + ": none of its category ids is one of " + source_};
  for (std::size_t i = 0; i < found.size(); ++i) pictures_[i].found = std::move(found[i]);
  return {};
}

Result<void> CocoTruth::set_found(std::size_t picture, std::span<const Detection> detections) {
  if (!category_of_class_)
    return Error{
        ErrorCode::invalid_argument,
        source_ + ": detections were added before the classes of their model were matched with its categories"};
  const auto& categories = *category_of_class_;
  std::vector<FoundObject>& found = pictures_[picture].found;
  found.clear();
  for (const Detection& detection : detections) {
    const auto index = static_cast<std::size_t>(detection.class_index);  // -1, the background, is beyond all
    if (index >= categories.size() || !categories[index]) continue;
    found.push_back({*categories[index], coco_box(detection), shortest(detection.score)});
  }
  return {};
}

}  // namespace mobilenet::evaluation
