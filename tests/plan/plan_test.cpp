// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mobilenet {
namespace {

constexpr GroupingTraits kFuseAll{true, true, true, true, 64, 64};
constexpr GroupingTraits kFuseNothing{};

// x -> conv a -> norm -> relu6 -> conv b -> norm -> add (with x) -> reshape. Tensor i is the output of node i - 1.
class ResidualNet : public ::testing::Test {
 protected:
  ResidualNet() {
    const Shape map{1, 6, 5, 8};
    numbers_.assign(64, 0.0f);
    const auto bytes = std::as_bytes(std::span(numbers_));
    parameters_.values = {{"w", DataType::f32, {8, 8, 1, 1}, WeightLayout::oihw, bytes},
                          {"v", DataType::f32, {8}, WeightLayout::none, bytes.first(32)}};
    network_.tensors.resize(8);
    network_.tensors[0].shape = map;
    network_.tensors.push_back({"w", DataType::f32, {8, 8, 1, 1}, {}, 0});
    network_.tensors.push_back({"v", DataType::f32, {8}, {}, 1});
    network_.nodes = {{"a", Conv2dOp{}, {0, 8}, 1},
                      {"a.norm", BatchNormOp{}, {1, 9, 9, 9, 9}, 2},
                      {"a.relu", ActivationOp{}, {2}, 3},
                      {"b", Conv2dOp{}, {3, 8}, 4},
                      {"b.norm", BatchNormOp{}, {4, 9, 9, 9, 9}, 5},
                      {"sum", AddOp{}, {0, 5}, 6},
                      {"flat", ReshapeOp{{1, 240}}, {6}, 7}};
    network_.inputs = {0};
    network_.outputs = {7};
  }

  Plan plan(std::vector<TensorId> outputs, const GroupingTraits& traits, std::int64_t batch = 1) const {
    const Shape input{batch, 6, 5, 8};
    return make_plan(network_, parameters_, {&input, 1}, outputs, traits).value();
  }
  static std::vector<std::vector<int>> nodes(const Plan& plan) {
    std::vector<std::vector<int>> list;
    for (const Step& step : plan.steps) list.push_back(step.nodes);
    return list;
  }

  std::vector<float> numbers_;
  Network network_;
  Parameters parameters_;
};

using Groups = std::vector<std::vector<int>>;

TEST_F(ResidualNet, NothingIsFusedForReference) {
  EXPECT_EQ(nodes(plan({7}, kFuseNothing)), (Groups{{0}, {1}, {2}, {3}, {4}, {5}, {6}}));
}

TEST_F(ResidualNet, ConvolutionsTakeNormActivationAndResidual) {
  const Plan p = plan({7}, kFuseAll);
  EXPECT_EQ(nodes(p), (Groups{{0, 1, 2}, {3, 4, 5}})) << "a reshape is no step";
  EXPECT_EQ(p.memory[7], 6);
  EXPECT_EQ(p.steps[1].inputs, (std::vector<TensorId>{3, 0}));
  EXPECT_EQ(p.steps[1].output, 6);
  EXPECT_EQ(p.offsets[7], p.offsets[6]) << "a reshape shares memory";
  EXPECT_EQ(p.offsets[1], kNotInArena);
}

TEST_F(ResidualNet, AWantedTensorCutsTheGroupOpen) {
  EXPECT_EQ(nodes(plan({7, 2}, kFuseAll)), (Groups{{0, 1}, {2}, {3, 4, 5}}));
  EXPECT_EQ(nodes(plan({7, 5}, kFuseAll)), (Groups{{0, 1, 2}, {3, 4}, {5}}));
  EXPECT_EQ(nodes(plan({7, 1, 4}, kFuseAll)), (Groups{{0}, {1}, {2}, {3}, {4}, {5}}));
}

TEST_F(ResidualNet, WhatNobodyWantsDoesNotRun) { EXPECT_EQ(nodes(plan({3}, kFuseAll)), (Groups{{0, 1, 2}})); }

TEST_F(ResidualNet, TheInputItselfCanBeWanted) { EXPECT_TRUE(plan({0}, kFuseAll).steps.empty()); }

TEST_F(ResidualNet, TheBatchFollowsThroughReshape) { EXPECT_EQ(plan({7}, kFuseAll, 3).shapes[7], (Shape{3, 240})); }

TEST_F(ResidualNet, IntegerConvolutionsKeepTheirOwnRounding) {
  for (TensorId id : {4, 5, 6, 7}) network_.tensors[static_cast<std::size_t>(id)].type = DataType::u8;
  EXPECT_EQ(nodes(plan({7}, kFuseAll)), (Groups{{0, 1, 2}, {3}, {4}, {5}}));
}

// Tensors that are alive during one step must not share bytes.
TEST_F(ResidualNet, LiveTensorsDoNotOverlap) {
  for (const GroupingTraits& traits : {kFuseAll, kFuseNothing}) {
    const Plan p = plan({7}, traits, 2);
    const auto bytes = [&](TensorId id) {
      return static_cast<std::size_t>(p.shapes[static_cast<std::size_t>(id)].elements()) * sizeof(float) +
             traits.read_padding;
    };
    std::vector<bool> done(p.shapes.size(), false);
    const auto last_use = [&](TensorId id) {
      std::size_t last = 0;
      for (std::size_t s = 0; s < p.steps.size(); ++s)
        if (p.steps[s].output == id || std::count(p.steps[s].inputs.begin(), p.steps[s].inputs.end(), id)) last = s;
      return id == 0 || id == 7 ? p.steps.size() : last;
    };
    for (std::size_t s = 0; s < p.steps.size(); ++s) {
      const TensorId output = p.steps[s].output;
      if (p.offsets[static_cast<std::size_t>(output)] == kNotInArena) continue;
      std::vector<TensorId> alive{0};
      for (std::size_t earlier = 0; earlier < s; ++earlier) alive.push_back(p.steps[earlier].output);
      for (const TensorId other : alive) {
        if (last_use(other) < s) continue;
        const std::size_t a = p.offsets[static_cast<std::size_t>(output)],
                          b = p.offsets[static_cast<std::size_t>(other)];
        const bool alias = traits.alias_reshape && output == 7 && other == 6;
        EXPECT_TRUE(alias || a + bytes(output) <= b || b + bytes(other) <= a) << output << " over " << other;
      }
      EXPECT_LE(p.offsets[static_cast<std::size_t>(output)] + bytes(output), p.arena_bytes);
      EXPECT_EQ(p.offsets[static_cast<std::size_t>(output)] % traits.alignment, 0u);
    }
  }
}

// x -> relu -> boxes (reshape); x -> scores (reshape); detections of both, four tensors of one node.
class DetectorNet : public ::testing::Test {
 protected:
  enum { kX, kRelu, kBoxes, kScores, kAnchors, kFound, kClasses, kFoundScores, kCount };

  DetectorNet() {
    parameters_.values = {{"anchors", DataType::f32, {10, 4}, WeightLayout::none, std::as_bytes(std::span(numbers_))}};
    network_.tensors.resize(kCount + 1);
    network_.tensors[kAnchors].parameter = 0;
    DetectionPostProcessOp detect;
    detect.spec.classes = 3;
    detect.spec.suppression.max_detections = 7;
    network_.nodes = {{"relu", ActivationOp{}, {kX}, kRelu},
                      {"boxes", ReshapeOp{{1, 10, 4}}, {kRelu}, kBoxes},
                      {"scores", ReshapeOp{{1, 10, 4}}, {kX}, kScores},
                      {"detect", detect, {kBoxes, kScores, kAnchors}, kFound, {kClasses, kFoundScores, kCount}}};
    network_.inputs = {kX};
    network_.outputs = {kFound, kClasses, kFoundScores, kCount};
  }

  Plan plan(const std::vector<TensorId>& outputs, const GroupingTraits& traits) const {
    const Shape input{2, 2, 5, 4};
    return make_plan(network_, parameters_, {&input, 1}, outputs, traits).value();
  }

  std::vector<float> numbers_ = std::vector<float>(40);
  Network network_;
  Parameters parameters_;
};

TEST_F(DetectorNet, AWantedExtraOutputKeepsItsNode) {
  for (const TensorId wanted : {kClasses, kFoundScores, kCount}) {
    const Plan p = plan({wanted}, kFuseAll);
    ASSERT_EQ(p.steps.size(), 2u) << "and its two reshapes are none";
    EXPECT_EQ(p.steps[1].output, kFound);
    EXPECT_EQ(p.steps[1].extra_outputs, (std::vector<TensorId>{kClasses, kFoundScores, kCount}));
    EXPECT_EQ(p.outputs, (std::vector<TensorId>{wanted}));
  }
  EXPECT_EQ(plan({kScores}, kFuseAll).steps.size(), 0u) << "nobody wants detections";
}

// All four are written, wanted or not, while boxes and scores are read.
TEST_F(DetectorNet, ExtraOutputsLieApart) {
  for (const GroupingTraits& traits : {kFuseAll, kFuseNothing})
    for (const TensorId wanted : {kFound, kCount}) {
      const Plan p = plan({wanted}, traits);
      const TensorId alive[] = {kX, kBoxes, kScores, kFound, kClasses, kFoundScores, kCount};
      for (const TensorId a : alive) {
        const std::size_t begin = p.offsets[static_cast<std::size_t>(a)];
        ASSERT_NE(begin, kNotInArena) << a;
        const std::size_t bytes = static_cast<std::size_t>(p.shapes[static_cast<std::size_t>(a)].elements()) * 4;
        EXPECT_LE(begin + bytes + traits.read_padding, p.arena_bytes) << a;
        for (const TensorId b : alive) {
          if (a == b || (traits.alias_reshape && (a == kX || a == kScores) && (b == kX || b == kScores))) continue;
          const std::size_t other = p.offsets[static_cast<std::size_t>(b)];
          EXPECT_TRUE(other >= begin + bytes || other < begin) << b << " begins inside " << a;
        }
      }
    }
}

}  // namespace
}  // namespace mobilenet
