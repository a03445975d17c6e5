// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Bytes as a network's real numbers, by every instruction set: the bits of real_number().
#include "preprocess/float_kernels.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "spec/input_encoding.h"

namespace mobilenet::testing {
namespace {

struct EncodingCase {
  const char* name;
  bool divide_by_255;
  float rescale;
  std::array<float, 3> mean, deviation;
};

constexpr EncodingCase kCases[] = {
    {"-1 to 1", true, 1, {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}},
    {"-1 to 1 by a factor", false, 1 / 127.5f, {1, 1, 1}, {1, 1, 1}},
    {"ImageNet's", true, 1, {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}},
    {"powers of two, one negative", false, 1 / 255.0f, {0.1f, 0, -3}, {-0.25f, 4, 1}},
    {"bytes less a mean", false, 1, {103.94f, 116.78f, 123.68f}, {1 / 0.017f, 1 / 0.017f, 1 / 0.017f}},
};

class EveryFloatRow : public ::testing::TestWithParam<KernelRow<FloatKernels>> {};
INSTANTIATE_TEST_SUITE_P(Floats, EveryFloatRow, ::testing::ValuesIn(runnable_float_kernels()),
                         [](const auto& row) { return std::string(row.param.isa); });

TEST_P(EveryFloatRow, RealNumbersOfBytes) {
  std::vector<std::uint8_t> bytes;  // every byte in every channel
  for (int byte = 0; byte < 256; ++byte) bytes.insert(bytes.end(), 3, static_cast<std::uint8_t>(byte));
  for (const EncodingCase& c : kCases) {
    PreprocessSpec spec;
    spec.divide_by_255 = c.divide_by_255, spec.rescale = c.rescale, spec.mean = c.mean, spec.deviation = c.deviation;
    const RealNumbersOfPixels numbers = real_numbers_of_pixels(spec);
    EXPECT_EQ(numbers.has_inverses, c.deviation[1] == 0.5f || c.deviation[2] == 1) << c.name;
    for (const std::size_t count : {std::size_t{3}, std::size_t{51}, bytes.size()}) {
      std::vector<float> out(count, -12345.0f);
      GetParam().kernels->real_numbers_of_bytes(bytes.data() + bytes.size() - count, numbers, count, out.data());
      for (std::size_t i = 0; i < count; ++i)
        ASSERT_EQ(out[i], real_number(spec, bytes[bytes.size() - count + i], i % 3)) << c.name << ", " << i;
    }
  }
}

}  // namespace
}  // namespace mobilenet::testing
