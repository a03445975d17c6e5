// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/arguments/class_names.h"
#include "cli/arguments/cli11.h"
#include "cli/output/table.h"
#include "cli/verbs.h"
#include "cli/verbs/answer_pictures.h"

// mobilenet classify P...: the best classes of every picture.

namespace mobilenet::cli {
namespace {

constexpr int kMaxTop = 1'000'000;

struct ClassifyOptions {
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;
  ClassArguments classes;
  bool json = false;
};

std::string json_text(std::span<const Classification> classes, Json line) {
  line["classes"] = Json::array();
  for (const Classification& answer : classes) {
    line["classes"].push_back({{"index", answer.index}, {"label", answer.label}, {"score", shortest(answer.score)}});
  }
  return json_line(line);
}

std::string table_text(std::span<const Classification> classes) {
  Table table({Align::right, Align::left, Align::right});
  for (const Classification& answer : classes) {
    const std::string index = std::to_string(answer.index);
    const std::string label = answer.label.empty() ? "class " + index : std::string(answer.label);
    table.row({fixed(answer.score, 2), label, "[" + index + "]"});
  }
  return table.text(2) + '\n';
}

int classify(ClassifyOptions& options) {
  const auto model = open_model_for_task(options.model);
  if (!model) return fail(model.error());
  if (auto chosen = choose_classes(options.classes, model->info(), options.session); !chosen)
    return fail(chosen.error());
  auto session = open_session(*model, options.session);
  if (!session) return fail(session.error());
  note_guesses(model->info());
  if (!options.json) say_what_runs(*model, *session);
  const std::vector<PictureSource> sources = list_pictures(options.pictures);
  return answer_pictures(
      {sources, options.pictures, options.json, {}},
      [&](std::span<const ImageView> views, std::span<LoadedPicture* const> pictures,
          std::span<std::string* const> answers) -> Result<void> {
        const auto classes = session->classify(views);
        if (!classes) return classes.error();
        const std::size_t batch = pictures.size();
        for (std::size_t i = 0; i < batch; ++i) {
          const auto& best = (*classes)[i];
          *answers[i] = options.json ? json_text(best, answer_head(*pictures[i], "classify", *model, *session, batch))
                                     : answer_title(*pictures[i], *session, batch, best.empty() ? "no class" : "") +
                                           table_text(best);
        }
        return {};
      });
}

}  // namespace

Work add_classify(CLI::App& app) {
  const auto options = std::make_shared<ClassifyOptions>();
  add_model_option(app, options->model);
  add_count(app, "-n,--top", options->session.top, 1, kMaxTop, "Classes per picture (default: 5)");
  add_fraction(app, "--score", options->session.score_threshold, "Lowest score to show (default: 0)");
  add_class_options(app, options->classes);
  add_answer_options(app, options->model, options->pictures, options->session);
  add_batch_option(app, options->pictures);
  add_json_option(app, options->json);
  set_footer(app,
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
