// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Which tensors of a program in bf16 are kept in halves and in bf16, and which stay floats.

#include "backend/cpu/program/storage.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backend/cpu/blocks/grouping.h"
#include "backend/cpu/float_network.h"
#include "backend/cpu/program/step.h"
#include "models/models.h"

namespace mobilenet {
namespace {

// A row of kernels with all that a program in bf16 asks for; none of them runs here.
cpu::KernelSet kernels_of_bf16(DataType sums) {
  static const cpu::GemmKernels gemm{.layout = {.columns = 32, .group = 2, .depth_multiple = 16}};
  static const cpu::DepthwiseKernels floats{.lanes = 16}, halves{.lanes = 32, .packed = DataType::f16};
  cpu::KernelSet kernels = cpu::runnable_kernels().back();
  kernels.bf16_gemm = &gemm;
  kernels.f16_depthwise = sums == DataType::f16 ? &halves : &floats;
  return kernels;
}

struct Counts {
  std::ptrdiff_t f16, bf16;
  bool operator==(const Counts&) const = default;
};

Counts counts_of(const Network& network, const Parameters& parameters, const std::vector<TensorId>& outputs,
                 const Shape& input, Precision precision = Precision::bf16, DataType sums = DataType::f32) {
  const cpu::KernelSet kernels = kernels_of_bf16(sums);
  const std::vector<Shape> inputs{input};
  const Plan plan = make_plan(network, infer_shapes(network, parameters, inputs).value(), outputs,
                              cpu::CpuGrouping(1, kernels, precision))
                        .value();
  const std::vector<cpu::Storage> storage = cpu::choose_storage(
      plan, [&](const Step& step) { return cpu::StepSource{network, parameters, plan, step, precision, kernels}; });
  return {std::count(storage.begin(), storage.end(), cpu::Storage::f16),
          std::count(storage.begin(), storage.end(), cpu::Storage::bf16)};
}

TEST(Storage, EveryBlockOfMobileNetsIsNarrowInside) {
  const ModelSpec spec = spec_from_name("mobilenet_v2:1.0:64:10").value();
  const RandomWeights weights = random_weights(spec);
  const Network network = build_network(spec, weights.parameters, weights.index).value();
  const Shape input{1, 64, 64, 3};
  EXPECT_EQ(counts_of(network, weights.parameters, network.outputs, input), (Counts{17, 17}));
  EXPECT_EQ(counts_of(network, weights.parameters, network.outputs, input, Precision::source), (Counts{0, 0}));
}

// relu6(1x1) -> depthwise -> 1x1, which is what halves are for.
struct Bottleneck {
  explicit Bottleneck(Activation activation = Activation::relu6, float largest_weight = 1) {
    input = net.input();
    hidden = net.add(Conv2dOp{{}, 1, activation}, {input, net.constant({64, 1, 1, 32}, WeightLayout::ohwi, -1, 1)});
    DepthwiseConv2dOp op;
    op.window.kernel_height = op.window.kernel_width = 3;
    op.window.padding.rule = Padding::Rule::same;
    op.activation = Activation::relu6;
    filtered = net.add(op, {hidden, net.constant({1, 3, 3, 64}, WeightLayout::hwc, -largest_weight, largest_weight)});
    net.network.outputs = {net.add(Conv2dOp{}, {filtered, net.constant({32, 1, 1, 64}, WeightLayout::ohwi, -1, 1)})};
  }
  Counts counts(const std::vector<TensorId>& more = {}, DataType sums = DataType::f32) const {
    std::vector<TensorId> outputs = net.network.outputs;
    outputs.insert(outputs.end(), more.begin(), more.end());
    return counts_of(net.network, net.parameters, outputs, {1, 8, 8, 32}, Precision::bf16, sums);
  }

  testing::FloatNetwork net{1};
  TensorId input, hidden, filtered;
};

TEST(Storage, WhatMayBeTooLargeForHalvesStaysFloat) {
  EXPECT_EQ(Bottleneck().counts(), (Counts{1, 1}));
  EXPECT_EQ(Bottleneck(Activation::relu).counts(), (Counts{0, 0})) << "no bound";
  EXPECT_EQ(Bottleneck(Activation::hard_swish).counts(), (Counts{0, 0})) << "no clamp";
}

TEST(Storage, NoTapsAreSoLargeThatSumsOverflowOrSmallHalvesShow) {
  for (const DataType sums : {DataType::f32, DataType::f16}) {
    EXPECT_EQ(Bottleneck(Activation::relu6, 3000).counts({}, sums), (Counts{0, 0}));
    EXPECT_EQ(Bottleneck(Activation::relu6, 600).counts({}, sums), (Counts{1, 1})) << "at most 9 * 6 * 600 = 32400";
  }
}

TEST(Storage, WhatTheCallerWantsIsFloat) {
  const Bottleneck net;
  EXPECT_EQ(net.counts({net.hidden}), (Counts{0, 0}));
  EXPECT_EQ(net.counts({net.filtered}), (Counts{0, 0}));
}

}  // namespace
}  // namespace mobilenet
