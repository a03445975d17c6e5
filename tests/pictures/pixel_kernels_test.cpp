// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every instruction set's rows of pixels against plain formulas, byte for byte, in memory of exactly their size.
#include "pictures/pixel_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace mobilenet {

void PrintTo(const KernelRow<PixelKernels>& row, std::ostream* out) {  // NOLINT(readability-identifier-naming)
  *out << row.isa;
}

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr RgbForm kForms[] = {{false, false}, {true, false}, {false, true}, {true, true}};
constexpr std::size_t kCounts[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 101};

Bytes noise(std::size_t count) {
  std::mt19937 random(static_cast<unsigned>(count));
  Bytes bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() >> 11);
  return bytes;
}

void append(const std::array<std::uint8_t, 3>& rgb, RgbForm form, Bytes& to) {
  for (std::size_t c = 0; c < 3; ++c) to.push_back(rgb[form.blue_first ? 2 - c : c]);
  if (form.has_alpha) to.push_back(255);
}

std::array<std::uint8_t, 3> rgb_of(const YcbcrMatrix& matrix, int luma, int cb, int cr) {
  const auto shown = [&](std::int64_t blue, std::int64_t red) {
    const std::int64_t sum = std::int64_t{luma - matrix.black} * matrix.luma + blue * (cb - 128) + red * (cr - 128);
    return static_cast<std::uint8_t>(std::clamp(std::floor(static_cast<double>(sum) / 65536 + 0.5), 0.0, 255.0));
  };
  return {shown(0, matrix.red_of_cr), shown(matrix.green_of_cb, matrix.green_of_cr), shown(matrix.blue_of_cb, 0)};
}

std::string isa_name(const ::testing::TestParamInfo<KernelRow<PixelKernels>>& row) {
  return std::string(row.param.isa);
}

class Pixels : public ::testing::TestWithParam<KernelRow<PixelKernels>> {
 protected:
  const PixelKernels& kernels_ = *GetParam().kernels;
};
INSTANTIATE_TEST_SUITE_P(EveryIsa, Pixels, ::testing::ValuesIn(runnable_pixel_kernels()), isa_name);

TEST_P(Pixels, TakeOneOfTheirBytes) {
  for (const std::size_t count : kCounts)
    for (const int pixel_bytes : {1, 2, 4})
      for (int offset = 0; offset < pixel_bytes; ++offset) {
        const Bytes pixels = noise(count * static_cast<std::size_t>(pixel_bytes));
        Bytes expected, taken(count);
        for (std::size_t i = 0; i < count; ++i)
          expected.push_back(pixels[i * static_cast<std::size_t>(pixel_bytes) + static_cast<std::size_t>(offset)]);
        kernels_.take(pixels.data(), pixel_bytes, offset, count, taken.data());
        ASSERT_EQ(taken, expected) << count << " of " << pixel_bytes << " at " << offset;
      }
}

TEST_P(Pixels, RepeatBytes) {
  for (const std::size_t count : kCounts) {
    const Bytes bytes = noise(count);
    Bytes expected, repeated(2 * count);
    for (const std::uint8_t byte : bytes) expected.insert(expected.end(), 2, byte);
    kernels_.repeat(bytes.data(), count, repeated.data());
    ASSERT_EQ(repeated, expected) << count;
  }
}

TEST_P(Pixels, OfLumaAndColours) {
  for (const ColourMatrix matrix : {ColourMatrix::bt601, ColourMatrix::bt709, ColourMatrix::bt2020})
    for (const ColourRange range : {ColourRange::limited, ColourRange::full}) {
      const YcbcrMatrix numbers = ycbcr_matrix(matrix, range);
      for (const RgbForm form : kForms)
        for (const std::size_t count : kCounts) {
          const Bytes samples = noise(3 * count);
          const std::uint8_t *const luma = samples.data(), *const cb = luma + count, *const cr = cb + count;
          Bytes expected, rgb(count * (form.has_alpha ? 4 : 3));
          for (std::size_t i = 0; i < count; ++i) append(rgb_of(numbers, luma[i], cb[i], cr[i]), form, expected);
          kernels_.rgb_of_ycbcr(numbers, luma, cb, cr, count, form, rgb.data());
          ASSERT_EQ(rgb, expected) << count;
        }
      // Every colour of a part of the levels, the outermost among them.
      Bytes luma, rgb(3 * 52);
      for (int level = 0; level < 256; level += 5) luma.push_back(static_cast<std::uint8_t>(level));
      for (int cb = 0; cb < 256; ++cb)
        for (int cr = 0; cr < 256; ++cr) {
          const Bytes blues(52, static_cast<std::uint8_t>(cb)), reds(52, static_cast<std::uint8_t>(cr));
          Bytes expected;
          for (const std::uint8_t level : luma) append(rgb_of(numbers, level, cb, cr), {}, expected);
          kernels_.rgb_of_ycbcr(numbers, luma.data(), blues.data(), reds.data(), 52, {}, rgb.data());
          ASSERT_EQ(rgb, expected) << cb << ' ' << cr;
        }
    }
}

// Samples with a fraction: sums of rounded coefficients, and those near the standards' colours.
TEST_P(Pixels, OfFineLumaAndColours) {
  constexpr int kOne = 1 << ycbcr::kFineBits, kMost = 255 * kOne;
  std::mt19937 random(7);
  std::uniform_int_distribution<int> level(0, kMost), kind(0, 5);
  for (const ColourMatrix matrix : {ColourMatrix::bt601, ColourMatrix::bt709, ColourMatrix::bt2020})
    for (const ColourRange range : {ColourRange::limited, ColourRange::full}) {
      const YcbcrMatrix numbers = ycbcr_matrix(matrix, range), fine = fine_matrix(numbers);
      for (const std::size_t count : {std::size_t{1}, std::size_t{31}, std::size_t{4096}}) {
        std::vector<std::int16_t> samples[3];
        for (auto& plane : samples)
          for (std::size_t i = 0; i < count; ++i) {
            const int which = kind(random);
            plane.push_back(static_cast<std::int16_t>(which == 0 ? 0 : which == 1 ? kMost : level(random)));
          }
        Bytes rgb(3 * count);
        kernels_.rgb_of_fine_ycbcr(numbers, samples[0].data(), samples[1].data(), samples[2].data(), count, rgb.data());
        for (std::size_t i = 0; i < count; ++i) {
          const int luma = samples[0][i], cb = samples[1][i] - 128 * kOne, cr = samples[2][i] - 128 * kOne;
          const int coefficients[3][2] = {
              {0, fine.red_of_cr}, {fine.green_of_cb, fine.green_of_cr}, {fine.blue_of_cb, 0}};
          const int exact[3][2] = {
              {0, numbers.red_of_cr}, {numbers.green_of_cb, numbers.green_of_cr}, {numbers.blue_of_cb, 0}};
          for (std::size_t c = 0; c < 3; ++c) {
            const int sum = (luma - fine.black) * fine.luma + coefficients[c][0] * cb + coefficients[c][1] * cr;
            const int rounded = (sum + (1 << (ycbcr::kFineShift - 1))) >> ycbcr::kFineShift;
            ASSERT_EQ(rgb[3 * i + c], std::clamp(rounded, 0, 255));
            const double real = (static_cast<double>(luma - numbers.black * kOne) * numbers.luma +
                                 static_cast<double>(exact[c][0]) * cb + static_cast<double>(exact[c][1]) * cr) /
                                kOne / 65536;
            ASSERT_NEAR(rgb[3 * i + c], std::clamp(real, 0.0, 255.0), 0.54);
          }
        }
      }
    }
}

TEST_P(Pixels, OfSixteenBits) {
  Bytes words;
  for (int word = 0; word < 65536; ++word) {
    words.push_back(static_cast<std::uint8_t>(word));
    words.push_back(static_cast<std::uint8_t>(word >> 8));
  }
  for (const RgbForm form : kForms)
    for (const std::size_t count : {std::size_t{65536}, std::size_t{31}, std::size_t{5}, std::size_t{1}}) {
      const Bytes pixels(words.end() - static_cast<std::ptrdiff_t>(2 * count), words.end());
      Bytes expected, rgb(count * (form.has_alpha ? 4 : 3));
      for (std::size_t i = 0; i < count; ++i) {
        const int word = pixels[2 * i] + 256 * pixels[2 * i + 1], red = word >> 11, green = word >> 5 & 63;
        const int blue = word & 31;
        append({static_cast<std::uint8_t>(red * 8 + red / 4), static_cast<std::uint8_t>(green * 4 + green / 16),
                static_cast<std::uint8_t>(blue * 8 + blue / 4)},
               form, expected);
      }
      kernels_.rgb_of_565(pixels.data(), count, form, rgb.data());
      ASSERT_EQ(rgb, expected) << count;
    }
}

TEST_P(Pixels, OfBytes) {
  for (const std::size_t count : kCounts)
    for (const std::size_t size : {1u, 3u, 4u})
      for (const bool blue_first : {false, true})
        for (const RgbForm form : kForms) {
          const Bytes pixels = noise(count * size);
          Bytes expected, rgb(count * (form.has_alpha ? 4 : 3));
          for (std::size_t i = 0; i < count; ++i) {
            const std::uint8_t* const pixel = pixels.data() + i * size;
            const std::array<std::uint8_t, 3> stored =
                size == 1 ? std::array{pixel[0], pixel[0], pixel[0]} : std::array{pixel[0], pixel[1], pixel[2]};
            append(blue_first ? std::array{stored[2], stored[1], stored[0]} : stored, form, expected);
          }
          kernels_.rgb_of_bytes(pixels.data(), static_cast<int>(size), blue_first, count, form, rgb.data());
          ASSERT_EQ(rgb, expected) << count << " of " << size;
        }
}

}  // namespace
}  // namespace mobilenet
