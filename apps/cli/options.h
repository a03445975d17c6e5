// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Options that several verbs share, each said once. Values are checked while the command line is parsed: what is wrong
// there is a usage error.

#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/session.h>

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/picture_loader.h"

namespace mobilenet::cli {

struct ModelChoice {
  std::string model;   // a file, or an architecture with random weights; empty: the bundled model
  std::string labels;  // a file; empty: the model's own
};

// `otherwise`: what runs when no model is named.
void add_model_option(CLI::App& app, ModelChoice& choice,
                      const std::string& otherwise = "$MOBILENET_MODEL, else the bundled model");
void add_labels_option(CLI::App& app, ModelChoice& choice);

// The model that was chosen, opened; without a choice, the bundled one of the task.
Result<Model> open_model(const ModelChoice& choice, std::string_view task = "classify");
// The same, but fails for models of another task.
Result<Model> open_model_for(std::string_view task, const ModelChoice& choice);
// Fails with the verb that runs the model when its task is another.
Result<void> check_task(std::string_view task, const ModelInfo& info);

void add_session_options(CLI::App& app, SessionOptions& options);
// `names` are the option's names: "--size".
void add_size_option(CLI::App& app, const std::string& names, SessionOptions& options);
void add_preprocess_option(CLI::App& app, SessionOptions& options);

struct PictureArguments {
  std::vector<std::string> words;
  PictureOptions options;
  std::string orientation_note;  // what to say about an --orientation that is ignored
  int batch = 1;
  bool quiet = false;
};

// P..., --orientation, --max-pixels, --quiet
void add_picture_options(CLI::App& app, PictureArguments& arguments);
// What all verbs that answer about pictures have: --labels, --size, --preprocess, those of pictures and of sessions.
void add_answer_options(CLI::App& app, ModelChoice& model, PictureArguments& pictures, SessionOptions& session);
void add_batch_option(CLI::App& app, PictureArguments& arguments);

// A whole number within the limits.
CLI::Option* add_count(CLI::App& app, const std::string& names, int& value, int lowest, int highest,
                       const std::string& description);
// The output file: its name must end in one of `extensions`.
CLI::Option* add_output_option(CLI::App& app, std::string& path, const std::vector<std::string>& extensions,
                               const std::string& description);
// A number from 0 to 1.
void add_fraction(CLI::App& app, const std::string& name, float& value, const std::string& description);
// -o for annotated pictures: a file, or a folder.
void add_annotation_option(CLI::App& app, std::string& path);
void add_json_option(CLI::App& app, bool& json);

}  // namespace mobilenet::cli
