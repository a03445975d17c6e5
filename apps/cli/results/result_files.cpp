// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/results/result_files.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/arguments/cli11.h"
#include "cli/arguments/options.h"
#include "cli/output/output.h"
#include "cli/output/table.h"
#include "cli/output/words.h"
#include "cli/results/box_files.h"
#include "cli/results/class_folders.h"
#include "cli/results/contact_sheet.h"
#include "cli/results/drawings.h"
#include "cli/results/html_report.h"
#include "cli/results/tables.h"
#include "cli/results/thumbnail.h"

namespace mobilenet::cli {
namespace {

constexpr std::size_t kMostCounts = 8;  // of classes, in a sentence

void check_ending(CLI::Option* option, const std::vector<std::string>& endings) {
  check(option, [endings](const std::string& text) {
    const std::string name = lower_case(text);
    if (std::any_of(endings.begin(), endings.end(), [&](const std::string& ending) { return name.ends_with(ending); }))
      return std::string();
    return "'" + text + "' is not a file whose name ends in " + join(endings, " or ");
  });
}

template <class Kind>
void add_kind(const std::string& output, std::vector<std::unique_ptr<ResultKind>>& kinds) {
  if (!output.empty()) kinds.push_back(std::make_unique<Kind>(output));
}

}  // namespace

std::vector<std::string> ResultChoices::folders() const {
  std::vector<std::string> list;
  for (const std::string& folder : {annotated, mask, yolo, voc, crops, sort})
    if (!folder.empty()) list.push_back(folder);
  return list;
}

void add_result_options(CLI::App& app, ResultChoices& choices, Task task) {
  add_annotation_option(app, choices.annotated);
  if (task == Task::segment) {
    add_output_name(app, "--mask", choices.mask,
                    "Write masks: indexed PNG of the picture's size, the pixel is the class; a .png for one picture, a "
                    "folder for many (end its name in /)");
  }
  check_ending(add_output_name(app, "--csv", choices.csv, "Also write a table, a line an answer", "FILE.csv"),
               {".csv"});
  if (task == Task::detect) {
    add_output_name(app, "--coco", choices.coco, "Also write COCO results (image_id, category_id, bbox, score)",
                    "FILE");
    add_output_name(app, "--yolo", choices.yolo, "Also write YOLO labels, a .txt for each picture, and classes.txt",
                    "FOLDER");
    add_output_name(app, "--voc", choices.voc, "Also write PASCAL VOC labels, an .xml for each picture", "FOLDER");
    add_output_name(app, "--crops", choices.crops, "Also cut every object out, into a folder for each class", "FOLDER");
  }
  if (task != Task::segment) {
    add_output_name(app, "--sort", choices.sort,
                    "Also sort the pictures into a folder for each class, by symbolic links to them", "FOLDER");
    add_flag(app, "--copy", choices.copy, "Copies for --sort, instead of links");
  }
  check_ending(add_output_name(app, "--sheet", choices.sheet,
                               "Also show all pictures with their answers, small, on one contact sheet; those after "
                               "the 60th go on to FILE_2 and so on",
                               "FILE.jpg"),
               {".jpg", ".jpeg", ".png"});
  check_ending(
      add_output_name(app, "--html", choices.html,
                      "Also write a report for a browser: one file, with filters by class and score", "FILE.html"),
      {".html", ".htm"});
  add_flag(app, "--resume", choices.resume,
           "Leave out pictures whose files are there already; what exists stays as it is");
  add_force_option(app, choices.if_exists);
}

Result<void> ResultFiles::check_choices(std::span<const MovingSource> moving) const {
  const std::array<std::pair<const char*, const std::string*>, 9> of_all = {{{"--mask", &choices_.mask},
                                                                             {"--csv", &choices_.csv},
                                                                             {"--coco", &choices_.coco},
                                                                             {"--yolo", &choices_.yolo},
                                                                             {"--voc", &choices_.voc},
                                                                             {"--crops", &choices_.crops},
                                                                             {"--sort", &choices_.sort},
                                                                             {"--sheet", &choices_.sheet},
                                                                             {"--html", &choices_.html}}};
  for (const auto& [option, output] : of_all) {
    if (output->empty()) continue;
    if (!moving.empty())
      return Error{ErrorCode::invalid_argument, std::string(option) + " is for pictures, and " + moving.front().name +
                                                    " is a video or camera" +
                                                    (output == &choices_.mask ? "; -o shows its masks" : "")};
    const bool one_each = output == &choices_.mask || output == &choices_.yolo || output == &choices_.voc;
    if (choices_.resume && !one_each)
      return Error{ErrorCode::invalid_argument, std::string("--resume goes by the files that each picture has, and ") +
                                                    option + " would hold only those that are still to do"};
  }
  if (choices_.resume && choices_.annotated.empty() && choices_.mask.empty() && choices_.yolo.empty() &&
      choices_.voc.empty())
    return Error{ErrorCode::invalid_argument,
                 "--resume goes by the files that each picture has, and none are asked for; see -o"};
  if (choices_.copy && choices_.sort.empty())
    return Error{ErrorCode::invalid_argument, "--copy is for --sort, which is not given"};
  return {};
}

void ResultFiles::make_kinds() {
  add_kind<AnnotatedPictures>(choices_.annotated, kinds_);
  add_kind<Masks>(choices_.mask, kinds_);
  add_kind<YoloFiles>(choices_.yolo, kinds_);
  add_kind<VocFiles>(choices_.voc, kinds_);
  add_kind<Crops>(choices_.crops, kinds_);
  if (!choices_.sort.empty())
    kinds_.push_back(std::make_unique<SortedPictures>(choices_.sort, choices_.copy ? SortBy::copies : SortBy::links,
                                                      choices_.if_exists));
  add_kind<CsvTable>(choices_.csv, kinds_);
  add_kind<CocoFile>(choices_.coco, kinds_);
  add_kind<ContactSheet>(choices_.sheet, kinds_);
  add_kind<HtmlReport>(choices_.html, kinds_);
}

Result<void> ResultFiles::prepare(std::vector<PictureSource>& pictures, std::span<const MovingSource> moving,
                                  const ModelInfo& model) {
  if (auto fit = check_choices(moving); !fit) return fit;
  if (pictures.empty()) return {};  // -o is of videos alone
  make_kinds();
  const ResultRequest request{pictures, model, choices_.resume};
  for (const auto& kind : kinds_) {
    if (auto ready = kind->prepare(request, files_); !ready) return ready;
    wants_thumbnails_ = wants_thumbnails_ || kind->wants_thumbnail();
  }
  if (!choices_.resume) return {};
  std::size_t done = 0;
  for (std::size_t place = 0; place < pictures.size(); ++place) {
    PictureSource& picture = pictures[place];
    picture.done = picture.error.empty() && std::all_of(kinds_.begin(), kinds_.end(),
                                                        [place](const auto& kind) { return kind->is_done(place); });
    done += picture.done ? 1 : 0;
  }
  if (done > 0) note(std::to_string(done) + " of " + counted(pictures.size(), "picture") + " were done already");
  return {};
}

Result<void> ResultFiles::write(const LoadedPicture& picture, PictureAnswer& answer) {
  for (const auto& kind : kinds_)
    if (auto written = kind->write(picture, answer); !written) return written;
  if (!wants_thumbnails_) return {};
  auto small = make_thumbnail(*picture.image);
  if (!small) return small.error();
  // A mask lives no longer than this call.
  if (answer.mask != nullptr)
    if (auto drawn = draw_small(*small, answer); !drawn) return drawn;
  answer.thumbnail = *std::move(small);
  return {};
}

Result<void> ResultFiles::add(const LoadedPicture& picture, PictureAnswer& answer) {
  for (const auto& kind : kinds_)
    if (auto added = kind->add(picture, answer); !added) return added;
  for (const std::string& name : answer.all_classes()) ++counts_[name];
  return {};
}

Result<void> ResultFiles::finish() {
  for (const auto& kind : kinds_)
    if (auto finished = kind->finish(); !finished) return finished;
  return {};
}

std::vector<std::string> ResultFiles::summaries() const {
  std::vector<std::string> list;
  for (const auto& kind : kinds_) list.push_back(kind->summary());
  return list;
}

std::string ResultFiles::class_counts() const {
  std::vector<std::pair<std::string, std::size_t>> most(counts_.begin(), counts_.end());
  std::stable_sort(most.begin(), most.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (std::size_t i = 0; i < std::min(most.size(), kMostCounts); ++i)
    text += (i > 0 ? ", " : "") + printable(most[i].first) + ' ' + std::to_string(most[i].second);
  if (most.size() > kMostCounts) text += " and " + std::to_string(most.size() - kMostCounts) + " more";
  return text;
}

}  // namespace mobilenet::cli
