// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace mobilenet {
namespace {

// What a backend with fused kernels says; `blocks`: how many steps each block has.
class Fused : public Grouping {
 public:
  explicit Fused(std::vector<std::size_t> blocks = {}) : blocks_(std::move(blocks)) {}

  std::size_t padding() const override { return 64; }
  bool renames(const PlanView& plan, const Node& node) const override { return is_plain_reshape(plan.network(), node); }
  int next_node(const PlanView& plan, std::span<const int> nodes) const override {
    return next_of_convolution(plan, nodes);
  }
  std::size_t block_size(const PlanView&, std::size_t first) const override {
    std::size_t begin = 0;
    for (const std::size_t size : blocks_) {
      if (begin == first) return size;
      begin += size;
    }
    return 1;
  }

 private:
  std::vector<std::size_t> blocks_;
};

const Fused kFused;
const Grouping kAlone;

using Groups = std::vector<std::vector<int>>;

// The nodes of each step.
Groups nodes(const Plan& plan) {
  Groups list;
  for (const Block& block : plan.blocks)
    for (const Step& step : block.steps) list.push_back(step.nodes);
  return list;
}

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

  Plan plan(std::vector<TensorId> outputs, const Grouping& grouping, std::int64_t batch = 1) const {
    const Shape input{batch, 6, 5, 8};
    return make_plan(network_, infer_shapes(network_, parameters_, {&input, 1}).value(), outputs, grouping).value();
  }

  std::vector<float> numbers_;
  Network network_;
  Parameters parameters_;
};

TEST_F(ResidualNet, NothingIsFusedForReference) {
  EXPECT_EQ(nodes(plan({7}, kAlone)), (Groups{{0}, {1}, {2}, {3}, {4}, {5}, {6}}));
}

TEST_F(ResidualNet, ConvolutionsTakeNormActivationAndResidual) {
  const Plan p = plan({7}, kFused);
  EXPECT_EQ(nodes(p), (Groups{{0, 1, 2}, {3, 4, 5}})) << "a reshape is no step";
  EXPECT_EQ(p.memory[7], 6);
  EXPECT_EQ(p.blocks[1].last().inputs, (std::vector<TensorId>{3, 0}));
  EXPECT_EQ(p.blocks[1].last().output, 6);
  EXPECT_EQ(p.offsets[7], p.offsets[6]) << "a reshape shares memory";
  EXPECT_EQ(p.offsets[1], kNotInArena);
}

TEST_F(ResidualNet, AWantedTensorCutsTheGroupOpen) {
  EXPECT_EQ(nodes(plan({7, 2}, kFused)), (Groups{{0, 1}, {2}, {3, 4, 5}}));
  EXPECT_EQ(nodes(plan({7, 5}, kFused)), (Groups{{0, 1, 2}, {3, 4}, {5}}));
  EXPECT_EQ(nodes(plan({7, 1, 4}, kFused)), (Groups{{0}, {1}, {2}, {3}, {4}, {5}}));
}

TEST_F(ResidualNet, WhatNobodyWantsDoesNotRun) { EXPECT_EQ(nodes(plan({3}, kFused)), (Groups{{0, 1, 2}})); }

TEST_F(ResidualNet, TheInputItselfCanBeWanted) { EXPECT_TRUE(plan({0}, kFused).blocks.empty()); }

TEST_F(ResidualNet, TheBatchFollowsThroughReshape) { EXPECT_EQ(plan({7}, kFused, 3).shapes[7], (Shape{3, 240})); }

TEST_F(ResidualNet, IntegerConvolutionsKeepTheirOwnRounding) {
  for (TensorId id : {4, 5, 6, 7}) network_.tensor(id).type = DataType::u8;
  EXPECT_EQ(nodes(plan({7}, kFused)), (Groups{{0, 1, 2}, {3}, {4}, {5}}));
}

// Tensors that are alive during one block must not share bytes.
void expect_apart(const Network& network, const Plan& plan, const Grouping& grouping) {
  const auto owner = [&](TensorId id) { return plan.memory[static_cast<std::size_t>(id)]; };
  const auto offset = [&](TensorId id) { return plan.offset(id); };
  const auto bytes = [&](TensorId id) {
    return static_cast<std::size_t>(plan.shape(id).elements()) * sizeof(float) + grouping.padding();
  };
  const std::size_t end = plan.blocks.size();
  std::map<TensorId, std::pair<std::size_t, std::size_t>> lives;  // blocks from the first to the last
  const auto touch = [&](TensorId id, std::size_t block) {
    const auto [life, fresh] = lives.try_emplace(owner(id), block, block);
    if (!fresh) life->second = {std::min(life->second.first, block), std::max(life->second.second, block)};
  };
  for (const TensorId input : network.inputs) touch(input, 0), touch(input, end);
  for (std::size_t b = 0; b < end; ++b)
    for (const Step& step : plan.blocks[b].steps) {
      for (const TensorId input : step.inputs)
        if (offset(input) != kNotInArena) touch(input, b);
      if (offset(step.output) != kNotInArena) touch(step.output, b);
    }
  for (const TensorId output : plan.outputs) touch(output, end);
  for (const auto& [a, life] : lives) {
    EXPECT_EQ(offset(a) % grouping.alignment(), 0u);
    EXPECT_LE(offset(a) + bytes(a), plan.arena_bytes);
    for (const auto& [b, other] : lives) {
      if (a == b || life.second < other.first || other.second < life.first) continue;
      EXPECT_TRUE(offset(a) + bytes(a) <= offset(b) || offset(b) + bytes(b) <= offset(a)) << a << " over " << b;
    }
  }
}

TEST_F(ResidualNet, LiveTensorsDoNotOverlap) {
  const Fused in_one_block({2});
  for (const Grouping* grouping : {static_cast<const Grouping*>(&kAlone), static_cast<const Grouping*>(&kFused),
                                   static_cast<const Grouping*>(&in_one_block)})
    expect_apart(network_, plan({7}, *grouping, 2), *grouping);
}

// Activations one after the other: tensor i is the output of node i - 1.
class Line : public ::testing::Test {
 protected:
  static constexpr TensorId kLast = 6;

  Line() {
    network_.tensors.resize(kLast + 1);
    for (TensorId id = 1; id <= kLast; ++id)
      network_.nodes.push_back({"node" + std::to_string(id), ActivationOp{}, {id - 1}, id});
    network_.inputs = {0};
  }

  Plan plan(const std::vector<TensorId>& outputs, const Grouping& grouping) const {
    const Shape input{1, 4, 4, 4};
    return make_plan(network_, infer_shapes(network_, {}, {&input, 1}).value(), outputs, grouping).value();
  }

  Network network_;
};

struct BlockCase {
  const char* name;
  std::vector<std::size_t> blocks;  // steps of each
  std::vector<TensorId> wanted;
  std::vector<TensorId> hidden;
};

TEST_F(Line, HiddenTensorsTakeNoMemory) {
  const BlockCase cases[] = {
      {"each alone", {}, {kLast}, {}},
      {"three in one block", {1, 3}, {kLast}, {2, 3}},
      {"all in one block", {6}, {kLast}, {1, 2, 3, 4, 5}},
      {"two blocks side by side", {3, 3}, {kLast}, {1, 2, 4, 5}},
      {"a tensor in a block is wanted", {1, 3}, {kLast, 3}, {2}},
      {"the end of a block is wanted", {1, 3}, {kLast, 4}, {2, 3}},
  };
  for (const BlockCase& c : cases) {
    SCOPED_TRACE(c.name);
    const Fused grouping(c.blocks);
    const Plan p = plan(c.wanted, grouping);
    for (TensorId id = 0; id <= kLast; ++id)
      EXPECT_EQ(p.offset(id) == kNotInArena, std::count(c.hidden.begin(), c.hidden.end(), id) == 1) << "tensor " << id;
    expect_apart(network_, p, grouping);
  }
}

// Without its output lying elsewhere, a block would overwrite rows of its input that it still has to read.
TEST_F(Line, WhatABlockReadsStaysUntilItsEnd) {
  const Plan p = plan({kLast}, Fused({1, 4, 1}));
  EXPECT_NE(p.offsets[5], p.offsets[1]);
  EXPECT_EQ(p.arena_bytes, 3 * (4 * 4 * 4 * sizeof(float) + 64)) << "the input, and what the block reads and writes";
}

TEST_F(Line, ABlockThatSomebodyReadsFromInsideKeepsThatTensor) {
  network_.tensors.emplace_back();
  network_.nodes.push_back({"sum", AddOp{}, {2, kLast}, kLast + 1});
  const Plan p = plan({kLast + 1}, Fused({1, 3}));
  EXPECT_NE(p.offsets[2], kNotInArena);
  EXPECT_EQ(p.offsets[3], kNotInArena);
  expect_apart(network_, p, Fused({1, 3}));
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

  Plan plan(const std::vector<TensorId>& outputs, const Grouping& grouping) const {
    const Shape input{2, 2, 5, 4};
    return make_plan(network_, infer_shapes(network_, parameters_, {&input, 1}).value(), outputs, grouping).value();
  }

  std::vector<float> numbers_ = std::vector<float>(40);
  Network network_;
  Parameters parameters_;
};

TEST_F(DetectorNet, AWantedExtraOutputKeepsItsNode) {
  for (const TensorId wanted : {kClasses, kFoundScores, kCount}) {
    const Plan p = plan({wanted}, kFused);
    ASSERT_EQ(p.blocks.size(), 2u) << "and its two reshapes are none";
    EXPECT_EQ(p.blocks[1].last().output, kFound);
    EXPECT_EQ(p.blocks[1].last().extra_outputs, (std::vector<TensorId>{kClasses, kFoundScores, kCount}));
    EXPECT_EQ(p.outputs, (std::vector<TensorId>{wanted}));
  }
  EXPECT_EQ(plan({kScores}, kFused).blocks.size(), 0u) << "nobody wants detections";
}

// All four are written, wanted or not, while boxes and scores are read.
TEST_F(DetectorNet, ExtraOutputsLieApart) {
  for (const Grouping* grouping : {static_cast<const Grouping*>(&kFused), &kAlone})
    for (const TensorId wanted : {kFound, kCount}) {
      const Plan p = plan({wanted}, *grouping);
      const TensorId alive[] = {kX, kBoxes, kScores, kFound, kClasses, kFoundScores, kCount};
      for (const TensorId a : alive) {
        const std::size_t begin = p.offset(a);
        ASSERT_NE(begin, kNotInArena) << a;
        const std::size_t bytes = static_cast<std::size_t>(p.shape(a).elements()) * 4;
        EXPECT_LE(begin + bytes + grouping->padding(), p.arena_bytes) << a;
        for (const TensorId b : alive) {
          if (a == b || (grouping == &kFused && (a == kX || a == kScores) && (b == kX || b == kScores))) continue;
          const std::size_t other = p.offset(b);
          EXPECT_TRUE(other >= begin + bytes || other < begin) << b << " begins inside " << a;
        }
      }
    }
}

}  // namespace
}  // namespace mobilenet
