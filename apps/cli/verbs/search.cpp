// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/search.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/options.h"
#include "cli/arguments/preprocess_options.h"
#include "cli/output/output.h"
#include "cli/output/table.h"
#include "cli/output/words.h"
#include "cli/verbs.h"
#include "cli/verbs/answer_pictures.h"
#include "cli/verbs/index_model.h"
#include "cli/verbs/open_session.h"
#include "cli/verbs/picture_features.h"

// mobilenet search pictures.idx P...: the pictures of an index that are most similar; --duplicates: to each other.

namespace mobilenet::cli {
namespace {

constexpr int kMaxNeighbours = 1'000'000;
// Copies of a photograph in another size or file come above this, different ones below (docs/search.md).
constexpr float kDuplicate = 0.9f;

struct SearchOptions {
  std::string index;
  ModelChoice model;
  SessionOptions session;
  PictureArguments pictures;
  int count = 10;
  bool duplicates = false;
  std::optional<float> similarity;  // the lowest
  bool json = false;
};

int threads_of(const SearchOptions& options) {
  if (options.session.threads > 0) return options.session.threads;
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::string name_of_row(const SearchIndex& index, std::size_t row) { return std::string(index.name(row)); }

// Names and similarities, as JSON or as lines.
class Found {
 public:
  void add(std::string name, float similarity) {
    json_.push_back({{"image", name}, {"similarity", shortest(similarity)}});
    table_.row({fixed(static_cast<double>(similarity), 3), std::move(name)});
  }
  const Json& json() const { return json_; }
  std::string text() const { return table_.text(2); }

 private:
  Json json_ = Json::array();
  Table table_{{Align::right, Align::left}};
};

int find_duplicates(const SearchOptions& options, const SearchIndex& index) {
  const float lowest = options.similarity.value_or(kDuplicate);
  const auto groups = index.near_duplicates(lowest, threads_of(options));
  if (!groups) return fail(groups.error());
  std::size_t pictures = 0;
  for (const DuplicateGroup& group : *groups) {
    pictures += group.rows.size();
    Found found;
    for (std::size_t i = options.json ? 0 : 1; i < group.rows.size(); ++i)
      found.add(name_of_row(index, group.rows[i]), group.similarities[i]);
    if (options.json)
      print_json({{"task", "duplicates"}, {"images", found.json()}});
    else
      print(printable(index.name(group.rows.front())) + '\n' + found.text());
  }
  if (!options.json)
    note(counted(groups->size(), "group") + " with " + counted(pictures, "picture") + " of " +
         std::to_string(index.size()) + ", similar by " + fixed(static_cast<double>(lowest), 3) + " or more");
  return kSuccess;
}

// Answers queries some at a time, which share the reading of the index.
class Answers {
 public:
  Answers(const SearchOptions& options, const SearchIndex& index) : options_(options), index_(index) {}

  Result<void> add(const std::string& name, std::span<const float> features) {
    constexpr std::size_t kTogether = 16;
    names_.push_back(name);
    features_.insert(features_.end(), features.begin(), features.end());
    return names_.size() < kTogether ? Result<void>() : flush();
  }

  Result<void> flush() {
    const auto nearest = index_.nearest_of_each(features_, {.count = options_.count, .threads = threads_of(options_)});
    if (!nearest) return nearest.error();
    for (std::size_t i = 0; i < names_.size(); ++i) print_answer(names_[i], (*nearest)[i]);
    flush_output();
    names_.clear();
    features_.clear();
    return {};
  }

 private:
  void print_answer(const std::string& name, std::span<const Neighbour> neighbours) const {
    Found found;
    for (const Neighbour& neighbour : neighbours)
      if (!options_.similarity || neighbour.similarity >= *options_.similarity)
        found.add(name_of_row(index_, neighbour.row), neighbour.similarity);
    if (options_.json)
      print(json_line({{"image", name}, {"task", "search"}, {"similar", found.json()}}));
    else
      print(printable(name) + '\n' + found.text());
  }

  const SearchOptions& options_;
  const SearchIndex& index_;
  std::vector<std::string> names_;
  std::vector<float> features_;
};

int search(SearchOptions& options) {
  const auto index = SearchIndex::open(options.index);
  if (!index) return fail(index.error());
  if (options.duplicates) return find_duplicates(options, *index);
  const auto model = open_model_of(*index, options.index, options.model);
  if (!model) return fail(model.error());
  choose_features(index->source().layer, options.session);
  auto session = open_session(*model, options.session);
  if (!session) return fail(session.error());
  if (auto same = check_same_model(*index, options.index, model->info(), *session); !same) return fail(same.error());
  const std::vector<PictureSource> sources = list_still_pictures(options.pictures);
  Answers answers(options, *index);
  const auto bad = features_of_pictures(
      {sources, options.pictures, *model, options.session, *session, AnswersGo::to_standard_output, options.json},
      [&](const LoadedPicture& picture, std::span<const float> features) {
        return answers.add(picture.name, features);
      });
  if (!bad) return fail(bad.error());
  if (auto answered = answers.flush(); !answered) return fail(answered.error());
  if (*bad == 0) return kSuccess;
  return fail(std::to_string(*bad) + " of " + counted(sources.size(), "picture") +
              (*bad == 1 ? " has no answer" : " have no answer"));
}

}  // namespace

Work add_search(CLI::App& app) {
  const auto options = std::make_shared<SearchOptions>();
  options->session.precision = Precision::source;
  require(add_text(app, "index", options->index, "The .idx file that `mobilenet index` wrote", "INDEX"));
  add_count(app, "-n,--count", options->count, 1, kMaxNeighbours, "Pictures per query (default: 10)");
  add_flag(app, "--duplicates", options->duplicates, "Groups of pictures of the index that are nearly the same");
  add_fraction(app, "--similarity", options->similarity,
               "Lowest similarity to show (default: any; with --duplicates 0.9)");
  add_model_option(app, options->model, "the model that the index was made with");
  add_preprocess_options(app, options->model);
  add_picture_options(app, options->pictures);
  for (const char* queries : {"pictures", "--list"})
    exclude(option_named(app, queries), option_named(app, "--duplicates"));
  require_when_parsed(
      app, [options] { return options->duplicates || options->pictures.are_named(); }, "pictures or --duplicates");
  add_batch_option(app, options->pictures);
  add_session_options(app, options->session);
  add_json_option(app, options->json);
  set_footer(app,
             "Prints the similarity, 1 for the same picture, and the name of the most similar pictures.\n"
             "It is the cosine of the angle between what the model sees in both, and compared with all\n"
             "pictures of the index. A picture that cannot be read gets an error, does not stop the\n"
             "others, and makes the exit code 1.\n"
             "\n"
             "Examples:\n"
             "  mobilenet search holiday.idx beach.jpg\n"
             "  mobilenet search holiday.idx -n 3 --json *.jpg\n"
             "  mobilenet search holiday.idx --duplicates --similarity 0.98");
  return [options] { return search(*options); };
}

}  // namespace mobilenet::cli
