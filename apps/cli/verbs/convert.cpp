// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/options.h"
#include "cli/arguments/preprocess_options.h"
#include "cli/output/files.h"
#include "cli/output/output.h"
#include "cli/output/output_files.h"
#include "cli/output/table.h"
#include "cli/output/words.h"
#include "cli/verbs.h"
#include "cli/verbs/open_session.h"

// mobilenet convert --model IN -o OUT.safetensors: any weights-only file as the project's own.

namespace mobilenet::cli {
namespace {

struct ConvertOptions {
  ModelChoice model;
  std::string output;       // the model as the project's own file; empty: not wanted
  std::string description;  // what was decided about it, as JSON; empty: not wanted
  IfExists if_exists = IfExists::refuse;
  DataType weights = DataType::f16;
  bool json = false;
};

std::string description_name(const std::string& model) {
  return std::filesystem::path(model).stem().string() + ".mobilenet.json";
}

Result<void> save_description(const Model& model, const Destination& output) {
  auto pending = PendingFile::create(output);
  if (!pending) return pending.error();
  const auto text = model.description();
  if (!text) return text.error();
  if (std::fwrite(text->data(), 1, text->size(), pending->file()) != text->size())
    return system_error(output.path, "cannot write it", errno);
  return pending->commit();
}

void report_model(const ConvertOptions& options, const ModelInfo& info) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(options.output, error);
  if (options.json) {
    Json line;
    line["output"] = options.output;
    if (!options.description.empty()) line["description"] = options.description;
    line["source"] = info.source;
    line["architecture"] = info.architecture;
    line["weights"] = name_of(options.weights);
    line["parameters"] = info.parameters;
    line["bytes"] = error ? 0 : bytes;
    print_json(line);
  } else {
    note("wrote " + options.output + ": " + info.architecture + ", " + counted(info.labels.size(), "label") + ", " +
         count_text(info.parameters) + " parameters as " + std::string(name_of(options.weights)) + ", " +
         bytes_text(error ? 0 : bytes));
  }
}

void report_description(const ConvertOptions& options, const ModelInfo& info) {
  if (options.json && options.output.empty())
    print_json({{"description", options.description}, {"source", info.source}});
  else if (!options.json)
    note("wrote " + options.description + ": what holds for " + info.source + "; as " + description_name(info.source) +
         " beside it, it is used");
}

int convert(const ConvertOptions& options) {
  const auto model = open_model(options.model);
  if (!model) return fail(model.error());
  const ModelInfo& info = model->info();
  OutputFiles files(options.if_exists);
  add_files_read(options.model, files);
  std::vector<Destination> outputs;
  for (const auto& [path, content] : {std::pair{options.output, "the converted model"},
                                      std::pair{options.description, "the description of the model"}}) {
    if (path.empty()) continue;
    auto added = files.add(path, content);
    if (!added) return fail(added.error());
    outputs.push_back(*std::move(added));
  }
  if (const auto fresh = files.check_existing(); !fresh) return fail(fresh.error());
  note_random_weights(info);
  if (!options.output.empty()) {
    const auto saved = save_file(outputs.front(),
                                 [&](const std::filesystem::path& path) { return model->save(path, options.weights); });
    if (!saved) return fail(saved.error());
    report_model(options, info);
  }
  if (!options.description.empty()) {
    if (const auto saved = save_description(*model, outputs.back()); !saved) return fail(saved.error());
    report_description(options, info);
  }
  return kSuccess;
}

}  // namespace

Work add_convert(CLI::App& app) {
  const auto options = std::make_shared<ConvertOptions>();
  require(add_text(app, "-m,--model,model", options->model.model,
                   "The file to read; for -o one of weights only (.safetensors)", "MODEL"));
  add_output_option(app, options->output, {".safetensors"}, "The .safetensors file to write");
  add_output_name(app, "--describe", options->description,
                  "Write what holds for the model, of any format, as JSON: encoding, geometry, labels and scores; used "
                  "where it lies beside the model as NAME.mobilenet.json",
                  "FILE");
  require_when_parsed(
      app, [options] { return !options->output.empty() || !options->description.empty(); }, "-o or --describe");
  add_force_option(app, options->if_exists);
  add_choice(
      app, "--weights", {"f16", "f32"},
      [options](std::size_t choice) { options->weights = choice == 0 ? DataType::f16 : DataType::f32; },
      "f16: half the size, the same answers (default); f32: exact");
  add_labels_option(app, options->model);
  add_preprocess_options(app, options->model);
  add_quiet_option(app);
  add_json_option(app, options->json);
  set_footer(app,
             "The .safetensors file holds the weights and all that was decided about them:\n"
             "architecture, preprocessing and labels. It needs nothing beside it.\n"
             "\n"
             "Examples:\n"
             "  mobilenet convert timm/model.safetensors -o mobilenet_v2.safetensors\n"
             "  mobilenet convert m.safetensors --labels l.txt -o own.safetensors\n"
             "  mobilenet convert m.tflite --encoding unit --describe m.mobilenet.json");
  return [options] { return convert(*options); };
}

}  // namespace mobilenet::cli
