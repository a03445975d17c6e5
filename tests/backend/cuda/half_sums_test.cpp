// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Where halves are not enough: depthwise convolutions whose taps and sums are floats, and numbers that no half holds.
// Which layers those are, no GPU is needed for.

#include "backend/cuda/steps/half_sums.h"

#include <mobilenet/session.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "backend/cuda/gpu.h"
#include "backend/float_network.h"
#include "backend/reference/reference_backend.h"

namespace mobilenet::testing {
namespace {

// 3x3 taps of +-size, a little more from channel to channel, that cancel but for the last.
std::vector<float> cancelling_taps(int channels, float size) {
  std::vector<float> taps;
  for (int tap = 0; tap < 9; ++tap)
    for (int c = 0; c < channels; ++c) {
      const float own = size * (1 + 0.013f * static_cast<float>(c));
      taps.push_back(tap == 8 ? 0.2f : tap % 2 == 0 ? own : -own);
    }
  return taps;
}

Conv2dOp convolution(Activation activation) {
  Conv2dOp op;
  op.activation = activation;
  return op;
}

DepthwiseConv2dOp three_by_three(int stride, int dilation, Activation activation) {
  DepthwiseConv2dOp op;
  op.window = {3, 3, stride, stride, dilation, dilation, {Padding::Rule::same}};
  op.activation = activation;
  return op;
}

struct WayCase {
  const char* name;
  int channels;
  float size;
  Activation before;
  bool in_halves;
};
constexpr WayCase kWays[] = {
    {"usual taps", 96, 1, Activation::relu6, true},
    {"large taps among many channels", 96, 100, Activation::relu6, true},
    {"large taps among few", 16, 100, Activation::relu6, false},
    {"taps of 512 in all, just not", 16, 8, Activation::relu6, true},
    {"sums beyond what halves hold", 96, 1000, Activation::relu6, false},
    {"no upper bound", 96, 1, Activation::relu, false},
    {"no bound", 96, 1, Activation::none, false},
    {"functions have none, either", 96, 1, Activation::hard_swish, false},
};

TEST(CudaHalfSums, WhichLayersAddInHalves) {
  for (const WayCase& c : kWays) {
    SCOPED_TRACE(c.name);
    FloatNetwork net(2);
    const TensorId x =
        net.add(convolution(c.before), {net.input(), net.constant({c.channels, 1, 1, 8}, WeightLayout::ohwi, -1, 1)});
    const TensorId taps = net.constant({1, 3, 3, c.channels}, WeightLayout::hwc, cancelling_taps(c.channels, c.size));
    net.add(three_by_three(1, 1, Activation::relu6), {x, taps});
    Step step;
    step.nodes = {1};
    const FusedGroup group = fused_group(net.network, step).value();
    EXPECT_EQ(cuda::adds_in_halves(net.network, net.parameters, group), c.in_halves);
  }
}

struct SumCase {
  int height, width, channels, expansion;  // 0: none
  int stride, dilation, batch;
  Activation before;
};
// Blocks of all kinds, and channels that no kernel for eight of them takes.
constexpr SumCase kSums[] = {
    {9, 9, 16, 0, 1, 1, 1, Activation::relu6},   {14, 11, 16, 0, 2, 1, 3, Activation::relu6},
    {9, 9, 8, 2, 1, 1, 2, Activation::relu6},    {10, 8, 8, 1, 2, 1, 1, Activation::relu6},
    {12, 12, 16, 0, 1, 2, 1, Activation::relu6}, {9, 9, 12, 0, 1, 1, 2, Activation::relu6},
    {14, 14, 24, 6, 1, 1, 2, Activation::relu},  {7, 7, 96, 0, 1, 1, 1, Activation::relu},
    {14, 14, 64, 6, 1, 1, 1, Activation::relu},  {15, 13, 64, 0, 2, 1, 2, Activation::none},
};
constexpr SumCase kStems[] = {{32, 32, 8, 0, 1, 1, 1, Activation::relu6}, {33, 30, 16, 0, 2, 1, 2, Activation::relu6}};

class CudaHalves : public OnGpu {
 protected:
  // What the depthwise convolution reads is 5 all over, which halves hold exactly, as they do not hold the taps and the
  // sums: what they leave would be off by a hundredth and more.
  void expect_exact_sums(const SumCase& c, bool is_stem) {
    SCOPED_TRACE(::testing::Message() << c.height << "x" << c.width << "x" << c.channels << " x" << c.expansion
                                      << ", stride " << c.stride << ", dilation " << c.dilation << ", batch " << c.batch
                                      << (is_stem ? ", stem" : ""));
    FloatNetwork net(3);
    const auto fives = [&](TensorId x, const Shape& weight, const Conv2dOp& op) {
      return net.add(op, {x, net.constant(weight, WeightLayout::ohwi, 0, 0),
                          net.constant({weight[0]}, WeightLayout::none, std::vector<float>(weight[0], 5.0f))});
    };
    Conv2dOp first = convolution(c.expansion > 0 ? Activation::relu6 : c.before);
    const int inputs = is_stem ? 3 : 8, taps_across = is_stem ? 3 : 1;
    first.window.kernel_height = first.window.kernel_width = taps_across;
    first.window.padding.rule = Padding::Rule::same;
    TensorId x = fives(net.input(), {c.channels, taps_across, taps_across, inputs}, first);
    int hidden = c.channels;
    if (c.expansion > 0) {
      hidden *= c.expansion;
      x = fives(x, {hidden, 1, 1, c.channels}, convolution(c.before));
    }
    const TensorId sums =
        net.add(three_by_three(c.stride, c.dilation, Activation::relu6),
                {x, net.constant({1, 3, 3, hidden}, WeightLayout::hwc, cancelling_taps(hidden, 100.0123f))});
    const float most = 1.5f / std::sqrt(static_cast<float>(hidden));
    const TensorId last =
        net.add(Conv2dOp{}, {sums, net.constant({24, 1, 1, hidden}, WeightLayout::ohwi, -most, most)});
    for (const TensorId wanted : {last, sums}) {  // who wants the sums opens the block
      net.network.outputs = {wanted};
      CompileRequest request;
      request.input_shapes = {Shape{c.batch, c.height, c.width, inputs}};
      request.outputs = {wanted};
      Answers expected, got;
      run_network(reference_backend(), net.network, net.parameters, request, 1, expected);
      run_network(gpu(), net.network, net.parameters, request, 1, got, Precision::f16);
      constexpr double kStoredHalves = 2e-3;
      EXPECT_LE(relative_difference(got.tensors.at(0), expected.tensors.at(0)), kStoredHalves)
          << net.network.tensor(wanted).name;
    }
  }

  // In floats the network's output is finite, in halves the run says that it would not be the same: of zeros, too,
  // where it is a constant that no half holds.
  // `has_launch`: whether a launch looks for it, and not the kernel that writes the output.
  void expect_beyond_halves(const char* name, FloatNetwork& net, TensorId output, bool of_zeros = false,
                            bool has_launch = false) {
    SCOPED_TRACE(name);
    net.network.outputs = {output};
    CompileRequest request;
    request.input_shapes = {Shape{2, 9, 9, 8}};
    request.outputs = {output};
    for (const Precision precision : {Precision::f32, Precision::f16}) {
      const auto weights = packed(gpu(), net.network, net.parameters, precision).value();
      const auto program = gpu().compile(weights, request).value();
      const auto execution = program->open({.profile = true}).value();
      const std::span<const StepTime> times = execution->step_times();
      EXPECT_EQ(std::ranges::any_of(times, [](const StepTime& time) { return time.kind == "check"; }),
                has_launch && precision == Precision::f16);
      const TensorMemory& input = execution->inputs()[0];
      for (int size : {1, 0, 1}) {  // not only the first run, and not for good
        auto* numbers = reinterpret_cast<float*>(input.data);
        for (std::int64_t i = 0; i < input.shape.elements(); ++i) numbers[i] = static_cast<float>(size * (i % 7 + 1));
        const auto run = execution->run();
        const bool in_range = precision == Precision::f32 || (size == 0 && !of_zeros);
        EXPECT_EQ(run.has_value(), in_range) << "inputs times " << size;
        if (!run) {
          EXPECT_EQ(run.error().code, ErrorCode::bad_format);
          continue;
        }
        const TensorMemory& answer = execution->outputs()[0];
        const auto* values = reinterpret_cast<const float*>(answer.data);
        for (std::int64_t i = 0; i < answer.shape.elements(); ++i) ASSERT_TRUE(std::isfinite(values[i])) << i;
      }
    }
  }
};

struct LastCase {
  const char* name;
  TensorId (*add)(FloatNetwork& net, TensorId x);  // [2][9][9][16] numbers between 0 and 6
  bool has_launch;                                 // which reads the output once more
};
TensorId last_layer(FloatNetwork& net, TensorId x, int in, int out) {
  return net.add(Conv2dOp{}, {x, net.constant({out, 1, 1, in}, WeightLayout::ohwi, -0.5f, 0.5f)});
}
constexpr LastCase kLast[] = {
    {"eights", [](FloatNetwork& net, TensorId x) { return last_layer(net, x, 16, 24); }, false},
    {"singles", [](FloatNetwork& net, TensorId x) { return last_layer(net, x, 16, 7); }, false},
    {"one pixel",
     [](FloatNetwork& net, TensorId x) { return last_layer(net, net.add(GlobalAveragePoolOp{}, {x}), 16, 7); }, false},
    {"without matrix units",
     [](FloatNetwork& net, TensorId x) { return last_layer(net, last_layer(net, x, 16, 9), 9, 8); }, false},
    {"a block",
     [](FloatNetwork& net, TensorId x) {
       const TensorId taps = net.constant({1, 3, 3, 16}, WeightLayout::hwc, -0.5f, 0.5f);
       return last_layer(net, net.add(three_by_three(1, 1, Activation::relu6), {x, taps}), 16, 24);
     },
     false},
    {"parts of one tensor",
     [](FloatNetwork& net, TensorId x) {
       const TensorId one = last_layer(net, x, 16, 8), other = last_layer(net, x, 16, 7);
       return net.add(ConcatOp{3}, {one, other});
     },
     false},
    {"softmax", [](FloatNetwork& net, TensorId x) { return net.add(SoftmaxOp{}, {last_layer(net, x, 16, 8)}); }, false},
    {"lengths of 1",
     [](FloatNetwork& net, TensorId x) { return net.add(L2NormalizeOp{}, {last_layer(net, x, 16, 8)}); }, false},
    {"enlarged",
     [](FloatNetwork& net, TensorId x) {
       return net.add(ResizeBilinearOp{20, 20}, {last_layer(net, x, 16, 7)});
     },
     false},
    {"sums",
     [](FloatNetwork& net, TensorId x) {
       return net.add(AddOp{}, {x, last_layer(net, x, 16, 16)});
     },
     false},
    {"functions of one number", [](FloatNetwork& net, TensorId x) { return net.add(UnaryOp{UnaryKind::tanh}, {x}); },
     true},
};

TEST_F(CudaHalves, WhoeverWritesAnOutputLooks) {
  for (const LastCase& c : kLast) {
    FloatNetwork net(1);
    TensorId x = net.add(convolution(Activation::relu),
                         {net.input(), net.constant({16, 1, 1, 8}, WeightLayout::ohwi, 1e4f, 1e4f)});
    x = net.add(convolution(Activation::relu6), {x, net.constant({16, 1, 1, 16}, WeightLayout::ohwi, 1e-6f, 1e-6f)});
    expect_beyond_halves(c.name, net, c.add(net, x), false, c.has_launch);
  }
}

TEST_F(CudaHalves, SumsInFloatsWhereHalvesAreTooCoarse) {
  for (const SumCase& c : kSums) expect_exact_sums(c, false);
  for (const SumCase& c : kStems) expect_exact_sums(c, true);
}

// Each is followed by a clamp, which would make a 6 of an infinity.
TEST_F(CudaHalves, NumbersBeyondThemAreNeverHidden) {
  const auto layer = [](FloatNetwork& net, TensorId x, int in, int out, float weight, Activation activation) {
    return net.add(convolution(activation), {x, net.constant({out, 1, 1, in}, WeightLayout::ohwi, weight, weight)});
  };
  const auto clamped = [&](FloatNetwork& net, TensorId x, int channels) {
    return layer(net, layer(net, x, channels, 16, 1e-6f, Activation::relu6), 16, 8, 1, Activation::none);
  };
  for (const int channels : {8, 12, 64}) {
    FloatNetwork net(1);
    expect_beyond_halves("a linear layer", net,
                         clamped(net, layer(net, net.input(), 8, channels, 1e4f, Activation::none), channels));
  }
  for (const int channels : {8, 12, 64}) {
    FloatNetwork net(1);
    const TensorId x = layer(net, net.input(), 8, 16, 1, Activation::none);
    expect_beyond_halves("halves in, halves out", net,
                         clamped(net, layer(net, x, 16, channels, 1e4f, Activation::relu), channels));
  }
  {
    FloatNetwork net(1);
    const TensorId x = layer(net, net.input(), 8, 16, 1, Activation::none);
    expect_beyond_halves("a weight", net, clamped(net, layer(net, x, 16, 16, 1e5f, Activation::relu6), 16), true);
  }
  {
    FloatNetwork net(1);
    const TensorId x = layer(net, net.input(), 8, 16, 400, Activation::none), y = net.add(AddOp{}, {x, x});
    const TensorId z = net.add(AddOp{}, {net.add(AddOp{}, {y, y}), net.add(AddOp{}, {y, x})});
    expect_beyond_halves("sums", net, clamped(net, z, 16));
  }
  {
    FloatNetwork net(1);
    const TensorId x = layer(net, net.input(), 8, 16, 1, Activation::none);
    expect_beyond_halves(
        "squares of squares", net,
        clamped(net, net.add(UnaryOp{UnaryKind::square}, {net.add(UnaryOp{UnaryKind::square}, {x})}), 16));
  }
  {
    FloatNetwork net(1);
    const TensorId x = layer(net, net.input(), 8, 16, 100, Activation::none);
    const TensorId y =
        net.add(three_by_three(1, 1, Activation::none), {x, net.constant({1, 3, 3, 16}, WeightLayout::hwc, 20, 20)});
    expect_beyond_halves("a depthwise layer", net, clamped(net, y, 16));
  }
  {  // a block, in whose middle they are
    FloatNetwork net(1);
    const TensorId x = layer(net, net.input(), 8, 16, 1, Activation::none);
    const TensorId y = layer(net, x, 16, 96, 1e4f, Activation::relu);
    const TensorId z = net.add(three_by_three(1, 1, Activation::relu6),
                               {y, net.constant({1, 3, 3, 96}, WeightLayout::hwc, -1e-6f, -1e-6f)});
    expect_beyond_halves("between the layers of a block", net, layer(net, z, 96, 24, 1, Activation::none));
  }
}

}  // namespace
}  // namespace mobilenet::testing
