// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments/class_names.h"
#include "cli/arguments/cli11.h"
#include "cli/output/answer_text.h"
#include "cli/verbs.h"
#include "cli/verbs/answer_plan.h"

// mobilenet classify P...: the best classes of every picture, and of every frame of a video.

namespace mobilenet::cli {
namespace {

constexpr int kMaxTop = 1'000'000;
// Below it pictures are mostly of things that the network does not know.
constexpr float kSureFrom = 0.2f;

struct ClassifyOptions {
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;
  ClassArguments classes;
  ResultChoices results;
  VideoArguments video;
  std::optional<float> sure_from;  // of the best class; none: kSureFrom
  double smooth_seconds = 0;
  bool json = false;
};

int classify(ClassifyOptions& options) {
  const auto model = open_model_for_task(options.model);
  if (!model) return fail(model.error());
  if (auto chosen = choose_classes(options.classes, model->info(), options.session); !chosen)
    return fail(chosen.error());
  AnswerPlan plan(*model,
                  {options.model, options.session, options.pictures, options.results, options.video, options.json});
  if (auto ready = plan.prepare(); !ready) return fail(ready.error());

  const float sure_from = options.sure_from.value_or(kSureFrom);
  const auto report = [&](const Session& used, std::span<const Classification> best, LoadedPicture& picture,
                          PictureAnswer& answer, std::size_t batch) {
    answer.classes.assign(best.begin(), best.end());
    answer.sure = !best.empty() && best.front().score >= sure_from;
    answer.line = answer_head(picture, "classify", *model, used, batch);
    answer.title = answer_title(picture, used, batch, best.empty() ? "no class" : answer.sure ? "" : "not sure");
    if (auto written = plan.results().write(picture, answer); !written)
      return picture.fail(picture.name + ": " + written.error().message);
    answer.line["sure"] = answer.sure;
    answer.line["classes"] = classes_json(best);
    answer.text = options.json ? json_line(answer.line) : answer.title + classes_table(best);
  };
  const int pictures =
      plan.answer_pictures([&](Session& used, std::span<const ImageView> views, std::span<LoadedPicture* const> group,
                               std::span<PictureAnswer* const> answers) -> Result<void> {
        const auto classes = used.classify(views);
        if (!classes) return classes.error();
        for (std::size_t i = 0; i < group.size(); ++i)
          report(used, (*classes)[i], *group[i], *answers[i], group.size());
        return {};
      });
  FrameAnswerOptions frame_answer;
  frame_answer.smooth_seconds = options.smooth_seconds;
  frame_answer.top = options.session.top;
  return plan.answer_videos_after(pictures, frame_answer);
}

}  // namespace

Work add_classify(CLI::App& app) {
  const auto options = std::make_shared<ClassifyOptions>();
  add_model_option(app, options->model);
  add_count(app, "-n,--top", options->session.top, 1, kMaxTop, "Classes per picture (default: 5)");
  add_fraction(app, "--score", options->session.score_threshold, "Lowest score to show (default: 0)");
  add_class_options(app, options->classes);
  add_fraction(app, "--min-score", options->sure_from,
               "Below this score of the best class the answer is \"not sure\" (default: 0.2)");
  add_result_options(app, options->results, Task::classify);
  add_smooth_option(app, options->smooth_seconds);
  add_video_options(app, options->video);
  add_answer_options(app, options->model, options->pictures, options->session);
  add_fast_decode_option(app, options->pictures);
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
             "  mobilenet classify -r --sort sorted/ --html report.html holiday/\n"
             "  mobilenet classify --smooth 0.5 -o seen.mp4 walk.mp4\n"
             "  cat photo.jpg | mobilenet classify -");
  return [options] { return classify(*options); };
}

}  // namespace mobilenet::cli
