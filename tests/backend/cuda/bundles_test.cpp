// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Which layers run as one launch, and in which order; what they compute stands in joined_test.cpp.
#include "backend/cuda/program/bundles.h"

#include <mobilenet/session.h>

#include <algorithm>
#include <map>
#include <vector>

#include "backend/cuda/gpu.h"
#include "backend/cuda/heads.h"
#include "backend/cuda/program/joined.h"

namespace mobilenet::testing {
namespace {

// Convolutions take ten blocks of threads each, or what is said of their outputs.
class Bundling final : public Grouping {
 public:
  explicit Bundling(std::int64_t most_blocks, std::size_t most_layers = 16)
      : most_blocks_(most_blocks), most_layers_(most_layers) {}
  std::map<TensorId, cuda::BundleLayer> layers;  // by the output of the first step

  bool renames(const PlanView& plan, const Node& node) const override { return is_plain_reshape(plan.network(), node); }
  int next_node(const PlanView& plan, std::span<const int> nodes) const override {
    return next_of_convolution(plan, nodes);
  }
  void arrange(const PlanView& plan, std::vector<Step>& steps, std::vector<TensorId>& memory) const override {
    cuda::join_in_place(plan, steps, memory);
    const auto find = [&](std::size_t first) {
      const auto known = layers.find(steps[first].output);
      if (known != layers.end()) return known->second;
      const bool fits = std::holds_alternative<Conv2dOp>(plan.node(steps[first].nodes.front()).op);
      return cuda::BundleLayer{.blocks = fits ? 10 : 0};
    };
    cuda::bundle_parts(steps, memory, find, most_layers_, most_blocks_);
  }
  std::size_t block_size(const PlanView& plan, std::size_t first) const override {
    std::size_t size = 1;
    while (plan.steps()[first].bundle >= 0 && first + size < plan.steps().size() &&
           plan.steps()[first + size].bundle == plan.steps()[first].bundle)
      ++size;
    return size;
  }

 private:
  const std::int64_t most_blocks_;
  const std::size_t most_layers_;
};

// The outputs of each block's steps.
std::vector<std::vector<TensorId>> blocks_of(const Plan& plan) {
  std::vector<std::vector<TensorId>> blocks;
  for (const Block& block : plan.blocks) {
    blocks.emplace_back();
    for (const Step& step : block.steps) blocks.back().push_back(step.output);
  }
  return blocks;
}

// Every step comes after what makes its inputs, and no two tensors that are alive together lie in one place.
void expect_sound(const Plan& plan) {
  std::vector<bool> written(plan.memory.size(), false);
  const auto root = [&](TensorId id) { return static_cast<std::size_t>(plan.memory[static_cast<std::size_t>(id)]); };
  for (const TensorId id : plan.inputs) written[root(id)] = true;
  for (const Block& block : plan.blocks)
    for (const Step& step : block.steps) {
      for (const TensorId id : step.inputs) EXPECT_TRUE(written[root(id)]) << id;
      written[root(step.output)] = true;
    }
  for (const Block& block : plan.blocks)
    for (const Step& one : block.steps)
      for (const Step& other : block.steps)
        for (const TensorId read : other.inputs) {
          if (block.steps.size() == 1 || root(read) == root(one.output)) continue;
          const std::size_t written_at = plan.offset(one.output), read_at = plan.offset(read);
          const auto bytes = [&](TensorId id) {
            return static_cast<std::size_t>(plan.shapes[root(id)].elements()) * sizeof(float);
          };
          EXPECT_TRUE(written_at + bytes(one.output) <= read_at || read_at + bytes(read) <= written_at)
              << one.output << " over " << read;
        }
}

struct Detector : Heads {
  explicit Detector(int maps_count) {
    for (int map = 0; map < maps_count; ++map) {
      if (map > 0) next_map();
      maps.push_back(this->map());
      boxes.push_back(on_map({.outputs = 12}));
      scores.push_back(on_map({.outputs = 21, .kernel = 3}));
    }
    std::vector<TensorId> box_rows, score_rows;
    for (const TensorId id : boxes) box_rows.push_back(rows(id, 4));
    for (const TensorId id : scores) score_rows.push_back(rows(id, 7));
    network.outputs = {add(ConcatOp{1}, box_rows), add(ConcatOp{1}, score_rows)};
  }
  std::vector<TensorId> maps, boxes, scores;
};

TEST(Bundles, HeadsComeTogetherAtTheEnd) {
  const Detector net(3);
  const Plan plan = net.plan(Heads::request(net.network.outputs, 2), Bundling(100));
  const std::vector<std::vector<TensorId>> expected{
      {net.maps[0]},
      {net.maps[1]},
      {net.maps[2]},
      {net.boxes[0], net.scores[0], net.boxes[1], net.scores[1], net.boxes[2], net.scores[2]}};
  EXPECT_EQ(blocks_of(plan), expected);
  expect_sound(plan);
}

TEST(Bundles, OfSoManyBlocksAndLayers) {
  const Detector net(2);
  const CompileRequest request = Heads::request(net.network.outputs, 1);
  const std::vector<std::vector<TensorId>> three{
      {net.maps[0]}, {net.maps[1]}, {net.boxes[0], net.scores[0], net.boxes[1]}, {net.scores[1]}};
  auto got = blocks_of(net.plan(request, Bundling(39)));
  std::sort(got.begin(), got.end());
  auto expected = three;
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(got, expected);
  got = blocks_of(net.plan(request, Bundling(1000, 3)));
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, expected);
  for (const Block& block : net.plan(request, Bundling(10)).blocks) EXPECT_EQ(block.last().bundle, -1);
  for (const auto& plan : {net.plan(request, Bundling(39)), net.plan(request, Bundling(10))}) expect_sound(plan);
}

TEST(Bundles, NotWhatIsLarge) {
  const Detector net(2);
  Bundling grouping(100);
  grouping.layers[net.scores[0]] = {};
  const std::vector<std::vector<TensorId>> expected{
      {net.maps[0]}, {net.scores[0]}, {net.maps[1]}, {net.boxes[0], net.boxes[1], net.scores[1]}};
  EXPECT_EQ(blocks_of(net.plan(Heads::request(net.network.outputs, 1), grouping)), expected);
}

// Of layers of two steps all first ones are a bundle, and all last ones the next.
TEST(Bundles, OfTwoSteps) {
  Heads net;
  std::vector<TensorId> parts, hidden;
  for (int i = 0; i < 3; ++i) {
    hidden.push_back(net.on_map({.outputs = 16}));
    parts.push_back(net.layer(hidden.back(), 16, {.outputs = 8}));
  }
  parts.push_back(net.on_map({.outputs = 8}));
  net.network.outputs = {net.add(ConcatOp{3}, parts)};
  const CompileRequest request = Heads::request(net.network.outputs, 1);
  Bundling grouping(100);
  for (const TensorId first : hidden) grouping.layers[first] = {.steps = 2, .blocks = 5};
  const Plan plan = net.plan(request, grouping);
  EXPECT_EQ(blocks_of(plan), (std::vector<std::vector<TensorId>>{{net.map()}, hidden, parts}));
  expect_sound(plan);

  // A single one stays as it is.
  grouping.layers[hidden[1]] = grouping.layers[hidden[2]] = {.steps = 2};
  grouping.layers[parts[3]] = {};
  const Plan single = net.plan(request, grouping);
  for (const Block& block : single.blocks) EXPECT_EQ(block.last().bundle, -1);
  EXPECT_EQ(blocks_of(single).back(), std::vector{parts[0]});
  EXPECT_EQ(blocks_of(single)[blocks_of(single).size() - 2], std::vector{hidden[0]});
  expect_sound(single);
}

// Before what reads the joined tensor, and before what is copied into it.
TEST(Bundles, BeforeTheirReaders) {
  Heads net;
  const TensorId one = net.on_map({.outputs = 8}), two = net.on_map({.outputs = 8});
  const TensorId pooled =
      net.add(PoolOp{PoolKind::max, {3, 3, 1, 1, 1, 1, {.rule = Padding::Rule::same}}}, {net.map()});
  const TensorId joined = net.add(ConcatOp{3}, {one, pooled, two});
  const TensorId read = net.layer(joined, 40, {.outputs = 8}), other = net.layer(joined, 40, {.outputs = 8});
  net.network.outputs = {net.add(ConcatOp{3}, {read, other})};
  const Plan plan = net.plan(Heads::request(net.network.outputs, 1), Bundling(100));
  const std::vector<std::vector<TensorId>> expected{{net.map()}, {pooled}, {one, two}, {joined}, {read, other}};
  EXPECT_EQ(blocks_of(plan), expected);
  expect_sound(plan);
}

using CudaBundles = OnGpu;

TEST_F(CudaBundles, AreOneLaunchWithAName) {
  const Detector net(4);
  const auto weights = packed(gpu(), net.network, net.parameters, Precision::f16).value();
  const auto execution =
      gpu().compile(weights, Heads::request(net.network.outputs, 1)).value()->open({.profile = true}).value();
  EXPECT_TRUE(execution->run());
  const std::span<const StepTime> times = execution->step_times();
  ASSERT_EQ(times.size(), 5);  // four maps, eight heads
  EXPECT_EQ(times.back().name, net.network.tensor(net.boxes[0]).name + " and 7 others");
}

}  // namespace
}  // namespace mobilenet::testing
