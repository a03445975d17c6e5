// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Planes of luma and colours, in vectors, as stored, on threads: against the sums of plane_taps.h as plain loops, and
// those against numbers without a rounding, on the bytes that are worst for them.
#include "preprocess/resize_pil_planes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "preprocess/resized.h"
#include "preprocess/size_cases.h"
#include "support/stored_place.h"

namespace mobilenet::testing {
namespace {

constexpr PilFilter kFilters[] = {PilFilter::box, PilFilter::bilinear, PilFilter::hamming, PilFilter::bicubic,
                                  PilFilter::lanczos};

// One result in integers.
template <class Value>
std::int16_t weighed(PlanePass pass, const PilAxis<std::int32_t>& axis, const PilTaps& taps, const Value& value) {
  const auto parts = [&](int t) {
    const std::int64_t weight = std::abs(axis.weights[taps.weights + static_cast<std::size_t>(t)]);
    return weight > 65535 ? std::array{weight / 2, weight - weight / 2} : std::array{weight, std::int64_t{0}};
  };
  const auto is_minus = [&](int t) { return axis.weights[taps.weights + static_cast<std::size_t>(t)] < 0; };
  int plus = 0, minus = 0;
  for (int t = 0; t < taps.count; ++t)
    for (const std::int64_t part : parts(t)) (is_minus(t) ? minus : plus) += part > 0;
  const bool is_cut = plus + minus <= static_cast<int>(kMostCutTaps);
  const std::int64_t one = std::int64_t{1} << cut_bits(pass);
  std::int64_t sum = is_cut ? plus / 2 - minus / 2 : one / 2;
  for (int t = 0; t < taps.count; ++t)
    for (const std::int64_t part : parts(t)) {
      const std::int64_t product = value(taps.first + t) * part, kept = is_cut ? product / one : product;
      sum += is_minus(t) ? -kept : kept;
    }
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(is_cut ? sum : sum >> cut_bits(pass), 0, kMostSample));
}

// sample(x, y) of the upright picture; `turned`: its columns lie one behind the other.
template <class Sample>
std::vector<std::int16_t> plain(PilFilter filter, const Geometry& geometry, bool turned, const Sample& sample) {
  PlaneTapMaker maker;
  PilAxis<std::int32_t> columns, rows;
  maker.make(filter, geometry.columns, turned ? PlanePass::of_bytes : PlanePass::of_samples, columns);
  maker.make(filter, geometry.rows, turned ? PlanePass::of_samples : PlanePass::of_bytes, rows);
  const int left = geometry.columns.crop_begin, top = geometry.rows.crop_begin;
  const PilAxis<std::int32_t>&first = turned ? columns : rows, &second = turned ? rows : columns;
  const int places = turned ? geometry.rows.crop_size : geometry.columns.crop_size;
  std::vector<std::int16_t> out(rows.taps.size() * columns.taps.size());
  for (std::size_t i = 0; i < first.taps.size(); ++i) {
    std::vector<std::int64_t> between;
    for (int place = 0; place < places; ++place)
      between.push_back(weighed(PlanePass::of_bytes, first, first.taps[i], [&](int at) {
        return std::int64_t{turned ? sample(left + at, top + place) : sample(left + place, top + at)};
      }));
    for (std::size_t j = 0; j < second.taps.size(); ++j)
      out[turned ? j * columns.taps.size() + i : i * columns.taps.size() + j] = weighed(
          PlanePass::of_samples, second, second.taps[j], [&](int at) { return between[static_cast<std::size_t>(at)]; });
  }
  return out;
}

class EveryPlaneKernel : public ::testing::TestWithParam<KernelRow<PlaneKernels>> {
 protected:
  const PlaneKernels& kernels() const { return *GetParam().kernels; }
};
INSTANTIATE_TEST_SUITE_P(Planes, EveryPlaneKernel, ::testing::ValuesIn(runnable_plane_kernels()),
                         [](const auto& row) { return std::string(row.param.isa); });

TEST_P(EveryPlaneKernel, EqualsThePlainSums) {
  ThreadPool::shared().reserve(3);
  const Workers alone, three(3, nullptr, ThreadPool::kSpin);
  for (const PilFilter filter : kFilters) {
    PilPlaneResize planes(filter, kernels());  // tables of one geometry must not serve another
    for (const SizeCase& size : kSizes)
      for (int turn = 1; turn <= 8; ++turn)
        for (const PixelFormat format : {PixelFormat::grey, PixelFormat::bgr, PixelFormat::rgba}) {
          const bool is_large = size.width > 100;
          if (is_large && (turn + static_cast<int>(filter) + static_cast<int>(format)) % 8 != 0) continue;
          const auto orientation = static_cast<Orientation>(turn);
          const StoredPicture picture(format, size.width, size.height, orientation, turn % 3 == 0);
          const StoredBytes stored = UprightPixels::of(picture.view()).value().stored();
          std::vector<PlaneSamples> samples;
          std::vector<std::vector<std::int16_t>> made;
          std::vector<std::int16_t*> to;
          for (std::size_t c = 0; c < (format == PixelFormat::grey ? 1u : 3u); ++c) {
            samples.push_back({size.geometry, size.width, size.height, stored.pixel_bytes, stored.rgb[c]});
            made.emplace_back(size.geometry.columns.window_size * size.geometry.rows.window_size, std::int16_t{77});
            to.push_back(made.back().data());
          }
          for (const Workers* workers : {&alone, &three}) {
            planes.run(stored, samples, to, *workers);
            for (std::size_t c = 0; c < samples.size(); ++c) {
              const auto sample = [&](int x, int y) {
                const auto [column, row] = stored_place(orientation, x, y, size.width, size.height);
                return stored.first[row * stored.row_bytes + column * stored.pixel_bytes + stored.rgb[c]];
              };
              ASSERT_EQ(made[c], plain(filter, size.geometry, stored.walk.swap_axes, sample))
                  << size.name << ", filter " << static_cast<int>(filter) << ", format " << static_cast<int>(format)
                  << ", orientation " << turn << ", sample " << c << ", " << workers->most() << " threads";
            }
          }
        }
  }
}

TEST_P(EveryPlaneKernel, Transposes) {
  for (const std::size_t rows : {1u, 15u, 16u, 17u, 32u})
    for (const std::size_t columns : {1u, 16u, 31u, 40u}) {
      std::vector<std::int16_t> in(rows * columns), out(rows * columns);
      for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::int16_t>(i);
      kernels().transpose(in.data(), columns, rows, columns, out.data(), rows);
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c) ASSERT_EQ(out[c * rows + r], in[r * columns + c]);
    }
}

// Even planes stay even, so that white is white.
TEST(PlaneTaps, OfEvenPlanes) {
  PlaneTapMaker maker;
  PilAxis<std::int32_t> axis;
  for (const PilFilter filter : kFilters)
    for (const int resized : {1, 40, 224, 300, 1080, 1500})
      for (const int level : {0, 16, 128, 235, 255})
        for (const PlanePass pass : {PlanePass::of_bytes, PlanePass::of_samples}) {
          const std::int64_t value = level * (pass == PlanePass::of_bytes ? 1 : 1 << kPlaneBits);
          maker.make(filter, {0, 1080, resized, 0, resized, 0}, pass, axis);
          for (const PilTaps& taps : axis.taps)
            ASSERT_NEAR(weighed(pass, axis, taps, [&](int) { return value; }) / static_cast<double>(1 << kPlaneBits),
                        level, 0.1)
                << "filter " << static_cast<int>(filter) << ", to " << resized;
        }
}

// The bytes that are worst for a result are black where its weight was rounded down, and white where it was rounded up,
// or the other way round.
TEST(PlaneTaps, WorstBytes) {
  constexpr double kMost = 0.12;  // of a byte, in a pass; two of both planes then leave colours within a step
  struct Case {
    int from, to;
  };
  PlaneTapMaker maker;
  PilAxis<std::int32_t> axis;
  PilAxis<float> exact;
  std::vector<double> memory;
  double largest = 0;
  for (const PilFilter filter : kFilters)
    for (const Case& c : {Case{1080, 224},
                          {945, 224},
                          {540, 224},
                          {1080, 300},
                          {540, 300},
                          {1920, 300},
                          {960, 300},
                          {2160, 224},
                          {3840, 300},
                          {720, 300},
                          {480, 224},
                          {100, 300}}) {
      const AxisGeometry geometry{0, c.from, c.to, 0, c.to, 0};
      prepare_pil_axis(filter, geometry, memory, exact);
      for (const PlanePass pass : {PlanePass::of_bytes, PlanePass::of_samples}) {
        const double one = 1 << weight_bits(pass), unit = pass == PlanePass::of_bytes ? 1 : 1 << kPlaneBits;
        maker.make(filter, geometry, pass, axis);
        for (const PilTaps& taps : axis.taps)
          for (const bool reversed : {false, true}) {
            const auto weight = [&](int place) {
              const std::size_t t = taps.weights + static_cast<std::size_t>(place - taps.first);
              return std::pair{axis.weights[t] / one, static_cast<double>(exact.weights[t])};
            };
            const auto byte = [&](int place) {
              const auto [rounded, real] = weight(place);
              return (rounded > real) != reversed ? 255 : 0;
            };
            double expected = 0;
            for (int place = taps.first; place < taps.first + taps.count; ++place)
              expected += weight(place).second * byte(place);
            const std::int16_t got =
                weighed(pass, axis, taps, [&](int place) { return byte(place) * static_cast<std::int64_t>(unit); });
            const double error =
                std::abs(got / static_cast<double>(1 << kPlaneBits) - std::clamp(expected, 0.0, 255.0));
            largest = std::max(largest, error);
            ASSERT_LE(error, kMost) << "filter " << static_cast<int>(filter) << ", " << c.from << " to " << c.to;
          }
      }
    }
  RecordProperty("largest", std::to_string(largest));
}

}  // namespace
}  // namespace mobilenet::testing
