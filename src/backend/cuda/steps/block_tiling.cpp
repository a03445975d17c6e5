// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The choice of a block's tiles: all that fit are tried, and a model of what they cost says which is best.

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>

#include "backend/cuda/steps/block.h"
#include "backend/cuda/steps/tiles.h"
#include "backend/cuda/steps/wide.h"

namespace mobilenet::cuda {
namespace {

constexpr int kWarps = kBlockWarps;

struct KernelTiles {
  int m, n;
};
// Of kernels/block.cu, those with fewer sums first.
constexpr std::array<KernelTiles, 5> kKernelTiles{{{1, 4}, {2, 4}, {2, 8}, {4, 4}, {4, 6}}};

int divided(int count, int by) { return (count + by - 1) / by; }
int slabs_of(const BlockShape& shape, const BlockTiling& tiling) { return divided(shape.hidden, tiling.hidden); }

// By how much the depthwise convolution's loads take longer than reading every bank of shared memory once: half a warp
// reads eight bytes a lane, the pixels of neighbouring strips.
double bank_conflicts(int hidden, int strip, int stride) {
  const int groups = hidden / 4, lanes = kWarps * 32 / groups * groups, row_words = (hidden + kRowPad) / 2;
  std::size_t all = 0;
  for (int first = 0; first < lanes; first += 16) {
    std::array<std::set<int>, 32> banks;  // the words that are read of each
    for (int lane = first; lane < std::min(first + 16, lanes); ++lane)
      for (int word = 0; word < 2; ++word) {
        const int at = lane / groups * strip * stride * row_words + lane % groups * 2 + word;
        banks[static_cast<std::size_t>(at % 32)].insert(at);
      }
    std::size_t most = 0;
    for (const std::set<int>& words : banks) most = std::max(most, words.size());
    all += most;
  }
  return static_cast<double>(all) / ((lanes + 15) / 16);
}

constexpr std::array kSlabs{32, 48, 64, 96, 128};  // hidden channels of kernels/block.cu
constexpr std::array kStrips{1, 2, 4, 7};
// The same, computed once: a choice asks for it thousands of times.
double known_conflicts(int hidden, int strip, int stride) {
  using Table = std::array<std::array<std::array<double, 2>, kStrips.size()>, kSlabs.size()>;
  static const Table table = [] {
    Table made{};
    for (std::size_t h = 0; h < kSlabs.size(); ++h)
      for (std::size_t s = 0; s < kStrips.size(); ++s)
        for (int two = 0; two < 2; ++two)
          made[h][s][static_cast<std::size_t>(two)] = bank_conflicts(kSlabs[h], kStrips[s], two + 1);
    return made;
  }();
  const auto at = [](const auto& values, int value) {
    return static_cast<std::size_t>(std::find(values.begin(), values.end(), value) - values.begin());
  };
  return table[at(kSlabs, hidden)][at(kStrips, strip)][static_cast<std::size_t>(stride - 1)];
}

// Blocks of threads that a multiprocessor holds; it has as much shared memory as a block may have, and a little more.
int blocks_at_a_time(const BlockShape& shape, const BlockTiling& tiling, const BlockMemory& memory,
                     std::size_t shared_bytes) {
  constexpr int kReservedBytes = 1024;  // for each
  const bool expands = shape.source == BlockLayers::Source::expansion;
  return std::clamp(static_cast<int>(shared_bytes) / (memory.bytes + kReservedBytes), 1,
                    blocks_held(expands, tiling.hidden, tiling.tiles_m * tiling.tiles_n));
}

// Microseconds on an H100, in two parts, whose constants benchmarks/gpu/fit_tilings.py found from 10,000 measured
// tilings of 91 blocks: what a block of threads waits for from one barrier to the next, however little there is to do;
// and what it occupies of a multiprocessor, which blocks beside it then cannot have. What is chosen so takes 1.05 times
// as long as the best tiling of each block on average, 1.2 times at most.
double cost_of(const BlockShape& shape, const BlockTiling& tiling, const BlockMemory& memory, int processors,
               std::size_t shared_bytes) {
  const bool expands = shape.source == BlockLayers::Source::expansion,
             has_first = shape.source != BlockLayers::Source::none;
  const Extents region = region_extents(shape, tiling), picture = picture_extents(shape, tiling);
  const double inside = std::min(region.height, shape.height) * std::min(region.width, shape.width) * tiling.images;
  const int out_pixels = tiling.images * tiling.height * tiling.width, hidden = tiling.hidden;
  const double channels = has_first ? whole_16(shape.in_channels) : 0, slabs = tiling.slabs_each;
  const int parts = divided(slabs_of(shape, tiling), tiling.slabs_each);

  const int tiles_at_once = hidden == 32 ? 2 : 1;
  const double expand_rounds = has_first ? std::ceil(std::ceil(inside / 16) / (kWarps * tiles_at_once)) : 0;
  const double depthwise_rounds = divided(out_pixels / tiling.strip, kWarps * 32 / (hidden / 4));
  const double sum_rows = divided(divided(out_pixels, 16), kWarps / tiling.warps_across);
  const double sum_columns = 2 * divided(tiling.columns / 16, tiling.warps_across);
  const double latency =
      0.74 + 0.157 * (std::ceil(inside / 64) + divided(out_pixels, 64)) + 0.2 * sum_rows * sum_columns +
      (parts > 1 ? 0.216 * parts : 0) +
      slabs * (0.97 + (has_first ? 0.49 : 0) + expand_rounds * (0.0064 + 0.0477 / 8 * hidden * tiles_at_once) +
               depthwise_rounds * (0.073 + 0.053 * tiling.strip) + sum_rows * 0.0526 / 16 * hidden);

  const double loads = (shape.dilation > 1 ? 9 : 3.0 * ((tiling.strip - 1) * shape.stride + 3) / tiling.strip) *
                       known_conflicts(hidden, tiling.strip, shape.stride);
  const double products =
      std::ceil(inside / 16) * 16 * channels * hidden + whole_16(out_pixels) * tiling.columns * hidden;
  const double fragments = has_first ? std::ceil(inside / 16) * channels / 16 * (1 + hidden / 16.0) : 0;
  const double weights = memory.front_bytes + tiling.columns * hidden * 2;
  const double region_bytes = tiling.images * region.height * region.width * hidden * 2 * slabs;
  const double input = expands     ? inside * shape.in_channels * 2
                       : has_first ? tiling.images * picture.height * picture.width * 12
                                   : region_bytes;
  const double work = 1.31 +
                      slabs * (6.6e-9 * products + 0.0036 * fragments +
                               out_pixels * hidden / 128.0 * (0.0109 + 0.00122 * loads) + 1.73e-5 * weights) +
                      2.22e-5 * input + (parts > 1 ? out_pixels * tiling.columns / 256.0 * 0.032 : 0);

  const int at_a_time = blocks_at_a_time(shape, tiling, memory, shared_bytes);
  const double blocks = static_cast<double>(divided(shape.images, tiling.images)) *
                        divided(shape.out_height, tiling.height) * divided(shape.out_width, tiling.width) *
                        divided(shape.out_channels, tiling.columns) * parts;
  // The blocks of a cluster lie in one part of the GPU, two on a multiprocessor where they fit, and leave some of it
  // empty.
  const double most = static_cast<double>(processors) * at_a_time;
  const double held = parts > 1 ? std::floor(most * 0.86 / parts) * parts : most;
  const double beside = std::min<double>(at_a_time, std::ceil(blocks / (parts > 1 ? processors / 2 : processors)));
  const bool next_fits = blocks <= most / 2 && at_a_time > 1;  // what comes before its first tensor is hidden then
  const double waiting = latency + (next_fits ? 0 : 0.1), working = beside * work;
  return std::ceil(blocks / std::max(held, 1.0)) * std::pow(std::pow(waiting, 4) + std::pow(working, 4), 0.25);
}

// The kernel whose sums hold a tile; false where none does.
bool take_kernel(const BlockTiling& wanted, BlockTiling& tiling) {
  const int rows = divided(tiling.images * tiling.height * tiling.width, 16);
  const int m = divided(rows, kWarps / wanted.warps_across), n = 2 * divided(tiling.columns / 16, wanted.warps_across);
  for (const KernelTiles& kernel : kKernelTiles)
    if (kernel.m >= m && kernel.n >= n) {
      tiling.tiles_m = kernel.m, tiling.tiles_n = kernel.n;
      return true;
    }
  return false;
}

}  // namespace

std::string BlockTiling::kernel(const BlockShape& shape) const {
  const char* const name = shape.source == BlockLayers::Source::expansion ? "expansion"
                           : shape.source == BlockLayers::Source::stem    ? "stem"
                                                                          : "none";
  return std::string("block_") + name + "_" + std::to_string(hidden) + (shape.float_taps ? "_floats_" : "_") +
         std::to_string(tiles_m) + "_" + std::to_string(tiles_n);
}

Extents region_extents(const BlockShape& shape, const BlockTiling& tiling) {
  return {(tiling.height - 1) * shape.stride + 2 * shape.dilation + 1,
          (tiling.width - 1) * shape.stride + 2 * shape.dilation + 1};
}

Extents picture_extents(const BlockShape& shape, const BlockTiling& tiling) {
  const Extents region = region_extents(shape, tiling);
  return {(region.height - 1) * shape.stem_stride + kStemTaps, (region.width - 1) * shape.stem_stride + kStemTaps};
}

BlockMemory block_memory(const BlockShape& shape, const BlockTiling& tiling) {
  const auto whole = [](int bytes) { return (bytes + 127) / 128 * 128; };
  const Extents region = region_extents(shape, tiling);
  const bool expands = shape.source != BlockLayers::Source::none;
  const int channels = whole_16(shape.in_channels);
  const int inside = tiling.images * std::min(region.height, shape.height) * std::min(region.width, shape.width);
  const int row = (tiling.hidden + kRowPad) * 2;
  const int out_pixels = tiling.images * tiling.height * tiling.width;
  BlockMemory memory;
  memory.front_bytes = 10 * tiling.hidden * (shape.float_taps ? 4 : 2) +
                       (expands ? channels * tiling.hidden * 2 + tiling.hidden * 4 : 0);
  int at = 0;
  memory.input = at;
  if (shape.source == BlockLayers::Source::expansion) at += whole(whole_16(inside) * (channels + kRowPad) * 2);
  if (shape.source == BlockLayers::Source::stem) {
    const Extents picture = picture_extents(shape, tiling);
    at += whole(tiling.images * picture.height * picture.width * 8);
  }
  memory.hidden = at;
  at += whole(tiling.images * region.height * region.width * row) * (expands ? 1 : 2);
  memory.product = at;
  at += whole(whole_16(out_pixels) * row);
  memory.weights = at;
  at += whole(2 * (memory.front_bytes + tiling.columns * tiling.hidden * 2));
  // The sums, in the end, over all but a residual that lies in the input.
  memory.partial = shape.residual_is_input ? memory.hidden : 0;
  at = std::max(at, memory.partial + whole(out_pixels * (tiling.columns + kRowPad) * 4));
  memory.table = at;
  const int strips = out_pixels / tiling.strip,
            copied = expands ? inside : tiling.images * region.height * region.width;
  at += whole((out_pixels + 1) / 2 * 8 + strips * 8 + tiling.columns * 4 +
              (shape.residual_is_input ? out_pixels * 4 : 0) +
              (shape.source == BlockLayers::Source::stem ? inside * 4 : copied * 4 + (expands ? inside * 2 : 0)));
  memory.bytes = at;
  return memory;
}

double unfused_cost(const BlockShape& shape, int processors, bool has_wide) {
  // Microseconds, as measured on an H100 with 132 multiprocessors: 10 ps for eight channels of a depthwise convolution,
  // and for a kernel that has little to do 5 us. Products wait for both the matrix units, of which kernels/wide.cu gets
  // 470 TFLOP/s and kernels/convolution.cu 215, and for memory: 2.1 TB/s.
  constexpr double kStart = 5;
  const double scale = 132.0 / processors;
  const double in_pixels = static_cast<double>(shape.images) * shape.height * shape.width;
  const double out_pixels = static_cast<double>(shape.images) * shape.out_height * shape.out_width;
  const auto product = [&](double pixels, double depth, double columns) {
    const double rate = has_wide && wide_suits(static_cast<int>(columns), static_cast<int>(depth)) ? 470e6 : 215e6;
    return kStart + std::hypot(2 * pixels * depth * columns / rate * scale, 2 * pixels * (depth + columns) / 2.1e6);
  };
  const double depthwise = kStart + std::max(out_pixels * shape.hidden / 8 * 10e-6 * scale,
                                             2 * (in_pixels + out_pixels) * shape.hidden / 2.5e6);
  const double expansion =
      shape.source == BlockLayers::Source::expansion ? product(in_pixels, shape.in_channels, shape.hidden) : 0;
  return expansion + depthwise + product(out_pixels, shape.hidden, shape.out_channels);
}

std::vector<BlockTiling> possible_tilings(const BlockShape& shape, int processors, std::size_t shared_bytes,
                                          bool has_clusters) {
  std::vector<BlockTiling> all;
  const auto consider = [&](BlockTiling tiling) {
    const BlockMemory memory = block_memory(shape, tiling);
    if (static_cast<std::size_t>(memory.bytes) > shared_bytes) return;
    tiling.cost = cost_of(shape, tiling, memory, processors, shared_bytes);
    all.push_back(tiling);
  };
  constexpr int kSlides[] = {2, 4, 7}, kSingle[] = {1};
  const std::span<const int> strips = shape.dilation == 1 ? std::span<const int>(kSlides) : kSingle;
  for (const int hidden : kSlabs) {
    if ((shape.source == BlockLayers::Source::stem || shape.float_taps) && hidden != 32) continue;
    if (shape.source == BlockLayers::Source::none && (hidden == 48 || hidden == 96)) continue;
    for (const int strip : strips)
      for (int width = strip; width < shape.out_width + strip && width <= 32; width += strip)
        for (int height = 1; height <= shape.out_height && height <= 32; ++height) {
          const bool whole_map = width >= shape.out_width && height >= shape.out_height;
          // Tiles that cover nothing of the map beyond an even share of it.
          if (!whole_map && divided(shape.out_height, divided(shape.out_height, height)) != height) continue;
          for (int images = 1; images <= (whole_map ? std::min(4, shape.images) : 1); ++images) {
            if (images * height * width > 256) break;
            for (int pieces = 1; pieces <= 16; pieces *= 2)
              for (const int across : {1, 2, 4, 8}) {
                BlockTiling tiling{
                    .hidden = hidden, .images = images, .height = height, .width = width, .strip = strip};
                tiling.columns = whole_16(divided(shape.out_channels, pieces));
                tiling.warps_across = across;
                if (pieces > 1 && divided(shape.out_channels, tiling.columns) != pieces) continue;
                if (!take_kernel(tiling, tiling)) continue;
                const int slabs = slabs_of(shape, tiling);
                for (int parts = 1; parts <= (has_clusters ? kMostParts : 1); ++parts) {
                  tiling.slabs_each = divided(slabs, parts);
                  if (divided(slabs, tiling.slabs_each) == parts) consider(tiling);
                }
              }
          }
        }
  }
  return all;
}

std::optional<BlockTiling> choose_tiling(const BlockShape& shape, int processors, std::size_t shared_bytes,
                                         bool has_clusters) {
  const std::vector<BlockTiling> all = possible_tilings(shape, processors, shared_bytes, has_clusters);
  const auto best = std::min_element(all.begin(), all.end(),
                                     [](const BlockTiling& a, const BlockTiling& b) { return a.cost < b.cost; });
  return best == all.end() ? std::nullopt : std::optional(*best);
}

}  // namespace mobilenet::cuda
