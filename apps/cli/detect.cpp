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
#include "cli/annotated_files.h"
#include "cli/answer_pictures.h"
#include "cli/coco_results.h"
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
  std::string classes;  // names or indices, comma-separated; empty: all
  std::string output;   // annotated pictures; empty: none
  std::string coco;     // COCO results; empty: none
  bool clip = false;
  bool json = false;
};

// The classes that the user names, by label or by index.
Result<std::vector<int>> wanted_classes(const std::string& text, const ModelInfo& info) {
  std::vector<int> wanted;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    begin = end + 1;
    const auto label = std::find(info.labels.begin(), info.labels.end(), word);
    int index = 0;
    const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), index);
    if (label != info.labels.end()) {
      wanted.push_back(static_cast<int>(label - info.labels.begin()));
    } else if (error == std::errc() && rest == word.data() + word.size() && index >= 0) {
      wanted.push_back(index);
    } else {
      return Error{ErrorCode::not_found,
                   info.source + " has no class '" + word + "'; `mobilenet info` lists its labels"};
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

int detect(DetectOptions& options) {
  if (!options.pictures.orientation_note.empty()) say(options.pictures.orientation_note);
  if (options.model.model.empty())
    return fail(
        "no detector is bundled; name one with --model. It opens TensorFlow Lite files with SSD or SSDLite on "
        "MobileNet "
        "(the TensorFlow Object Detection model zoo, Coral's and MediaPipe's model pages have them), for example "
        "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite");
  const auto model = open_model(options.model);
  if (!model) return fail(model.error().message);
  if (model->info().task != "detect")
    return fail(model->info().source + " is no detector (its task is " + model->info().task + ")");
  auto wanted = wanted_classes(options.classes, model->info());
  if (!wanted) return fail(wanted.error().message);
  options.session.classes = *std::move(wanted);
  AnnotatedFiles files(options.output, options.pictures.words);
  if (!options.output.empty()) {
    if (auto ready = files.prepare(); !ready) return fail(ready.error().message);
  }
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
          if (!options.output.empty()) {
            const auto path = files.path_for(pictures[i]->name);
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
  app.add_option("--classes", options->classes, "Only these, by name or index: person,dog")->type_name("LIST");
  app.add_flag("--clip", options->clip, "Cut boxes at the picture's edges");
  add_annotation_option(app, options->output);
  app.add_option("--coco", options->coco, "Also write COCO results (image_id, category_id, bbox, score)")
      ->type_name("FILE");
  add_labels_option(app, options->model);
  add_size_option(app, "--size", options->session);
  add_preprocess_option(app, options->session);
  add_picture_options(app, options->pictures);
  add_session_options(app, options->session);
  add_json_option(app, options->json);
  app.footer(
      "Boxes are left, top, right, bottom in pixels of the upright picture and may reach beyond it.\n"
      "Class numbers are 0-based without background (COCO: category id - 1).\n"
      "\n"
      "Examples:\n"
      "  mobilenet detect --model ssd.tflite street.jpg\n"
      "  mobilenet detect --model ssd.tflite --classes person,dog -o found.png street.jpg\n"
      "  mobilenet detect --model ssd.tflite --json --score 0.3 -o annotated/ holiday/ > boxes.jsonl");
  return [options] { return detect(*options); };
}

}  // namespace mobilenet::cli
