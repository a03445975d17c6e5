// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/model_choice.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "cli/arguments/cli11.h"
#include "cli/arguments/default_model.h"
#include "cli/arguments/model_path.h"
#include "cli/models/known_models.h"
#include "cli/output/table.h"

namespace mobilenet::cli {
namespace {

// What -m names, else $MOBILENET_MODEL; empty: neither.
std::string named_model(const ModelChoice& choice) { return choice.model.empty() ? environment_model() : choice.model; }

Result<std::filesystem::path> chosen_path(const ModelChoice& choice) {
  const std::string word = named_model(choice);
  return word.empty() ? bundled_model(choice.task) : model_path(word);
}

// No command makes more than one tensor out of a picture.
Result<void> check_one_picture(const ModelInfo& info) {
  constexpr std::array<std::string_view, 9> kWords = {"no",   "one", "two",   "three", "four",
                                                      "five", "six", "seven", "eight"};
  const std::size_t count = info.inputs.size();
  if (count == 1) return {};
  std::string names;
  bool pictures = true;
  for (const TensorInfo& input : info.inputs) {
    names += (names.empty() ? "" : ", ") + input.name;
    const auto is_depth = [](std::int64_t axis) { return axis == 1 || axis == 3; };
    pictures = pictures && input.shape.size() == 4 && (is_depth(input.shape[3]) || is_depth(input.shape[1]));
  }
  return Error{ErrorCode::unsupported,
               info.source + ": it takes " +
                   (count < kWords.size() ? std::string(kWords[count]) : std::to_string(count)) +
                   (pictures ? " pictures (" : " inputs (") + names + "); use mobilenet run"};
}

// Fails with the verb that runs the model when its task is another.
Result<void> check_task(Task task, const ModelInfo& info) {
  struct Kind {
    Task task;
    std::string_view noun;
  };
  constexpr std::array<Kind, 4> kKinds = {{{Task::classify, "classifier"},
                                           {Task::detect, "detector"},
                                           {Task::segment, "segmenter"},
                                           {Task::features, "feature extractor"}}};
  if (auto one = check_one_picture(info); !one) return one;
  if (info.task == task) return {};
  const auto kind = [&](Task wanted) {
    return *std::find_if(kKinds.begin(), kKinds.end() - 1, [&](const Kind& k) { return k.task == wanted; });
  };
  const Kind is = kind(info.task);
  return Error{ErrorCode::unsupported, info.source + " is no " + std::string(kind(task).noun) + " but a " +
                                           std::string(is.noun) + "; `mobilenet " + std::string(name_of(is.task)) +
                                           "` runs it"};
}

}  // namespace

void add_model_option(CLI::App& app, ModelChoice& choice, const std::string& otherwise) {
  CLI::Option* const model =
      add_text(app, "-m,--model", choice.model,
               "A " + model_endings("or") +
                   " file or a folder with one, a name that `mobilenet models` lists, or an architecture with random "
                   "weights such as mobilenet_v2:1.0:224 (default: " +
                   otherwise + ")",
               "MODEL");
  offer(model, known_model_names);
}

void add_labels_option(CLI::App& app, ModelChoice& choice) {
  add_text(app, "--labels", choice.labels, "Class names, one per line (default: the model's own)", "FILE");
}

Result<Model> open_model(const ModelChoice& choice) {
  const std::string word = named_model(choice);
  ModelOptions options;
  options.preprocess = choice.preprocess;
  if (is_architecture(word)) {
    if (choice.labels.empty()) return Model::random(word, options);
    return Error{ErrorCode::invalid_argument, word + " has random weights, whose answers mean nothing: --labels " +
                                                  choice.labels + " needs a model file"};
  }
  options.labels_file = choice.labels;
  auto path = chosen_path(choice);
  if (!path) return path.error();
  return Model::open(*path, options);
}

void add_files_read(const ModelChoice& choice, OutputFiles& files) {
  if (!choice.labels.empty()) files.reads(choice.labels);
  if (is_architecture(named_model(choice))) return;
  const auto path = chosen_path(choice);
  if (!path) return;
  files.reads(*path);
  for (const auto& beside : files_beside(*path)) files.reads(beside);
}

Result<void> check_takes_pictures(const ModelInfo& info) {
  const auto is_picture = [](const TensorInfo& input) {
    const auto is_depth = [](std::int64_t axis) { return axis == 1 || axis == 3; };
    return input.shape.size() == 4 && ((is_depth(input.shape[1]) && input.shape[2] > 1) || is_depth(input.shape[3]));
  };
  const std::vector<TensorInfo>& inputs = info.inputs;
  const auto pictures = static_cast<std::size_t>(std::count_if(inputs.begin(), inputs.end(), is_picture));
  if (inputs.size() == 1 && pictures == 1) return {};
  std::vector<std::string> names, shapes;
  for (const TensorInfo& input : inputs) {
    names.push_back(input.name);
    shapes.push_back(input.name + " of " + shape_text(input.shape));
  }
  const std::string takes = pictures < inputs.size() ? join(shapes, ", ") + ", not one picture"
                                                     : (pictures == 2 ? "two" : std::to_string(pictures)) +
                                                           " pictures (" + join(names, ", ") + ")";
  return Error{ErrorCode::unsupported, info.source + ": it takes " + takes + "; use mobilenet run"};
}

Result<Model> open_model_for_task(const ModelChoice& choice) {
  auto model = open_model(choice);
  if (!model) return model;
  if (auto fits = check_task(choice.task, model->info()); !fits) return fits.error();
  if (auto fits = check_takes_pictures(model->info()); !fits) return fits.error();
  return model;
}

}  // namespace mobilenet::cli
