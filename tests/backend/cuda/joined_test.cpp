// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Concatenations whose inputs are written where they belong: which those are, and what they compute.
#include "backend/cuda/program/joined.h"

#include <string>
#include <vector>

#include "backend/cuda/gpu.h"
#include "backend/cuda/heads.h"
#include "backend/cuda/program/step.h"
#include "backend/reference/reference_backend.h"
#include "plan/plan.h"

namespace mobilenet::testing {
namespace {

class Joining final : public Grouping {
 public:
  std::size_t alignment() const override { return 256; }
  bool renames(const PlanView& plan, const Node& node) const override { return is_plain_reshape(plan.network(), node); }
  int next_node(const PlanView& plan, std::span<const int> nodes) const override {
    return next_of_convolution(plan, nodes);
  }
  void arrange(const PlanView& plan, std::vector<Step>& steps, std::vector<TensorId>& memory) const override {
    cuda::join_in_place(plan, steps, memory);
  }
};

Plan plan_of(const Heads& net, const CompileRequest& request) { return net.plan(request, Joining()); }

const Step* step_of(const Plan& plan, TensorId output) {
  for (const Block& block : plan.blocks)
    for (const Step& step : block.steps)
      if (step.output == output) return &step;
  return nullptr;
}

TEST(Joined, HeadsOfADetector) {
  Heads net;
  const TensorId first = net.on_map({.outputs = 18});
  const TensorId first_rows = net.rows(first, 6);
  net.next_map();
  const TensorId second = net.on_map({.outputs = 12, .kernel = 3});
  const TensorId joined = net.add(ConcatOp{1}, {first_rows, net.rows(second, 6)});
  const Plan plan = plan_of(net, Heads::request({joined}, 3));
  EXPECT_EQ(step_of(plan, joined), nullptr);
  ASSERT_NE(step_of(plan, first), nullptr);
  ASSERT_NE(step_of(plan, second), nullptr);
  const Part& front = step_of(plan, first)->part;
  const Part& back = step_of(plan, second)->part;
  constexpr int kFirst = 9 * 7 * 18, kSecond = 5 * 4 * 12;
  EXPECT_EQ(front.first, 0);
  EXPECT_EQ(front.row, kFirst);
  EXPECT_EQ(front.stride, kFirst + kSecond);
  EXPECT_EQ(back.first, kFirst);
  EXPECT_EQ(back.row, kSecond);
  EXPECT_EQ(back.stride, kFirst + kSecond);
  for (const TensorId part : {first, first_rows, second}) {
    EXPECT_EQ(plan.memory[static_cast<std::size_t>(part)], joined);
    EXPECT_EQ(plan.offset(part), plan.offset(joined));
  }
}

// The joined tensor is alive from its first part on: nothing that is read later may lie there.
TEST(Joined, KeepsItsMemory) {
  Heads net;
  const TensorId first = net.rows(net.on_map({.outputs = 18}), 6);
  const TensorId before = net.map();
  net.next_map();
  const TensorId after = net.map();
  const TensorId joined = net.add(ConcatOp{1}, {first, net.rows(net.on_map({.outputs = 12}), 6)});
  const Plan plan = plan_of(net, Heads::request({joined}, 1));
  const auto bytes = [&](TensorId id) { return static_cast<std::size_t>(plan.shape(id).elements()) * sizeof(float); };
  for (const TensorId other : {before, after})
    EXPECT_TRUE(plan.offset(other) + bytes(other) <= plan.offset(joined) ||
                plan.offset(joined) + bytes(joined) <= plan.offset(other));
}

TEST(Joined, ChannelsOfMaps) {
  Heads net;
  const TensorId one = net.on_map({.outputs = 16}), two = net.on_map({.outputs = 5, .kernel = 3});
  const TensorId joined = net.add(ConcatOp{3}, {one, two});
  const Plan plan = plan_of(net, Heads::request({joined}, 2));
  EXPECT_EQ(step_of(plan, joined), nullptr);
  const Part& part = step_of(plan, two)->part;
  EXPECT_EQ(part.first, 16);
  EXPECT_EQ(part.row, 5);
  EXPECT_EQ(part.stride, 21);
}

TEST(Joined, NotWhatOthersSee) {
  Heads net;
  const TensorId wanted = net.on_map({.outputs = 8}), twice = net.on_map({.outputs = 8});
  const TensorId read = net.on_map({.outputs = 8}), alone = net.on_map({.outputs = 8});
  const TensorId pooled = net.add(PoolOp{PoolKind::max, {3, 3, 1, 1, 1, 1, {.rule = Padding::Rule::same}}}, {read});
  const TensorId joined = net.add(ConcatOp{3}, {wanted, twice, alone, read, twice, pooled});
  const Plan plan = plan_of(net, Heads::request({joined, wanted}, 1));
  ASSERT_NE(step_of(plan, joined), nullptr);
  EXPECT_EQ(step_of(plan, joined)->inputs, (std::vector<TensorId>{wanted, twice, read, twice, pooled}));
  for (const TensorId id : {wanted, twice, read, pooled}) {
    EXPECT_EQ(step_of(plan, id)->part.row, 0);
    EXPECT_EQ(plan.memory[static_cast<std::size_t>(id)], id);
  }
  EXPECT_EQ(step_of(plan, alone)->part.first, 16);
}

TEST(Joined, NotWhereRowsEndInsideAPixel) {
  Heads net;
  const TensorId rows = net.rows(net.on_map({.outputs = 8}), 4), others = net.rows(net.on_map({.outputs = 8}), 4);
  const TensorId joined = net.add(ConcatOp{2}, {rows, others});
  const Plan plan = plan_of(net, Heads::request({joined}, 1));
  ASSERT_NE(step_of(plan, joined), nullptr);
  EXPECT_EQ(step_of(plan, joined)->inputs.size(), 2);
}

// Every number of a part, by its place in the joined tensor as ConcatOp says it.
TEST(Joined, PlacesOfNumbers) {
  for (const std::int64_t line : {1, 2, 20})
    for (const std::int64_t rows : {1, 2, 3})
      for (const int channels : {1, 12, 24}) {
        const Part part{line * channels, line * channels + 17, 9};
        const std::int64_t pixels = line * rows;
        const cuda::OutputPlace place = cuda::output_place(part, pixels, channels, cuda::Stored::f32);
        for (std::int64_t i = 0; i < pixels * channels; ++i) {
          const std::int64_t pixel = i / channels;
          const std::int64_t at = place.first + pixel * place.pixel +
                                  (place.line != 0 ? pixel / place.line * place.between : 0) + i % channels;
          ASSERT_EQ(at, i / part.row * part.stride + part.first + i % part.row)
              << i << " of " << rows << " rows of " << line << " pixels of " << channels;
        }
      }
}

TEST(Joined, PlacesOfPixels) {
  using cuda::output_place, cuda::Stored;
  cuda::OutputPlace place = output_place({}, 60, 24, Stored::f16);
  EXPECT_EQ(place.first, 0);
  EXPECT_EQ(place.pixel, 24);
  EXPECT_EQ(place.line, 0);
  EXPECT_TRUE(place.eights);
  EXPECT_FALSE(output_place({}, 60, 12, Stored::f16).eights);
  EXPECT_FALSE(output_place({}, 60, 24, Stored::i32).eights);
  // Three pictures of 20 pixels.
  place = output_place({20 * 24, 500, 4}, 60, 24, Stored::f32);
  EXPECT_EQ(place.first, 4);
  EXPECT_EQ(place.pixel, 24);
  EXPECT_EQ(place.line, 20);
  EXPECT_EQ(place.between, 20);
  EXPECT_TRUE(place.eights);
  EXPECT_FALSE(output_place({20 * 24, 500, 4}, 60, 24, Stored::f16).eights);
  EXPECT_FALSE(output_place({20 * 24, 503, 4}, 60, 24, Stored::f32).eights);
  // A single picture has no next.
  place = output_place({20 * 24, 503, 4}, 20, 24, Stored::f32);
  EXPECT_EQ(place.line, 0);
  EXPECT_EQ(place.between, 0);
  EXPECT_TRUE(place.eights);
  // Channels beside others.
  place = output_place({24, 40, 16}, 60, 24, Stored::f16);
  EXPECT_EQ(place.first, 16);
  EXPECT_EQ(place.pixel, 40);
  EXPECT_EQ(place.line, 0);
  EXPECT_TRUE(place.eights);
  EXPECT_FALSE(output_place({24, 45, 16}, 60, 24, Stored::f16).eights);
}

class CudaJoined : public OnGpu {
 protected:
  void expect_like_reference(const Heads& net, const CompileRequest& request) {
    SCOPED_TRACE(::testing::Message() << "batch " << request.input_shapes[0][0]);
    Answers expected;
    run_network(reference_backend(), net.network, net.parameters, request, 1, expected);
    for (const Precision precision : {Precision::f32, Precision::f16}) {
      const bool in_halves = precision == Precision::f16;
      Answers got;
      run_network(gpu(), net.network, net.parameters, request, 1, got, precision);
      ASSERT_EQ(got.tensors.size(), expected.tensors.size());
      for (std::size_t i = 0; i < got.tensors.size(); ++i)
        EXPECT_LE(relative_difference(got.tensors[i], expected.tensors[i]), in_halves ? 5e-3 : 1e-5)
            << net.network.tensor(request.outputs[i]).name << " in " << (in_halves ? "f16" : "f32");
    }
  }
  void expect_like_reference(const Heads& net) {
    for (const std::int64_t batch : {1, 3}) expect_like_reference(net, Heads::request(net.network.outputs, batch));
  }
};

TEST_F(CudaJoined, Heads) {
  Heads net;
  std::vector<TensorId> boxes, scores;
  for (const int anchors : {3, 6, 6}) {
    boxes.push_back(net.rows(net.on_map({.outputs = anchors * 4}), 4));
    scores.push_back(net.rows(net.on_map({.outputs = anchors * 91, .kernel = anchors == 3 ? 1 : 3}), 91));
    net.next_map();
  }
  net.network.outputs = {net.add(ConcatOp{1}, boxes), net.add(ConcatOp{1}, scores)};
  expect_like_reference(net);
}

// Enough pixels for the larger tiles of matrix products, the last of them not whole.
TEST_F(CudaJoined, HeadsOfManyPixels) {
  Heads net;
  std::vector<TensorId> parts;
  for (const int anchors : {3, 8}) {
    parts.push_back(net.rows(net.on_map({.outputs = anchors * 7}), 7));
    parts.push_back(net.rows(net.on_map({.outputs = anchors * 35}), 7));
    net.next_map();
  }
  net.network.outputs = {net.add(ConcatOp{1}, parts)};
  expect_like_reference(net, Heads::request(net.network.outputs, 17, 33, 31));
}

// What follows reads floats, or halves.
TEST_F(CudaJoined, HeadsWithMoreBehind) {
  Heads net;
  std::vector<TensorId> scores, others;
  for (int map = 0; map < 5; ++map) {  // the last of one pixel
    scores.push_back(net.rows(net.on_map({.outputs = 42, .activation = Activation::hard_swish}), 7));
    others.push_back(net.rows(net.on_map({.outputs = 48, .kernel = 3, .activation = Activation::relu}), 8));
    net.next_map();
  }
  const TensorId soft = net.add(SoftmaxOp{}, {net.add(ConcatOp{1}, scores)});
  const TensorId sum = net.add(UnaryOp{UnaryKind::square}, {net.add(ConcatOp{1}, others)});
  net.network.outputs = {soft, sum};
  expect_like_reference(net);
}

TEST_F(CudaJoined, ChannelsOfMaps) {
  Heads net;
  std::vector<TensorId> branches;
  for (const int channels : {16, 24, 5, 8, 40, 11, 72})
    branches.push_back(net.on_map({.outputs = channels, .kernel = channels % 3 == 1 ? 3 : 1}));
  branches.push_back(net.on_map({.outputs = 12, .groups = 3}));
  branches.push_back(net.add(PoolOp{PoolKind::max, {3, 3, 1, 1, 1, 1, {.rule = Padding::Rule::same}}}, {net.map()}));
  const TensorId joined = net.add(ConcatOp{3}, branches);
  const TensorId whole = net.add(ConcatOp{3}, {net.on_map({.outputs = 16}), net.on_map({.outputs = 32, .kernel = 3})});
  net.network.outputs = {joined, net.layer(whole, 48, {.outputs = 24})};
  expect_like_reference(net);
}

// A depthwise convolution of the map and a projection, as a block is.
TensorId separable(Heads& net, int outputs) {
  DepthwiseConv2dOp depthwise;
  depthwise.window = {3, 3, 1, 1, 1, 1, {.rule = Padding::Rule::same}};
  const TensorId x = net.add(depthwise, {net.map(), net.constant({1, 3, 3, 24}, WeightLayout::hwc, -0.6f, 0.6f)});
  return net.layer(net.add(ActivationOp{}, {net.batch_norm(x, 24)}), 24, {.outputs = outputs});
}

// With something that is copied beside it, so that it is the only layer of its kind.
TEST_F(CudaJoined, BlocksAndResiduals) {
  for (const int outputs : {24, 21, 48}) {
    SCOPED_TRACE(outputs);
    Heads net;
    TensorId x = separable(net, outputs);
    if (outputs == 24) x = net.add(AddOp{Activation::relu}, {net.map(), x});
    const TensorId pooled =
        net.add(PoolOp{PoolKind::max, {3, 3, 1, 1, 1, 1, {.rule = Padding::Rule::same}}}, {net.map()});
    net.network.outputs = {net.add(ConcatOp{1}, {net.rows(pooled, 3), net.rows(x, 3)})};
    expect_like_reference(net);
  }
}

TEST_F(CudaJoined, HeadsOfTwoSteps) {
  Heads net;
  std::vector<TensorId> parts;
  for (const int outputs : {24, 21, 48, 126}) {
    TensorId x = separable(net, outputs);
    if (outputs == 24) x = net.add(AddOp{}, {net.map(), x});
    parts.push_back(net.rows(x, 3));
    parts.push_back(net.rows(net.add(AddOp{Activation::relu}, {net.map(), net.on_map({.outputs = 24})}), 3));
    if (outputs != 24) net.next_map();
  }
  const TensorId odd = net.on_map({.outputs = 21});
  parts.push_back(net.rows(net.add(AddOp{}, {odd, net.on_map({.outputs = 21, .kernel = 3})}), 3));
  net.network.outputs = {net.add(ConcatOp{1}, parts)};
  expect_like_reference(net);
}

TEST_F(CudaJoined, WhatOthersSee) {
  Heads net;
  const TensorId wanted = net.on_map({.outputs = 8}), twice = net.on_map({.outputs = 9});
  const TensorId read = net.on_map({.outputs = 8}), alone = net.on_map({.outputs = 8});
  const TensorId pooled = net.add(PoolOp{PoolKind::max, {3, 3, 1, 1, 1, 1, {.rule = Padding::Rule::same}}}, {read});
  net.network.outputs = {net.add(ConcatOp{3}, {wanted, twice, alone, read, twice, pooled}), wanted};
  expect_like_reference(net);
}

TEST_F(CudaJoined, RowsOfDenseLayers) {
  Heads net;
  TensorId row = net.add(GlobalAveragePoolOp{}, {net.map()});
  const auto dense = [&](int outputs) {
    return net.add(DenseOp{},
                   {row, net.constant({outputs, 24}, WeightLayout::oi, -0.3f, 0.3f), net.vector(outputs, -0.2f, 0.2f)});
  };
  net.network.outputs = {net.add(ConcatOp{1}, {dense(16), dense(7), dense(32)})};
  expect_like_reference(net);
}

}  // namespace
}  // namespace mobilenet::testing
