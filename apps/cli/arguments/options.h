// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Options that several verbs share, each said once.

#include <mobilenet/session.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments/model_choice.h"
#include "cli/output/pending_file.h"
#include "cli/pictures/picture_loader.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mobilenet::cli {

inline constexpr int kMaxSide = 16384;  // of the network's input

void add_session_options(CLI::App& app, SessionOptions& options);
// `names` are the option's names: "--size".
void add_size_option(CLI::App& app, const std::string& names, SessionOptions& options);

struct PictureArguments {
  std::vector<std::string> words;
  std::string list;        // a file that names more; empty: none
  bool recursive = false;  // folders with all below
  PictureOptions options;
  std::string orientation_note;  // what to say about an --orientation that is ignored
  int batch = 1;
  bool fast_decode = false;

  bool are_named() const { return !words.empty() || !list.empty(); }
};

// P..., --list, --recursive, and what follows
void add_picture_options(CLI::App& app, PictureArguments& arguments);
// --orientation, --max-pixels, --srgb, --quiet
void add_decoding_options(CLI::App& app, PictureArguments& arguments);
// SOURCE, --orientation, --quiet: one camera, stream or video, or none.
void add_source_options(CLI::App& app, PictureArguments& arguments);
// What all verbs that answer about pictures have: --labels, --size, those of preprocessing, of pictures and of
// sessions.
void add_answer_options(CLI::App& app, ModelChoice& model, PictureArguments& pictures, SessionOptions& session);
// --fast-decode, for verbs whose answers have no places in the picture; choose_decoding() makes it an option of the
// pictures, when the model is known that they are for.
void add_fast_decode_option(CLI::App& app, PictureArguments& arguments);
void choose_decoding(const ModelInfo& model, const SessionOptions& session, PictureArguments& arguments);
void add_batch_option(CLI::App& app, PictureArguments& arguments);

// A whole number within the limits.
void add_count(CLI::App& app, const std::string& names, int& value, int lowest, int highest,
               const std::string& description);
// One of these words; `choose` gets its place among them.
void add_choice(CLI::App& app, const std::string& name, const std::vector<std::string>& words,
                const std::function<void(std::size_t)>& choose, const std::string& description,
                const std::string& type = "NAME");
// The output file: its name must end in one of `extensions`.
CLI::Option* add_output_option(CLI::App& app, std::string& path, const std::vector<std::string>& extensions,
                               const std::string& description);
// A number from 0 to 1.
void add_fraction(CLI::App& app, const std::string& name, std::optional<float>& value, const std::string& description);
// -o for annotated pictures: a file, or a folder.
void add_annotation_option(CLI::App& app, std::string& path);
// The name of a file or folder to be written.
CLI::Option* add_output_name(CLI::App& app, const std::string& names, std::string& path, const std::string& description,
                             const std::string& type = "PATH");
// What happens to files that exist already, of a verb that writes some.
void add_force_option(CLI::App& app, IfExists& if_exists);
// Only errors on standard error.
void add_quiet_option(CLI::App& app);
void add_json_option(CLI::App& app, bool& json);

}  // namespace mobilenet::cli
