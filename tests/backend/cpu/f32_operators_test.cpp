// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every float operator of the cpu backend against `reference`, on every instruction set of this machine.

#include "backend/cpu/float_network.h"
#include "backend/packed.h"

namespace mobilenet {
namespace {

using testing::FloatNetwork;

// Sums of up to a few thousand float products in another order than the reference, which adds in double: about
// sqrt(n) * 2^-24 of the largest number.
constexpr double kTolerance = 1e-5;
// Both numbers of a product are off by up to 2^-9 of themselves in bf16; the most seen was 1.3e-2.
constexpr double kBf16Tolerance = 3e-2;

constexpr Padding kSame{Padding::Rule::same, 0, 0, 0, 0};
constexpr Padding kNone{Padding::Rule::explicit_, 0, 0, 0, 0};
constexpr Padding kOne{Padding::Rule::explicit_, 1, 1, 1, 1};
constexpr Padding kUneven{Padding::Rule::explicit_, 0, 1, 2, 3};

struct WindowCase {
  const char* name;
  int batch, height, width, inputs, outputs;  // outputs: of a convolution; multiplier of a depthwise one
  int kernel_height, kernel_width, stride, dilation;
  Padding padding;
  int groups = 1;
  Activation activation = Activation::none;
};

Window window_of(const WindowCase& c) {
  Window window;
  window.kernel_height = c.kernel_height;
  window.kernel_width = c.kernel_width;
  window.stride_height = window.stride_width = c.stride;
  window.dilation_height = window.dilation_width = c.dilation;
  window.padding = c.padding;
  return window;
}

class F32 : public ::testing::TestWithParam<cpu::KernelSet> {
 protected:
  void expect_like_reference(FloatNetwork& net, std::vector<Shape> inputs, std::vector<TensorId> outputs) {
    CompileRequest request;
    request.input_shapes = std::move(inputs);
    request.outputs = std::move(outputs);
    testing::expect_like_reference(net.network, net.parameters, request, GetParam(), {1, 2, 3}, kTolerance);
    if (GetParam().bf16_gemm == nullptr) return;
    testing::expect_like_reference(net.network, net.parameters, request, GetParam(), {1, 2}, kBf16Tolerance,
                                   Precision::bf16);
  }
};

INSTANTIATE_TEST_SUITE_P(Isa, F32, testing::every_isa(), testing::isa_test_name);

constexpr WindowCase kConvolutions[] = {
    {"one pixel, one channel", 1, 1, 1, 1, 1, 1, 1, 1, 1, kNone},
    {"pointwise, V1 block 1", 1, 14, 14, 32, 64, 1, 1, 1, 1, kNone, 1, Activation::relu6},
    {"pointwise, one vector of outputs", 1, 9, 7, 32, 16, 1, 1, 1, 1, kNone},
    {"pointwise, a vector and a half", 1, 9, 7, 144, 24, 1, 1, 1, 1, kNone, 1, Activation::relu},
    {"pointwise, odd counts everywhere", 3, 5, 3, 37, 53, 1, 1, 1, 1, kNone, 1, Activation::relu6},
    {"pointwise, one output", 2, 3, 3, 19, 1, 1, 1, 1, 1, kNone},
    {"pointwise, rows 4096 bytes apart", 1, 7, 7, 1024, 40, 1, 1, 1, 1, kNone},
    {"pointwise, weights larger than the cache", 1, 7, 7, 512, 512, 1, 1, 1, 1, kNone, 1, Activation::relu6},
    {"pointwise, hard swish", 1, 6, 6, 24, 40, 1, 1, 1, 1, kNone, 1, Activation::hard_swish},
    {"pointwise, sigmoid, odd columns", 1, 5, 5, 24, 21, 1, 1, 1, 1, kNone, 1, Activation::sigmoid},
    {"pointwise, stride two", 1, 7, 9, 24, 20, 1, 1, 2, 1, kSame},
    {"pointwise with padding", 1, 4, 4, 8, 12, 1, 1, 1, 1, kOne},
    {"stem, SAME, even size", 1, 32, 32, 3, 32, 3, 3, 2, 1, kSame, 1, Activation::relu6},
    {"stem, SAME, odd size", 2, 33, 31, 3, 24, 3, 3, 2, 1, kSame, 1, Activation::relu6},
    {"stem, symmetric padding", 1, 32, 30, 3, 8, 3, 3, 2, 1, kOne},
    {"uneven padding", 1, 8, 9, 5, 7, 3, 3, 1, 1, kUneven},
    {"window larger than the picture", 1, 2, 2, 4, 6, 5, 5, 1, 1, kSame},
    {"no padding", 1, 9, 9, 6, 10, 3, 3, 1, 1, kNone},
    {"dilation two", 1, 11, 10, 8, 9, 3, 3, 1, 2, kSame},
    {"flat kernel", 1, 6, 8, 4, 5, 1, 5, 1, 1, kSame},
    {"tall kernel", 1, 8, 6, 4, 5, 5, 1, 1, 1, kSame},
    {"stride three", 1, 10, 11, 4, 5, 3, 3, 3, 1, kSame},
    {"SSD extra, weights larger than the cache", 1, 5, 5, 128, 200, 3, 3, 2, 1, kSame, 1, Activation::relu6},
    {"two groups", 1, 6, 6, 12, 20, 3, 3, 1, 1, kSame, 2},
    {"groups of one channel, several outputs", 1, 5, 5, 6, 18, 3, 3, 1, 1, kSame, 6},
    {"pointwise groups", 2, 4, 4, 32, 48, 1, 1, 1, 1, kNone, 4, Activation::relu6},
};

TEST_P(F32, Convolution) {
  for (const WindowCase& c : kConvolutions) {
    SCOPED_TRACE(c.name);
    FloatNetwork net(1);
    Conv2dOp op;
    op.window = window_of(c);
    op.groups = c.groups;
    op.activation = c.activation;
    const Shape weight{c.outputs, c.kernel_height, c.kernel_width, c.inputs / c.groups};
    const TensorId x = net.input();
    const TensorId y = net.add(op, {x, net.constant(weight, WeightLayout::ohwi, -1, 1), net.vector(c.outputs, -1, 1)});
    expect_like_reference(net, {Shape{c.batch, c.height, c.width, c.inputs}}, {y});
  }
}

TEST(F32Limits, HostileWindowIsAnError) {
  FloatNetwork net(1);
  const TensorId x = net.input();
  Conv2dOp op;
  op.window = window_of({"", 1, 0, 0, 0, 0, 64, 1, 1, 65536, kSame});
  CompileRequest request;
  request.outputs = {net.add(op, {x, net.constant({1, 64, 1, 1}, WeightLayout::ohwi, -1, 1)})};
  request.input_shapes = {Shape{1, 4, 4, 1}};
  const Backend& backend = cpu::cpu_backend();
  const auto program = backend.compile(*packed(backend, net.network, net.parameters, Precision::f32), request);
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, ErrorCode::unsupported);
}

TEST_P(F32, ConvolutionWithoutBias) {
  FloatNetwork net(1);
  const TensorId x = net.input();
  const TensorId w = net.constant({12, 8, 3, 3}, WeightLayout::oihw, -1, 1);
  Conv2dOp op;
  op.window = window_of({"", 1, 0, 0, 0, 0, 3, 3, 1, 1, kOne});
  expect_like_reference(net, {Shape{1, 6, 5, 8}}, {net.add(op, {x, w, kNoTensor})});
}

constexpr WindowCase kDepthwise[] = {
    {"one pixel", 1, 1, 1, 1, 1, 3, 3, 1, 1, kSame},
    {"channels of a whole vector", 1, 14, 14, 32, 1, 3, 3, 1, 1, kSame, 1, Activation::relu6},
    {"channels that leave a rest", 1, 7, 9, 24, 1, 3, 3, 1, 1, kSame, 1, Activation::relu6},
    {"fewer channels than a vector", 2, 5, 6, 3, 1, 3, 3, 1, 1, kSame},
    {"one row", 1, 1, 10, 8, 1, 3, 3, 1, 1, kSame},
    {"one column", 1, 10, 1, 8, 1, 3, 3, 1, 1, kSame},
    {"widths of every tile", 1, 3, 11, 16, 1, 3, 3, 1, 1, kSame},
    {"no padding", 1, 6, 7, 20, 1, 3, 3, 1, 1, kNone, 1, Activation::relu},
    {"stride two, SAME, even", 1, 16, 16, 40, 1, 3, 3, 2, 1, kSame, 1, Activation::relu6},
    {"stride two, SAME, odd", 1, 15, 13, 40, 1, 3, 3, 2, 1, kSame, 1, Activation::relu6},
    {"stride two, symmetric", 3, 14, 12, 17, 1, 3, 3, 2, 1, kOne},
    {"stride two, one pixel", 1, 2, 2, 16, 1, 3, 3, 2, 1, kSame},
    {"stride three", 1, 9, 10, 16, 1, 3, 3, 3, 1, kSame},
    {"dilation two", 1, 12, 11, 24, 1, 3, 3, 1, 2, kSame, 1, Activation::relu6},
    {"dilation four, wider than the picture", 1, 5, 6, 8, 1, 3, 3, 1, 4, kSame},
    {"dilation and stride", 1, 9, 9, 8, 1, 3, 3, 2, 2, kOne},
    {"5 x 5", 1, 9, 8, 24, 1, 5, 5, 1, 1, kSame, 1, Activation::hard_swish},
    {"5 x 5, stride two", 1, 10, 9, 40, 1, 5, 5, 2, 1, kSame},
    {"uneven kernel and padding", 1, 8, 9, 5, 1, 2, 4, 1, 1, kUneven},
    {"multiplier two", 1, 6, 7, 9, 2, 3, 3, 1, 1, kSame, 1, Activation::relu6},
    {"multiplier of one channel", 2, 6, 6, 1, 8, 3, 3, 2, 1, kSame},
    {"few rows, many channels", 1, 7, 7, 960, 1, 3, 3, 1, 1, kSame, 1, Activation::relu6},
};

TEST_P(F32, Depthwise) {
  for (const WindowCase& c : kDepthwise) {
    SCOPED_TRACE(c.name);
    FloatNetwork net(2);
    DepthwiseConv2dOp op;
    op.window = window_of(c);
    op.multiplier = c.outputs;
    op.activation = c.activation;
    const int outputs = c.inputs * c.outputs;
    const TensorId x = net.input();
    const TensorId w = net.constant({1, c.kernel_height, c.kernel_width, outputs}, WeightLayout::hwc, -1, 1);
    const TensorId y = net.add(op, {x, w, net.vector(outputs, -1, 1)});
    expect_like_reference(net, {Shape{c.batch, c.height, c.width, c.inputs}}, {y});
  }
}

TEST_P(F32, Dense) {
  constexpr std::pair<int, int> kSizes[] = {{1, 1}, {1024, 1001}, {1280, 5}, {37, 19}};
  for (const auto& [inputs, outputs] : kSizes)
    for (const int batch : {1, 2, 17}) {
      SCOPED_TRACE(std::to_string(inputs) + " to " + std::to_string(outputs) + ", batch " + std::to_string(batch));
      FloatNetwork net(3);
      const TensorId x = net.input();
      const TensorId y =
          net.add(DenseOp{}, {x, net.constant({outputs, inputs}, WeightLayout::oi, -1, 1), net.vector(outputs, -1, 1)});
      expect_like_reference(net, {Shape{batch, 1, 1, inputs}}, {y});
    }
}

// Convolution, batch norm, addition of an earlier tensor, activation: one step of the plan, four of the reference.
TEST_P(F32, FusedGroups) {
  for (const Activation activation : {Activation::none, Activation::relu6, Activation::hard_swish})
    for (const bool depthwise : {false, true})
      for (const bool residual : {false, true}) {
        SCOPED_TRACE(::testing::Message() << "activation " << static_cast<int>(activation)
                                          << (depthwise ? " depthwise" : "") << (residual ? " residual" : ""));
        constexpr int kChannels = 40;
        FloatNetwork net(4);
        const TensorId x = net.input();
        TensorId y = kNoTensor;
        if (depthwise) {
          DepthwiseConv2dOp op;
          op.window = window_of({"", 1, 0, 0, 0, 0, 3, 3, 1, 1, kSame});
          y = net.add(op, {x, net.constant({kChannels, 1, 3, 3}, WeightLayout::oihw, -1, 1)});
        } else {
          y = net.add(Conv2dOp{}, {x, net.constant({kChannels, 1, 1, kChannels}, WeightLayout::ohwi, -1, 1)});
        }
        y = net.batch_norm(y, kChannels);
        if (residual) y = net.add(AddOp{}, {x, y});
        if (activation != Activation::none) y = net.add(ActivationOp{activation}, {y});
        expect_like_reference(net, {Shape{2, 7, 6, kChannels}}, {y});
      }
}

// Asking for an inner tensor cuts a group open; batch norm then runs by itself, or the weights are packed without it.
TEST_P(F32, TapsInsideGroups) {
  constexpr int kChannels = 21;
  FloatNetwork net(5);
  const TensorId x = net.input();
  const TensorId a = net.add(Conv2dOp{}, {x, net.constant({kChannels, 1, 1, 8}, WeightLayout::ohwi, -1, 1)});
  const TensorId b = net.batch_norm(a, kChannels);
  const TensorId c = net.add(ActivationOp{Activation::relu6}, {b});
  for (const std::vector<TensorId>& taps : std::vector<std::vector<TensorId>>{{c}, {a, c}, {b, c}, {a, b, c}})
    expect_like_reference(net, {Shape{1, 5, 5, 8}}, taps);
}

TEST_P(F32, Activations) {
  for (const Activation activation :
       {Activation::none, Activation::relu, Activation::relu6, Activation::hard_swish, Activation::hard_sigmoid,
        Activation::sigmoid, Activation::relu_n1_to_1, Activation::relu_0_to_1}) {
    SCOPED_TRACE(static_cast<int>(activation));
    FloatNetwork net(6);
    const TensorId x = net.input();
    // Wider than -1..1, so that every piece is reached.
    const TensorId wide = net.add(BatchNormOp{1e-3}, {x, net.vector(5, 9, 20), net.vector(5, -1, 1),
                                                      net.vector(5, -1, 1), net.vector(5, 0.5f, 1)});
    expect_like_reference(net, {Shape{1, 13, 7, 5}}, {net.add(ActivationOp{activation}, {wide})});
  }
}

TEST_P(F32, Add) {
  for (const Activation activation : {Activation::none, Activation::relu6, Activation::hard_swish}) {
    FloatNetwork net(7);
    const TensorId a = net.input(), b = net.input();
    const TensorId sum = net.add(AddOp{activation}, {a, b});
    const TensorId twice = net.add(AddOp{activation}, {a, a});
    expect_like_reference(net, {Shape{2, 3, 5, 7}, Shape{2, 3, 5, 7}}, {sum, twice});
  }
}

TEST_P(F32, Concat) {
  for (const int axis : {1, 2, 3}) {
    SCOPED_TRACE(axis);
    FloatNetwork net(8);
    std::vector<TensorId> inputs = {net.input(), net.input(), net.input()};
    std::vector<Shape> shapes(3, Shape{2, 3, 4, 5});
    shapes[1][axis] = 1;
    shapes[2][axis] = 17;
    expect_like_reference(net, shapes, {net.add(ConcatOp{axis}, inputs)});
  }
}

// DeepLab's pooled branch, in front of and behind the map that it is joined with; of one picture the sums of its pixel
// become a bias.
TEST_P(F32, AMapThatRepeatsAPixel) {
  for (const bool pixel_first : {true, false})
    for (const int pictures : {1, 2})
      for (const auto& [pooled, channels, outputs] : {std::tuple{40, 24, 33}, {7, 96, 64}, {256, 256, 256}}) {
        SCOPED_TRACE(::testing::Message() << pooled << " and " << channels << " channels, " << pictures << " pictures");
        FloatNetwork net(10);
        const TensorId map = net.input();
        const TensorId pixel = net.add(Conv2dOp{}, {net.add(GlobalAveragePoolOp{}, {map}),
                                                    net.constant({pooled, channels, 1, 1}, WeightLayout::oihw, -1, 1)});
        const TensorId wide = net.add(ResizeBilinearOp{9, 13, Enlargement::align_corners}, {pixel});
        const std::vector<TensorId> both =
            pixel_first ? std::vector<TensorId>{wide, map} : std::vector<TensorId>{map, wide};
        const TensorId joined = net.add(ConcatOp{3}, both);
        const TensorId sums = net.add(
            Conv2dOp{}, {joined, net.constant({outputs, pooled + channels, 1, 1}, WeightLayout::oihw, -0.1f, 0.1f)});
        const TensorId out = net.add(ActivationOp{Activation::relu}, {net.batch_norm(sums, outputs)});
        expect_like_reference(net, {Shape{pictures, 9, 13, channels}}, {out});
        expect_like_reference(net, {Shape{pictures, 9, 13, channels}}, {joined, out});
      }
}

constexpr WindowCase kPools[] = {
    {"2 x 2", 1, 8, 6, 24, 0, 2, 2, 2, 1, kNone},
    {"SAME at the border", 2, 7, 7, 5, 0, 3, 3, 2, 1, kSame, 1, Activation::relu},
    {"whole picture", 1, 7, 7, 17, 0, 7, 7, 1, 1, kNone},
    {"symmetric padding", 1, 5, 6, 16, 0, 3, 3, 1, 1, kOne},
    {"dilation", 1, 9, 9, 4, 0, 3, 3, 1, 2, kSame},
};

TEST_P(F32, Pools) {
  for (const WindowCase& c : kPools)
    for (const PoolKind kind : {PoolKind::average, PoolKind::max}) {
      SCOPED_TRACE(c.name);
      FloatNetwork net(9);
      const TensorId x = net.input();
      const TensorId y = net.add(PoolOp{kind, window_of(c), c.activation}, {x});
      expect_like_reference(net, {Shape{c.batch, c.height, c.width, c.inputs}}, {y});
    }
}

TEST_P(F32, GlobalAveragePool) {
  for (const int channels : {1, 16, 37, 1280}) {
    SCOPED_TRACE(channels);
    FloatNetwork net(10);
    const TensorId x = net.input();
    const TensorId kept = net.add(GlobalAveragePoolOp{true}, {x});
    const TensorId dropped = net.add(GlobalAveragePoolOp{false}, {x});
    expect_like_reference(net, {Shape{3, 7, 5, channels}}, {kept, dropped});
  }
}

TEST_P(F32, Softmax) {
  for (const int classes : {1, 2, 21, 1001}) {
    SCOPED_TRACE(classes);
    FloatNetwork net(11);
    const TensorId x = net.input();
    const TensorId wide = net.batch_norm(x, classes);
    expect_like_reference(net, {Shape{3, classes}}, {net.add(SoftmaxOp{}, {wide}), net.add(SoftmaxOp{20.0f}, {wide})});
  }
}

TEST_P(F32, ResizeBilinear) {
  for (const auto& [enlargement, what] : {std::pair{Enlargement::top_left, ""},
                                          {Enlargement::align_corners, " corners"},
                                          {Enlargement::half_pixel_centers, " centers"}})
    for (const auto& [height, width] : {std::pair{1, 1}, {5, 7}, {10, 14}, {9, 3}, {33, 33}}) {
      SCOPED_TRACE(::testing::Message() << height << "x" << width << what);
      FloatNetwork net(12);
      const TensorId x = net.input();
      const TensorId y = net.add(ResizeBilinearOp{height, width, enlargement}, {x});
      expect_like_reference(net, {Shape{2, 5, 7, 21}}, {y});
    }
}

TEST_P(F32, PadAndReshape) {
  FloatNetwork net(13);
  const TensorId x = net.input();
  const TensorId padded = net.add(pad_of_map(1, 2, 0, 3), {x});
  const TensorId flat = net.add(ReshapeOp{Shape{1, -1}}, {padded});
  expect_like_reference(net, {Shape{2, 4, 5, 3}}, {padded, flat});
}

}  // namespace
}  // namespace mobilenet
