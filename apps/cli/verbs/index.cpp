// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/search.h>
#include <mobilenet/session.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
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
#include "cli/verbs/index_model.h"
#include "cli/verbs/index_update.h"
#include "cli/verbs/open_session.h"
#include "cli/verbs/picture_features.h"

// mobilenet index P... -o pictures.idx: one vector a picture, by its name, to be searched; --update: of what is new.

namespace mobilenet::cli {
namespace {

struct IndexOptions {
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;
  std::string layer;  // empty: feature_layer()
  std::string output;
  IfExists if_exists = IfExists::refuse;
  bool update = false;
  bool json = false;
};

// The same from every folder: a file's whole path.
std::string whole_name(const std::string& source) {
  std::error_code error;
  if (!std::filesystem::exists(source, error)) return source;
  const auto path = std::filesystem::absolute(source, error);
  return error ? source : path.lexically_normal().string();
}

void report(const IndexOptions& options, const SearchIndex& index, const std::optional<IndexUpdate>& update) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(options.output, error);
  if (options.json) {
    Json line{{"output", options.output},      {"task", "index"},          {"model", index.source().model},
              {"layer", index.source().layer}, {"pictures", index.size()}, {"dimensions", index.dimensions()},
              {"bytes", error ? 0 : bytes}};
    if (update) {
      line["added"] = update->counts().added;
      line["changed"] = update->counts().changed;
      line["gone"] = update->counts().gone;
      line["kept"] = update->counts().kept;
    }
    print_json(line);
    return;
  }
  const std::string pictures = counted(index.size(), "picture");
  if (update && !update->has_changed()) {
    note(options.output + " is up to date: " + pictures);
    return;
  }
  std::string parts;
  if (update) {
    const UpdateCounts& counts = update->counts();
    parts = " (" + std::to_string(counts.added) + " new, " + std::to_string(counts.changed) + " changed, " +
            std::to_string(counts.gone) + " gone, " + std::to_string(counts.kept) + " as before)";
  }
  note("wrote " + options.output + ": " + pictures + parts + ", " + std::to_string(index.dimensions()) +
       " numbers each from layer " + index.source().layer + ", " + bytes_text(error ? 0 : bytes));
}

// The index that is to be brought up to date; none where there is no such file yet.
Result<std::optional<SearchIndex>> open_old(const IndexOptions& options) {
  std::error_code error;
  if (!options.update || !std::filesystem::exists(options.output, error)) return std::optional<SearchIndex>();
  auto index = SearchIndex::open(options.output);
  if (!index) return index.error();
  if (!options.layer.empty() && options.layer != index->source().layer)
    return Error{ErrorCode::invalid_argument, options.output + " holds layer " + index->source().layer +
                                                  ", and --layer " + options.layer + " needs an index of its own"};
  return std::optional<SearchIndex>(*std::move(index));
}

Result<Model> open_model_for(const std::optional<SearchIndex>& old, IndexOptions& options) {
  if (old) return open_model_of(*old, options.output, options.model);
  auto model = open_model(options.model);
  if (!model) return model;
  if (auto fits = check_takes_pictures(model->info()); !fits) return fits.error();
  return model;
}

Result<std::string> layer_for(const std::optional<SearchIndex>& old, const IndexOptions& options,
                              const ModelInfo& info) {
  if (old) return old->source().layer;
  return options.layer.empty() ? feature_layer(info) : Result<std::string>(options.layer);
}

int index(IndexOptions& options) {
  const auto old = open_old(options);
  if (!old) return fail(old.error());
  const auto model = open_model_for(*old, options);
  if (!model) return fail(model.error());
  const auto layer = layer_for(*old, options, model->info());
  if (!layer) return fail(layer.error());
  choose_features(*layer, options.session);
  std::vector<PictureSource> sources = list_still_pictures(options.pictures);
  OutputFiles files(options.update ? IfExists::replace : options.if_exists);
  add_files_read(options.model, options.pictures, sources, {}, files);
  auto output = files.only(options.output, "the index");
  if (!output) return fail(output.error());
  auto session = open_session(*model, options.session);
  if (!session) return fail(session.error());
  if (*old)
    if (auto same = check_same_model(**old, options.output, model->info(), *session); !same) return fail(same.error());
  note_guesses(model->info());

  // Before the files are read: one that changes meanwhile is read again by the next update.
  std::vector<FileStamp> stamps;
  for (const PictureSource& source : sources)
    stamps.push_back(source.error.empty() ? stamp_of(source.name) : FileStamp{});
  std::optional<IndexUpdate> update;
  if (*old) update.emplace(**old, sources, stamps);
  auto fingerprint = fingerprint_of(*session);
  if (!fingerprint) return fail(fingerprint.error());
  const auto dimensions = static_cast<int>(fingerprint->size());
  const IndexSource source{whole_name(model->info().source), *layer, *std::move(fingerprint)};
  auto builder = SearchIndexBuilder::create(dimensions, source);
  if (!builder) return fail(builder.error());
  std::vector<std::size_t> places;
  const auto bad = features_of_pictures(
      {sources, options.pictures, *model, options.session, *session, AnswersGo::to_a_file, options.json},
      [&](const LoadedPicture& picture, std::span<const float> features) -> Result<void> {
        if (auto added = builder->add(picture.name, features, stamps[picture.place]); !added) return added;
        places.push_back(picture.place);
        return {};
      });
  if (!bad) return fail(bad.error());
  auto built = builder->build();
  if (!built) return fail(built.error());
  if (update) {
    auto whole = SearchIndexBuilder::create(dimensions, source);
    if (!whole) return fail(whole.error());
    if (auto finished = update->finish(*built, places, *whole); !finished) return fail(finished.error());
    built = whole->build();
    if (!built) return fail(built.error());
  }
  if (built->size() == 0) return fail("nothing could be read; " + options.output + " is not written");
  if (!update || update->has_changed()) {
    const auto saved = save_file(*output, [&](const std::filesystem::path& path) { return built->save(path); });
    if (!saved) return fail(saved.error());
  }
  report(options, *built, update);
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
  add_flag(app, "--update", options->update, "Keep what the index holds, but for new, changed and vanished pictures");
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
             "With --update a picture of the same path, size and time is not read again; those that\n"
             "are not named stay, unless their files are gone. An index that is not there is made.\n"
             "\n"
             "Examples:\n"
             "  mobilenet index holiday/ -o holiday.idx\n"
             "  mobilenet index --update -r holiday/ -o holiday.idx\n"
             "  mobilenet search holiday.idx beach.jpg\n"
             "  mobilenet search holiday.idx --duplicates");
  return [options] { return index(*options); };
}

}  // namespace mobilenet::cli
