// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which Steps one kernel of kernels/block.cu runs together, and in what tiles.

#include <compare>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/cuda/program/step.h"

namespace mobilenet::cuda {

// The layers of a block: [an expansion or stem,] a 3x3 depthwise convolution, a projection.
struct BlockLayers {
  enum class Source { expansion, stem, none };
  Source source = Source::none;
  std::size_t steps = 2;
  FusedGroup first, depthwise, projection;  // first: where there is one
  TensorId input = kNoTensor, output = kNoTensor;
  Part part;  // how the output lies in its memory
};
// The block that begins with the Step, if any, for halves.
std::optional<BlockLayers> block_layers(const PlanView& plan, std::size_t first);
// The extents that the choice of tiles depends on.
struct BlockShape {
  BlockLayers::Source source = BlockLayers::Source::none;
  int images = 1, in_channels = 8;  // of what the expansion reads; of a stem kStemDepth
  int height = 1, width = 1, hidden = 8;
  int out_height = 1, out_width = 1, out_channels = 8;
  int stride = 1, dilation = 1, stem_stride = 1;
  bool residual_is_input = false;                       // of an expansion, in the same tile
  bool float_taps = false;                              // of the depthwise convolution (half_sums.h)
  auto operator<=>(const BlockShape&) const = default;  // NOLINT(modernize-use-nullptr): sees the zero of comparisons
};

// How a kernel goes about it; fields as in BlockArguments.
struct BlockTiling {
  int hidden = 32, tiles_m = 1, tiles_n = 4;  // of the kernel
  int images = 1, height = 1, width = 1;      // of a tile
  int strip = 2, columns = 16, warps_across = 1, slabs_each = 1;
  double cost = 0;  // an estimate, in microseconds

  std::string kernel(const BlockShape& shape) const;
};
// The part of the map that a tile's depthwise convolution reads, and of the picture that a stem reads for it.
struct Extents {
  int height, width;
};
Extents region_extents(const BlockShape& shape, const BlockTiling& tiling);
Extents picture_extents(const BlockShape& shape, const BlockTiling& tiling);
// Bytes of shared memory, and where its parts lie.
struct BlockMemory {
  int partial = 0, input = 0, hidden = 0, product = 0, weights = 0, table = 0, bytes = 0;
  int front_bytes = 0;  // of a slab's weights, those before the projection's
};
BlockMemory block_memory(const BlockShape& shape, const BlockTiling& tiling);
// What the layers of a block take one by one, in the same measure as BlockTiling::cost.
double unfused_cost(const BlockShape& shape, int processors, bool has_wide);
// All that fit, and the one that should be fastest on the device.
std::vector<BlockTiling> possible_tilings(const BlockShape& shape, int processors, std::size_t shared_bytes,
                                          bool has_clusters);
std::optional<BlockTiling> choose_tiling(const BlockShape& shape, int processors, std::size_t shared_bytes,
                                         bool has_clusters);

BlockShape block_shape(const Network& network, const Parameters& parameters, std::span<const Shape> shapes,
                       const BlockLayers& layers);
// The layers of a block of the plan, whose Steps block_layers found.
Result<BlockLayers> layers_of(const Network& network, const Plan& plan, const Block& block);

// The tilings of one program's blocks: a choice takes 2.5 ms, and is asked for when blocks are formed and again when
// they are compiled, for many blocks of one shape.
class BlockTilings {
 public:
  explicit BlockTilings(const Device& device) : device_(device) {}
  const Device& device() const { return device_; }
  // None: no tile fits into shared memory.
  const std::optional<BlockTiling>& of(const BlockShape& shape);
  // Whether a block is faster than its layers one by one, as far as the models of their cost say.
  bool pays(const BlockShape& shape);

 private:
  const Device& device_;
  std::map<BlockShape, std::optional<BlockTiling>> chosen_;
};

Result<void> compile_block(const StepSource& source, const BlockLayers& layers, const BlockTiling& tiling);

}  // namespace mobilenet::cuda
