// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/linear_classifier.h>
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
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

// mobilenet teach DIR... -o own.safetensors: a folder a class, and a last layer that tells them apart.

namespace mobilenet::cli {
namespace {

// Every fifth picture of a class is held out once, so that all are asked about at least one that they did not learn.
constexpr std::size_t kHeldOut = 5;
constexpr std::size_t kMostTableClasses = 20;  // more do not fit into the width of a terminal

struct TeachArguments {
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;  // its words are the folders
  std::string output;
  IfExists if_exists = IfExists::refuse;
  bool json = false;
};

// Folders become classes, and what lies in them examples.
struct Lessons {
  std::vector<std::string> folders, labels;
  std::vector<PictureSource> sources;
  std::vector<int> class_of_source;

  std::size_t classes() const { return labels.size(); }
};

// "cats" of "pets/cats/".
std::string label_of(const std::string& folder) {
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(folder, error);
  return (error ? std::filesystem::path(folder) : path).filename().string();
}

Result<Lessons> list_lessons(const PictureArguments& arguments) {
  Lessons lessons;
  const auto wrong = [](std::string sentence) { return Error{ErrorCode::invalid_argument, std::move(sentence)}; };
  if (arguments.words.size() < 2)
    return wrong("one class alone cannot be told from others: name two folders of pictures or more");
  for (const std::string& folder : arguments.words) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored))
      return wrong(folder + ": is no folder; each folder of pictures is a class, and its name the label");
    const std::string label = label_of(folder);
    const auto known = std::find(lessons.labels.begin(), lessons.labels.end(), label);
    if (known != lessons.labels.end())
      return wrong(folder + ": has the same name as " +
                   lessons.folders[static_cast<std::size_t>(known - lessons.labels.begin())] +
                   ", and a class has one folder");
    PictureArguments one = arguments;
    one.words = {folder};
    std::vector<PictureSource> sources = list_still_pictures(one);
    if (sources.size() < kHeldOut)
      return wrong(sources.size() == 1 && !sources[0].error.empty()
                       ? sources[0].error
                       : folder + ": has " + counted(sources.size(), "picture") + ", and a class needs " +
                             std::to_string(kHeldOut) + " or more, of which every fifth is held out to test it");
    lessons.class_of_source.insert(lessons.class_of_source.end(), sources.size(), static_cast<int>(lessons.classes()));
    lessons.sources.insert(lessons.sources.end(), sources.begin(), sources.end());
    lessons.folders.push_back(folder);
    lessons.labels.push_back(label);
  }
  return lessons;
}

struct Examples {
  std::vector<float> features;
  std::vector<int> classes;

  void add(std::span<const float> example, int its_class) {
    features.insert(features.end(), example.begin(), example.end());
    classes.push_back(its_class);
  }
  std::span<const float> example(std::size_t index) const {
    const std::size_t dimensions = features.size() / classes.size();
    return std::span(features).subspan(index * dimensions, dimensions);
  }
  std::size_t count_of(int its_class) const {
    return static_cast<std::size_t>(std::count(classes.begin(), classes.end(), its_class));
  }
};

// confusion[true class][answer], of pictures that were held out.
using Confusion = std::vector<std::vector<std::size_t>>;

Result<Confusion> test_held_out(const Examples& all, std::size_t classes) {
  Examples learnt, held_out;
  std::vector<std::size_t> met(classes);
  for (std::size_t i = 0; i < all.classes.size(); ++i) {
    const int its_class = all.classes[i];
    const bool held = ++met[static_cast<std::size_t>(its_class)] % kHeldOut == 0;
    (held ? held_out : learnt).add(all.example(i), its_class);
  }
  const auto classifier = teach_classifier(learnt.features, learnt.classes, static_cast<int>(classes));
  if (!classifier) return classifier.error();
  Confusion confusion(classes, std::vector<std::size_t>(classes));
  for (std::size_t i = 0; i < held_out.classes.size(); ++i)
    ++confusion[static_cast<std::size_t>(held_out.classes[i])]
               [static_cast<std::size_t>(best_class(*classifier, held_out.example(i)))];
  return confusion;
}

void report(const TeachArguments& options, const Lessons& lessons, const Examples& examples,
            const Confusion& confusion) {
  std::size_t held_out = 0, right = 0;
  for (std::size_t c = 0; c < confusion.size(); ++c) {
    held_out += std::accumulate(confusion[c].begin(), confusion[c].end(), std::size_t{0});
    right += confusion[c][c];
  }
  if (options.json) {
    Json line{{"output", options.output}, {"task", "teach"}, {"classes", Json::array()}};
    for (std::size_t c = 0; c < lessons.classes(); ++c)
      line["classes"].push_back({{"label", lessons.labels[c]}, {"pictures", examples.count_of(static_cast<int>(c))}});
    line["held_out"] = held_out;
    line["right"] = right;
    line["confusion"] = confusion;
    return print_json(line);
  }
  print(std::to_string(right) + " of " + counted(held_out, "picture") + " that were held out are told right (" +
        fixed(100.0 * static_cast<double>(right) / static_cast<double>(held_out), 1) + " %)");
  if (lessons.classes() <= kMostTableClasses) {
    print("; rows are what they show, columns the answers:\n");
    std::vector<Align> columns(lessons.classes() + 1, Align::right);
    columns.front() = Align::left;
    Table table(columns);
    std::vector<std::string> head{""};
    head.insert(head.end(), lessons.labels.begin(), lessons.labels.end());
    table.row(head);
    for (std::size_t c = 0; c < lessons.classes(); ++c) {
      std::vector<std::string> row{lessons.labels[c]};
      for (const std::size_t count : confusion[c]) row.push_back(std::to_string(count));
      table.row(row);
    }
    print(table.text(2));
  } else {
    print("\n");
  }
  note("wrote " + options.output + ": " + std::to_string(lessons.classes()) + " classes from all " +
       counted(examples.classes.size(), "picture"));
}

// Refused before any picture is read: a model whose last layer cannot be another.
Result<void> check_teachable(const Model& model) {
  std::size_t channels = 0;
  for (const LayerInfo& layer : model.info().layers)
    if (layer.name == "pool") channels = static_cast<std::size_t>(layer.channels);
  const std::vector<float> weight(2 * channels), bias(2);
  const auto possible = model.with_classifier(weight, bias);
  if (!possible) return possible.error();
  return {};
}

int teach(TeachArguments& options) {
  const auto model = open_model(options.model);
  if (!model) return fail(model.error());
  if (auto possible = check_teachable(*model); !possible) return fail(possible.error());
  const auto lessons = list_lessons(options.pictures);
  if (!lessons) return fail(lessons.error());
  OutputFiles files(options.if_exists);
  add_files_read(options.model, options.pictures, lessons->sources, {}, files);
  auto output = files.only(options.output, "the taught model");
  if (!output) return fail(output.error());
  choose_features("pool", options.session);
  auto session = open_session(*model, options.session);
  if (!session) return fail(session.error());
  note_guesses(model->info());

  Examples examples;
  const auto bad = features_of_pictures(
      {lessons->sources, options.pictures, *model, options.session, *session, AnswersGo::to_a_file, options.json},
      [&](const LoadedPicture& picture, std::span<const float> features) {
        examples.add(features, lessons->class_of_source[picture.place]);
        return Result<void>();
      });
  if (!bad) return fail(bad.error());
  for (std::size_t c = 0; c < lessons->classes(); ++c)
    if (const std::size_t count = examples.count_of(static_cast<int>(c)); count < kHeldOut)
      return fail(lessons->folders[c] + ": " + counted(count, "picture") + " could be read, and a class needs " +
                  std::to_string(kHeldOut) + " or more; " + options.output + " is not written");
  const auto confusion = test_held_out(examples, lessons->classes());
  if (!confusion) return fail(confusion.error());
  const auto classifier = teach_classifier(examples.features, examples.classes, static_cast<int>(lessons->classes()));
  if (!classifier) return fail(classifier.error());
  const auto taught = model->with_classifier(classifier->weight, classifier->bias, lessons->labels);
  if (!taught) return fail(taught.error());
  const auto saved = save_file(*output, [&](const std::filesystem::path& path) { return taught->save(path); });
  if (!saved) return fail(saved.error());
  report(options, *lessons, examples, *confusion);
  if (*bad == 0) return kSuccess;
  return fail(std::to_string(*bad) + " of " + counted(lessons->sources.size(), "picture") + " taught nothing");
}

}  // namespace

Work add_teach(CLI::App& app) {
  const auto options = std::make_shared<TeachArguments>();
  options->session.precision = Precision::source;
  require(add_words(app, "folders", options->pictures.words,
                    "Two or more: the pictures directly inside are a class,\nand the folder's name is its label",
                    "..."));
  add_model_option(app, options->model);
  require(add_output_option(app, options->output, {".safetensors"}, "The .safetensors file to write"));
  add_force_option(app, options->if_exists);
  add_preprocess_options(app, options->model);
  add_decoding_options(app, options->pictures);
  add_batch_option(app, options->pictures);
  add_session_options(app, options->session);
  add_json_option(app, options->json);
  set_footer(app,
             "The network stays as it is; only a new last layer is learnt from what it sees, in seconds.\n"
             "First without every fifth picture of a class, to say how many of those it tells right, then\n"
             "from all. The model is one of weights only (.safetensors); the file needs nothing beside it.\n"
             "\n"
             "Examples:\n"
             "  mobilenet teach cats/ dogs/ birds/ -o pets.safetensors\n"
             "  mobilenet classify -m pets.safetensors new.jpg");
  return [options] { return teach(*options); };
}

}  // namespace mobilenet::cli
