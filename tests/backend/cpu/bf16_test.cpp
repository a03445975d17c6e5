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
        const int element = (c / layout.columns * problem.packed_depth + k / 2) * layout.columns + c % layout.columns;
        packed.as<std::uint16_t>()[2 * element + k % 2] =
            float_to_bf16(weights[size(k, columns) + static_cast<std::size_t>(c)]);
      }
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
          const double term = static_cast<double>(rounded(a[static_cast<std::size_t>(r * problem.a_stride + k)])) *
                              static_cast<double>(rounded(weights[static_cast<std::size_t>(k * problem.columns + c)]));
          sum += term;
          magnitude += std::abs(term);
        }
        if (problem.residual != nullptr)
          sum += static_cast<double>(residual[static_cast<std::size_t>(r * problem.out_stride + c)]);
        ASSERT_NEAR(static_cast<double>(got), std::clamp(sum, -0.7, 0.9), 1e-6 * magnitude)
            << "row " << r << " of " << problem.rows << ", column " << c << " of " << problem.columns << ", depth "
            << problem.depth;
      }
  }

  GemmProblem problem;
  int panels = 0;
  std::vector<float> a, weights, residual, out;
  AlignedBuffer packed, bias, scratch;
};

TEST_P(Bf16, ProductsAreTheirFormula) {
  const GemmKernels& gemm = *GetParam().bf16_gemm;
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
        if (HasFatalFailure()) return;
      }
}

TEST_P(Bf16, PartsOfAProductWriteNothingElse) {
  const GemmKernels& gemm = *GetParam().bf16_gemm;
  std::mt19937 random(12);
  RandomProduct product(gemm, 50, 40, 100, random);
  gemm.rows_first(product.problem, gemm.tile_rows, 17, 41, 1, 3);
  for (int r = 0; r < 50; ++r)
    for (int c = 0; c < 100; ++c) {
      const bool inside = r >= 17 && r < 41 && c >= 32 && c < 96;
      EXPECT_EQ(product.out[static_cast<std::size_t>(r * 102 + c)] != RandomProduct::kUntouched, inside)
          << "row " << r << ", column " << c;
    }
}

// Of the largest output: every number has 8 significant bits where it is multiplied. In V2 random linear bottlenecks
// pass errors on undamped; its layers are compared one by one in f32_operators_test.cpp, real weights in
// tests/fidelity.
constexpr double kTolerance = 3e-2, kUndamped = 0.5;

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
  }
}

}  // namespace
}  // namespace mobilenet
