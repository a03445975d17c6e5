// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which model a command runs: a file, a folder that holds one, an architecture with random weights, or what stands in
// when none is named.

#include <mobilenet/model.h>
#include <mobilenet/result.h>

#include <string>
#include <string_view>

#include "cli/output/output_files.h"

namespace CLI {
class App;
}

namespace mobilenet::cli {

struct ModelChoice {
  std::string model;   // as -m names it; empty: $MOBILENET_MODEL, else the bundled model of the task
  std::string labels;  // a file; empty: the model's own
  PreprocessOptions preprocess = {};
  Task task = Task::classify;  // detect and segment have bundled models too
};

// `otherwise`: what runs when no model is named.
void add_model_option(CLI::App& app, ModelChoice& choice,
                      const std::string& otherwise = "$MOBILENET_MODEL, else the bundled model");
void add_labels_option(CLI::App& app, ModelChoice& choice);

// The model that was chosen, opened.
Result<Model> open_model(const ModelChoice& choice);
// The same, but fails for models of another task, with the verb that runs them, and for those that take no pictures.
Result<Model> open_model_for_task(const ModelChoice& choice);
Result<void> check_takes_pictures(const ModelInfo& info);

// The model's file, what is read beside it, and the labels: none of them may be written.
void add_files_read(const ModelChoice& choice, OutputFiles& files);

}  // namespace mobilenet::cli
