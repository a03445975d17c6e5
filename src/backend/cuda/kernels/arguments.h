// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What kernels are told, shared by the host and the device: every kernel takes one of these structs by value. Maps are
// [images][height][width][channels]. A field of type Address is filled with an address of the device when memory is
// there; 0: there is none.

#include <cstdint>

namespace mobilenet::cuda {

using Address = std::uint64_t;

// What the host lays out and kernels find there:
constexpr int kTileBytes = 512;             // of weights, 16 depth x 16 columns of halves, in the order of the lanes
constexpr int kRowPad = 8;                  // halves behind a row in shared memory: eight rows lie in different banks
constexpr int kMostParts = 8;               // blocks of a cluster that every GPU with clusters runs
constexpr int kBlockWarps = 8;              // of block.cu
constexpr int kForEachThreads = 256;        // of a block, of kernels that go through numbers
constexpr int kStemTaps = 3;                // of a stem, along either axis
constexpr int kStemDepth = 16 * kStemTaps;  // numbers of a stem's window: lines of four pixels of four channels
// Blocks of threads of block.cu, of so many hidden channels at once and tiles of sums for each warp, that registers let
// a multiprocessor hold.
constexpr int blocks_held(bool expands, int hidden, int tiles) { return tiles > 8 || (expands && hidden > 96) ? 1 : 2; }
constexpr int kStepDepth = 64;        // of a step along the depth of a matrix product
constexpr int kStepStages = 3;        // steps in shared memory at once
constexpr int kResizePiece = 2048;    // numbers of an enlarged map's row that a block makes
constexpr int kWideGroup = 128;       // columns whose weights lie together, of wide.cu
constexpr int kWideAlignment = 1024;  // of its stages in shared memory
constexpr int kWideBarriers = 8;      // behind them, of which a kernel uses one a stage

// How the numbers of a tensor are stored on the device: those of the network's own types, and halves in place of floats
// where precision f16 computes.
enum class Stored : std::int32_t { f32, f16, u8, i8, i32, i64 };

// What a layer does last. `function`: an Activation of layers.h that is no clamp, as its number; 0: none. `flag`: an
// int that convolutions and blocks set where a float of the output is no number; 0: they do not look.
struct Ending {
  float low = 0, high = 0;
  std::int32_t function = 0;
  Address flag = 0;
};

struct WindowArguments {
  std::int32_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width, top, left;
};

// Where the numbers of a layer's output lie, counted in elements from its address: those of pixel p together, from
// first + p * pixel + p / line * between on. line 0: without the last term. So a layer can write its part of a tensor
// that joins several, along any axis. `eights`: they are floats or halves, and every eight channels of a pixel begin at
// a multiple of 16 bytes.
struct OutputPlace {
  std::int64_t first, between;
  std::int32_t pixel, line, eights;
};

// Several layers in one launch: the blocks of threads of each follow those of the one before, along x.
constexpr int kMostBundled = 16;
constexpr int kBundleBlocksHeld = 4;  // blocks of bundle_64_32 that a multiprocessor holds
template <class Arguments>
struct Bundle {
  static_assert(kMostBundled * sizeof(Arguments) <= 4000);  // every driver passes 4096 bytes to a kernel
  std::int32_t count;
  std::int32_t first_blocks[kMostBundled + 1];  // and where those of the last end
  Arguments layers[kMostBundled];
};

// A convolution (groups of `in_channels / groups`) or dense layer, by any of the kernels for it.
struct ConvolutionArguments {
  Address input, output, residual, weights, bias;
  OutputPlace place;
  Stored in_type, out_type, residual_type;
  std::int32_t images, in_height, in_width, in_channels, out_height, out_width, out_channels;
  std::int32_t groups;
  WindowArguments window;
  Ending ending;
  std::int32_t depth;         // kernel height x width x input channels of a group
  std::int32_t padded_depth;  // of packed weights
  std::int32_t depth_parts;   // among which blocks of a cluster share the depth
  std::int32_t is_pointwise;  // every output pixel reads the input pixel of its place alone
  std::int32_t bias_stride;   // from an image's bias to the next one's; 0: all have the same
};

// A depthwise convolution: [kernel height][kernel width][channels] weights, f32 bias.
struct DepthwiseArguments {
  Address input, output, residual, weights, bias;
  Stored in_type, out_type, residual_type, weight_type;
  std::int32_t images, in_height, in_width, in_channels, out_height, out_width, out_channels;
  std::int32_t multiplier;
  WindowArguments window;
  Ending ending;
  // Of strips_*: of a row of the output, and the reciprocals of that and of out_height.
  std::int32_t strips_across;
  std::uint32_t strips_reciprocal, height_reciprocal;
};

// [Expansion or stem] + 3x3 depthwise + projection [+ residual], in one kernel: block.cu says how.
struct BlockArguments {
  Address input, output, residual, weights, bias;  // bias: of the projection, f32
  OutputPlace place;
  Stored in_type, out_type;
  std::int32_t images;
  std::int32_t in_height, in_width, in_channels;  // of what the expansion reads
  std::int32_t height, width;                     // of the map that the depthwise convolution reads
  std::int32_t out_height, out_width, out_channels;
  std::int32_t stride, dilation, top, left;           // of the depthwise convolution
  std::int32_t stem_stride, stem_top, stem_left;      // of the 3x3 convolution before it, of a stem
  std::int32_t tile_images, tile_height, tile_width;  // pixels of the output that one block of threads makes
  std::int32_t tiles_down, tiles_across;
  std::int32_t slabs, slabs_each;        // of hidden channels; of one block of a cluster
  std::int32_t slab_bytes, front_bytes;  // of packed weights; of them, those before the projection's
  std::int32_t strip;                    // pixels of a row that a thread makes at once: 2, 4 or 7
  std::int32_t columns;                  // output channels of one block, whole 16
  std::int32_t warps_across;             // of eight, along output channels
  std::int32_t strips_across;            // of a row of a tile
  std::int32_t residual_is_input;        // which then lies in shared memory
  std::int32_t parts;                    // blocks of a cluster
  // Reciprocals (steps/tiles.h) of in_channels / 8, columns / 8, parts, tiles_across, tiles_down, tile_width, a
  // region's width, strips_across, and pixels of a row of a stem's picture.
  std::uint32_t chunks_reciprocal, groups_reciprocal, parts_reciprocal, across_reciprocal, down_reciprocal,
      width_reciprocal, region_reciprocal, strips_reciprocal, picture_reciprocal;
  float hidden_low, hidden_high, depthwise_low, depthwise_high;
  Ending ending;
  std::int32_t partial_offset, input_offset, hidden_offset, product_offset, weight_offset,
      table_offset;  // in shared memory, bytes
};

// Every number by itself.
enum class UnaryFunction : std::int32_t {
  copy,
  absolute,
  elu,
  exp,
  leaky_relu,
  log,
  negate,
  rsqrt,
  sqrt,
  square,
  tanh,
  activation,
  quantize,
  cast
};
struct UnaryArguments {
  Address input, output;
  Stored in_type, out_type;
  std::int64_t count;
  UnaryFunction function;
  float alpha;  // of leaky_relu
  Ending ending;
  float scale;  // of quantize: of the integers, on either side
  std::int32_t zero_point, lowest, highest;
};

constexpr int kAxes = 6;

// Two numbers; strides of 0 repeat an operand.
struct BinaryArguments {
  Address a, b, output;
  Stored a_type, b_type, out_type;
  std::int32_t kind;  // BinaryKind
  std::int64_t count;
  std::int32_t extents[kAxes];
  std::int32_t a_strides[kAxes], b_strides[kAxes];
  Ending ending;
};

// x * factor + shift per channel, the last axis.
struct ScaleArguments {
  Address input, output, factors, shifts;
  Stored in_type, out_type;
  std::int64_t count;
  std::int32_t channels;
};

// Functions of rows of the last axis.
enum class RowFunction : std::int32_t { softmax, log_softmax, l2_normalize, argmax };
struct RowArguments {
  Address input, output;
  Address flag;  // as of an Ending, of what is read
  Stored in_type, out_type;
  std::int64_t rows;
  std::int32_t columns;
  RowFunction function;
  float beta;
};

// Elements moved: each axis of the output has a table of where along the input its positions lie, in elements, or -1.
struct MoveArguments {
  Address input, output;
  Address tables;  // [sum of extents] of int64
  std::int32_t element_bytes;
  std::int64_t count;
  std::int32_t extents[kAxes];  // of the output; those in front of its rank are 1
  std::uint64_t fill;           // the bytes of an element that shows nothing of the input
  Stored in_type, out_type;     // where they differ, `fill_value` is that element
  float fill_value;
};

// One input of a concatenation: rows of `row` elements into rows of `out_row`, from `first` on.
struct ConcatArguments {
  Address input, output;
  Stored in_type, out_type;
  std::int64_t count;
  std::int64_t row, out_row, first;
};

struct PoolArguments {
  Address input, output;
  Stored in_type, out_type;
  std::int32_t images, in_height, in_width, channels, out_height, out_width;
  std::int32_t is_max;
  WindowArguments window;
  Ending ending;
};

// Over some axes: the kept ones and the reduced ones with their strides in the input.
struct ReduceArguments {
  Address input, output;
  Stored in_type, out_type;
  std::int32_t kind;            // ReduceKind
  std::int64_t count, reduced;  // numbers of the output; of the input behind each
  std::int32_t kept_extents[kAxes], reduced_extents[kAxes];
  std::int64_t kept_strides[kAxes], reduced_strides[kAxes];
};

// Along one axis of an enlarged map: low + (high - low) * fraction.
struct ResizeTapArguments {
  std::int32_t low, high;
  float fraction;
};
struct ResizeArguments {
  Address input, output;
  Address taps;  // ResizeTapArguments of the output's rows, then of its columns
  Address flag;  // as of an Ending
  Stored in_type, out_type;
  std::int32_t images, in_height, in_width, channels, out_height, out_width;
  std::int32_t piece, rows_each;  // of a block: numbers of a row, up to kResizePiece, and rows of all images
};

// A transposed convolution: weights [kernel height][kernel width][inputs][outputs] of f32.
struct TransposedArguments {
  Address input, output, weights, bias;
  Stored in_type, out_type;
  std::int32_t images, in_height, in_width, in_channels, out_height, out_width, out_channels;
  WindowArguments window;
  Ending ending;
};

}  // namespace mobilenet::cuda
