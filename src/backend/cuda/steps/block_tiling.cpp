// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The choice of a block's tiles: all that fit are tried, and a model of what they cost says which is best.

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "backend/cuda/steps/block.h"
#include "backend/cuda/steps/tiles.h"

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

// Cycles of a multiprocessor: what passes through shared memory (128 bytes a cycle), through the matrix units (some
// 1,200 products a cycle of mma.sync on Hopper) and through the issue slots; and what one block of threads waits for.
double cost_of(const BlockShape& shape, const BlockTiling& tiling, const BlockMemory& memory, int processors) {
  const Extents region = region_extents(shape, tiling);
  const double inside = std::min(region.height, shape.height) * std::min(region.width, shape.width) * tiling.images;
  const double pixels = std::ceil(inside / 16) * 16;
  const int out_pixels = tiling.images * tiling.height * tiling.width;
  const double out_rows = whole_16(out_pixels);
  const double channels = shape.source == BlockLayers::Source::none ? 0 : whole_16(shape.in_channels);
  const int at_once = tiling.hidden == 32 ? 2 : 1;
  const double hidden = tiling.hidden;

  double slab_shared = 0, slab_products = 0;
  if (channels > 0) {
    slab_shared += pixels / 16 * channels / 16 * (512 + hidden * 32 / at_once) + pixels * hidden * 2;
    slab_products += pixels * channels * hidden;
  } else {
    slab_shared += region.height * region.width * tiling.images * hidden * 2;
  }
  const double loads = shape.dilation > 1 ? 9 : 3.0 * ((tiling.strip - 1) * shape.stride + 3) / tiling.strip;
  slab_shared += out_pixels * hidden * 2 * (loads + 1);
  const double depthwise_rounds =
      divided(out_pixels / tiling.strip * tiling.hidden / 4, 256 / (tiling.hidden / 4) * (tiling.hidden / 4));
  const double depthwise_issue = depthwise_rounds * kWarps * tiling.strip * (30 + loads) / 4;
  slab_shared += tiling.warps_across * out_rows * hidden * 2 +
                 static_cast<double>(kWarps) / tiling.warps_across * tiling.columns * hidden * 2;
  slab_products += std::ceil(out_rows / 16 / (kWarps / tiling.warps_across)) * (kWarps / tiling.warps_across) * 16 *
                   hidden * tiling.columns;
  const double slab = slab_shared / 128 + slab_products / 1200 + depthwise_issue;

  const int slabs = tiling.slabs_each, parts = divided(slabs_of(shape, tiling), slabs);
  const double weights = slabs * (memory.front_bytes + tiling.columns * hidden * 2);
  const Extents picture = picture_extents(shape, tiling);
  const double input = shape.source == BlockLayers::Source::stem ? picture.height * picture.width * tiling.images * 12
                       : channels > 0                            ? inside * shape.in_channels * 2
                                      : region.height * region.width * tiling.images * hidden * 2 * slabs;
  const double output = out_pixels * tiling.columns * (parts > 1 ? 2 + 8 : 2);
  const double throughput = slabs * slab + (weights + input + output) / 40;

  const double blocks = static_cast<double>(divided(shape.images, tiling.images)) *
                        divided(shape.out_height, tiling.height) * divided(shape.out_width, tiling.width) *
                        divided(shape.out_channels, tiling.columns) * parts;
  const bool many_sums = tiling.tiles_m * tiling.tiles_n > 8;
  const int at_a_time = std::clamp(227 * 1024 / (memory.bytes + 1024), 1, many_sums ? 1 : 2);
  const double rounds = std::ceil(blocks / (static_cast<double>(processors) * at_a_time));
  const double share = std::min(static_cast<double>(at_a_time), std::ceil(blocks / processors));
  // Measured on an H100: what a block of threads waits for between its barriers, beside the work; what comes before the
  // first tensor is hidden behind the kernel before, where there is room beside it.
  const bool room = blocks <= processors && memory.bytes < 112 * 1024 && !many_sums;
  const double latency =
      throughput * 1.3 + slabs * (channels > 0 ? 2800 : 2000) + 3500 + (room ? 0 : 3500) + (parts > 1 ? 1500 : 0);
  return rounds * std::max(share * throughput, latency);
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

std::string BlockTiling::kernel(BlockLayers::Source source) const {
  const char* const name = source == BlockLayers::Source::expansion ? "expansion"
                           : source == BlockLayers::Source::stem    ? "stem"
                                                                    : "none";
  return std::string("block_") + name + "_" + std::to_string(hidden) + "_" + std::to_string(tiles_m) + "_" +
         std::to_string(tiles_n);
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
  memory.front_bytes = 10 * tiling.hidden * 2 + (expands ? channels * tiling.hidden * 2 + tiling.hidden * 4 : 0);
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

double unfused_cost(const BlockShape& shape, int processors) {
  // Microseconds, as measured on an H100 with 132 multiprocessors: 20 ps for eight channels of a depthwise convolution,
  // matrix products at 215 TFLOP/s, memory at 1.9 and 2.5 TB/s, and 5 us for a kernel that has little to do.
  constexpr double kStart = 5;
  const double scale = 132.0 / processors;
  const double in_pixels = static_cast<double>(shape.images) * shape.height * shape.width;
  const double out_pixels = static_cast<double>(shape.images) * shape.out_height * shape.out_width;
  const auto product = [&](double pixels, double depth, double columns) {
    return kStart + std::max(2 * pixels * depth * columns / 215e6 * scale, 2 * pixels * (depth + columns) / 2.5e6);
  };
  const double depthwise = kStart + std::max(out_pixels * shape.hidden / 8 * 20e-6 * scale,
                                             2 * (in_pixels + out_pixels) * shape.hidden / 1.9e6);
  const double expansion =
      shape.source == BlockLayers::Source::expansion ? product(in_pixels, shape.in_channels, shape.hidden) : 0;
  constexpr double kCyclesInMicrosecond = 1755;
  return (expansion + depthwise + product(out_pixels, shape.hidden, shape.out_channels)) * kCyclesInMicrosecond;
}

std::vector<BlockTiling> possible_tilings(const BlockShape& shape, int processors, std::size_t shared_bytes,
                                          bool has_clusters) {
  std::vector<BlockTiling> all;
  const auto consider = [&](BlockTiling tiling) {
    const BlockMemory memory = block_memory(shape, tiling);
    if (static_cast<std::size_t>(memory.bytes) > shared_bytes) return;
    tiling.cost = cost_of(shape, tiling, memory, processors);
    all.push_back(tiling);
  };
  constexpr int kSlides[] = {2, 4, 7}, kSingle[] = {1};
  const std::span<const int> strips = shape.dilation == 1 ? std::span<const int>(kSlides) : kSingle;
  constexpr std::array kSlabs{32, 48, 64, 96, 128};
  for (const int hidden : kSlabs) {
    if (shape.source == BlockLayers::Source::stem && hidden != 32) continue;
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
