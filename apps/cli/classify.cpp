// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/picture_batch.h"
#include "cli/picture_loader.h"
#include "cli/picture_sources.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/verbs.h"

// mobilenet classify P...: the best classes of every picture.

namespace mobilenet::cli {
namespace {

constexpr int kMaxTop = 1'000'000;

struct ClassifyOptions {
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;
  bool json = false;
};

// One picture's answer, ready to be printed.
class AnswerWriter {
 public:
  AnswerWriter(const Model& model, const Session& session, bool json) : model_(model), session_(session), json_(json) {}

  // The times of a batch are shared out evenly.
  std::string text(const LoadedPicture& picture, std::span<const Classification> classes, std::size_t batch) const {
    return json_ ? json_text(picture, classes, static_cast<double>(batch))
                 : table_text(picture, classes, static_cast<double>(batch));
  }

 private:
  std::string json_text(const LoadedPicture& picture, std::span<const Classification> classes, double batch) const {
    const Timing& timing = session_.timing();
    Json line;
    line["image"] = picture.name;
    line["task"] = "classify";
    line["model"] = model_.info().source;
    line["backend"] = session_.device();
    line["precision"] = name_of(session_.precision());
    line["isa"] = session_.isa();
    line["milliseconds"] = {{"decode", milliseconds(picture.decode_milliseconds)},
                            {"preprocess", milliseconds(timing.preprocess / batch)},
                            {"network", milliseconds(timing.network / batch)},
                            {"postprocess", milliseconds(timing.postprocess / batch)}};
    line["classes"] = Json::array();
    for (const Classification& answer : classes) {
      line["classes"].push_back({{"index", answer.index}, {"label", answer.label}, {"score", shortest(answer.score)}});
    }
    return json_line(line);
  }

  std::string table_text(const LoadedPicture& picture, std::span<const Classification> classes, double batch) const {
    Table table({Align::right, Align::left, Align::right});
    for (const Classification& answer : classes) {
      const std::string index = std::to_string(answer.index);
      const std::string label = answer.label.empty() ? "class " + index : std::string(answer.label);
      table.row({fixed(answer.score, 2), label, "[" + index + "]"});
    }
    return printable(picture.name) + "  (" + fixed(session_.timing().network / batch, 1) + " ms)\n" + table.text(2) +
           '\n';
  }

  const Model& model_;
  const Session& session_;
  bool json_;
};

int classify(const ClassifyOptions& options) {
  if (!options.pictures.orientation_note.empty()) say(options.pictures.orientation_note);
  const auto model = open_model(options.model);
  if (!model) return fail(model.error().message);
  if (model->info().classes == 0) {
    return fail(model->info().source + " has no classifier; `mobilenet features` gives what it computes");
  }
  auto session = model->session(options.session);
  if (!session) return fail(session.error().message);
  if (!options.json) {
    say(model->info().source + " on " + std::string(session->device()) + " (" + std::string(session->isa()) + ", " +
        std::string(name_of(session->precision())) + ", threads: " + std::to_string(session->threads()) + ")");
  }

  const AnswerWriter writer(*model, *session, options.json);
  PictureLoader loader(expand_pictures(options.pictures.words), options.pictures.options);
  Progress progress(loader.total(), AnswersGo::to_standard_output, options.pictures.quiet);
  std::size_t bad = 0;
  const auto batch = static_cast<std::size_t>(options.pictures.batch);
  for (auto group = loader.next(batch); !group.empty() && output_works(); group = loader.next(batch)) {
    std::vector<std::string> answers(group.size());
    compute_group(group,
                  [&](std::span<const ImageView> views, std::span<LoadedPicture* const> pictures) -> Result<void> {
                    const auto classes = session->classify(views);
                    if (!classes) return classes.error();
                    for (std::size_t i = 0; i < pictures.size(); ++i) {
                      answers[static_cast<std::size_t>(pictures[i] - group.data())] =
                          writer.text(*pictures[i], (*classes)[i], pictures.size());
                    }
                    return {};
                  });
    progress.clear();
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (group[i].image) {
        print(answers[i]);
      } else {
        ++bad;
        if (options.json) {
          print(json_line({{"image", group[i].name}, {"error", group[i].error}}));
        } else {
          say(group[i].error);
        }
      }
    }
    flush_output();
    progress.advance(group.size());
  }
  progress.clear();
  if (bad == 0) return kSuccess;
  return fail(std::to_string(bad) + " of " + std::to_string(loader.total()) + " pictures could not be classified");
}

}  // namespace

Work add_classify(CLI::App& app) {
  const auto options = std::make_shared<ClassifyOptions>();
  add_model_option(app, options->model);
  add_count(app, "-n,--top", options->session.top, 1, kMaxTop, "Classes per picture (default: 5)");
  add_labels_option(app, options->model);
  add_size_option(app, "--size", options->session);
  add_preprocess_option(app, options->session);
  add_picture_options(app, options->pictures);
  add_session_options(app, options->session);
  add_json_option(app, options->json);
  app.footer(
      "Prints the probability 0..1, the label and the class index of the best classes. Indices\n"
      "are 0-based without background (ImageNet: 0..999); a background class is -1. A picture\n"
      "that cannot be read gets an error, does not stop the others, and makes the exit code 1.\n"
      "With --batch the times in --json are the batch's, divided by its size.\n"
      "\n"
      "Examples:\n"
      "  mobilenet classify photo.jpg\n"
      "  mobilenet classify --model mobilenet_v2.tflite --top 3 *.jpg\n"
      "  mobilenet classify --json --batch 8 holiday/ > answers.jsonl\n"
      "  cat photo.jpg | mobilenet classify -");
  return [options] { return classify(*options); };
}

}  // namespace mobilenet::cli
