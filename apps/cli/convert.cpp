// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "cli/open_session.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/output_files.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/words.h"

// mobilenet convert --model IN -o OUT.safetensors: any weights-only file as the project's own.

namespace mobilenet::cli {
namespace {

struct ConvertOptions {
  ModelChoice model;
  std::string output;
  IfExists if_exists = IfExists::refuse;
  DataType weights = DataType::f16;
  bool json = false;
};

// Model::save() replaces what is there, so that it writes to a pending file.
Result<void> save(const Model& model, const Destination& output, DataType weights) {
  auto pending = PendingFile::create(output);
  if (!pending) return pending.error();
  if (auto saved = model.save(pending->path(), weights); !saved) {
    const std::string& message = saved.error().message;
    const std::string temporary = pending->path().string();
    if (!message.starts_with(temporary)) return saved;
    return Error{saved.error().code, output.path.string() + message.substr(temporary.size())};
  }
  return pending->commit();
}

int convert(const ConvertOptions& options) {
  const auto model = open_model(options.model);
  if (!model) return fail(model.error());
  OutputFiles files(options.if_exists);
  add_files_read(options.model, files);
  const auto output = files.only(options.output, "the converted model");
  if (!output) return fail(output.error());
  note_random_weights(model->info());
  if (const auto saved = save(*model, *output, options.weights); !saved) return fail(saved.error());
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(options.output, error);
  const ModelInfo& info = model->info();
  if (options.json) {
    Json line;
    line["output"] = options.output;
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
  return kSuccess;
}

}  // namespace

Work add_convert(CLI::App& app) {
  const auto options = std::make_shared<ConvertOptions>();
  app.add_option("-m,--model,model", options->model.model, "The weights-only file to read (.safetensors)")
      ->type_name("MODEL")
      ->required();
  add_output_option(app, options->output, {".safetensors"}, "The .safetensors file to write");
  add_force_option(app, options->if_exists);
  app.add_option_function<std::string>(
         "--weights",
         [options](const std::string& text) {
           if (text != "f16" && text != "f32") {
             throw CLI::ValidationError("--weights", "'" + text + "' is not one of f16, f32");
           }
           options->weights = text == "f16" ? DataType::f16 : DataType::f32;
         },
         "f16: half the size, the same answers (default); f32: exact")
      ->type_name("NAME");
  add_labels_option(app, options->model);
  add_quiet_option(app);
  add_json_option(app, options->json);
  app.footer(
      "The file holds the weights and everything that was decided about them: architecture,\n"
      "preprocessing and labels. It needs nothing beside it.\n"
      "\n"
      "Examples:\n"
      "  mobilenet convert timm/model.safetensors -o mobilenet_v2.safetensors\n"
      "  mobilenet convert m.safetensors --labels l.txt -o own.safetensors");
  return [options] { return convert(*options); };
}

}  // namespace mobilenet::cli
