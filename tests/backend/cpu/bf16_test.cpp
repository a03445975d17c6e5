// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Products in bf16, of every instruction set that has them: kernels against their formula, whole networks against
// `reference`, and the same bytes whatever the number of threads.

#include <random>

#include "backend/cpu/float_network.h"
#include "base/aligned_buffer.h"
#include "base/half.h"
#include "models/models.h"

namespace mobilenet {
namespace {

using cpu::GemmKernels;
using cpu::GemmProblem;

class Bf16 : public ::testing::TestWithParam<cpu::KernelSet> {
 protected:
  void SetUp() override {
    if (GetParam().bf16_gemm == nullptr) GTEST_SKIP() << GetParam().isa << " has no products of bf16";
  }
};

INSTANTIATE_TEST_SUITE_P(Isa, Bf16, testing::every_isa(), testing::isa_test_name);

float rounded(float value) { return bf16_to_float(float_to_bf16(value)); }

TEST(Bf16Numbers, AreTheNearestWithTiesToEven) {
  EXPECT_EQ(rounded(1.0f), 1.0f);
  EXPECT_EQ(rounded(1.0f + 0x1p-8f), 1.0f);
  EXPECT_EQ(rounded(1.0f + 0x1.8p-7f), 1.0f + 0x1p-6f);
  EXPECT_EQ(rounded(1.0f + 0x1.01p-8f), 1.0f + 0x1p-7f);
  EXPECT_EQ(rounded(-3.0e38f), bf16_to_float(0xff62));
  EXPECT_EQ(rounded(3.4e38f), HUGE_VALF) << "beyond the largest";
  EXPECT_TRUE(std::isnan(rounded(NAN)));
  EXPECT_TRUE(std::isnan(rounded(std::bit_cast<float>(0x7f800001u)))) << "a NaN in the lowest bit";
}

// A product with random numbers, a border of kUntouched around its output.
struct RandomProduct {
  static constexpr float kUntouched = 12345.0f;

  RandomProduct(const GemmKernels& gemm, int rows, int depth, int columns, std::mt19937& random) {
    std::uniform_real_distribution<float> value(-1, 1);
    const auto size = [](int height, int width) {
      return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    };
    const cpu::PanelLayout& layout = gemm.layout;
    problem.rows = rows, problem.depth = depth, problem.columns = columns;
    problem.packed_depth = layout.packed_depth(depth);
    problem.a_stride = depth + 3, problem.out_stride = columns + 2;
    panels = (columns + layout.columns - 1) / layout.columns;
    a.resize(size(rows, depth + 3) + kReadPadding);
    for (float& x : a) x = value(random);
    weights.resize(size(depth, columns));
    for (float& x : weights) x = value(random);
    residual.resize(size(rows, columns + 2) + kReadPadding);
    for (float& x : residual) x = value(random);
    out.assign(residual.size(), kUntouched);
    packed = AlignedBuffer(size(panels * layout.columns, problem.packed_depth) * sizeof(float));
    bias = AlignedBuffer(size(panels, layout.columns) * sizeof(float));
    for (int c = 0; c < columns; ++c) bias.as<float>()[c] = value(random);
    for (int k = 0; k < depth; ++k)
      for (int c = 0; c < columns; ++c) {
        std::uint16_t* const half = packed.as<std::uint16_t>() + layout.place(k, c, problem.packed_depth);
        const float weight = weights[size(k, columns) + static_cast<std::size_t>(c)];
        half[0] = float_to_bf16(weight);
        if (layout.parts == 2) half[problem.packed_depth * layout.columns] = float_to_bf16(weight - rounded(weight));
      }
    split = layout.parts == 2;
    scratch = AlignedBuffer(gemm.scratch_bytes(rows, depth));
    std::fill_n(scratch.as<float>(), scratch.size() / sizeof(float), NAN);  // what is left there must not matter
    problem.a = a.data(), problem.b = packed.as<float>(), problem.bias = bias.as<float>(), problem.out = out.data();
    problem.scratch = scratch.data();
    problem.low = -0.7f, problem.high = 0.9f;
  }

  void expect_right() const {
    for (int r = 0; r < problem.rows; ++r)
      for (int c = 0; c < problem.out_stride; ++c) {
        const float got = out[static_cast<std::size_t>(r * problem.out_stride + c)];
        if (c >= problem.columns) {
          ASSERT_EQ(got, kUntouched) << "wrote past column " << problem.columns;
          continue;
        }
        double sum = static_cast<double>(bias.as<float>()[c]), magnitude = 1;
        for (int k = 0; k < problem.depth; ++k) {
          const float x = a[static_cast<std::size_t>(r * problem.a_stride + k)];
          const float weight = weights[static_cast<std::size_t>(k * problem.columns + c)];
          const double term = split ? static_cast<double>(x) * static_cast<double>(weight)
                                    : static_cast<double>(rounded(x)) * static_cast<double>(rounded(weight));
          sum += term;
          magnitude += std::abs(term);
        }
        if (problem.residual != nullptr)
          sum += static_cast<double>(residual[static_cast<std::size_t>(r * problem.out_stride + c)]);
        ASSERT_NEAR(static_cast<double>(got), std::clamp(sum, -0.7, 0.9), (split ? 0x1p-16 : 1e-6) * magnitude)
            << "row " << r << " of " << problem.rows << ", column " << c << " of " << problem.columns << ", depth "
            << problem.depth;
      }
  }

  GemmProblem problem;
  int panels = 0;
  bool split = false;  // every number is the sum of two bf16
  std::vector<float> a, weights, residual, out;
  AlignedBuffer packed, bias, scratch;
};

void expect_products(const GemmKernels& gemm) {
  std::mt19937 random(11);
  for (const int rows : {1, 2, 13, 14, 15, 16, 17, 31, 32, 33, 70})
    for (const int depth : {1, 2, 15, 16, 27, 31, 32, 33, 96, 515})
      for (const int columns : {1, 15, 16, 17, 24, 32, 33, 70}) {
        RandomProduct rows_first(gemm, rows, depth, columns, random);
        gemm.rows_first(rows_first.problem, std::min(rows, gemm.tile_rows), 0, rows, 0, rows_first.panels);
        rows_first.expect_right();
        RandomProduct panels_first(gemm, rows, depth, columns, random);
        panels_first.problem.residual = panels_first.residual.data();
        gemm.panels_first(panels_first.problem, gemm.tile_rows, 0, rows, 0, panels_first.panels);
        panels_first.expect_right();
        if (::testing::Test::HasFatalFailure()) return;
      }
}

TEST_P(Bf16, ProductsAreTheirFormula) { expect_products(*GetParam().bf16_gemm); }

TEST_P(Bf16, ProductsOfSplitNumbersAreTheirFormula) {
  if (GetParam().bf16x3_gemm == nullptr) GTEST_SKIP() << GetParam().isa << " has no products of split numbers";
  expect_products(*GetParam().bf16x3_gemm);
}

// Times one: what is no number or infinite becomes no number.
TEST_P(Bf16, SplitNumbersThatAreNoneStaySo) {
  if (GetParam().bf16x3_gemm == nullptr) GTEST_SKIP() << GetParam().isa << " has no products of split numbers";
  const GemmKernels& gemm = *GetParam().bf16x3_gemm;
  std::mt19937 random(16);
  const float numbers[] = {HUGE_VALF, -HUGE_VALF, NAN, std::bit_cast<float>(0x7fffffffu), 3e38f, 1e-30f};
  RandomProduct product(gemm, static_cast<int>(std::size(numbers)), 1, 1, random);
  product.problem.low = -HUGE_VALF, product.problem.high = HUGE_VALF;
  product.bias.as<float>()[0] = 0;
  product.packed.as<std::uint16_t>()[0] = float_to_bf16(1);
  product.packed.as<std::uint16_t>()[product.problem.packed_depth * gemm.layout.columns] = 0;
  for (std::size_t r = 0; r < std::size(numbers); ++r)
    product.a[r * static_cast<std::size_t>(product.problem.a_stride)] = numbers[r];
  gemm.rows_first(product.problem, gemm.tile_rows, 0, product.problem.rows, 0, 1);
  for (std::size_t r = 0; r < std::size(numbers); ++r) {
    const float got = product.out[r * static_cast<std::size_t>(product.problem.out_stride)];
    if (std::isfinite(numbers[r]))
      EXPECT_NEAR(got / numbers[r], 1, 0x1p-16f) << numbers[r];
    else
      EXPECT_TRUE(std::isnan(got)) << r;
  }
}

TEST_P(Bf16, PartsOfAProductWriteNothingElse) {
  const GemmKernels& gemm = *GetParam().bf16_gemm;
  std::mt19937 random(12);
  RandomProduct product(gemm, 50, 40, 100, random);
  gemm.rows_first(product.problem, gemm.tile_rows, 17, 41, 1, 3);
  for (int r = 0; r < 50; ++r)
    for (int c = 0; c < 100; ++c) {
      const bool inside = r >= 17 && r < 41 && c >= gemm.layout.columns && c < 3 * gemm.layout.columns;
      EXPECT_EQ(product.out[static_cast<std::size_t>(r * 102 + c)] != RandomProduct::kUntouched, inside)
          << "row " << r << ", column " << c;
    }
}

// Rows that are rounded already give the same sums, and sums become halves as they are rounded.
TEST_P(Bf16, RoundedRowsAndHalvesAreTheSameProduct) {
  const GemmKernels& gemm = *GetParam().bf16_gemm;
  std::mt19937 random(13);
  for (const int rows : {1, 7, 15, 16, 17, 28, 33, 70})
    for (const int depth : {32, 48, 96, 144, 512})
      for (const int columns : {8, 16, 24, 33, 64}) {
        SCOPED_TRACE(::testing::Message() << rows << " x " << depth << " x " << columns);
        RandomProduct product(gemm, rows, depth, columns, random);
        gemm.rows_first(product.problem, gemm.tile_rows, 0, rows, 0, product.panels);
        const std::size_t row_bytes = cpu::bf16_row_bytes(depth);
        AlignedBuffer pixels(static_cast<std::size_t>(rows) * row_bytes);
        for (int r = 0; r < rows; ++r)
          for (int k = 0; k < depth; ++k) {
            const float value = product.a[static_cast<std::size_t>(r * product.problem.a_stride + k)];
            pixels.as<std::uint16_t>()[static_cast<std::size_t>(r) * row_bytes / 2 + static_cast<std::size_t>(k)] =
                float_to_bf16(value);
          }
        constexpr std::uint16_t kUntouched = 0x7777;
        std::vector<std::uint16_t> halves(product.out.size(), kUntouched);
        GemmProblem narrow = product.problem;
        narrow.a = pixels.as<float>(), narrow.a_is_bf16 = true;
        narrow.out = halves.data(), narrow.out_is_f16 = true;
        for (const auto multiply : {gemm.rows_first, gemm.panels_first}) {
          std::fill(halves.begin(), halves.end(), kUntouched);
          multiply(narrow, gemm.tile_rows, 0, rows, 0, product.panels);
          for (std::size_t i = 0; i < halves.size(); ++i)
            ASSERT_EQ(halves[i],
                      product.out[i] == RandomProduct::kUntouched ? kUntouched : float_to_half(product.out[i]))
                << "element " << i;
        }
      }
}

// A product of floats whose sums become halves, as that of a first convolution.
TEST(Bf16Numbers, SumsOfFloatsBecomeHalves) {
  for (const cpu::KernelSet& kernels : cpu::runnable_kernels()) {
    if (kernels.f16_depthwise == nullptr) continue;  // nobody reads halves
    std::mt19937 random(15);
    const GemmKernels& gemm = *kernels.f32_gemm;
    for (const int columns : {1, 15, 16, 17, 32, 33}) {
      std::uniform_real_distribution<float> value(-1, 1);
      constexpr int kRows = 15, kDepth = 27;
      const auto wide = static_cast<std::size_t>((columns + gemm.layout.columns - 1) / gemm.layout.columns);
      const std::size_t panel_columns = static_cast<std::size_t>(gemm.layout.columns);
      AlignedBuffer weights(wide * panel_columns * kDepth * sizeof(float)), bias(wide * panel_columns * sizeof(float));
      std::vector<float> a(kRows * kDepth + kReadPadding), out(kRows * static_cast<std::size_t>(columns));
      for (std::size_t i = 0; i < weights.size() / sizeof(float); ++i) weights.as<float>()[i] = value(random);
      for (float& x : a) x = value(random);
      std::vector<std::uint16_t> halves(out.size());
      GemmProblem problem;
      problem.a = a.data(), problem.b = weights.as<float>(), problem.bias = bias.as<float>(), problem.out = out.data();
      problem.rows = kRows, problem.a_stride = problem.depth = problem.packed_depth = kDepth;
      problem.out_stride = problem.columns = columns;
      problem.low = 0, problem.high = 6;
      gemm.rows_first(problem, gemm.tile_rows, 0, kRows, 0, static_cast<int>(wide));
      problem.out = halves.data(), problem.out_is_f16 = true;
      gemm.rows_first(problem, gemm.tile_rows, 0, kRows, 0, static_cast<int>(wide));
      for (std::size_t i = 0; i < out.size(); ++i) ASSERT_EQ(halves[i], float_to_half(out[i])) << columns;
    }
  }
}

// From halves to bf16, every size of tile, with zeros behind the channels.
TEST_P(Bf16, DepthwiseOfHalvesIsItsFormula) {
  if (GetParam().f16_depthwise == nullptr) GTEST_SKIP() << GetParam().isa << " has no depthwise convolution of halves";
  const cpu::DepthwiseKernels& kernels = *GetParam().f16_depthwise;
  std::mt19937 random(14);
  std::uniform_real_distribution<float> value(-1, 1);
  for (const int channels : {1, 16, 31, 32, 33, 48, 144})
    for (const int width : {1, 2, 3, 7, 8, 9, 15})
      for (const auto& [stride, dilation] : {std::pair{1, 1}, {2, 1}, {1, 2}})
        for (const int rows : {1, 2}) {
          if (rows == 2 && dilation > 1) continue;
          SCOPED_TRACE(::testing::Message() << channels << " channels, width " << width << ", stride " << stride
                                            << ", dilation " << dilation << ", " << rows << " rows");
          const int padded = (channels + cpu::kBf16Channels - 1) / cpu::kBf16Channels * cpu::kBf16Channels;
          const int in_rows = (rows - 1) * stride + 3, out_width = (width + stride - 1) / stride;
          const auto at = [](int row, int column, int columns) {
            return static_cast<std::size_t>(row * columns + column);
          };
          std::vector<float> weights(at(10, 0, padded));
          const bool in_halves = kernels.packed == DataType::f16;
          const auto rounded_weight = [&](float x) { return in_halves ? half_to_float(float_to_half(x)) : x; };
          AlignedBuffer packed(weights.size() * size_of(kernels.packed)), zeros(static_cast<std::size_t>(padded) * 4);
          for (int t = 0; t < 10; ++t)
            for (int c = 0; c < channels; ++c) {
              weights[at(t, c, padded)] = rounded_weight(value(random));
              const std::size_t place =
                  static_cast<std::size_t>((c / kernels.lanes * 10 + t) * kernels.lanes + c % kernels.lanes);
              if (in_halves)
                packed.as<std::uint16_t>()[place] = float_to_half(weights[at(t, c, padded)]);
              else
                packed.as<float>()[place] = weights[at(t, c, padded)];
            }
          // What lies behind the last pixel is not a number.
          std::vector<std::uint16_t> input(at(in_rows, 0, width * channels) + 64, 0x7fff);
          std::fill_n(input.begin(), at(in_rows, 0, width * channels), 0);
          for (std::size_t i = 0; i < at(in_rows, 0, width * channels); ++i)
            input[i] = float_to_half(3 + 3 * value(random));
          std::vector<const void*> pointers;
          for (int i = 0; i < in_rows; ++i) pointers.push_back(&input[at(i, 0, width * channels)]);
          pointers[0] = nullptr;
          std::vector<std::uint16_t> out(at(rows, 0, out_width * padded), 0x7777);
          cpu::DepthwiseProblem problem;
          problem.packed = packed.data(), problem.zeros = zeros.data();
          problem.channels = channels, problem.pixel_stride = channels, problem.out_pixel_stride = padded;
          problem.out_row_stride = out_width * padded;
          problem.width = width, problem.output_width = out_width, problem.stride = stride, problem.dilation = dilation;
          problem.pad_left = dilation;
          problem.low = 0, problem.high = 6;
          kernels.rows_3x3(problem, pointers.data(), rows, out.data());
          for (int y = 0; y < rows; ++y)
            for (int x = 0; x < out_width; ++x)
              for (int c = 0; c < padded; ++c) {
                double sum = c < channels ? static_cast<double>(weights[at(0, c, padded)]) : 0, magnitude = 1;
                for (int t = 0; t < 9 && c < channels; ++t) {
                  const int row = y * stride + t / 3, column = x * stride + t % 3 * dilation - dilation;
                  if (pointers[static_cast<std::size_t>(row)] == nullptr || column < 0 || column >= width) continue;
                  const double term =
                      static_cast<double>(half_to_float(input[at(row, column * channels + c, width * channels)])) *
                      static_cast<double>(weights[at(1 + t, c, padded)]);
                  sum += term, magnitude += std::abs(term);
                }
                // Half a step of bf16, and ten of halves where those are summed.
                const double right = std::clamp(sum, 0.0, 6.0);
                const double tolerance = 0x1p-8 * right + (in_halves ? 10 * 0x1p-11 : 1e-6) * magnitude;
                ASSERT_NEAR(static_cast<double>(bf16_to_float(out[at(y, x * padded + c, out_width * padded)])), right,
                            tolerance)
                    << "row " << y << ", column " << x << ", channel " << c;
              }
        }
}

// Of the largest output: every number has 8 significant bits where it is multiplied. In V2 random linear bottlenecks
// pass errors on undamped; its layers are compared one by one in f32_operators_test.cpp, real weights in
// tests/fidelity.
constexpr double kTolerance = 3e-2, kUndamped = 0.5;
// What of these tolerances is left to numbers that are split and have 16 significant bits.
constexpr double kSplitShare = 1.0 / 64;

struct NetworkCase {
  const char* architecture;
  int height, width, batch;
  double tolerance;
};

constexpr NetworkCase kNetworks[] = {
    {"mobilenet_v1:0.25:64:10", 61, 75, 2, kTolerance},     {"mobilenet_v1:1.0:64:1001", 64, 64, 1, kTolerance},
    {"ssd_mobilenet_v1:0.25:96", 96, 96, 1, kTolerance},    {"mobilenet_v2:0.35:224:10", 225, 224, 2, kUndamped},
    {"mobilenet_v2:1.0:64:1001", 64, 64, 1, kUndamped},     {"mobilenet_v2:0.75:224:10", 129, 320, 1, kUndamped},
    {"ssdlite_mobilenet_v2:0.35:96", 96, 96, 1, kUndamped}, {"deeplab_mobilenet_v2:0.35:65", 65, 65, 1, kUndamped},
};

TEST_P(Bf16, NetworksAreNearTheReferenceAndTheSameOnAnyThreads) {
  for (const NetworkCase& c : kNetworks) {
    SCOPED_TRACE(::testing::Message() << c.architecture << " on " << c.height << "x" << c.width);
    const ModelSpec spec = spec_from_name(c.architecture).value();
    const RandomWeights weights = random_weights(spec);
    const Network network = build_network(spec, weights.parameters, weights.index).value();
    CompileRequest request;
    request.input_shapes = {Shape{c.batch, c.height, c.width, 3}};
    request.outputs = network.outputs;
    testing::expect_like_reference(network, weights.parameters, request, GetParam(), {1, 2, 3}, c.tolerance,
                                   Precision::bf16);
    const testing::ForcedIsa forced(GetParam());
    testing::Answers exact, one, three;
    testing::run_network(cpu::cpu_backend(), network, weights.parameters, request, 1, exact);
    testing::run_network(cpu::cpu_backend(), network, weights.parameters, request, 1, one, Precision::bf16);
    testing::run_network(cpu::cpu_backend(), network, weights.parameters, request, 3, three, Precision::bf16);
    EXPECT_EQ(one.tensors, three.tensors);
    EXPECT_NE(one.tensors, exact.tensors) << "computed in f32";
    if (GetParam().bf16x3_gemm == nullptr) continue;
    testing::expect_like_reference(network, weights.parameters, request, GetParam(), {1, 3}, c.tolerance * kSplitShare,
                                   Precision::bf16x3);
    testing::run_network(cpu::cpu_backend(), network, weights.parameters, request, 1, one, Precision::bf16x3);
    testing::run_network(cpu::cpu_backend(), network, weights.parameters, request, 3, three, Precision::bf16x3);
    EXPECT_EQ(one.tensors, three.tensors);
    EXPECT_NE(one.tensors, exact.tensors) << "computed in f32";
  }
}

}  // namespace
}  // namespace mobilenet
