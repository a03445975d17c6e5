// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Decoding and suppression against a slow implementation that shares no code with it, and what hostile numbers do.
#include "postprocess/detection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <string>

namespace mobilenet {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
// The slow implementation decodes in double throughout, the decoder rounds centres and halves to float.
constexpr double kTolerance = 1e-5;

// Everything one call of the decoder reads.
struct Input {
  std::vector<AnchorBox> anchors;
  std::vector<float> boxes, scores;
  DetectorOutput view() const { return {boxes.data(), scores.data()}; }
};

struct Box {
  double top, left, bottom, right;
};

Box slow_decode(const Input& input, std::size_t anchor, const BoxCoder& coder) {
  const AnchorBox& a = input.anchors[anchor];
  const double t[4] = {input.boxes[anchor * 4] / double{coder.y}, input.boxes[anchor * 4 + 1] / double{coder.x},
                       input.boxes[anchor * 4 + 2] / double{coder.height},
                       input.boxes[anchor * 4 + 3] / double{coder.width}};
  const double y = double{a.y} + t[0] * double{a.height}, x = double{a.x} + t[1] * double{a.width};
  const double height = double{a.height} * std::exp(t[2]), width = double{a.width} * std::exp(t[3]);
  return {y - height / 2, x - width / 2, y + height / 2, x + width / 2};
}

double slow_overlap(const Box& a, const Box& b) {
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double area_a = (a.bottom - a.top) * (a.right - a.left), area_b = (b.bottom - b.top) * (b.right - b.left);
  if (!(area_a > 0 && area_b > 0 && height > 0 && width > 0)) return 0;
  return height * width / (area_a + area_b - height * width);
}

// The probabilities of one anchor's classes.
std::vector<float> slow_probabilities(const DetectionSpec& spec, const Input& input, std::size_t anchor) {
  const std::size_t columns = static_cast<std::size_t>(spec.classes) + (spec.background_column ? 1 : 0);
  const auto first = input.scores.begin() + static_cast<std::ptrdiff_t>(anchor * columns);
  std::vector<float> row(first, first + static_cast<std::ptrdiff_t>(columns));
  if (spec.score_function == ScoreFunction::softmax) {
    const float largest = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float score : row) sum += std::exp(static_cast<double>(score - largest));
    for (float& score : row) score = static_cast<float>(std::exp(static_cast<double>(score - largest)) / sum);
  } else if (spec.score_function == ScoreFunction::sigmoid) {
    for (float& score : row) score = 1 / (1 + std::exp(-score));
  }
  if (spec.background_column) row.erase(row.begin());
  return row;
}

struct Found {
  std::size_t anchor;
  int class_index;
  float score;
};

float slow_threshold(const SuppressionSpec& s, int class_index) {
  if (s.class_thresholds.empty()) return s.score_threshold;
  return std::max(s.score_threshold, s.class_thresholds[static_cast<std::size_t>(class_index)]);
}

// Takes the best candidate and everything that it covers away, until none is left.
std::vector<Found> slow_suppress(const DetectionSpec& spec, const Input& input, std::vector<Found> candidates,
                                 int most) {
  std::vector<Found> kept;
  std::erase_if(candidates,
                [&](const Found& f) { return !(f.score >= slow_threshold(spec.suppression, f.class_index)); });
  while (!candidates.empty() && static_cast<int>(kept.size()) < most) {
    const Found best = *std::max_element(candidates.begin(), candidates.end(),
                                         [](const Found& a, const Found& b) { return a.score < b.score; });
    kept.push_back(best);
    const Box box = slow_decode(input, best.anchor, spec.coder);
    std::erase_if(candidates, [&](const Found& f) {
      return f.anchor == best.anchor || slow_overlap(box, slow_decode(input, f.anchor, spec.coder)) >
                                            static_cast<double>(spec.suppression.iou_threshold);
    });
  }
  return kept;
}

std::vector<Found> slow_detections(const DetectionSpec& spec, const Input& input) {
  const SuppressionSpec& s = spec.suppression;
  const auto better = [](const Found& a, const Found& b) { return a.score > b.score; };
  std::vector<std::vector<Found>> rows;  // [anchor][class]
  for (std::size_t anchor = 0; anchor < input.anchors.size(); ++anchor) {
    rows.emplace_back();
    const std::vector<float> row = slow_probabilities(spec, input, anchor);
    for (int c = 0; c < spec.classes; ++c) rows.back().push_back({anchor, c, row[static_cast<std::size_t>(c)]});
  }
  std::vector<Found> all;
  if (s.rule == SuppressionRule::fast) {
    std::vector<Found> candidates;
    for (auto& row : rows) {
      std::stable_sort(row.begin(), row.end(), better);
      candidates.push_back(row[0]);
    }
    for (const Found& found : slow_suppress(spec, input, candidates, s.max_detections)) {
      // Equal scores as the runtime's sort leaves them, from the order of the classes.
      std::vector<Found>& row = rows[found.anchor];
      std::sort(row.begin(), row.end(), [](const Found& a, const Found& b) { return a.class_index < b.class_index; });
      if (s.max_classes_per_anchor > 1)
        std::partial_sort(row.begin(), row.begin() + s.max_classes_per_anchor, row.end(), better);
      else
        std::stable_sort(row.begin(), row.end(), better);
      all.insert(all.end(), rows[found.anchor].begin(), rows[found.anchor].begin() + s.max_classes_per_anchor);
    }
    return all;
  }
  for (int c = 0; c < spec.classes; ++c) {
    std::vector<Found> candidates;
    for (const auto& row : rows) candidates.push_back(row[static_cast<std::size_t>(c)]);
    const std::vector<Found> kept = slow_suppress(spec, input, candidates, s.max_per_class);
    all.insert(all.end(), kept.begin(), kept.end());
  }
  std::stable_sort(all.begin(), all.end(), better);
  all.resize(std::min(all.size(), static_cast<std::size_t>(s.max_detections)));
  return all;
}

// Runs in memory of exactly the promised size, so that the sanitizer build sees a byte too many.
std::vector<RawDetection> run(const DetectionSpec& spec, const Input& input, const std::vector<bool>& wanted = {}) {
  const auto decoder = DetectionDecoder::create(spec, input.anchors, wanted);
  if (!decoder) {
    ADD_FAILURE() << decoder.error().message;
    return {};
  }
  const auto workspace = std::make_unique<std::byte[]>(decoder->workspace_bytes());
  std::fill_n(workspace.get(), decoder->workspace_bytes(), std::byte{0xa5});  // nothing may rely on zeros
  const auto found = decoder->run(input.view(), workspace.get());
  EXPECT_LE(found.size(), static_cast<std::size_t>(max_results(spec)));
  return {found.begin(), found.end()};
}

// Numbers of a coarse grid, so that ties are common and different scores are well apart.
Input random_input(std::mt19937& random, std::size_t anchors, const DetectionSpec& spec) {
  const auto uniform = [&](double low, double high) {
    return static_cast<float>(low + (high - low) * static_cast<double>(random()) / 0x1p32);
  };
  Input input;
  for (std::size_t i = 0; i < anchors; ++i) {
    input.anchors.push_back({uniform(0, 1), uniform(0, 1), uniform(0.1, 0.6), uniform(0.1, 0.6)});
    for (int k = 0; k < 4; ++k) input.boxes.push_back(uniform(-3, 3));
    const int columns = spec.classes + (spec.background_column ? 1 : 0);
    for (int c = 0; c < columns; ++c) {
      const auto step = static_cast<float>(random() % 33);
      input.scores.push_back(spec.score_function == ScoreFunction::identity ? step / 32 : step / 4 - 4);
    }
  }
  return input;
}

void expect_like_slow(const DetectionSpec& spec, const Input& input) {
  const std::vector<RawDetection> found = run(spec, input);
  const std::vector<Found> expected = slow_detections(spec, input);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].class_index, expected[i].class_index) << "row " << i;
    ASSERT_FLOAT_EQ(found[i].score, expected[i].score) << "row " << i;
    const Box box = slow_decode(input, expected[i].anchor, spec.coder);
    ASSERT_NEAR(found[i].top, box.top, kTolerance) << "row " << i;
    ASSERT_NEAR(found[i].left, box.left, kTolerance) << "row " << i;
    ASSERT_NEAR(found[i].bottom, box.bottom, kTolerance) << "row " << i;
    ASSERT_NEAR(found[i].right, box.right, kTolerance) << "row " << i;
  }
}

DetectionSpec spec_of(int classes, SuppressionRule rule, ScoreFunction function = ScoreFunction::identity,
                      bool background = true) {
  DetectionSpec spec;
  spec.classes = classes;
  spec.background_column = background;
  spec.score_function = function;
  spec.suppression.rule = rule;
  return spec;
}

TEST(Detection, LikeASlowImplementation) {
  std::mt19937 random(20261122);
  const std::size_t counts[] = {0, 1, 2, 7, 40, 90};
  for (int round = 0; round < 600; ++round) {
    DetectionSpec spec =
        spec_of(1 + static_cast<int>(random() % 9), random() % 2 ? SuppressionRule::fast : SuppressionRule::per_class,
                static_cast<ScoreFunction>(random() % 3), random() % 2 == 0);
    SuppressionSpec& s = spec.suppression;
    s.iou_threshold = static_cast<float>(random() % 11) / 10;
    s.score_threshold = static_cast<float>(random() % 4) * 0.21f;
    s.max_detections = 1 + static_cast<int>(random() % 100);
    s.max_per_class = 1 + static_cast<int>(random() % 60);
    s.max_classes_per_anchor = 1 + static_cast<int>(random()) % spec.classes;
    s.max_classes_per_anchor = std::clamp(s.max_classes_per_anchor, 1, spec.classes);
    if (random() % 3 == 0)
      for (int c = 0; c < spec.classes; ++c) s.class_thresholds.push_back(static_cast<float>(random() % 10) / 10.3f);
    const Input input = random_input(random, counts[random() % std::size(counts)], spec);
    SCOPED_TRACE("round " + std::to_string(round));
    expect_like_slow(spec, input);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

// Boxes that do not overlap and all score the same: every list is as long as it can get.
TEST(Detection, NothingSuppressedFillsEveryList) {
  for (const SuppressionRule rule : {SuppressionRule::fast, SuppressionRule::per_class})
    for (const int most : {1, 5, 64, 1000})
      for (const int per_class : {1, 5, 64, 1000}) {
        DetectionSpec spec = spec_of(6, rule, ScoreFunction::identity, false);
        spec.suppression.max_detections = most;
        spec.suppression.max_per_class = per_class;
        spec.suppression.max_classes_per_anchor = 6;
        Input input;
        for (int i = 0; i < 64; ++i) {
          input.anchors.push_back({static_cast<float>(i), 0, 0.5f, 0.5f});
          input.boxes.insert(input.boxes.end(), 4, 0.0f);
          input.scores.insert(input.scores.end(), 6, 1.0f);
        }
        expect_like_slow(spec, input);
      }
}

TEST(Detection, BoxesAreDecodedAroundTheirAnchor) {
  DetectionSpec spec = spec_of(1, SuppressionRule::fast, ScoreFunction::identity, false);
  spec.coder = {10, 20, 5, 4};
  const Input input{{{0.5f, 0.25f, 0.2f, 0.4f}}, {1, -2, 5 * std::log(2.0f), 0}, {0.75f}};
  const std::vector<RawDetection> found = run(spec, input);
  ASSERT_EQ(found.size(), 1u);
  // Centre 0.5 + 1 / 10 * 0.2, 0.25 - 2 / 20 * 0.4; height 2 * 0.2, width 0.4.
  EXPECT_NEAR(found[0].top, 0.32, 1e-6);
  EXPECT_NEAR(found[0].left, 0.01, 1e-6);
  EXPECT_NEAR(found[0].bottom, 0.72, 1e-6);
  EXPECT_NEAR(found[0].right, 0.41, 1e-6);
  EXPECT_EQ(found[0].class_index, 0);
  EXPECT_EQ(found[0].score, 0.75f);
}

// Three equal boxes and one far away, of two classes.
Input crowd(std::vector<float> scores) {
  return {{{0, 0, 1, 1}, {0, 0, 1, 1}, {0, 0, 1, 1}, {5, 5, 1, 1}}, std::vector<float>(16), std::move(scores)};
}

TEST(Detection, TheRulesDiffer) {
  const Input input = crowd({0.9f, 0.1f, 0.2f, 0.8f, 0.9f, 0.3f, 0.4f, 0.3f});
  const auto classes = [&](SuppressionRule rule) {
    std::string list;
    for (const RawDetection& found : run(spec_of(2, rule, ScoreFunction::identity, false), input))
      list += std::to_string(found.class_index) + (found.top > 1 ? "far " : "near ");
    return list;
  };
  EXPECT_EQ(classes(SuppressionRule::fast), "0near 0far ");
  EXPECT_EQ(classes(SuppressionRule::per_class), "0near 1near 0far 1far ");
}

TEST(Detection, AScoreAtTheThresholdCounts) {
  DetectionSpec spec = spec_of(1, SuppressionRule::fast, ScoreFunction::identity, false);
  spec.suppression.score_threshold = 0.5f;
  EXPECT_EQ(run(spec, crowd({0.5f, 0.5f, 0.5f, std::nextafter(0.5f, 0.0f)})).size(), 1u);
}

TEST(Detection, AnOverlapAtTheThresholdStays) {
  // Two boxes of 1x1 that share 0.5: 0.5 / 1.5 of their union.
  const Input input{{{0.5f, 0.5f, 1, 1}, {0.5f, 1, 1, 1}}, std::vector<float>(8), {0.9f, 0.8f}};
  DetectionSpec spec = spec_of(1, SuppressionRule::fast, ScoreFunction::identity, false);
  spec.suppression.iou_threshold = 0.5f / 1.5f;
  EXPECT_EQ(run(spec, input).size(), 2u);
  spec.suppression.iou_threshold = std::nextafter(0.5f / 1.5f, 0.0f);
  EXPECT_EQ(run(spec, input).size(), 1u);
}

// Classes that nobody wants suppress as ever, but take no place.
TEST(Detection, LimitsCountWantedClassesOnly) {
  std::mt19937 random(17);
  const std::vector<bool> wanted{true, false, true, false};
  for (const SuppressionRule rule : {SuppressionRule::fast, SuppressionRule::per_class}) {
    DetectionSpec spec = spec_of(4, rule);
    spec.suppression.max_per_class = spec.suppression.max_detections = 1000;
    for (int repeat = 0; repeat < 20; ++repeat) {
      const Input input = random_input(random, 60, spec);
      std::vector<RawDetection> expected = run(spec, input);
      std::erase_if(expected,
                    [&](const RawDetection& one) { return !wanted[static_cast<std::size_t>(one.class_index)]; });
      for (const std::size_t most : {std::size_t{1}, std::size_t{5}, std::size_t{1000}}) {
        DetectionSpec limited = spec;
        limited.suppression.max_detections = static_cast<int>(most);
        const std::vector<RawDetection> found = run(limited, input, wanted);
        ASSERT_EQ(found.size(), std::min(most, expected.size()));
        for (std::size_t i = 0; i < found.size(); ++i) {
          EXPECT_EQ(found[i].class_index, expected[i].class_index);
          EXPECT_EQ(found[i].score, expected[i].score);
          EXPECT_EQ(found[i].top, expected[i].top);
        }
      }
    }
  }
}

TEST(Detection, BackgroundIsNeverAnAnswer) {
  for (const SuppressionRule rule : {SuppressionRule::fast, SuppressionRule::per_class}) {
    const std::vector<RawDetection> found = run(spec_of(1, rule), crowd({1, 0.25f, 1, 0, 1, 0, 1, 0.5f}));
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].score, 0.5f);
    EXPECT_EQ(found[1].score, 0.25f);
  }
}

// What is not a number never becomes an answer, and never hides another anchor.
TEST(Detection, ScoresThatAreNoNumbers) {
  for (const SuppressionRule rule : {SuppressionRule::fast, SuppressionRule::per_class})
    for (const ScoreFunction function : {ScoreFunction::identity, ScoreFunction::sigmoid, ScoreFunction::softmax})
      for (const int classes_of_anchor : {1, 2}) {
        DetectionSpec spec = spec_of(2, rule, function, false);
        spec.suppression.max_classes_per_anchor = classes_of_anchor;
        const std::vector<RawDetection> found =
            run(spec, crowd({kNan, kNan, kNan, 0.25f, -kInfinity, kInfinity, 0.5f, 0.75f}));
        EXPECT_GE(found.size(), 1u);
        for (const RawDetection& one : found) {
          EXPECT_FALSE(std::isnan(one.score));
          EXPECT_GE(one.class_index, 0);
          EXPECT_LT(one.class_index, 2);
        }
        EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](const RawDetection& one) { return one.top > 1; }));
      }
}

// Every class of an anchor at most once, whatever the numbers.
TEST(Detection, ClassesOfAnAnchorAreDifferent) {
  DetectionSpec spec = spec_of(3, SuppressionRule::fast, ScoreFunction::identity, false);
  spec.suppression.score_threshold = -100;
  spec.suppression.max_classes_per_anchor = 3;
  for (const std::vector<float>& row :
       {std::vector<float>{-3, -2, -5}, {0.5f, kNan, 0.25f}, {-1, -1, -1}, {kInfinity, -kInfinity, 0}}) {
    const std::vector<RawDetection> found = run(spec, {{{0, 0, 1, 1}}, std::vector<float>(4), row});
    std::vector<int> classes;
    for (const RawDetection& one : found) {
      EXPECT_EQ(one.score, row[static_cast<std::size_t>(one.class_index)]);
      classes.push_back(one.class_index);
    }
    std::sort(classes.begin(), classes.end());
    EXPECT_EQ(std::adjacent_find(classes.begin(), classes.end()), classes.end());
    EXPECT_EQ(classes.size(), static_cast<std::size_t>(std::count_if(row.begin(), row.end(),
                                                                     [](float score) { return !std::isnan(score); })));
  }
}

TEST(Detection, BoxesThatAreNoNumbersHideNobody) {
  for (const SuppressionRule rule : {SuppressionRule::fast, SuppressionRule::per_class})
    for (const float wild : {kNan, kInfinity, -kInfinity, 3e38f}) {
      Input input = crowd({0.9f, 0.1f, 0.1f, 0.5f});
      for (std::size_t i = 0; i < 4; ++i) input.boxes[i] = wild;
      const std::vector<RawDetection> found = run(spec_of(1, rule, ScoreFunction::identity, false), input);
      EXPECT_GE(found.size(), 2u) << wild;
      EXPECT_EQ(found[0].score, 0.9f);
    }
}

TEST(Detection, NoAnchorsNoAnswers) {
  EXPECT_TRUE(run(spec_of(3, SuppressionRule::fast), {}).empty());
  EXPECT_TRUE(run(spec_of(3, SuppressionRule::per_class, ScoreFunction::softmax), {}).empty());
}

struct ImpossibleCase {
  const char* name;
  void (*bend)(DetectionSpec&);
  const char* said;
};

constexpr ImpossibleCase kImpossibleCases[] = {
    {"no classes", [](DetectionSpec& s) { s.classes = 0; }, "a detector of 0 classes"},
    {"negative classes", [](DetectionSpec& s) { s.classes = -3; }, "a detector of -3 classes"},
    {"countless classes", [](DetectionSpec& s) { s.classes = 1 << 30; }, "is impossible"},
    {"scale of zero", [](DetectionSpec& s) { s.coder.x = 0; }, "a box coder with scale 0"},
    {"negative scale", [](DetectionSpec& s) { s.coder.height = -5; }, "a box coder with scale -5"},
    {"scale that is no number", [](DetectionSpec& s) { s.coder.y = kNan; }, "a box coder with scale nan"},
    {"infinite scale", [](DetectionSpec& s) { s.coder.width = kInfinity; }, "a box coder with scale inf"},
    {"overlap above 1", [](DetectionSpec& s) { s.suppression.iou_threshold = 1.5f; }, "an IoU threshold of 1.5"},
    {"overlap that is no number", [](DetectionSpec& s) { s.suppression.iou_threshold = kNan; }, "IoU threshold of nan"},
    {"score that is no number", [](DetectionSpec& s) { s.suppression.score_threshold = kNan; }, "threshold of nan"},
    {"no detections", [](DetectionSpec& s) { s.suppression.max_detections = 0; }, "at most 0 detections"},
    {"none of a class",
     [](DetectionSpec& s) {
       s.suppression.rule = SuppressionRule::per_class;
       s.suppression.max_per_class = 0;
     },
     "0 of a class"},
    {"no class of an anchor", [](DetectionSpec& s) { s.suppression.max_classes_per_anchor = 0; },
     "0 classes of an anchor"},
    {"countless results",
     [](DetectionSpec& s) {
       s.suppression.max_detections = 1 << 15;
       s.suppression.max_classes_per_anchor = 4;
     },
     "impossible"},
    {"thresholds of other classes", [](DetectionSpec& s) { s.suppression.class_thresholds = {0.5f}; },
     "1 class thresholds for 4 classes"},
    {"class threshold that is no number",
     [](DetectionSpec& s) {
       s.suppression.class_thresholds = {0.5f, kNan, 0.5f, 0.5f};
     },
     "the score threshold of class 1 is nan"},
};

TEST(Detection, ImpossibleOptionsAreRefused) {
  for (const ImpossibleCase& c : kImpossibleCases) {
    DetectionSpec spec = spec_of(4, SuppressionRule::fast);
    c.bend(spec);
    const auto decoder = DetectionDecoder::create(spec, {{0, 0, 1, 1}});
    ASSERT_FALSE(decoder) << c.name;
    EXPECT_EQ(decoder.error().code, ErrorCode::bad_format) << c.name;
    EXPECT_NE(decoder.error().message.find(c.said), std::string::npos) << c.name << ": " << decoder.error().message;
  }
}

TEST(Detection, AnchorsMustBeFinite) {
  const auto decoder = DetectionDecoder::create(spec_of(2, SuppressionRule::fast), {{0, 0, 1, 1}, {0, kNan, 1, 1}});
  ASSERT_FALSE(decoder);
  EXPECT_EQ(decoder.error().message, "anchor 1 is not finite");
}

}  // namespace
}  // namespace mobilenet
