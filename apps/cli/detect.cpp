// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/annotate.h"
#include "cli/answer_pictures.h"
#include "cli/coco_results.h"
#include "cli/output_files.h"
#include "cli/table.h"
#include "cli/verbs.h"

// mobilenet detect P...: the objects of every picture.

namespace mobilenet::cli {
namespace {

constexpr int kMaxDetections = 100'000;

struct DetectOptions {
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;
  std::vector<std::string> classes;  // names or indices; empty: all
  std::string output;                // annotated pictures; empty: none
  std::string coco;                  // COCO results; empty: none
  bool clip = false;
  bool json = false;
};

std::string trimmed(std::string_view word) {
  const std::size_t begin = std::min(word.find_first_not_of(' '), word.size());
  return std::string(word.substr(begin, word.find_last_not_of(' ') + 1 - begin));
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(trimmed(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  }
  return words;
}

// The classes that the user names, by label or by index.
Result<std::vector<int>> wanted_classes(const std::vector<std::string>& words, const ModelInfo& info) {
  std::vector<int> wanted;
  for (const std::string& word : words) {
    const auto label = std::find(info.labels.begin(), info.labels.end(), word);
    int index = 0;
    const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), index);
    const bool number = error == std::errc() && rest == word.data() + word.size();
    if (label != info.labels.end()) {
      wanted.push_back(static_cast<int>(label - info.labels.begin()));
    } else if (number && index >= 0 && index < info.classes) {
      wanted.push_back(index);
    } else {
      return Error{ErrorCode::not_found, info.source + " has no class '" + word + "'; it has " +
                                             std::to_string(info.classes) +
                                             ", from 0, and `mobilenet info --json` lists their labels"};
    }
  }
  return wanted;
}

Detection clipped(Detection d, int width, int height) {
  const auto w = static_cast<float>(width), h = static_cast<float>(height);
  d.left = std::clamp(d.left, 0.0f, w), d.right = std::clamp(d.right, 0.0f, w);
  d.top = std::clamp(d.top, 0.0f, h), d.bottom = std::clamp(d.bottom, 0.0f, h);
  return d;
}

std::string json_text(std::span<const Detection> detections, Json line) {
  line["detections"] = Json::array();
  for (const Detection& d : detections) {
    line["detections"].push_back({{"class", d.class_index},
                                  {"label", d.label},
                                  {"score", shortest(d.score)},
                                  {"box", {shortest(d.left), shortest(d.top), shortest(d.right), shortest(d.bottom)}}});
  }
  return json_line(line);
}

std::string table_text(const LoadedPicture& picture, std::span<const Detection> detections, double network_ms) {
  Table table({Align::right, Align::left, Align::right, Align::left});
  for (const Detection& d : detections) {
    const std::string index = std::to_string(d.class_index);
    table.row({fixed(d.score, 2), d.label.empty() ? "class " + index : std::string(d.label), "[" + index + "]",
               fixed(d.left, 0) + "," + fixed(d.top, 0) + " - " + fixed(d.right, 0) + "," + fixed(d.bottom, 0)});
  }
  const std::string count =
      detections.empty() ? "nothing found" : count_text(static_cast<std::int64_t>(detections.size())) + " found";
  return printable(picture.name) + "  (" + fixed(network_ms, 1) + " ms, " + count + ")\n" + table.text(2) + '\n';
}

Result<void> prepare_outputs(const DetectOptions& options, const PictureOutputs& annotated) {
  const std::vector<PictureSource> pictures = expand_pictures(options.pictures.words);
  OutputFiles files(options.model.model, pictures);
  if (!options.coco.empty())
    if (auto added = files.add(options.coco, "the COCO results"); !added) return added;
  return annotated.prepare(pictures, files);
}

int detect(DetectOptions& options) {
  if (!options.pictures.orientation_note.empty()) say(options.pictures.orientation_note);
  const auto model = open_model_for("detect", options.model);
  if (!model) return fail(model.error().message);
  auto wanted = wanted_classes(options.classes, model->info());
  if (!wanted) return fail(wanted.error().message);
  options.session.classes = *std::move(wanted);
  const PictureOutputs annotated(PictureOutputs::Kind::annotated, options.output);
  if (auto ready = prepare_outputs(options, annotated); !ready) return fail(ready.error().message);
  auto session = model->session(options.session);
  if (!session) return fail(session.error().message);
  if (!options.json) say_what_runs(*model, *session);

  CocoResults coco;
  const int status = answer_pictures(
      options.pictures, options.json, "searched",
      [&](std::span<const ImageView> views, std::span<LoadedPicture* const> pictures,
          std::span<std::string* const> answers) -> Result<void> {
        const auto found = session->detect(views);
        if (!found) return found.error();
        for (std::size_t i = 0; i < pictures.size(); ++i) {
          std::vector<Detection> detections((*found)[i].begin(), (*found)[i].end());
          if (options.clip)
            for (Detection& d : detections) d = clipped(d, views[i].upright_width(), views[i].upright_height());
          if (!options.coco.empty()) coco.add(pictures[i]->name, detections);
          Json head = answer_head(*pictures[i], "detect", *model, *session, pictures.size());
          if (annotated.wanted()) {
            const auto path = annotated.path_for(pictures[i]->name);
            auto written = annotate_file(path, views[i],
                                         [&](RgbPicture& picture) { return draw_detections(picture, detections); });
            if (!written) return written.error();
            head["annotated"] = path.string();
          }
          *answers[i] = options.json ? json_text(detections, std::move(head))
                                     : table_text(*pictures[i], detections,
                                                  session->timing().network / static_cast<double>(pictures.size()));
        }
        return {};
      });
  if (!options.coco.empty()) {
    if (auto written = coco.write(options.coco); !written) return fail(written.error().message);
  }
  return status;
}

}  // namespace

Work add_detect(CLI::App& app) {
  const auto options = std::make_shared<DetectOptions>();
  add_model_option(app, options->model);
  add_fraction(app, "--score", options->session.score_threshold, "Lowest score to show (default: 0.5)");
  add_count(app, "--max", options->session.max_detections, 0, kMaxDetections,
            "Most objects per picture (default: 100)");
  app.add_option_function<std::string>(
         "--classes",
         [options](const std::string& text) {
           options->classes = split_list(text);
           if (std::find(options->classes.begin(), options->classes.end(), "") != options->classes.end())
             throw CLI::ValidationError("--classes", "'" + text + "' is not a list like person,dog");
         },
         "Only these, by name or index: person,dog")
      ->type_name("LIST");
  app.add_flag("--clip", options->clip, "Cut boxes at the picture's edges");
  add_annotation_option(app, options->output);
  app.add_option("--coco", options->coco, "Also write COCO results (image_id, category_id, bbox, score)")
      ->type_name("FILE");
  add_answer_options(app, options->model, options->pictures, options->session);
  add_batch_option(app, options->pictures);
  add_json_option(app, options->json);
  app.footer(
      "Boxes are left, top, right, bottom in pixels of the upright picture and may reach beyond it.\n"
      "Class numbers are 0-based without background (COCO: category id - 1).\n"
      "\n"
      "Examples:\n"
      "  mobilenet detect photo.jpg\n"
      "  mobilenet detect --model ssd.tflite --classes person,dog -o found.png street.jpg\n"
      "  mobilenet detect --model ssd.tflite --json --score 0.3 -o annotated/ holiday/ > boxes.jsonl");
  return [options] { return detect(*options); };
}

}  // namespace mobilenet::cli
