// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/evaluate.h>
#include <mobilenet/image.h>
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/picture_sources.h"
#include "cli/output/progress.h"
#include "cli/output/table.h"
#include "cli/output/words.h"
#include "cli/pictures/ordered_work.h"
#include "cli/pictures/picture_batch.h"
#include "cli/verbs.h"
#include "cli/verbs/answer_pictures.h"
#include "cli/verbs/picture_run.h"

// mobilenet evaluate P...: how good a model's answers are, measured against annotations.

namespace mobilenet::cli {
namespace {

struct EvaluateOptions {
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;
  std::string annotations;
  std::string results;  // COCO results to judge instead of a model's answers; empty: the model's
  bool json = false;
};

// One measure: picks up the answers about pictures, then says its figures.
class Measure {
 public:
  virtual ~Measure() = default;
  // Records all of these pictures, or none of them and returns an error: a failed batch is tried again one by one.
  virtual Result<void> add(Session& session, std::span<const ImageView> views,
                           std::span<LoadedPicture* const> pictures) = 0;
  virtual void figures(Json& line) const = 0;
  virtual std::string table() const = 0;
};

// `example`: a picture that they are about.
Error no_truth(const std::string& annotations, std::string_view example) {
  return Error{ErrorCode::not_found, annotations + " says nothing about this picture" +
                                         (example.empty() ? "" : ", but for example about " + std::string(example))};
}

class TopMeasure : public Measure {
 public:
  TopMeasure(TrueClasses truth, std::string annotations)
      : truth_(std::move(truth)), annotations_(std::move(annotations)) {}

  Result<void> add(Session& session, std::span<const ImageView> views,
                   std::span<LoadedPicture* const> pictures) override {
    std::vector<int> labels;
    for (const LoadedPicture* picture : pictures) {
      const auto label = truth_.of(picture->name);
      if (!label) return no_truth(annotations_, truth_.example());
      labels.push_back(*label);
    }
    const auto answers = session.classify(views);
    if (!answers) return answers.error();
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      const std::span<const Classification> best = (*answers)[i];
      const auto right = [&](const Classification& answer) { return answer.index == labels[i]; };
      ++pictures_;
      if (!best.empty() && right(best.front())) ++first_;
      if (std::ranges::any_of(best, right)) ++among_five_;
    }
    return {};
  }

  void figures(Json& line) const override {
    line["top1"] = share(first_);
    line["top5"] = share(among_five_);
  }

  std::string table() const override {
    Table table({Align::left, Align::right, Align::left});
    const std::string of = " of " + std::to_string(pictures_);
    table.row({"top-1", fixed(100 * share(first_), 2) + " %", std::to_string(first_) + of});
    table.row({"top-5", fixed(100 * share(among_five_), 2) + " %", std::to_string(among_five_) + of});
    return table.text(2);
  }

 private:
  double share(std::size_t count) const { return static_cast<double>(count) / static_cast<double>(pictures_); }

  TrueClasses truth_;
  std::string annotations_;
  std::size_t pictures_ = 0, first_ = 0, among_five_ = 0;
};

void write_coco_figures(const CocoFigures& values, Json& line) {
  for (std::size_t i = 0; i < values.size(); ++i) line[std::string(kCocoFigureNames[i])] = values[i];
}

std::string coco_table(const CocoFigures& values) {
  static constexpr std::array<const char*, 12> kMeanings = {"overlap 0.50 to 0.95",
                                                            "overlap 0.50",
                                                            "overlap 0.75",
                                                            "objects below 32x32 pixels",
                                                            "objects from 32x32 to 96x96",
                                                            "objects above 96x96",
                                                            "1 box per picture",
                                                            "10 boxes per picture",
                                                            "100 boxes per picture",
                                                            "objects below 32x32",
                                                            "objects from 32x32 to 96x96",
                                                            "objects above 96x96"};
  Table table({Align::left, Align::right, Align::left});
  for (std::size_t i = 0; i < values.size(); ++i)
    table.row({std::string(kCocoFigureNames[i]), values[i] < 0 ? "-" : fixed(values[i], 4), kMeanings[i]});
  return table.text(2);
}

class BoxMeasure : public Measure {
 public:
  BoxMeasure(CocoEvaluation evaluation, std::string annotations)
      : evaluation_(std::move(evaluation)), annotations_(std::move(annotations)) {}

  Result<void> add(Session& session, std::span<const ImageView> views,
                   std::span<LoadedPicture* const> pictures) override {
    std::vector<std::size_t> places;
    for (const LoadedPicture* picture : pictures) {
      const auto place = evaluation_.find(picture->name);
      if (!place) return no_truth(annotations_, evaluation_.example());
      places.push_back(*place);
    }
    const auto answers = session.detect(views);
    if (!answers) return answers.error();
    for (std::size_t i = 0; i < places.size(); ++i)
      if (auto added = evaluation_.add(places[i], (*answers)[i]); !added) return added;
    return {};
  }

  void figures(Json& line) const override { write_coco_figures(evaluation_.result().value(), line); }
  std::string table() const override { return coco_table(evaluation_.result().value()); }

 private:
  CocoEvaluation evaluation_;
  std::string annotations_;
};

// The mask of a picture: its name with .png or .bmp instead of its ending, in `folder`.
Result<Image> read_mask_of(const std::string& picture, const std::filesystem::path& folder, DecodeOptions options) {
  options.stored_numbers = StoredNumbers::numbers;
  const std::string stem = std::filesystem::path(picture).stem().string();
  for (const char* ending : {".png", ".bmp"}) {
    const std::filesystem::path path = folder / (stem + ending);
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return Image::open(path, options);
  }
  return Error{ErrorCode::not_found, "there is no mask " + (folder / (stem + ".png")).string() + " (nor .bmp)"};
}

class MaskMeasure : public Measure {
 public:
  MaskMeasure(std::string folder, const EvaluateOptions& options, std::vector<std::string> labels)
      : folder_(std::move(folder)), decode_(options.pictures.options.decode), labels_(std::move(labels)) {}

  Result<void> add(Session& session, std::span<const ImageView> views,
                   std::span<LoadedPicture* const> pictures) override {
    // One at a time, as Session::segment() goes; a later picture that fails must not leave earlier ones counted.
    if (views.size() > 1) return Error{ErrorCode::unsupported, "masks are computed one by one"};
    auto truth = read_mask_of(pictures.front()->name, folder_, decode_);
    if (!truth) return truth.error();
    const ImageView& view = views.front();
    const int width = view.upright_width(), height = view.upright_height();
    if (truth->width() != width || truth->height() != height) {
      return Error{ErrorCode::bad_format, "its mask has " + std::to_string(truth->width()) + 'x' +
                                              std::to_string(truth->height()) + " pixels, the picture has " +
                                              std::to_string(width) + 'x' + std::to_string(height)};
    }
    const auto answer = session.segment(view);
    if (!answer) return answer.error();
    std::vector<std::uint8_t> numbers(answer->mask.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::to_integer<std::uint8_t>(truth->pixels()[3 * i]);
    return confusion_.add(numbers, answer->mask);
  }

  void figures(Json& line) const override {
    line["mean_iou"] = confusion_.mean_iou();
    line["pixel_accuracy"] = confusion_.pixel_accuracy();
    line["pixels"] = confusion_.pixels();
    line["classes"] = Json::array();
    for (std::size_t index = 0; index < ConfusionMatrix::kClasses; ++index)
      if (const auto overlap = confusion_.iou(index))
        line["classes"].push_back({{"index", index}, {"label", label(index)}, {"iou", *overlap}});
  }

  std::string table() const override {
    Table table({Align::left, Align::right});
    table.row({"mean IoU", fixed(confusion_.mean_iou(), 4)});
    table.row({"pixel accuracy", fixed(confusion_.pixel_accuracy(), 4)});
    Table classes({Align::left, Align::left, Align::right});
    for (std::size_t index = 0; index < ConfusionMatrix::kClasses; ++index)
      if (const auto overlap = confusion_.iou(index))
        classes.row({"[" + std::to_string(index) + "]", label(index), fixed(*overlap, 4)});
    return table.text(2) + "  IoU of the classes:\n" + classes.text(4);
  }

 private:
  std::string label(std::size_t index) const { return index < labels_.size() ? labels_[index] : std::string(); }

  std::string folder_;
  DecodeOptions decode_;
  std::vector<std::string> labels_;
  ConfusionMatrix confusion_;
};

Result<std::unique_ptr<Measure>> measure_for(const ModelInfo& info, const EvaluateOptions& options) {
  if (info.task == Task::detect) {
    auto evaluation = CocoEvaluation::read(options.annotations);
    if (!evaluation) return evaluation.error();
    const auto unmatched = evaluation->match_classes(info);
    if (!unmatched) {
      Error error = unmatched.error();
      if (error.code == ErrorCode::not_found && info.labels.empty()) error.message += ": --labels gives them";
      return error;
    }
    if (!unmatched->empty())
      say(options.annotations + ": objects of categories that the model does not know count as missed: " + *unmatched);
    return std::unique_ptr<Measure>(std::make_unique<BoxMeasure>(*std::move(evaluation), options.annotations));
  }
  if (info.task == Task::segment) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(options.annotations, ignored))
      return Error{ErrorCode::not_found, options.annotations + ": is no folder; a segmenter's annotations are masks"};
    return std::unique_ptr<Measure>(std::make_unique<MaskMeasure>(options.annotations, options, info.labels));
  }
  if (info.classes == 0)
    return Error{ErrorCode::unsupported, info.source + " neither classifies, detects nor segments"};
  auto truth = TrueClasses::read(options.annotations, info);
  if (!truth) return truth.error();
  return std::unique_ptr<Measure>(std::make_unique<TopMeasure>(*std::move(truth), options.annotations));
}

// The model's answers about all pictures; gives the number of pictures that could not be judged. Those ahead are
// decoded meanwhile; they are judged one after the other, as what equal scores count for depends on their order.
Result<std::size_t> collect(Session& session, Measure& measure, PictureLoader& loader, std::size_t batch,
                            std::size_t groups) {
  Progress progress(loader.total(), AnswersGo::to_a_file);
  const std::size_t workers =
      std::clamp(static_cast<std::size_t>(session.threads()), std::size_t{1}, std::max(groups, std::size_t{1}));
  std::vector<std::vector<LoadedPicture>> slots(slots_of(workers));
  std::size_t bad = 0;
  std::optional<Error> failure;
  const auto take = [&](std::size_t slot) {
    slots[slot] = loader.take(batch);
    return !slots[slot].empty();
  };
  const auto judge = [&](std::size_t slot) {
    const auto computed =
        compute_group(slots[slot], [&](std::span<const ImageView> views, std::span<LoadedPicture* const> pictures) {
          return measure.add(session, views, pictures);
        });
    if (!computed) failure = computed.error();
    for (const LoadedPicture& picture : slots[slot]) {
      if (picture.error.empty()) continue;
      ++bad;
      progress.clear();
      say(picture.error);
    }
    progress.advance(slots[slot].size());
    slots[slot].clear();
    return !failure;
  };
  do_in_order(workers, {take, [&](std::size_t, std::size_t slot) { loader.load(slots[slot]); }, judge});
  if (failure) return *failure;
  return bad;
}

int evaluate_results(const EvaluateOptions& options) {
  auto evaluation = CocoEvaluation::read(options.annotations);
  if (!evaluation) return fail(evaluation.error().message);
  if (auto added = evaluation->add_results(options.results); !added) return fail(added.error().message);
  const CocoFigures values = evaluation->result().value();
  if (options.json) {
    Json line = {{"task", "detect"},
                 {"results", options.results},
                 {"annotations", options.annotations},
                 {"pictures", evaluation->pictures()}};
    write_coco_figures(values, line);
    print_json(line);
  } else {
    print(printable(options.results) + "  (" + counted(evaluation->pictures(), "picture") + ")\n" + coco_table(values));
  }
  return kSuccess;
}

int evaluate(EvaluateOptions& options) {
  if (!options.results.empty()) return evaluate_results(options);
  const auto model = open_model(options.model);
  if (!model) return fail(model.error());
  const ModelInfo& info = model->info();
  auto measure = measure_for(info, options);
  if (!measure) return fail(measure.error().message);
  // COCO's figures weigh every box by its score, so that none is left out.
  options.session.score_threshold = 0;
  auto session = open_session(*model, options.session);
  if (!session) return fail(session.error());
  note_guesses(model->info());
  if (!options.json) say_what_runs(*model, *session);

  const std::vector<PictureSource> sources = list_still_pictures(options.pictures);
  PictureLoader loader(sources, options.pictures.options);
  const std::size_t batch = info.task == Task::segment ? 1 : static_cast<std::size_t>(options.pictures.batch);
  const auto judged = collect(*session, **measure, loader, batch, count_groups(sources, batch));
  if (!judged) return fail(judged.error());
  const std::size_t bad = *judged;
  const std::size_t good = loader.total() - bad;
  if (good == 0) return fail("none of the pictures could be judged");
  if (options.json) {
    Json line = {{"task", name_of(info.task)},
                 {"model", info.source},
                 {"backend", session->device()},
                 {"precision", name_of(session->precision())},
                 {"isa", session->isa()},
                 {"annotations", options.annotations},
                 {"pictures", good}};
    (*measure)->figures(line);
    print_json(line);
  } else {
    print(printable(info.source) + "  (" + counted(good, "picture") + ")\n" + (*measure)->table());
  }
  if (bad == 0) return kSuccess;
  return fail(std::to_string(bad) + " of " + counted(loader.total(), "picture") + " could not be judged");
}

}  // namespace

Work add_evaluate(CLI::App& app) {
  const auto options = std::make_shared<EvaluateOptions>();
  add_model_option(app, options->model);
  require(add_text(app, "--annotations", options->annotations,
                   "What the pictures show: for a classifier a CSV image,label,\n"
                   "for a detector COCO's instances JSON, for a segmenter a\n"
                   "folder of masks",
                   "PATH"));
  CLI::Option* const results =
      add_text(app, "--results", options->results, "Judge these COCO results instead of a model's answers", "FILE");
  add_answer_options(app, options->model, options->pictures, options->session);
  add_batch_option(app, options->pictures);
  CLI::Option* const pictures = option_named(app, "pictures");
  exclude(pictures, results);
  exclude(results, option_named(app, "--model"));
  exclude(option_named(app, "--list"), results);
  require_when_parsed(
      app, [results, options] { return options->pictures.are_named() || is_given(results); },
      "pictures (or --results)");
  add_flag(app, "--json", options->json, "One JSON object on standard output");
  set_footer(app,
             "Classifiers: top-1 and top-5; labels are 0-based indices without background, a header and\n"
             "further columns do not matter. Detectors: COCO's twelve figures for boxes, as pycocotools\n"
             "computes them (-1 or '-': no such objects). Segmenters: mean IoU over the classes in masks\n"
             "or answers, and pixel accuracy; masks are indexed or grey PNG or BMP files that are named\n"
             "like the pictures, whose pixels are class numbers; 255 is not counted.\n"
             "A picture that cannot be judged gets an error and makes the exit code 1.\n"
             "\n"
             "Examples:\n"
             "  mobilenet evaluate --model mobilenet_v2.tflite --annotations a.csv pictures/\n"
             "  mobilenet evaluate --model ssd.tflite --annotations val2017.json val2017/\n"
             "  mobilenet evaluate --annotations val2017.json --results detections.json\n"
             "  mobilenet evaluate --model deeplabv3.tflite --annotations masks/ pictures/");
  return [options] { return evaluate(*options); };
}

}  // namespace mobilenet::cli
