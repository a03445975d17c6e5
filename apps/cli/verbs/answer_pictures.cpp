// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/answer_pictures.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/output/progress.h"
#include "cli/output/table.h"
#include "cli/output/words.h"
#include "cli/pictures/picture_batch.h"
#include "cli/verbs.h"

namespace mobilenet::cli {
namespace {

void print_group(std::span<const LoadedPicture> group, std::span<const std::string> answers, bool json) {
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group[i].image) {
      print(answers[i]);
    } else if (json) {
      print(json_line({{"image", group[i].name}, {"error", group[i].error}}));
    } else {
      say(group[i].error);
    }
  }
  flush_output();
}

void say_summary(const AnswerRun& run, double seconds) {
  if (run.json || run.pictures.size() < 2) return;
  std::string text = counted(run.pictures.size(), "picture") + " in " + fixed(seconds, seconds < 10 ? 1 : 0) + " s";
  for (const std::string& written : run.written) text += ", " + written;
  note(text);
}

}  // namespace

PictureList list_pictures(const PictureArguments& arguments) {
  if (!arguments.orientation_note.empty()) note(arguments.orientation_note);
  PictureList list = expand_pictures(arguments.words);
  for (const std::string& sentence : list.skipped) note(sentence);
  return list;
}

std::vector<PictureSource> list_still_pictures(const PictureArguments& arguments) {
  PictureList list = list_pictures(arguments);
  for (const MovingSource& source : list.moving)
    list.sources.push_back({source.name, source.name + ": is a video or camera, and pictures are wanted here"});
  return std::move(list.sources);
}

int answer_pictures(const AnswerRun& run, const AnswerPictures& answer) {
  const auto start = std::chrono::steady_clock::now();
  PictureLoader loader(run.pictures, run.arguments.options);
  Progress progress(loader.total(), AnswersGo::to_standard_output);
  std::size_t bad = 0;
  const auto batch = static_cast<std::size_t>(run.arguments.batch);
  for (auto group = loader.next(batch); !group.empty() && output_works(); group = loader.next(batch)) {
    std::vector<std::string> answers(group.size());
    const auto computed = compute_group(
        group, [&](std::span<const ImageView> views, std::span<LoadedPicture* const> good) -> Result<void> {
          std::vector<std::string*> places;
          for (const LoadedPicture* picture : good)
            places.push_back(&answers[static_cast<std::size_t>(picture - group.data())]);
          return answer(views, good, places);
        });
    progress.clear();
    if (!computed) return fail(computed.error());
    print_group(group, answers, run.json);
    for (const LoadedPicture& picture : group) bad += picture.image ? 0 : 1;
    progress.advance(group.size());
  }
  progress.clear();
  say_summary(run, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (bad == 0) return kSuccess;
  return fail(std::to_string(bad) + " of " + counted(loader.total(), "picture") +
              (bad == 1 ? " has no answer" : " have no answer"));
}

Json answer_head(const LoadedPicture& picture, std::string_view task, const Model& model, const Session& session,
                 std::size_t batch) {
  const Timing& timing = session.timing();
  const auto pictures = static_cast<double>(batch);
  Json line;
  line["image"] = picture.name;
  line["task"] = task;
  line["model"] = model.info().source;
  line["backend"] = session.device();
  line["precision"] = name_of(session.precision());
  line["isa"] = session.isa();
  line["milliseconds"] = {{"decode", milliseconds(picture.decode_milliseconds)},
                          {"preprocess", milliseconds(timing.preprocess / pictures)},
                          {"network", milliseconds(timing.network / pictures)},
                          {"postprocess", milliseconds(timing.postprocess / pictures)}};
  return line;
}

std::string answer_title(const LoadedPicture& picture, const Session& session, std::size_t batch,
                         std::string_view more) {
  const Timing& timing = session.timing();
  const auto pictures = static_cast<double>(batch);
  const double whole =
      picture.decode_milliseconds + (timing.preprocess + timing.network + timing.postprocess) / pictures;
  return printable(picture.name) + "  (" + fixed(whole, 1) + " ms, network " + fixed(timing.network / pictures, 1) +
         " ms" + (more.empty() ? "" : ", ") + std::string(more) + ")\n";
}

}  // namespace mobilenet::cli
