// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "evaluate/coco_ap.h"

#include <algorithm>
#include <limits>

namespace mobilenet::evaluation {
namespace {

constexpr std::size_t kThresholds = 10;                       // overlaps 0.5, 0.55, ... 0.95
constexpr std::size_t kRecallLevels = 101;                    // 0, 0.01, ... 1
constexpr std::array<std::size_t, 3> kLimits = {1, 10, 100};  // found objects per picture and category

struct AreaRange {
  double least, most;
};
constexpr double kEverything = 1e5 * 1e5;
constexpr std::array<AreaRange, 4> kAreas = {
    {{0, kEverything}, {0, 32.0 * 32.0}, {32.0 * 32.0, 96.0 * 96.0}, {96.0 * 96.0, kEverything}}};

bool outside(double area, const AreaRange& range) { return area < range.least || area > range.most; }

// The levels that numpy.linspace gives: their last bits decide comparisons with equality.
template <std::size_t kCount>
std::array<double, kCount> levels(double first, double last) {
  std::array<double, kCount> values{};
  const double step = (last - first) / static_cast<double>(kCount - 1);
  for (std::size_t i = 0; i < kCount; ++i) {
    const volatile double offset = static_cast<double>(i) * step;  // volatile: rounded before it is added
    values[i] = first + offset;
  }
  values.back() = last;
  return values;
}

// What became of a found object at one overlap threshold.
enum class Verdict : unsigned char { mistake, hit, ignored };

// One category of one picture: the best found objects first, and the overlap of each with every true object.
struct Scene {
  std::vector<const TrueObject*> truth;
  std::vector<const FoundObject*> found;
  std::vector<double> overlaps;  // [found][truth]
};

Scene scene_of(const CocoPicture& picture, std::size_t category) {
  Scene scene;
  for (const TrueObject& object : picture.truth)
    if (object.category == category) scene.truth.push_back(&object);
  for (const FoundObject& object : picture.found)
    if (object.category == category) scene.found.push_back(&object);
  std::ranges::stable_sort(scene.found, std::ranges::greater{}, &FoundObject::score);
  scene.found.resize(std::min(scene.found.size(), kLimits.back()));
  scene.overlaps.reserve(scene.found.size() * scene.truth.size());
  for (const FoundObject* found : scene.found)
    for (const TrueObject* truth : scene.truth)
      scene.overlaps.push_back(coco_overlap(found->box, truth->box, truth->crowd));
  return scene;
}

// The true objects in the order in which they are offered: those that count first.
struct Offer {
  std::vector<std::size_t> order;  // into Scene::truth
  std::size_t counted = 0;         // so many of them count, the rest is ignored
};

Offer offer_of(const Scene& scene, const AreaRange& range) {
  Offer offer;
  std::vector<std::size_t> ignored;
  for (std::size_t i = 0; i < scene.truth.size(); ++i) {
    const TrueObject& object = *scene.truth[i];
    (object.crowd || outside(object.area, range) ? ignored : offer.order).push_back(i);
  }
  offer.counted = offer.order.size();
  offer.order.insert(offer.order.end(), ignored.begin(), ignored.end());
  return offer;
}

// Greedy matching, best score first: each found object takes the free true object that it overlaps most, and one that
// is ignored only where none that counts will do. Of equal overlaps the last one offered is taken.
std::vector<Verdict> match(const Scene& scene, const Offer& offer, const AreaRange& range, double threshold) {
  constexpr double kAlmostOne = 1 - 1e-10;
  const std::size_t count = offer.order.size();
  std::vector<char> taken(count, 0);
  std::vector<Verdict> verdicts;
  verdicts.reserve(scene.found.size());
  for (std::size_t f = 0; f < scene.found.size(); ++f) {
    const double* const overlaps = scene.overlaps.data() + f * count;
    double best = std::min(threshold, kAlmostOne);
    std::size_t choice = count;
    for (std::size_t i = 0; i < count; ++i) {
      if (taken[i] != 0 && !scene.truth[offer.order[i]]->crowd) continue;
      if (choice < offer.counted && i >= offer.counted) break;
      if (overlaps[offer.order[i]] < best) continue;
      best = overlaps[offer.order[i]];
      choice = i;
    }
    const bool matched = choice < count;
    if (matched) taken[choice] = 1;
    const bool hit = matched && !scene.truth[offer.order[choice]]->id_is_zero;
    const CocoBox& box = scene.found[f]->box;
    if ((matched && choice >= offer.counted) || (!hit && outside(box[2] * box[3], range))) {
      verdicts.push_back(Verdict::ignored);
    } else {
      verdicts.push_back(hit ? Verdict::hit : Verdict::mistake);
    }
  }
  return verdicts;
}

struct Curve {
  double recall = 0;     // in the end
  double precision = 0;  // mean over the recall levels
};

// The curve of verdicts that are sorted by falling score.
Curve curve_of(const std::vector<Verdict>& verdicts, std::size_t counted) {
  static const auto all_levels = levels<kRecallLevels>(0, 1);
  std::vector<double> recall, precision;
  recall.reserve(verdicts.size()), precision.reserve(verdicts.size());
  double hits = 0, mistakes = 0;
  for (const Verdict verdict : verdicts) {
    if (verdict == Verdict::hit) ++hits;
    if (verdict == Verdict::mistake) ++mistakes;
    recall.push_back(hits / static_cast<double>(counted));
    precision.push_back(hits / (mistakes + hits + std::numeric_limits<double>::epsilon()));
  }
  // The best precision at this recall or a higher one.
  for (std::size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  Curve curve;
  if (!recall.empty()) curve.recall = recall.back();
  for (const double level : all_levels) {
    const auto at = static_cast<std::size_t>(std::ranges::lower_bound(recall, level) - recall.begin());
    if (at == recall.size()) break;  // higher levels are never reached: precision 0
    curve.precision += precision[at];
  }
  curve.precision /= static_cast<double>(kRecallLevels);
  return curve;
}

struct Mean {
  double sum = 0;
  std::size_t count = 0;
  void add(double value) { sum += value, ++count; }
  double value() const { return count == 0 ? -1 : sum / static_cast<double>(count); }
};

// Sums over the categories, per area range, limit and threshold.
using Means = std::array<std::array<std::array<Mean, kThresholds>, kLimits.size()>, kAreas.size()>;

// A found object among those of all pictures.
struct Ranked {
  double score;
  std::size_t scene, place;
};

std::vector<Ranked> ranking(const std::vector<Scene>& scenes, std::size_t limit) {
  std::vector<Ranked> ranked;
  for (std::size_t s = 0; s < scenes.size(); ++s)
    for (std::size_t i = 0; i < std::min(limit, scenes[s].found.size()); ++i)
      ranked.push_back({scenes[s].found[i]->score, s, i});
  std::ranges::stable_sort(ranked, std::ranges::greater{}, &Ranked::score);
  return ranked;
}

void add_category(const std::vector<Scene>& scenes, Means& precision, Means& recall) {
  static const auto overlaps = levels<kThresholds>(0.5, 0.95);
  std::array<std::vector<Ranked>, kLimits.size()> rankings;
  for (std::size_t m = 0; m < kLimits.size(); ++m) rankings[m] = ranking(scenes, kLimits[m]);
  for (std::size_t a = 0; a < kAreas.size(); ++a) {
    std::vector<Offer> offers;
    std::size_t counted = 0;
    for (const Scene& scene : scenes) counted += offers.emplace_back(offer_of(scene, kAreas[a])).counted;
    if (counted == 0) continue;
    for (std::size_t t = 0; t < kThresholds; ++t) {
      std::vector<std::vector<Verdict>> verdicts;
      for (std::size_t s = 0; s < scenes.size(); ++s)
        verdicts.push_back(match(scenes[s], offers[s], kAreas[a], overlaps[t]));
      for (std::size_t m = 0; m < kLimits.size(); ++m) {
        std::vector<Verdict> sorted;
        sorted.reserve(rankings[m].size());
        for (const Ranked& object : rankings[m]) sorted.push_back(verdicts[object.scene][object.place]);
        const Curve curve = curve_of(sorted, counted);
        precision[a][m][t].add(curve.precision);
        recall[a][m][t].add(curve.recall);
      }
    }
  }
}

double over_thresholds(const std::array<Mean, kThresholds>& means) {
  Mean all;
  for (const Mean& mean : means) all.sum += mean.sum, all.count += mean.count;
  return all.value();
}

}  // namespace

double coco_overlap(const CocoBox& found, const CocoBox& truth, bool crowd) {
  const double width = std::min(found[0] + found[2], truth[0] + truth[2]) - std::max(found[0], truth[0]);
  const double height = std::min(found[1] + found[3], truth[1] + truth[3]) - std::max(found[1], truth[1]);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height, area = found[2] * found[3];
  return both / (crowd ? area : area + truth[2] * truth[3] - both);
}

CocoFigures coco_figures(std::span<const CocoPicture* const> pictures, std::size_t categories) {
  // The scenes of each category; pictures in which it neither is nor was found say nothing.
  std::vector<std::vector<Scene>> scenes(categories);
  for (const CocoPicture* picture : pictures) {
    std::vector<std::size_t> present;
    for (const TrueObject& object : picture->truth) present.push_back(object.category);
    for (const FoundObject& object : picture->found) present.push_back(object.category);
    std::ranges::sort(present);
    present.erase(std::unique(present.begin(), present.end()), present.end());
    for (const std::size_t category : present)
      if (category < categories) scenes[category].push_back(scene_of(*picture, category));
  }
  Means precision{}, recall{};
  for (const auto& of_category : scenes) add_category(of_category, precision, recall);

  constexpr std::size_t kAll = 0, kSmall = 1, kMedium = 2, kLarge = 3;
  constexpr std::size_t kMost = kLimits.size() - 1;
  const auto ap = [&](std::size_t area) { return over_thresholds(precision[area][kMost]); };
  const auto ar = [&](std::size_t area, std::size_t limit) { return over_thresholds(recall[area][limit]); };
  return {ap(kAll),
          precision[kAll][kMost][0].value(),  // overlap 0.5
          precision[kAll][kMost][5].value(),  // overlap 0.75
          ap(kSmall),
          ap(kMedium),
          ap(kLarge),
          ar(kAll, 0),
          ar(kAll, 1),
          ar(kAll, kMost),
          ar(kSmall, kMost),
          ar(kMedium, kMost),
          ar(kLarge, kMost)};
}

}  // namespace mobilenet::evaluation
