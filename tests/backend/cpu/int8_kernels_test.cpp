// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every integer kernel of every instruction set against its formula, byte for byte, at sizes around the vectors' ends.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "backend/cpu/every_isa.h"
#include "backend/cpu/int8_quads_of_256.h"
#include "base/aligned_buffer.h"

namespace mobilenet::cpu {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Case {
  const char* name;
  int pixels, channels, depth;  // depth: taps of a depthwise filter
  std::uint8_t input_flip, output_flip;
  int low, high;  // of the weights, shift included where the layout has one
  std::int32_t output_zero_point;
  float scale;
  bool extremes = false;  // bytes and weights: only the ends of their ranges
};

constexpr Case kCases[] = {
    {"one of everything", 1, 1, 1, 0, 0, -255, 255, 0, 0.01f},
    {"one more than a vector", 5, 17, 3, 0, 0, -255, 255, 128, 0.003f},
    {"one less than a block", 13, 31, 9, 0x80, 0x80, -127, 127, 100, 0.004f},
    {"a whole block", 12, 32, 9, 0, 0, -128, 127, 3, 0.01f},
    {"one more than a block", 7, 65, 9, 0x80, 0x80, -128, 127, 255, 0.02f},
    {"two blocks and a half", 25, 144, 9, 0, 0, -200, 55, 7, 0.002f},
    {"a stem's window", 30, 24, 27, 0, 0, -255, 0, 0, 0.001f},
    {"a long row", 6, 40, 1283, 0, 0, 0, 255, 0, 0.00005f},
    {"a long row of signed bytes", 3, 48, 960, 0x80, 0x80, -127, 127, 128, 0.0004f},
    {"an odd window", 4, 70, 25, 0, 0, -255, 255, 128, 0.005f},
    {"results far outside the byte", 9, 33, 9, 0, 0, -255, 255, 128, 3e6f},
    {"extreme products", 4, 16, 64, 0, 0, 255, 255, 0, 1e-4f},
    {"extreme negative products", 4, 16, 64, 0, 0, -255, -255, 255, 1e-4f},
    {"the ends of unsigned bytes", 11, 41, 333, 0, 0, -255, 255, 128, 1e-5f, true},
    {"the ends of signed bytes", 17, 23, 64, 0x80, 0x80, -128, 127, 128, 1e-4f, true},
};

std::uint8_t expected_byte(std::int32_t sum, float scale, const ByteOutput& to) {
  const float scaled = static_cast<float>(sum) * scale;
  const float bounded =
      std::clamp(scaled, static_cast<float>(to.low - to.zero_point), static_cast<float>(to.high - to.zero_point));
  return static_cast<std::uint8_t>((static_cast<std::int32_t>(std::nearbyint(bounded)) + to.zero_point) ^ to.flip);
}

// Random constants of one case, packed for a layout and as plain numbers.
struct Filters {
  std::vector<std::int32_t> weights;  // [channel][depth], shift taken back
  std::vector<std::int32_t> bias;
  std::vector<float> scales;
  AlignedBuffer memory;
  PackedFilters packed;
};

Filters make_filters(const Case& c, const FilterLayout& layout, int shift, std::mt19937& random) {
  Filters f;
  const auto groups = static_cast<std::size_t>(layout.groups(c.depth));
  const auto block = static_cast<std::size_t>(layout.block);
  const auto blocks = (static_cast<std::size_t>(c.channels) + block - 1) / block;
  f.packed.block_bytes = block * (8 + groups * static_cast<std::size_t>(layout.group_bytes()));
  f.packed.channels = c.channels;
  f.packed.depth = c.depth;
  f.packed.shift = shift;
  f.memory = AlignedBuffer(blocks * f.packed.block_bytes);
  f.packed.blocks = f.memory.data();
  int low = c.low, high = c.high;
  if (layout.of_bytes()) low = std::clamp(low, -128 - shift, 127 - shift), high = std::clamp(high, low, 127 - shift);
  std::uniform_int_distribution<int> weight(low, high), bias(-20000, 20000);
  std::uniform_real_distribution<float> scale(0.5f, 1.5f);
  const auto any_weight = [&] { return c.extremes ? (random() % 2 == 0 ? low : high) : weight(random); };
  for (int channel = 0; channel < c.channels; ++channel) {
    std::byte* data = f.memory.data() + static_cast<std::size_t>(channel / layout.block) * f.packed.block_bytes;
    const auto position = static_cast<std::size_t>(position_in_block(layout, channel % layout.block));
    f.bias.push_back(bias(random));
    f.scales.push_back(c.scale * scale(random));
    reinterpret_cast<std::int32_t*>(data)[position] = f.bias.back();
    reinterpret_cast<float*>(data)[block + position] = f.scales.back();
    for (int depth = 0; depth < c.depth; ++depth) {
      f.weights.push_back(any_weight());
      const std::size_t index =
          (static_cast<std::size_t>(depth / layout.group) * block + position) * static_cast<std::size_t>(layout.group) +
          static_cast<std::size_t>(depth % layout.group);
      if (layout.of_bytes())
        reinterpret_cast<std::int8_t*>(data + 8 * block)[index] = static_cast<std::int8_t>(f.weights.back() + shift);
      else
        reinterpret_cast<std::int16_t*>(data + 8 * block)[index] = static_cast<std::int16_t>(f.weights.back());
      if (layout.signed_rows) reinterpret_cast<std::int32_t*>(data)[position] += 128 * f.weights.back();
    }
  }
  return f;
}

Bytes random_bytes(std::size_t count, std::mt19937& random, bool extremes = false) {
  constexpr std::uint8_t kEnds[] = {0, 0x7f, 0x80, 0xff};  // of unsigned bytes and of signed ones
  std::uniform_int_distribution<int> byte(0, 255);
  Bytes bytes(count);
  for (std::uint8_t& b : bytes) b = extremes ? kEnds[random() % 4] : static_cast<std::uint8_t>(byte(random));
  return bytes;
}

ByteOutput byte_output_of(const Case& c) { return {c.output_zero_point, 0, 255, c.output_flip}; }

class Int8Kernel : public ::testing::TestWithParam<KernelSet> {
 protected:
  const KernelSet kernels_ = GetParam();
  std::mt19937 random_{7};

  std::vector<int> shifts(const FilterLayout& layout) const {
    return layout.of_bytes() ? std::vector<int>{0, -128, 127, 23} : std::vector<int>{0};
  }
  void expect_matmul(const Case& c, int shift);
};

void Int8Kernel::expect_matmul(const Case& c, int shift) {
  SCOPED_TRACE(std::string(c.name) + ", shift " + std::to_string(shift));
  const Int8MatmulKernels& kernels = *kernels_.int8_matmul;
  const Filters f = make_filters(c, kernels.layout, shift, random_);
  const std::size_t stride = static_cast<std::size_t>(c.depth) + 5;
  const Bytes rows = random_bytes(stride * static_cast<std::size_t>(c.pixels) + kReadPadding, random_, c.extremes);
  const auto channels = static_cast<std::size_t>(c.channels);
  Bytes output(channels * static_cast<std::size_t>(c.pixels) + 64, 0xa5);
  MatmulTask task;
  task.rows = rows.data();
  task.row_stride = stride;
  task.row_count = c.pixels;
  task.flip = c.input_flip;
  task.filters = &f.packed;
  task.block_count = (c.channels + kernels.layout.block - 1) / kernels.layout.block;
  task.output = output.data();
  task.output_stride = channels;
  task.to_byte = byte_output_of(c);
  AlignedBuffer scratch(kernels.scratch_bytes(c.pixels, c.depth));
  kernels.run(task, scratch.data());
  for (std::size_t p = 0; p < static_cast<std::size_t>(c.pixels); ++p)
    for (std::size_t o = 0; o < channels; ++o) {
      std::int32_t sum = f.bias[o];
      for (std::size_t d = 0; d < static_cast<std::size_t>(c.depth); ++d)
        sum += (rows[p * stride + d] ^ c.input_flip) * f.weights[o * static_cast<std::size_t>(c.depth) + d];
      ASSERT_EQ(output[p * channels + o], expected_byte(sum, f.scales[o], task.to_byte))
          << "pixel " << p << ", channel " << o << ", sum " << sum;
    }
  EXPECT_TRUE(std::all_of(output.end() - 64, output.end(), [](int b) { return b == 0xa5; })) << "wrote too far";
}

TEST_P(Int8Kernel, MatmulIsItsFormula) {
  for (const Case& c : kCases)
    for (const int shift : shifts(kernels_.int8_matmul->layout)) expect_matmul(c, shift);
}

// The layers of MobileNets, of their pixels a few.
TEST_P(Int8Kernel, MatmulOfEveryLayerIsItsFormula) {
  std::ifstream file(MOBILENET_SOURCE_DIR "/benchmarks/shapes/pointwise.txt");
  int pixels = 0, inputs = 0, outputs = 0, layers = 0, sizes = 0;
  const std::vector<int> all_shifts = shifts(kernels_.int8_matmul->layout);
  for (std::string line; std::getline(file, line);) {
    if (!(std::istringstream(line) >> pixels >> inputs >> outputs >> layers)) continue;
    ++sizes;
    const Case c{line.c_str(), std::min(pixels, 1 + sizes % 13), outputs, inputs, 0x80, 0x80, -255, 255, 128, 1e-4f};
    expect_matmul(c, all_shifts[static_cast<std::size_t>(sizes) % all_shifts.size()]);
  }
  EXPECT_GT(sizes, 20);
}

TEST_P(Int8Kernel, DepthwiseIsItsFormula) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const Filters f = make_filters(c, kernels_.int8_depthwise->layout, 0, random_);
    const auto channels = static_cast<std::size_t>(c.channels), pixels = static_cast<std::size_t>(c.pixels);
    const auto taps = static_cast<std::size_t>(c.depth);
    // Tap t walks over its own pixels; every third stands still, as a tap outside the picture does.
    const Bytes input = random_bytes(taps * pixels * channels + kReadPadding, random_, c.extremes);
    std::vector<const std::uint8_t*> pointers;
    std::vector<std::ptrdiff_t> steps;
    for (std::size_t t = 0; t < taps; ++t) {
      pointers.push_back(input.data() + t * pixels * channels);
      steps.push_back(t % 3 == 2 ? 0 : static_cast<std::ptrdiff_t>(channels));
    }
    Bytes output(channels * pixels + 64, 0xa5);
    DepthwiseRun run;
    run.taps = pointers.data();
    run.steps = steps.data();
    run.pixels = c.pixels;
    run.flip = c.input_flip;
    run.filters = &f.packed;
    run.output = output.data();
    run.to_byte = byte_output_of(c);
    kernels_.int8_depthwise->run(run);
    for (std::size_t p = 0; p < pixels; ++p)
      for (std::size_t o = 0; o < channels; ++o) {
        std::int32_t sum = f.bias[o];
        for (std::size_t t = 0; t < taps; ++t)
          sum +=
              (pointers[t][static_cast<std::ptrdiff_t>(p) * steps[t] + static_cast<std::ptrdiff_t>(o)] ^ c.input_flip) *
              f.weights[o * taps + t];
        ASSERT_EQ(output[p * channels + o], expected_byte(sum, f.scales[o], run.to_byte))
            << "pixel " << p << ", channel " << o << ", sum " << sum;
      }
    EXPECT_TRUE(std::all_of(output.end() - 64, output.end(), [](int b) { return b == 0xa5; })) << "wrote too far";
  }
}

// The 3x3 kernel reads columns once where windows overlap, so it gets real pictures: three rows, one of them padding.
TEST_P(Int8Kernel, Depthwise3x3IsItsFormula) {
  if (!kernels_.int8_depthwise_3x3) GTEST_SKIP() << "no kernel of its own";
  const FilterLayout& layout = kernels_.int8_depthwise_3x3->layout;
  const auto block = static_cast<std::size_t>(layout.block);
  for (const int channels : {1, 8, 16, 31, 32, 64, 65, 144})
    for (const int stride : {1, 2, 3})
      for (const int dilation : {1, 2})
        for (const int pixels : {1, 2, 5, 18})
          for (const int widest : {127, 254}) {
            SCOPED_TRACE(std::to_string(channels) + " channels, stride " + std::to_string(stride) + ", dilation " +
                         std::to_string(dilation) + ", " + std::to_string(pixels) + " pixels, weights to " +
                         std::to_string(widest));
            const auto count = static_cast<std::size_t>(channels);
            PackedFilters filters;
            filters.block_bytes = block * 4 * 8 + 64;
            filters.channels = channels;
            AlignedBuffer memory((count + block - 1) / block * filters.block_bytes);
            filters.blocks = memory.data();
            std::uniform_int_distribution<int> weight(-widest, widest);
            std::vector<std::int32_t> weights, bias;
            std::vector<float> scales;
            for (int c = 0; c < channels; ++c) {
              bias.push_back(weight(random_) * 50);
              scales.push_back(0.001f * static_cast<float>(c % 7 + 1));
              for (int tap = 0; tap < 9; ++tap) weights.push_back(weight(random_));
            }
            const int places = layout.block % channels == 0 ? layout.block : channels;
            for (int place = 0; place < places; ++place) {
              const auto c = static_cast<std::size_t>(place % channels);
              std::byte* data = memory.data() + static_cast<std::size_t>(place / layout.block) * filters.block_bytes;
              const auto position = static_cast<std::size_t>(position_in_block(layout, place % layout.block));
              std::int32_t& packed_bias = reinterpret_cast<std::int32_t*>(data)[position] = bias[c];
              reinterpret_cast<float*>(data)[block + position] = scales[c];
              for (std::size_t tap = 0; tap < 9; ++tap) {
                const int whole = weights[c * 9 + tap], fitting = std::clamp(whole, -128, 127);
                const std::size_t index = (tap % 3 * block + position) * 4 + tap / 3;
                reinterpret_cast<std::int8_t*>(data + 8 * block)[index] = static_cast<std::int8_t>(fitting);
                reinterpret_cast<std::int8_t*>(data + 20 * block)[index] = static_cast<std::int8_t>(whole - fitting);
                if (whole != fitting) *reinterpret_cast<std::int32_t*>(data + 32 * block) = 1;
                if (layout.signed_rows) packed_bias += 128 * whole;
              }
            }
            const auto row_bytes = static_cast<std::size_t>(pixels * stride + 2 * dilation + 1) * count;
            const Bytes picture = random_bytes(2 * row_bytes + kReadPadding, random_);
            const Bytes padding(count + kReadPadding, 0x7b);
            std::vector<const std::uint8_t*> taps;
            std::vector<std::ptrdiff_t> steps;
            for (std::size_t tap = 0; tap < 9; ++tap) {
              const bool outside = tap / 3 == 2;
              taps.push_back(outside ? padding.data()
                                     : picture.data() + tap / 3 * row_bytes +
                                           tap % 3 * static_cast<std::size_t>(dilation) * count);
              steps.push_back(outside ? 0 : static_cast<std::ptrdiff_t>(stride) * channels);
            }
            Bytes output(count * static_cast<std::size_t>(pixels) + 64, 0xa5);
            DepthwiseRun run{taps.data(), steps.data(), pixels, 0x80, &filters, output.data(), {100, 3, 250, 0x80}};
            kernels_.int8_depthwise_3x3->run(run);
            for (std::size_t p = 0; p < static_cast<std::size_t>(pixels); ++p)
              for (std::size_t c = 0; c < count; ++c) {
                std::int32_t sum = bias[c];
                for (std::size_t tap = 0; tap < 9; ++tap)
                  sum +=
                      (taps[tap][static_cast<std::ptrdiff_t>(p) * steps[tap] + static_cast<std::ptrdiff_t>(c)] ^ 0x80) *
                      weights[c * 9 + tap];
                ASSERT_EQ(output[p * count + c], expected_byte(sum, scales[c], run.to_byte))
                    << "pixel " << p << ", channel " << c << ", sum " << sum;
              }
            EXPECT_TRUE(std::all_of(output.end() - 64, output.end(), [](int b) { return b == 0xa5; }))
                << "wrote too far";
          }
}

TEST_P(Int8Kernel, AddIsItsFormula) {
  for (const std::size_t count : {1u, 15u, 16u, 17u, 64u, 1003u}) {
    const Bytes a = random_bytes(count, random_), b = random_bytes(count, random_);
    for (const std::uint8_t flip : {std::uint8_t{0}, std::uint8_t{0x80}})
      for (const std::int32_t multiplier : {1 << 20, (1 << 21) - 1, 1234567}) {
        Bytes output(count + 64, 0xa5);
        AddTask task;
        task.a = a.data();
        task.b = b.data();
        task.output = output.data();
        task.count = count;
        task.a_flip = task.b_flip = task.to_byte.flip = flip;
        task.a_multiplier = multiplier;
        task.b_multiplier = (1 << 20) + 77;
        task.bias = (1 << 19) - 100 * multiplier - 57 * task.b_multiplier;
        task.shift = 20;
        task.to_byte.zero_point = 90;
        task.to_byte.low = 2;
        task.to_byte.high = 240;
        kernels_.int8_elementwise->add(task);
        for (std::size_t i = 0; i < count; ++i) {
          const std::int32_t sum = task.bias + (a[i] ^ flip) * task.a_multiplier + (b[i] ^ flip) * task.b_multiplier;
          ASSERT_EQ(output[i], std::clamp((sum >> task.shift) + 90, 2, 240) ^ flip) << i << " of " << count;
        }
        EXPECT_TRUE(std::all_of(output.end() - 64, output.end(), [](int o) { return o == 0xa5; })) << "wrote too far";
      }
  }
}

TEST_P(Int8Kernel, SumIsItsFormula) {
  for (const int channels : {1, 7, 16, 33, 320})
    for (const std::size_t rows : {0u, 1u, 49u, 300u}) {
      const std::size_t stride = static_cast<std::size_t>(channels) + 3;
      const Bytes input = random_bytes(stride * rows + kReadPadding, random_);
      std::vector<std::int32_t> sums(static_cast<std::size_t>(channels), -1);
      SumTask task{input.data(), stride, rows, channels, 0x80, sums.data()};
      kernels_.int8_elementwise->sum(task);
      for (std::size_t c = 0; c < sums.size(); ++c) {
        std::int32_t expected = 0;
        for (std::size_t r = 0; r < rows; ++r) expected += input[r * stride + c] ^ 0x80;
        ASSERT_EQ(sums[c], expected) << "channel " << c << " of " << channels << ", " << rows << " rows";
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Isas, Int8Kernel, testing::every_isa(), testing::isa_test_name);

// Where AVX512_VNNI is, so are its kernels for vectors of 256 bits.
std::vector<KernelSet> quads_of_256() {
  std::vector<KernelSet> found;
  for (KernelSet set : runnable_kernels()) {
    if (set.isa != "avx512_vnni") continue;
    set.isa = "quads_of_256";
    set.int8_matmul = kInt8MatmulOf256;
    set.int8_depthwise_3x3 = kInt8Depthwise3x3Of256;
    found.push_back(set);
  }
  return found;
}
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Int8Kernel);
INSTANTIATE_TEST_SUITE_P(Of256, Int8Kernel, ::testing::ValuesIn(quads_of_256()), testing::isa_test_name);

}  // namespace
}  // namespace mobilenet::cpu
