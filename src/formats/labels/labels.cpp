// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/labels/labels.h"

#include <algorithm>

#include "base/background_label.h"
#include "base/error.h"
#include "base/file_bytes.h"
#include "base/text.h"
#include "formats/labels/imagenet_labels.h"
#include "formats/labels/utf8_text.h"

namespace mobilenet {
namespace {

constexpr int kImageNetWithBackground = 1001;  // ImageNet's 1000 and a background row in front, TensorFlow's habit

enum class Answer { classes, objects, pixels };

// What a network answers with, as far as names count.
struct Rows {
  Answer answer = Answer::classes;
  std::size_t count = 0;  // of objects: without background
};

Rows rows_of(const ModelSpec& spec) {
  if (spec.detection.classes > 0) return {Answer::objects, static_cast<std::size_t>(spec.detection.classes)};
  if (spec.segmentation.classes > 0) return {Answer::pixels, static_cast<std::size_t>(spec.segmentation.classes)};
  return {Answer::classes, static_cast<std::size_t>(std::max(spec.classes, 0))};
}

// The names without the background that they begin with, or with one that they lack; none where the count cannot fit.
std::optional<std::vector<std::string>> adjusted(std::vector<std::string> labels, const Rows& rows) {
  const std::size_t count = labels.size();
  const bool row_0_is_background =
      rows.answer == Answer::pixels || (rows.answer == Answer::classes && rows.count == kImageNetWithBackground);
  if (row_0_is_background && count + 1 == rows.count) {
    labels.emplace(labels.begin(), kBackground);
    return labels;
  }
  if (!row_0_is_background && rows.count > 0 && count == rows.count + 1 && is_background(labels.front())) {
    labels.erase(labels.begin());
    return labels;
  }
  return std::nullopt;
}

struct Fitting {
  std::vector<std::string> labels;
  std::string why;
};

std::optional<Fitting> fit(const LabelSource& source, const Rows& rows) {
  const auto why = [&](const LabelReading& reading) {
    return text(source.place, " has ", reading.labels.size(), " ", reading.form);
  };
  for (const LabelReading& reading : source.readings) {
    if (reading.labels.size() == rows.count && rows.count > 0) return Fitting{reading.labels, why(reading)};
    // One probability and two names: it is the second's, the rest is the first's.
    if (rows.answer == Answer::classes && rows.count == 1 && reading.labels.size() == 2)
      return Fitting{reading.labels, why(reading) + "; the one score is the second's, what it lacks to 1 the first's"};
    if (auto labels = adjusted(reading.labels, rows))
      return Fitting{*std::move(labels),
                     why(reading) + (reading.labels.size() < rows.count ? "; the first class is background"
                                                                        : ", the first of which is background")};
  }
  return std::nullopt;
}

std::string count_text(const Rows& rows) {
  std::string classes = text(rows.count, rows.count == 1 ? " class" : " classes");
  if (rows.answer == Answer::pixels || (rows.answer == Answer::classes && rows.count == kImageNetWithBackground))
    classes += ", background included";
  return classes;
}

// Every way to count the names of a source: "5" or "5 or 4".
std::string counts_of(const LabelSource& source) {
  std::string counts;
  std::vector<std::size_t> told;
  for (const LabelReading& reading : source.readings) {
    if (std::find(told.begin(), told.end(), reading.labels.size()) != told.end()) continue;
    told.push_back(reading.labels.size());
    counts += text(counts.empty() ? "" : " or ", reading.labels.size());
  }
  return counts;
}

std::optional<LabelSource> built_in(const Rows& rows) {
  const int count = static_cast<int>(rows.count);
  switch (rows.answer) {
    case Answer::objects:
      return built_in_detection_labels(count);
    case Answer::pixels:
      return built_in_segmentation_labels(count);
    case Answer::classes:
      return built_in_labels(count);
  }
  return std::nullopt;
}

// What the names, now that they are known, say about the rows.
void settle(ModelSpec& spec, std::vector<Decision>& decisions) {
  if (rows_of(spec).answer != Answer::classes) return;
  if (spec.classes == 1 && !spec.class_scores && !spec.labels.empty()) {
    spec.class_scores = ScoreFunction::sigmoid;
    decisions.push_back({"scores", "the sigmoid of the one number that the network ends in, because it has a name"});
  }
  const bool imagenet = spec.classes == kImageNetWithBackground;
  spec.has_background = imagenet && (spec.labels.empty() || is_background(spec.labels[0]));
  std::erase_if(decisions, [](const Decision& decision) { return decision.what == "background"; });
  if (spec.has_background)
    decisions.push_back({"background", "row 0, because there are 1001 classes, ImageNet's and one more"});
}

// File names that people give to names of classes.
std::vector<std::string> usual_names(const std::string& stem) {
  std::vector<std::string> names;
  for (const char* ending :
       {"_labels.txt", ".labels.txt", "-labels.txt", ".txt", ".names", ".pbtxt", "_labels.csv", ".csv", "_labels.json"})
    names.push_back(stem + ending);
  for (const char* name :
       {"labels.txt", "labelmap.txt", "label_map.txt", "classes.txt", "class_names.txt", "imagenet_labels.txt",
        "labels.names", "obj.names", "labels.json", "class_indices.json", "class_names.json", "classes.json",
        "labels.csv", "classes.csv", "labels.pbtxt", "labelmap.pbtxt", "label_map.pbtxt", "labelmap.prototxt"})
    names.emplace_back(name);
  return names;
}

}  // namespace

LabelSource label_source(std::string place, std::span<const std::byte> bytes) {
  LabelSource source{std::move(place), {}, {}};
  const auto decoded = utf8_text(bytes);
  if (!decoded) {
    source.trouble = decoded.error().message;
    return source;
  }
  auto readings = read_labels(*decoded);
  if (readings)
    source.readings = *std::move(readings);
  else
    source.trouble = std::move(readings).error().message;
  return source;
}

LabelSource label_source(std::string place, std::vector<std::string> labels) {
  return {std::move(place), {{std::move(labels), "names"}}, {}};
}

std::vector<LabelSource> labels_beside(const std::filesystem::path& model) {
  std::vector<LabelSource> sources;
  if (model.empty()) return sources;
  for (const std::string& name : usual_names(model.stem().string())) {
    std::error_code ignored;
    const std::filesystem::path path = model.parent_path() / name;
    if (path == model || !std::filesystem::is_regular_file(path, ignored)) continue;
    std::string place = name + " beside the model";
    const auto file = FileBytes::read(path, {.max_bytes = kMaxTextBytes});
    sources.push_back(file ? label_source(std::move(place), (*file)->bytes())
                           : LabelSource{std::move(place), {}, "cannot be read"});
  }
  return sources;
}

void decide_labels(std::span<const LabelSource> sources, ModelSpec& spec, std::vector<Decision>& decisions) {
  const Rows rows = rows_of(spec);
  if (rows.count == 0) return;
  if (!spec.labels.empty()) {
    decisions.push_back({"labels", "stored in the file"});
    return;
  }
  for (const LabelSource& source : sources) {
    if (auto fitting = fit(source, rows)) {
      spec.labels = std::move(fitting->labels);
      decisions.push_back({"labels", std::move(fitting->why)});
      return settle(spec, decisions);
    }
    decisions.push_back({"labels", source.place + " is ignored" +
                                       (source.readings.empty() ? ": " + source.trouble
                                                                : ", because it has " + counts_of(source) +
                                                                      " names for " + count_text(rows))});
  }
  if (auto names = built_in(rows)) {
    spec.labels = std::move(names->readings.front().labels);
    decisions.push_back({"labels", std::move(names->place)});
  } else {
    decisions.push_back({"labels", "none: nothing inside or beside the file has names for " + count_text(rows)});
  }
  settle(spec, decisions);
}

Result<void> set_labels(const LabelSource& source, ModelSpec& spec, std::vector<Decision>& decisions) {
  if (source.readings.empty()) return failure(ErrorCode::bad_format, source.place, ": ", source.trouble);
  const Rows rows = rows_of(spec);
  auto fitting = fit(source, rows);
  if (!fitting)
    return failure(ErrorCode::invalid_argument, source.place, ": has ", counts_of(source),
                   " labels, but the model has ", count_text(rows));
  spec.labels = std::move(fitting->labels);
  std::erase_if(decisions, [](const Decision& decision) { return decision.what == "labels"; });
  decisions.push_back({"labels", std::move(fitting->why)});
  settle(spec, decisions);
  return {};
}

Result<void> set_labels_from_file(const std::filesystem::path& path, ModelSpec& spec,
                                  std::vector<Decision>& decisions) {
  MOBILENET_TRY(const auto file, FileBytes::read(path, {.max_bytes = kMaxTextBytes}));
  return set_labels(label_source(path.string(), file->bytes()), spec, decisions);
}

std::optional<LabelSource> built_in_labels(int classes) {
  const std::size_t count = kImageNetLabels.size();
  const auto rows = static_cast<std::size_t>(std::max(classes, 0));
  if (rows != count && rows != count + 1) return std::nullopt;
  std::vector<std::string> labels(kImageNetLabels.begin(), kImageNetLabels.end());
  if (rows == count + 1) labels.emplace(labels.begin(), kBackground);
  return label_source(text("built in ImageNet names, because there are ", classes, " classes"), std::move(labels));
}

}  // namespace mobilenet
