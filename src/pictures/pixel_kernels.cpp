// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "pictures/pixel_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pictures/pixel_kernels.cpp"
// The order of the Highway headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "simd/compiled_rows.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mobilenet::HWY_NAMESPACE {
namespace {

HWY_INLINE void put(std::uint8_t red, std::uint8_t green, std::uint8_t blue, RgbForm form, std::uint8_t* out) {
  out[0] = form.blue_first ? blue : red;
  out[1] = green;
  out[2] = form.blue_first ? red : blue;
  if (form.has_alpha) out[3] = 255;
}

HWY_INLINE std::size_t bytes_of(RgbForm form) { return form.has_alpha ? 4 : 3; }

constexpr std::int32_t kNoFineColour = ycbcr::kNoColour << ycbcr::kFineBits;

HWY_INLINE std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> ycbcr::kFractionBits, 0, 255));
}

// What is left over of a row, or all of it: one pixel after the other.

void take_rest(const std::uint8_t* pixels, int pixel_bytes, int offset, std::size_t begin, std::size_t count,
               std::uint8_t* out) {
  const auto step = static_cast<std::size_t>(pixel_bytes), at = static_cast<std::size_t>(offset);
  for (std::size_t i = begin; i < count; ++i) out[i] = pixels[i * step + at];
}

void repeat_rest(const std::uint8_t* bytes, std::size_t begin, std::size_t count, std::uint8_t* out) {
  for (std::size_t i = begin; i < count; ++i) out[2 * i] = out[2 * i + 1] = bytes[i];
}

void rgb_of_ycbcr_rest(const YcbcrMatrix& matrix, const std::uint8_t* luma, const std::uint8_t* cb,
                       const std::uint8_t* cr, std::size_t begin, std::size_t count, RgbForm form, std::uint8_t* out) {
  for (std::size_t i = begin; i < count; ++i) {
    const std::int32_t sum = (luma[i] - matrix.black) * matrix.luma + ycbcr::kHalf;
    const std::int32_t blue = cb[i] - ycbcr::kNoColour, red = cr[i] - ycbcr::kNoColour;
    put(to_byte(sum + matrix.red_of_cr * red), to_byte(sum + matrix.green_of_cb * blue + matrix.green_of_cr * red),
        to_byte(sum + matrix.blue_of_cb * blue), form, out + i * bytes_of(form));
  }
}

void rgb_of_fine_ycbcr_rest(const YcbcrMatrix& matrix, const std::int16_t* luma, const std::int16_t* cb,
                            const std::int16_t* cr, std::size_t begin, std::size_t count, std::uint8_t* out) {
  const auto byte = [](std::int32_t sum) {
    return static_cast<std::uint8_t>(std::clamp(sum >> ycbcr::kFineShift, 0, 255));
  };
  for (std::size_t i = begin; i < count; ++i) {
    const std::int32_t sum = (luma[i] - matrix.black) * matrix.luma + (1 << (ycbcr::kFineShift - 1));
    const std::int32_t blue = cb[i] - kNoFineColour, red = cr[i] - kNoFineColour;
    put(byte(sum + matrix.red_of_cr * red), byte(sum + matrix.green_of_cb * blue + matrix.green_of_cr * red),
        byte(sum + matrix.blue_of_cb * blue), {}, out + 3 * i);
  }
}

void rgb_of_565_rest(const std::uint8_t* pixels, std::size_t begin, std::size_t count, RgbForm form,
                     std::uint8_t* out) {
  for (std::size_t i = begin; i < count; ++i) {
    const unsigned pixel = pixels[2 * i] | static_cast<unsigned>(pixels[2 * i + 1]) << 8;
    put(widened(pixel >> 11, 5), widened(pixel >> 5 & 63, 6), widened(pixel & 31, 5), form, out + i * bytes_of(form));
  }
}

void rgb_of_bytes_rest(const std::uint8_t* pixels, int pixel_bytes, bool blue_first, std::size_t begin,
                       std::size_t count, RgbForm form, std::uint8_t* out) {
  const std::size_t green = pixel_bytes == 1 ? 0 : 1, last = 2 * green;
  for (std::size_t i = begin; i < count; ++i) {
    const std::uint8_t* const pixel = pixels + i * static_cast<std::size_t>(pixel_bytes);
    put(pixel[blue_first ? last : 0], pixel[green], pixel[blue_first ? 0 : last], form, out + i * bytes_of(form));
  }
}

#if HWY_TARGET == HWY_SCALAR

void take(const std::uint8_t* pixels, int pixel_bytes, int offset, std::size_t count, std::uint8_t* out) {
  take_rest(pixels, pixel_bytes, offset, 0, count, out);
}
void repeat(const std::uint8_t* bytes, std::size_t count, std::uint8_t* out) { repeat_rest(bytes, 0, count, out); }
void rgb_of_ycbcr(const YcbcrMatrix& matrix, const std::uint8_t* luma, const std::uint8_t* cb, const std::uint8_t* cr,
                  std::size_t count, RgbForm form, std::uint8_t* out) {
  rgb_of_ycbcr_rest(matrix, luma, cb, cr, 0, count, form, out);
}
void rgb_of_fine_ycbcr(const YcbcrMatrix& matrix, const std::int16_t* luma, const std::int16_t* cb,
                       const std::int16_t* cr, std::size_t count, std::uint8_t* out) {
  rgb_of_fine_ycbcr_rest(fine_matrix(matrix), luma, cb, cr, 0, count, out);
}
void rgb_of_565(const std::uint8_t* pixels, std::size_t count, RgbForm form, std::uint8_t* out) {
  rgb_of_565_rest(pixels, 0, count, form, out);
}
void rgb_of_bytes(const std::uint8_t* pixels, int pixel_bytes, bool blue_first, std::size_t count, RgbForm form,
                  std::uint8_t* out) {
  rgb_of_bytes_rest(pixels, pixel_bytes, blue_first, 0, count, form, out);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

// Pixels at a time: as many as there are numbers of 16 bits in a vector, at most 16. Wider ones gained nothing.
using Words = hn::CappedTag<std::int16_t, 16>;
constexpr Words kWords;
constexpr hn::RepartitionToWide<Words> kSums;
constexpr hn::Rebind<std::uint8_t, Words> kBytes;
using V16 = hn::Vec<Words>;
using V32 = hn::Vec<decltype(kSums)>;
using VBytes = hn::Vec<decltype(kBytes)>;
constexpr std::size_t kLanes = hn::MaxLanes(Words());

// The same with as many bytes as have shuffles of their own.
constexpr hn::FixedTag<std::uint8_t, 16> kBlock;
constexpr std::size_t kBlockBytes = 16;

template <class D, class V>
HWY_INLINE void store(D d, V red, V green, V blue, RgbForm form, std::uint8_t* out) {
  const V first = form.blue_first ? blue : red, third = form.blue_first ? red : blue;
  if (form.has_alpha)
    hn::StoreInterleaved4(first, green, third, hn::Set(d, 255), d, out);
  else
    hn::StoreInterleaved3(first, green, third, d, out);
}

void take(const std::uint8_t* pixels, int pixel_bytes, int offset, std::size_t count, std::uint8_t* out) {
  std::size_t i = 0;
  hn::Vec<decltype(kBlock)> bytes[4];
  if (pixel_bytes == 2) {
    for (; i + kBlockBytes <= count; i += kBlockBytes) {
      hn::LoadInterleaved2(kBlock, pixels + 2 * i, bytes[0], bytes[1]);
      hn::StoreU(offset == 0 ? bytes[0] : bytes[1], kBlock, out + i);
    }
  } else if (pixel_bytes == 4) {
    for (; i + kBlockBytes <= count; i += kBlockBytes) {
      hn::LoadInterleaved4(kBlock, pixels + 4 * i, bytes[0], bytes[1], bytes[2], bytes[3]);
      hn::StoreU(offset < 2 ? (offset == 0 ? bytes[0] : bytes[1]) : (offset == 2 ? bytes[2] : bytes[3]), kBlock,
                 out + i);
    }
  } else {
    for (; i + kBlockBytes <= count; i += kBlockBytes) hn::StoreU(hn::LoadU(kBlock, pixels + i), kBlock, out + i);
  }
  take_rest(pixels, pixel_bytes, offset, i, count, out);
}

void repeat(const std::uint8_t* bytes, std::size_t count, std::uint8_t* out) {
  std::size_t i = 0;
  for (; i + kBlockBytes <= count; i += kBlockBytes) {
    const auto loaded = hn::LoadU(kBlock, bytes + i);
    hn::StoreInterleaved2(loaded, loaded, kBlock, out + 2 * i);
  }
  repeat_rest(bytes, i, count, out);
}

// A coefficient in 65536ths as a whole number and a rest of 16 bits, -32768 to 32767: the whole adds to a result of
// whole numbers, and products with the rest have room in 32 bits.
struct Split {
  std::int32_t whole, rest;
};
HWY_INLINE Split split(std::int32_t coefficient) {
  const std::int32_t rest = static_cast<std::int16_t>(coefficient);
  return {(coefficient - rest) >> ycbcr::kFractionBits, rest};
}

// The same two numbers in all pairs of lanes.
HWY_INLINE V16 pairs(std::int32_t first, std::int32_t second) {
  const auto low = static_cast<std::uint32_t>(static_cast<std::uint16_t>(first));
  return hn::BitCast(kWords, hn::Set(kSums, static_cast<std::int32_t>(low | static_cast<std::uint32_t>(second) << 16)));
}
HWY_INLINE V16 all(std::int32_t number) { return hn::Set(kWords, static_cast<std::int16_t>(number)); }

struct Sums {
  V32 low, high;
  V32 low_rest, high_rest;  // where a pair's products go to two lanes

  // No constructor: those that the compiler makes are for the baseline.
  HWY_INLINE void start() { low = high = low_rest = high_rest = hn::Zero(kSums); }
  HWY_INLINE void add(V16 a, V16 b, V16 weights) {
    low = hn::ReorderWidenMulAccumulate(kSums, hn::InterleaveLower(kWords, a, b), weights, low, low_rest);
    high = hn::ReorderWidenMulAccumulate(kSums, hn::InterleaveUpper(kWords, a, b), weights, high, high_rest);
  }
  // In the order of the pixels, without their fraction.
  template <int kBits>
  HWY_INLINE V16 rounded() const {
    const V32 half = hn::Set(kSums, 1 << (kBits - 1));
    return hn::ReorderDemote2To(kWords, hn::ShiftRight<kBits>(hn::Add(hn::RearrangeToOddPlusEven(low, low_rest), half)),
                                hn::ShiftRight<kBits>(hn::Add(hn::RearrangeToOddPlusEven(high, high_rest), half)));
  }
};

void rgb_of_ycbcr(const YcbcrMatrix& matrix, const std::uint8_t* luma, const std::uint8_t* cb, const std::uint8_t* cr,
                  std::size_t count, RgbForm form, std::uint8_t* out) {
  const Split of_luma = split(matrix.luma), red_of_cr = split(matrix.red_of_cr), blue_of_cb = split(matrix.blue_of_cb);
  const Split green_of_cb = split(matrix.green_of_cb), green_of_cr = split(matrix.green_of_cr);
  const V16 black = all(matrix.black), middle = all(ycbcr::kNoColour), zero = hn::Zero(kWords);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V16 y = hn::Sub(hn::PromoteTo(kWords, hn::LoadU(kBytes, luma + i)), black);
    const V16 blue = hn::Sub(hn::PromoteTo(kWords, hn::LoadU(kBytes, cb + i)), middle);
    const V16 red = hn::Sub(hn::PromoteTo(kWords, hn::LoadU(kBytes, cr + i)), middle);
    Sums reds, greens, blues;
    reds.start(), greens.start(), blues.start();
    reds.add(y, red, pairs(of_luma.rest, red_of_cr.rest));
    greens.add(y, blue, pairs(of_luma.rest, green_of_cb.rest));
    greens.add(red, zero, pairs(green_of_cr.rest, 0));
    blues.add(y, blue, pairs(of_luma.rest, blue_of_cb.rest));
    const V16 whole = hn::Mul(y, all(of_luma.whole));
    const V16 whole_green = hn::Add(hn::Mul(blue, all(green_of_cb.whole)), hn::Mul(red, all(green_of_cr.whole)));
    const V16 r = hn::Add(hn::Add(whole, hn::Mul(red, all(red_of_cr.whole))), reds.rounded<ycbcr::kFractionBits>());
    const V16 g = hn::Add(hn::Add(whole, whole_green), greens.rounded<ycbcr::kFractionBits>());
    const V16 b = hn::Add(hn::Add(whole, hn::Mul(blue, all(blue_of_cb.whole))), blues.rounded<ycbcr::kFractionBits>());
    store(kBytes, hn::DemoteTo(kBytes, r), hn::DemoteTo(kBytes, g), hn::DemoteTo(kBytes, b), form,
          out + i * bytes_of(form));
  }
  rgb_of_ycbcr_rest(matrix, luma, cb, cr, i, count, form, out);
}

void rgb_of_fine_ycbcr(const YcbcrMatrix& matrix, const std::int16_t* luma, const std::int16_t* cb,
                       const std::int16_t* cr, std::size_t count, std::uint8_t* out) {
  const YcbcrMatrix fine = fine_matrix(matrix);
  const V16 black = all(fine.black), middle = all(kNoFineColour), zero = hn::Zero(kWords);
  const V16 red_weights = pairs(fine.luma, fine.red_of_cr), blue_weights = pairs(fine.luma, fine.blue_of_cb);
  const V16 green_weights = pairs(fine.luma, fine.green_of_cb), green_rest = pairs(fine.green_of_cr, 0);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V16 y = hn::Sub(hn::LoadU(kWords, luma + i), black);
    const V16 blue = hn::Sub(hn::LoadU(kWords, cb + i), middle), red = hn::Sub(hn::LoadU(kWords, cr + i), middle);
    Sums reds, greens, blues;
    reds.start(), greens.start(), blues.start();
    reds.add(y, red, red_weights);
    greens.add(y, blue, green_weights);
    greens.add(red, zero, green_rest);
    blues.add(y, blue, blue_weights);
    store(kBytes, hn::DemoteTo(kBytes, reds.rounded<ycbcr::kFineShift>()),
          hn::DemoteTo(kBytes, greens.rounded<ycbcr::kFineShift>()),
          hn::DemoteTo(kBytes, blues.rounded<ycbcr::kFineShift>()), {}, out + 3 * i);
  }
  rgb_of_fine_ycbcr_rest(fine, luma, cb, cr, i, count, out);
}

// The highest bits again below.
template <int kBits>
HWY_INLINE VBytes widened_words(V16 levels) {
  return hn::DemoteTo(kBytes, hn::Or(hn::ShiftLeft<8 - kBits>(levels), hn::ShiftRight<2 * kBits - 8>(levels)));
}

void rgb_of_565(const std::uint8_t* pixels, std::size_t count, RgbForm form, std::uint8_t* out) {
  constexpr hn::Repartition<std::uint8_t, Words> kPixelBytes;
  const V16 five = all(31), six = all(63);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V16 words = hn::BitCast(kWords, hn::LoadU(kPixelBytes, pixels + 2 * i));
    store(kBytes, widened_words<5>(hn::And(hn::ShiftRight<11>(words), five)),
          widened_words<6>(hn::And(hn::ShiftRight<5>(words), six)), widened_words<5>(hn::And(words, five)), form,
          out + i * bytes_of(form));
  }
  rgb_of_565_rest(pixels, i, count, form, out);
}

void rgb_of_bytes(const std::uint8_t* pixels, int pixel_bytes, bool blue_first, std::size_t count, RgbForm form,
                  std::uint8_t* out) {
  hn::Vec<decltype(kBlock)> first, second, third, unused;
  const RgbForm as_stored{form.blue_first != blue_first, form.has_alpha};
  std::size_t i = 0;
  for (; i + kBlockBytes <= count; i += kBlockBytes) {
    if (pixel_bytes == 1)
      first = second = third = hn::LoadU(kBlock, pixels + i);
    else if (pixel_bytes == 3)
      hn::LoadInterleaved3(kBlock, pixels + 3 * i, first, second, third);
    else
      hn::LoadInterleaved4(kBlock, pixels + 4 * i, first, second, third, unused);
    store(kBlock, first, second, third, as_stored, out + i * bytes_of(form));
  }
  rgb_of_bytes_rest(pixels, pixel_bytes, blue_first, i, count, form, out);
}

#endif

}  // namespace

const PixelKernels kPixels{&take, &repeat, &rgb_of_ycbcr, &rgb_of_fine_ycbcr, &rgb_of_565, &rgb_of_bytes};

}  // namespace mobilenet::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilenet {
namespace {

constexpr KernelRow<PixelKernels> kBestFirst[] = {
    MOBILENET_ROW_PER_TARGET(kPixels),
};

}  // namespace

std::span<const KernelRow<PixelKernels>> runnable_pixel_kernels() {
  static const auto runnable = find_runnable(kBestFirst);
  return runnable.all();
}

}  // namespace mobilenet
#endif
