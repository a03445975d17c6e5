// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/search.h>
#include <mobilenet/session.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
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
#include "cli/verbs/answer_pictures.h"
#include "cli/verbs/open_session.h"
#include "cli/verbs/picture_features.h"

// mobilenet index P... -o pictures.idx: one vector a picture, by its name, to be searched.

namespace mobilenet::cli {
namespace {

struct IndexOptions {
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;
  std::string layer;  // empty: feature_layer()
  std::string output;
  IfExists if_exists = IfExists::refuse;
  bool json = false;
};

// The same from every folder: a file's whole path.
std::string whole_name(const std::string& source) {
  std::error_code error;
  if (!std::filesystem::exists(source, error)) return source;
  const auto path = std::filesystem::absolute(source, error);
  return error ? source : path.lexically_normal().string();
}

void report(const IndexOptions& options, const SearchIndex& index) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(options.output, error);
  if (options.json) {
    print_json({{"output", options.output},
                {"task", "index"},
                {"model", index.source().model},
                {"layer", index.source().layer},
                {"pictures", index.size()},
                {"dimensions", index.dimensions()},
                {"bytes", error ? 0 : bytes}});
  } else {
    note("wrote " + options.output + ": " + counted(index.size(), "picture") + ", " +
         std::to_string(index.dimensions()) + " numbers each from layer " + index.source().layer + ", " +
         bytes_text(error ? 0 : bytes));
  }
}

int index(IndexOptions& options) {
  const auto model = open_model(options.model);
  if (!model) return fail(model.error());
  if (auto fits = check_takes_pictures(model->info()); !fits) return fail(fits.error());
  const auto layer = options.layer.empty() ? feature_layer(model->info()) : Result<std::string>(options.layer);
  if (!layer) return fail(layer.error());
  choose_features(*layer, options.session);
  const std::vector<PictureSource> sources = list_still_pictures(options.pictures);
  OutputFiles files(options.if_exists);
  add_files_read(options.model, options.pictures, sources, {}, files);
  auto output = files.only(options.output, "the index");
  if (!output) return fail(output.error());
  auto session = open_session(*model, options.session);
  if (!session) return fail(session.error());
  note_guesses(model->info());

  auto fingerprint = fingerprint_of(*session);
  if (!fingerprint) return fail(fingerprint.error());
  const auto dimensions = static_cast<int>(fingerprint->size());
  auto builder =
      SearchIndexBuilder::create(dimensions, {whole_name(model->info().source), *layer, *std::move(fingerprint)});
  if (!builder) return fail(builder.error());
  const auto bad = features_of_pictures(
      {sources, options.pictures, *model, options.session, *session, AnswersGo::to_a_file, options.json},
      [&](const LoadedPicture& picture, std::span<const float> features) {
        return builder->add(picture.name, features);
      });
  if (!bad) return fail(bad.error());
  if (builder->size() == 0) return fail("nothing could be read; " + options.output + " is not written");
  const auto built = builder->build();
  if (!built) return fail(built.error());
  const auto saved = save_file(*output, [&](const std::filesystem::path& path) { return built->save(path); });
  if (!saved) return fail(saved.error());
  report(options, *built);
  if (*bad == 0) return kSuccess;
  return fail(std::to_string(*bad) + " of " + counted(sources.size(), "picture") +
              (*bad == 1 ? " is not in it" : " are not in it"));
}

}  // namespace

Work add_index(CLI::App& app) {
  const auto options = std::make_shared<IndexOptions>();
  options->session.precision = Precision::source;
  add_model_option(app, options->model);
  require(add_output_option(app, options->output, {".idx"}, "The .idx file to write"));
  add_force_option(app, options->if_exists);
  add_text(app, "-l,--layer", options->layer,
           "The layer that describes pictures, averaged over height and width (default: the one before the classifier, "
           "else the last of the backbone)",
           "NAME");
  add_preprocess_options(app, options->model);
  add_picture_options(app, options->pictures);
  add_batch_option(app, options->pictures);
  add_session_options(app, options->session);
  add_json_option(app, options->json);
  set_footer(app,
             "Holds the name and one vector of each picture, 2 bytes a number, and which model they come\n"
             "from. A picture that cannot be read is not in it, and makes the exit code 1. What is asked\n"
             "for in `mobilenet search` must have the same model and preprocessing.\n"
             "\n"
             "Examples:\n"
             "  mobilenet index holiday/ -o holiday.idx\n"
             "  mobilenet search holiday.idx beach.jpg\n"
             "  mobilenet search holiday.idx --duplicates");
  return [options] { return index(*options); };
}

}  // namespace mobilenet::cli
