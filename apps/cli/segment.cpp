// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/annotate.h"
#include "cli/answer_pictures.h"
#include "cli/encode_picture.h"
#include "cli/output_files.h"
#include "cli/picture_sources.h"
#include "cli/table.h"
#include "cli/verbs.h"

// mobilenet segment P...: the class of every pixel.

namespace mobilenet::cli {
namespace {

struct SegmentOptions {
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;
  std::string output;  // annotated pictures; empty: none
  std::string mask;    // indexed PNG files; empty: none
  bool json = false;
};

std::string table_text(const LoadedPicture& picture, const Segmentation& answer, double network_ms) {
  Table table({Align::right, Align::left, Align::right});
  const double pixels = static_cast<double>(answer.width) * answer.height;
  for (const SegmentClass& c : answer.classes) {
    const std::string index = std::to_string(c.index);
    table.row({fixed(100 * static_cast<double>(c.pixels) / pixels, 1) + " %",
               c.label.empty() ? "class " + index : std::string(c.label), "[" + index + "]"});
  }
  return printable(picture.name) + "  (" + fixed(network_ms, 1) + " ms)\n" + table.text(2) + '\n';
}

int segment(SegmentOptions& options) {
  if (!options.pictures.orientation_note.empty()) say(options.pictures.orientation_note);
  const auto model = open_model_for("segment", options.model);
  if (!model) return fail(model.error().message);
  const PictureOutputs annotated(PictureOutputs::Kind::annotated, options.output);
  const PictureOutputs masks(PictureOutputs::Kind::mask, options.mask);
  const std::vector<PictureSource> sources = expand_pictures(options.pictures.words);
  OutputFiles files(options.model.model, sources);
  for (const PictureOutputs* outputs : {&annotated, &masks})
    if (auto ready = outputs->prepare(sources, files); !ready) return fail(ready.error().message);
  auto session = model->session(options.session);
  if (!session) return fail(session.error().message);
  if (!options.json) say_what_runs(*model, *session);

  const auto one = [&](const ImageView& view, LoadedPicture& picture, std::string& text) -> Result<void> {
    const auto answer = session->segment(view);
    if (!answer) return answer.error();
    Json line = answer_head(picture, "segment", *model, *session, 1);
    line["size"] = {answer->width, answer->height};
    line["classes"] = Json::array();
    for (const SegmentClass& c : answer->classes)
      line["classes"].push_back({{"index", c.index}, {"label", c.label}, {"pixels", c.pixels}});
    if (masks.wanted()) {
      const auto path = masks.path_for(picture.name);
      if (auto written = write_mask(path, answer->mask, answer->width, answer->height); !written) return written;
      line["mask"] = path.string();
    }
    if (annotated.wanted()) {
      const auto path = annotated.path_for(picture.name);
      auto written = annotate_file(path, view, [&](RgbPicture& rgb) { return draw_segmentation(rgb, *answer); });
      if (!written) return written;
      line["annotated"] = path.string();
    }
    text = options.json ? json_line(line) : table_text(picture, *answer, session->timing().network);
    return {};
  };
  return answer_pictures(options.pictures, options.json, "segmented",
                         [&](std::span<const ImageView> views, std::span<LoadedPicture* const> pictures,
                             std::span<std::string* const> answers) -> Result<void> {
                           for (std::size_t i = 0; i < views.size(); ++i)
                             if (auto done = one(views[i], *pictures[i], *answers[i]); !done) return done;
                           return {};
                         });
}

}  // namespace

Work add_segment(CLI::App& app) {
  const auto options = std::make_shared<SegmentOptions>();
  add_model_option(app, options->model);
  add_annotation_option(app, options->output);
  app.add_option("--mask", options->mask,
                 "Write masks: indexed PNG of the picture's size, the pixel is\nthe class; a .png for one picture, a "
                 "folder for many (end\nits name in /)")
      ->type_name("PATH");
  add_answer_options(app, options->model, options->pictures, options->session);
  add_json_option(app, options->json);
  app.footer(
      "Class numbers are the network's own; 0 is background in most files.\n"
      "\n"
      "Examples:\n"
      "  mobilenet segment -o seen.png photo.jpg\n"
      "  mobilenet segment --model deeplabv3.tflite --json --mask masks/ holiday/ > classes.jsonl");
  return [options] { return segment(*options); };
}

}  // namespace mobilenet::cli
