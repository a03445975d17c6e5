// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/picture_sources.h"
#include "cli/arguments/preprocess_options.h"
#include "cli/arrays/npy.h"
#include "cli/arrays/npz.h"
#include "cli/arrays/row_spool.h"
#include "cli/output/output_files.h"
#include "cli/output/progress.h"
#include "cli/output/table.h"
#include "cli/output/words.h"
#include "cli/pictures/ordered_work.h"
#include "cli/pictures/picture_loader.h"
#include "cli/verbs.h"
#include "cli/verbs/answer_pictures.h"
#include "cli/verbs/answer_videos.h"
#include "cli/verbs/picture_run.h"
#include "cli/verbs/worker_sessions.h"

// mobilenet features P... --layers a,b -o out.npz: inner layers of the network, one array a layer, one row a picture.

namespace mobilenet::cli {
namespace {

constexpr const char* kNamesArray = "images";
constexpr const char* kSecondsArray = "seconds";  // of frames of videos

struct FeaturesOptions {
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;
  std::string output;
  IfExists if_exists = IfExists::refuse;
  VideoArguments video;
  bool json = false;
};

std::string layer_list(const ModelInfo& info) {
  std::vector<std::string> names;
  for (const LayerInfo& layer : info.layers) names.push_back(layer.name);
  return "the layers of " + info.source + " are " + join(names, ", ");
}

void drop_repeated(std::vector<std::string>& names) {
  std::vector<std::string> kept;
  for (std::string& name : names) {
    if (std::find(kept.begin(), kept.end(), name) == kept.end()) kept.push_back(std::move(name));
  }
  names = std::move(kept);
}

// Rows of every layer as the pictures give them, and the pictures' names.
class FeatureFile {
 public:
  FeatureFile(Destination destination, std::span<const std::string> layers)
      : destination_(std::move(destination)), layers_(layers) {}

  // One row a name; `seconds` of a frame's, none of pictures'.
  Result<void> append(std::span<const TensorView> tensors, std::span<const std::string> names,
                      std::optional<double> seconds = {}) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (i == spools_.size()) {
        auto spool = RowSpool::create(destination_.path, tensors[i]);
        if (!spool) return spool.error();
        spools_.push_back(std::move(*spool));
      }
      if (auto appended = spools_[i].append(tensors[i]); !appended) return appended;
    }
    for (const std::string& name : names) {
      names_.push_back(name);
      seconds_.push_back(seconds.value_or(std::nan("")));
      has_seconds_ = has_seconds_ || seconds;
    }
    return {};
  }

  Result<void> finish() {
    std::vector<NpzArray> arrays;
    for (std::size_t i = 0; i < spools_.size(); ++i) {
      auto file = spools_[i].finish();
      if (!file) return file.error();
      arrays.push_back({layers_[i], {}, {}, *file});
    }
    NpyTexts names = npy_texts(names_);
    arrays.push_back({kNamesArray, names.header, names.bytes, nullptr});
    const std::int64_t rows = static_cast<std::int64_t>(seconds_.size());
    const std::string seconds = npy_header("<f8", {&rows, 1});
    if (has_seconds_) arrays.push_back({kSecondsArray, seconds, std::as_bytes(std::span(seconds_)), nullptr});
    return write_npz(destination_, arrays);
  }

  std::size_t rows() const { return names_.size(); }
  std::span<const RowSpool> spools() const { return spools_; }

 private:
  Destination destination_;
  std::span<const std::string> layers_;
  std::vector<RowSpool> spools_;
  std::vector<std::string> names_;
  std::vector<double> seconds_;
  bool has_seconds_ = false;
};

// A copy of what a session gave for some pictures, until their turn comes.
class Rows {
 public:
  Rows(std::span<const TensorView> tensors, std::span<LoadedPicture* const> pictures) {
    for (const TensorView& tensor : tensors) {
      const auto bytes = tensor.as<std::byte>();
      tensors_.push_back({tensor, {tensor.shape.begin(), tensor.shape.end()}, {bytes.begin(), bytes.end()}});
    }
    for (const LoadedPicture* picture : pictures) names_.push_back(picture->name);
  }

  Result<void> append_to(FeatureFile& file) const {
    std::vector<TensorView> views;
    for (const Tensor& tensor : tensors_) {
      views.push_back(tensor.view);
      views.back().shape = tensor.shape;
      views.back().data = tensor.bytes.data();
    }
    return file.append(views, names_);
  }

 private:
  struct Tensor {
    TensorView view;  // whose shape and data are the session's, and gone
    std::vector<std::int64_t> shape;
    std::vector<std::byte> bytes;
  };
  std::vector<Tensor> tensors_;
  std::vector<std::string> names_;
};

void report(const FeaturesOptions& options, const ModelInfo& info, const Session& session, const FeatureFile& file,
            bool has_videos) {
  if (!options.json) {
    Table table({Align::left, Align::left, Align::left});
    for (std::size_t i = 0; i < file.spools().size(); ++i) {
      const TensorKind& tensor = file.spools()[i].tensor();
      table.row({options.session.layers[i], std::string(name_of(tensor.type)), shape_text(tensor.shape)});
    }
    print(table.text());
    note("wrote " + options.output + ": " + counted(file.rows(), has_videos ? "row" : "picture") + ", names in array " +
         kNamesArray);
    return;
  }
  Json line;
  line["output"] = options.output;
  line["task"] = "features";
  line["model"] = info.source;
  line["backend"] = session.device();
  line["precision"] = name_of(session.precision());
  line["isa"] = session.isa();
  line["pictures"] = file.rows();
  line["layers"] = Json::array();
  for (std::size_t i = 0; i < file.spools().size(); ++i)
    line["layers"].push_back(tensor_json(options.session.layers[i], file.spools()[i].tensor()));
  print_json(line);
}

int features(FeaturesOptions& options) {
  const auto model = open_model(options.model);
  if (!model) return fail(model.error());
  if (auto fits = check_takes_pictures(model->info()); !fits) return fail(fits.error());
  drop_repeated(options.session.layers);
  if (options.session.layers.empty()) return misuse("--layers is required: " + layer_list(model->info()));
  const auto [sources, moving, skipped] = list_pictures(options.pictures);
  OutputFiles files(options.if_exists);
  add_files_read(options.model, options.pictures, sources, moving, files);
  auto output = files.only(options.output, "the features");
  if (!output) return fail(output.error());
  auto session = open_session(*model, options.session);
  if (!session) return fail(session.error());
  choose_decoding(model->info(), options.session, options.pictures);
  note_guesses(model->info());

  const auto batch = static_cast<std::size_t>(options.pictures.batch);
  PictureLoader loader(sources, options.pictures.options);
  WorkerSessions sessions(*model, options.session, *session, count_groups(sources, batch));
  Progress progress(loader.total(), AnswersGo::to_a_file);
  FeatureFile file(*output, options.session.layers);
  std::optional<Error> write_error;  // the pictures are not to blame for a full disk
  std::size_t bad = 0;
  std::vector<std::vector<Rows>> rows(slots_of(sessions.size()));
  PictureWork work;
  work.begin = [&rows](std::size_t slot, std::span<LoadedPicture>) { rows[slot].clear(); };
  work.compute = [&rows](std::size_t slot, Session& used, std::span<const ImageView> views,
                         std::span<LoadedPicture* const> pictures) -> Result<void> {
    const auto tensors = used.features(views);
    if (!tensors) return tensors.error();
    rows[slot].emplace_back(*tensors, pictures);
    return {};
  };
  work.deliver = [&](std::size_t slot, std::span<LoadedPicture> pictures) {
    for (const Rows& some : rows[slot]) {
      if (auto appended = some.append_to(file); !appended) write_error = appended.error();
      if (write_error) return false;
    }
    for (const LoadedPicture& picture : pictures) {
      if (picture.error.empty()) continue;
      ++bad;
      progress.clear();
      report_bad(picture, options.json);
    }
    progress.advance(pictures.size());
    return true;
  };
  const auto ran = run_pictures(loader, sessions, batch, work);
  progress.clear();
  if (write_error) return fail(*write_error);
  if (!ran) return fail(ran.error());
  options.video.orientation = options.pictures.options.orientation;
  const FrameRun frames{moving, options.video, *model, options.session, options.json};
  const int videos =
      go_through_videos(frames, [&](const MovingSource& video, const VideoFrame& frame, const Prediction& prediction) {
        const std::string name = without_password(video.name) + '#' + std::to_string(frame.number());
        return file.append(prediction.features, {&name, 1}, frame.seconds());
      });
  if (file.rows() == 0) return fail("nothing could be read; " + options.output + " is not written");
  if (const auto written = file.finish(); !written) return fail(written.error());
  report(options, model->info(), *session, file, !moving.empty());
  if (bad == 0) return videos;
  return fail(std::to_string(bad) + " of " + counted(loader.total(), "picture") +
              (bad == 1 ? " has no row" : " have no row"));
}

}  // namespace

Work add_features(CLI::App& app) {
  const auto options = std::make_shared<FeaturesOptions>();
  options->session.precision = Precision::source;
  add_model_option(app, options->model);
  // Not marked as required: the error lists the layers, and for that the model must be open.
  split_at_commas(add_texts(app, "-l,--layers", options->session.layers,
                            "Layers, separated by commas (required; without it the\nerror lists the model's layers)",
                            "A,B"));
  require(add_output_option(app, options->output, {".npz"}, "The .npz file to write"));
  add_force_option(app, options->if_exists);
  add_choice(
      app, "--pooling", {"none", "average"},
      [options](std::size_t choice) { options->session.pooling = choice == 0 ? Pooling::none : Pooling::average; },
      "none: whole maps (default); average: one number a channel");
  add_size_option(app, "--size", options->session);
  add_preprocess_options(app, options->model);
  add_picture_options(app, options->pictures);
  add_fast_decode_option(app, options->pictures);
  add_batch_option(app, options->pictures);
  add_video_options(app, options->video);
  add_session_options(app, options->session);
  add_json_option(app, options->json);
  set_footer(app,
             "Writes one array per layer under the layer's name; axis 0 is the pictures in order, the\n"
             "other axes are the source framework's. The array `images` holds the name of every row's\n"
             "picture. A picture that cannot be read has no row, and makes the exit code 1. Frames of\n"
             "videos are rows named clip.mp4#12; the array `seconds` holds their times.\n"
             "\n"
             "Examples:\n"
             "  mobilenet features photo.jpg --layers pool -o photo.npz\n"
             "  mobilenet features pictures/ --layers last --pooling average -o f.npz\n"
             "  python3 -c \"import numpy; print(numpy.load('f.npz')['last'].shape)\"");
  return [options] { return features(*options); };
}

}  // namespace mobilenet::cli
