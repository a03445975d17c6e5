// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/answer_pictures.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/output/progress.h"
#include "cli/output/table.h"
#include "cli/output/words.h"
#include "cli/pictures/ordered_work.h"
#include "cli/verbs.h"
#include "cli/verbs/picture_run.h"

namespace mobilenet::cli {
namespace {

// All pictures on their way to the printer.
class AnswerWork {
 public:
  AnswerWork(const AnswerRun& run, const AnswerPictures& answer)
      : run_(run),
        answer_(answer),
        batch_(static_cast<std::size_t>(run.arguments.batch)),
        loader_(run.pictures, run.arguments.options),
        sessions_(run.model, run.options, run.session, count_groups(run.pictures, batch_)),
        progress_(loader_.total(), AnswersGo::to_standard_output),
        slots_(slots_of(sessions_.size())) {}

  // The exit code.
  int go() {
    const auto start = std::chrono::steady_clock::now();
    PictureWork work;
    work.begin = [this](std::size_t slot, std::span<LoadedPicture> pictures) {
      slots_[slot] = {std::vector<PictureAnswer>(pictures.size()), pictures.data()};
    };
    work.compute = [this](std::size_t slot, Session& session, std::span<const ImageView> views,
                          std::span<LoadedPicture* const> pictures) {
      std::vector<PictureAnswer*> answers;
      for (std::size_t i = 0; i < pictures.size(); ++i) {
        PictureAnswer& answer = slots_[slot].answers[static_cast<std::size_t>(pictures[i] - slots_[slot].pictures)];
        answer = PictureAnswer{};
        answer.width = views[i].upright_width(), answer.height = views[i].upright_height();
        answers.push_back(&answer);
      }
      return answer_(session, views, pictures, answers);
    };
    work.deliver = [this](std::size_t slot, std::span<LoadedPicture> pictures) {
      return deliver(pictures, slots_[slot].answers);
    };
    const auto ran = run_pictures(loader_, sessions_, batch_, work);
    progress_.clear();
    if (!ran) return fail(ran.error());
    // Stopped midway: what all pictures share would be a part of it. finish_output() knows whether that is a failure.
    if (!output_works()) return kSuccess;
    if (auto finished = run_.results.finish(); !finished) return fail(finished.error());
    say_summary(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (bad_ == 0) return kSuccess;
    return fail(std::to_string(bad_) + " of " + counted(loader_.total(), "picture") +
                (bad_ == 1 ? " has no answer" : " have no answer"));
  }

 private:
  struct Slot {
    std::vector<PictureAnswer> answers;
    const LoadedPicture* pictures = nullptr;  // the first of the group, whose answer is the first
  };

  bool deliver(std::span<LoadedPicture> pictures, std::span<PictureAnswer> answers) {
    progress_.clear();
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      LoadedPicture& picture = pictures[i];
      if (picture.error.empty())
        if (auto added = run_.results.add(picture, answers[i]); !added) picture.fail(added.error().message);
      if (picture.error.empty()) {
        print(answers[i].text);
        continue;
      }
      ++bad_;
      report_bad(picture, run_.json);
    }
    flush_output();
    progress_.advance(pictures.size());
    return output_works();
  }

  void say_summary(double seconds) const {
    if (run_.json || loader_.total() < 2) return;
    std::string text = counted(loader_.total(), "picture") + " in " + fixed(seconds, seconds < 10 ? 1 : 0) + " s";
    if (const std::string counts = run_.results.class_counts(); !counts.empty()) text += ": " + counts;
    for (const std::string& made : run_.results.summaries()) text += "; " + made;
    note(text);
  }

  const AnswerRun& run_;
  const AnswerPictures& answer_;
  std::size_t batch_;
  PictureLoader loader_;
  WorkerSessions sessions_;
  Progress progress_;
  std::vector<Slot> slots_;
  std::size_t bad_ = 0;
};

}  // namespace

PictureList list_pictures(const PictureArguments& arguments, std::span<const std::string> results) {
  if (!arguments.orientation_note.empty()) note(arguments.orientation_note);
  std::vector<std::string> words = arguments.words;
  std::string no_list;
  if (!arguments.list.empty()) {
    auto names = read_picture_list(arguments.list);
    if (names) words.insert(words.end(), names->begin(), names->end());
    if (!names) no_list = names.error().message;
  }
  PictureList list = expand_pictures(words, {arguments.recursive, results});
  if (!no_list.empty()) list.sources.push_back({arguments.list, no_list});
  for (const std::string& sentence : list.skipped) note(sentence);
  return list;
}

std::vector<PictureSource> list_still_pictures(const PictureArguments& arguments) {
  PictureList list = list_pictures(arguments);
  for (const MovingSource& source : list.moving)
    list.sources.push_back({source.name, source.name + ": is a video or camera, and pictures are wanted here"});
  return std::move(list.sources);
}

void add_files_read(const ModelChoice& model, const PictureArguments& arguments,
                    std::span<const PictureSource> pictures, std::span<const MovingSource> moving, OutputFiles& files) {
  add_files_read(model, files);
  if (!arguments.list.empty()) files.reads(arguments.list);
  for (const PictureSource& picture : pictures) files.reads(picture.name);
  for (const MovingSource& video : moving) files.reads(video.name);
}

int answer_pictures(const AnswerRun& run, const AnswerPictures& answer) {
  if (run.pictures.empty()) return kSuccess;
  return AnswerWork(run, answer).go();
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
