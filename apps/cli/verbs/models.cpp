// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/options.h"
#include "cli/models/known_models.h"
#include "cli/models/model_cache.h"
#include "cli/output/output.h"
#include "cli/output/table.h"
#include "cli/verbs.h"

// mobilenet models [NAME...]: which models have a name, and which of them are there.

namespace mobilenet::cli {
namespace {

struct ModelsOptions {
  std::vector<std::string> names;
  bool json = false;
};

// "bundled", "fetched", or empty: to be fetched.
std::string state_of(const KnownModel& model) {
  if (!is_in_place(model)) return {};
  return model.bundled ? "bundled" : "fetched";
}

Json model_json(const KnownModel& model) {
  const auto text_or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  const auto place = place_of(model);
  Json line;
  line["name"] = model.name;
  line["title"] = model.title;
  line["task"] = name_of(model.task);
  line["bytes"] = model.bytes;
  line["sha256"] = model.sha256;
  line["licence"] = model.licence;
  line["accuracy"] = model.accuracy.empty()
                         ? Json(nullptr)
                         : Json{{"figure", model.accuracy}, {"kind", model.accuracy_kind}, {"on", model.accuracy_on}};
  line["address"] = text_or_null(model.address);
  line["member"] = text_or_null(model.member);
  line["bundled"] = model.bundled;
  line["fetched"] = !model.bundled && is_in_place(model);
  line["path"] = is_in_place(model) ? Json(place->string()) : Json(nullptr);
  return line;
}

std::string overview(const std::vector<KnownModel>& models) {
  Table table({Align::left, Align::left, Align::right, Align::left, Align::left, Align::left});
  table.row({"name", "task", "bytes", "licence", "accuracy", "there"});
  for (const KnownModel& model : models) {
    table.row({model.name, std::string(name_of(model.task)), std::to_string(model.bytes), model.licence,
               model.accuracy.empty() ? "" : model.accuracy + " (" + model.accuracy_kind + ")", state_of(model)});
  }
  return table.text();
}

std::string all_about(const KnownModel& model) {
  const auto place = place_of(model);
  Table facts({Align::left, Align::left});
  facts.row({"name", model.name});
  facts.row({"model", model.title});
  facts.row({"task", std::string(name_of(model.task))});
  facts.row({"bytes", std::to_string(model.bytes)});
  facts.row({"sha256", model.sha256});
  facts.row({"licence", model.licence});
  facts.row({"accuracy", model.accuracy.empty()
                             ? "not known"
                             : model.accuracy + ", " + model.accuracy_kind + ": " + model.accuracy_on});
  if (!model.address.empty())
    facts.row({"address", model.address + (model.member.empty() ? "" : " (" + model.member + " in it)")});
  facts.row(
      {"file", is_in_place(model) ? place->string() : "not there; `mobilenet get " + model.name + "` fetches it"});
  return facts.text();
}

int models(const ModelsOptions& options) {
  const auto chosen = choose_models(options.names);
  if (!chosen) return fail(chosen.error());
  if (options.json) {
    for (const KnownModel& model : *chosen) print_json(model_json(model));
  } else if (options.names.empty()) {
    print(overview(*chosen));
  } else {
    for (const KnownModel& model : *chosen) print((&model == &chosen->front() ? "" : "\n") + all_about(model));
  }
  return kSuccess;
}

}  // namespace

Work add_models(CLI::App& app) {
  const auto options = std::make_shared<ModelsOptions>();
  offer(add_words(app, "names", options->names, "Shows all that is known about these models", "..."),
        known_model_names);
  add_json_option(app, options->json);
  set_footer(app,
             "The names stand wherever a model is named: -m NAME, MOBILENET_MODEL=NAME. A file of that name in the "
             "current folder goes first. Those that are not there `mobilenet get` fetches from where their makers "
             "keep them, each under its own licence.\n"
             "MOBILENET_MODELS=FILE.json is another list.\n"
             "\n"
             "Examples:\n"
             "  mobilenet models\n"
             "  mobilenet models ssd_mobilenet_v1\n"
             "  mobilenet models --json");
  return [options] { return models(*options); };
}

}  // namespace mobilenet::cli
