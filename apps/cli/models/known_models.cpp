// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/models/known_models.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/output/files.h"
#include "cli/output/output.h"
#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kSha256Digits = 64;
constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;  // what the library opens at most

// Reads the fields of one model; what is wrong first is kept.
class Fields {
 public:
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  std::string text(const char* key, bool must = true) {
    const auto found = object_.find(key);
    if (found == object_.end()) {
      if (must) complain(std::string("has no ") + key);
      return {};
    }
    if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
      complain(std::string(key) + " is not a text");
      return {};
    }
    return found->get<std::string>();
  }

  std::uint64_t number(const char* key) {
    const auto found = object_.find(key);
    if (found != object_.end() && found->is_number_unsigned()) return found->get<std::uint64_t>();
    complain(std::string(key) + " is not a whole number");
    return 0;
  }

  bool flag(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return false;
    if (!found->is_boolean()) complain(std::string(key) + " is neither true nor false");
    return found->is_boolean() && found->get<bool>();
  }

  std::string sha256(const char* key, bool must = true) {
    std::string digits = text(key, must);
    if (!digits.empty() &&
        (digits.size() != kSha256Digits || digits.find_first_not_of(kHexDigits) != std::string::npos))
      complain(std::string(key) + " is not 64 digits of 0..9 and a..f");
    return digits;
  }

  // The object under `key`; without, or of another type, an empty one.
  const Json& object(const char* key) {
    static const Json none = Json::object();
    const auto found = object_.find(key);
    if (found == object_.end()) return none;
    if (!found->is_object()) complain(std::string(key) + " is not an object");
    return found->is_object() ? *found : none;
  }

  void complain(const std::string& what) {
    if (wrong_.empty()) wrong_ = where_ + ' ' + what;
  }
  const std::string& wrong() const { return wrong_; }

 private:
  const Json& object_;
  std::string where_;
  std::string wrong_;
};

// A name that is one file's in a folder, visible, and no option.
bool is_plain_name(const std::string& name) {
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
             std::string::npos &&
         name.front() != '.' && name.front() != '-';
}

Result<KnownModel> parse_model(const Json& object, const std::string& where) {
  Fields fields(object, where);
  KnownModel model;
  model.name = fields.text("name");
  model.title = fields.text("title");
  model.file = fields.text("file");
  for (const std::string* name : {&model.name, &model.file})
    if (!name->empty() && !is_plain_name(*name)) fields.complain("'" + *name + "' is no name");
  const auto task = task_from_name(fields.text("task"));
  if (!task || *task == Task::run) fields.complain("its task is not one of classify, detect, segment, features");
  model.task = task.value_or(Task::classify);
  model.bytes = fields.number("bytes");
  if (model.bytes == 0 || model.bytes > kMostBytes) fields.complain("bytes is not between 1 and 4 GiB");
  model.sha256 = fields.sha256("sha256");
  model.licence = fields.text("licence");
  model.bundled = fields.flag("bundled");
  model.address = fields.text("address", !model.bundled);

  Fields accuracy(fields.object("accuracy"), where + " accuracy");
  if (!fields.object("accuracy").empty()) {
    model.accuracy = accuracy.text("figure");
    model.accuracy_kind = accuracy.text("kind");
    if (model.accuracy_kind != "published" && model.accuracy_kind != "measured")
      accuracy.complain("kind is neither published nor measured");
    model.accuracy_on = accuracy.text("on");
  }
  Fields archive(fields.object("archive"), where + " archive");
  if (!fields.object("archive").empty()) {
    model.member = archive.text("member");
    model.archive_sha256 = archive.sha256("sha256", false);
  }
  for (const Fields* part : {&fields, &accuracy, &archive})
    if (!part->wrong().empty()) return Error{ErrorCode::bad_format, part->wrong()};
  return model;
}

}  // namespace

Result<std::vector<KnownModel>> parse_known_models(std::string_view text, const std::string& source) {
  const Json all = Json::parse(text, nullptr, false);
  const auto list = all.is_object() ? all.find("models") : all.end();
  if (!all.is_object() || list == all.end() || !list->is_array())
    return Error{ErrorCode::bad_format, source + ": is no list of models: an object with an array `models` is wanted"};
  std::vector<KnownModel> models;
  for (const Json& object : *list) {
    const std::string where = source + ": model " + std::to_string(models.size() + 1);
    if (!object.is_object()) return Error{ErrorCode::bad_format, where + " is not an object"};
    auto model = parse_model(object, where);
    if (!model) return model.error();
    const bool twice = std::any_of(models.begin(), models.end(), [&](const KnownModel& other) {
      return other.name == model->name || other.file == model->file;
    });
    if (twice) return Error{ErrorCode::bad_format, where + " has the name or the file of another, " + model->name};
    models.push_back(*std::move(model));
  }
  return models;
}

Result<std::vector<KnownModel>> known_models() {
  const char* const named = std::getenv("MOBILENET_MODELS");
  if (named == nullptr || *named == '\0') return parse_known_models(built_in_models(), "known_models.json");
  const auto bytes = read_file(named);
  if (!bytes) return Error{bytes.error().code, bytes.error().message + " (MOBILENET_MODELS names it)"};
  return parse_known_models({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, named);
}

Result<std::vector<KnownModel>> choose_models(const std::vector<std::string>& names) {
  auto all = known_models();
  if (!all || names.empty()) return all;
  std::vector<KnownModel> chosen;
  for (const std::string& name : names) {
    const auto is_it = [&name](const KnownModel& model) { return model.name == name; };
    if (std::any_of(chosen.begin(), chosen.end(), is_it)) continue;
    const auto found = std::find_if(all->begin(), all->end(), is_it);
    if (found == all->end()) {
      const std::string hint = did_you_mean(name, names_of(*all));
      return Error{ErrorCode::invalid_argument,
                   "there is no model of the name " + name +
                       (hint.empty() ? "; `mobilenet models` lists those that have one" : hint)};
    }
    chosen.push_back(*found);
  }
  return chosen;
}

std::vector<std::string> names_of(const std::vector<KnownModel>& models) {
  std::vector<std::string> names;
  names.reserve(models.size());
  for (const KnownModel& model : models) names.push_back(model.name);
  return names;
}

std::vector<std::string> known_model_names() {
  const auto models = known_models();
  return models ? names_of(*models) : std::vector<std::string>();
}

}  // namespace mobilenet::cli
