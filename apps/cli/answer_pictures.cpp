// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/answer_pictures.h"

#include <vector>

#include "cli/picture_batch.h"
#include "cli/picture_sources.h"
#include "cli/progress.h"
#include "cli/verbs.h"

namespace mobilenet::cli {

int answer_pictures(const PictureArguments& pictures, bool json, std::string_view done, const AnswerPictures& answer) {
  PictureLoader loader(expand_pictures(pictures.words), pictures.options);
  Progress progress(loader.total(), AnswersGo::to_standard_output, pictures.quiet);
  std::size_t bad = 0;
  const auto batch = static_cast<std::size_t>(pictures.batch);
  for (auto group = loader.next(batch); !group.empty() && output_works(); group = loader.next(batch)) {
    std::vector<std::string> answers(group.size());
    compute_group(group, [&](std::span<const ImageView> views, std::span<LoadedPicture* const> good) -> Result<void> {
      std::vector<std::string*> places;
      for (const LoadedPicture* picture : good)
        places.push_back(&answers[static_cast<std::size_t>(picture - group.data())]);
      return answer(views, good, places);
    });
    progress.clear();
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (group[i].image) {
        print(answers[i]);
        continue;
      }
      ++bad;
      if (json) {
        print(json_line({{"image", group[i].name}, {"error", group[i].error}}));
      } else {
        say(group[i].error);
      }
    }
    flush_output();
    progress.advance(group.size());
  }
  progress.clear();
  if (bad == 0) return kSuccess;
  return fail(std::to_string(bad) + " of " + std::to_string(loader.total()) + " pictures could not be " +
              std::string(done));
}

void say_what_runs(const Model& model, const Session& session) {
  say(model.info().source + " on " + std::string(session.device()) + " (" + std::string(session.isa()) + ", " +
      std::string(name_of(session.precision())) + ", threads: " + std::to_string(session.threads()) + ")");
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

}  // namespace mobilenet::cli
