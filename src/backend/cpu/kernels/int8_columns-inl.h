// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// The 3x3 depthwise convolution by instructions that add four products: the three rows of one column of a window and a
// zero lie beside each other in four bytes, made once for all windows that share the column. Text that a kernel file
// includes inside its namespace, behind
//
//   class Columns {
//     using Sums;                                      // a vector of int32
//     static constexpr int kChannels;                  // of a block, four vectors of sums
//     struct Column { ... quads[4]; };                 // of those channels
//     explicit Columns(const DepthwiseRun&);
//     Column interleave(const std::uint8_t* top, const std::uint8_t* middle, const std::uint8_t* bottom) const;
//     static Sums load(const std::byte* sums);
//     static void accumulate(Sums&, quads, const std::byte* weights);
//     void store(Sums (&)[4], const float* scales, std::uint8_t* to, int count) const;  // count: that exist
//   };

using Column = Columns::Column;

// One column of the window of every pixel. Read once: as far as the compiler knows, the output may lie in the run.
struct ColumnTaps {
  const std::uint8_t *top, *middle, *bottom;
  std::ptrdiff_t top_step, middle_step, bottom_step;

  ColumnTaps(const DepthwiseRun& run, int column, int channel)
      : top(run.taps[column] + channel),
        middle(run.taps[column + 3] + channel),
        bottom(run.taps[column + 6] + channel),
        top_step(run.steps[column]),
        middle_step(run.steps[column + 3]),
        bottom_step(run.steps[column + 6]) {}

  HWY_INLINE Column load(const Columns& columns, std::ptrdiff_t pixel) const {
    return columns.interleave(top + pixel * top_step, middle + pixel * middle_step, bottom + pixel * bottom_step);
  }
};

HWY_INLINE void accumulate_column(Columns::Sums (&sums)[4], const Column& column, const std::byte* weights) {
  HWY_UNROLL(4)
  for (int i = 0; i < 4; ++i) Columns::accumulate(sums[i], column.quads[i], weights + i * Columns::kChannels);
}

// One block of channels of a run. kShared: how many columns of a pixel's window are those of the pixel before: 2 where
// the window moves by one column, 1 where it moves by two.
template <int kShared, bool kExcess>
HWY_NOINLINE void depthwise_3x3_block(const DepthwiseRun& run, const std::byte* block, int channel, int count,
                                      std::size_t pixel_bytes) {
  constexpr std::size_t kColumnBytes = 4 * Columns::kChannels;
  const std::byte* weights = block + 2 * kColumnBytes;
  const std::byte* excess = weights + 3 * kColumnBytes;
  const auto* scales = reinterpret_cast<const float*>(block + kColumnBytes);
  const Columns columns(run);
  std::uint8_t* to = run.output + channel;

  const ColumnTaps left_taps(run, 0, channel), middle_taps(run, 1, channel), right_taps(run, 2, channel);
  const std::ptrdiff_t pixels = run.pixels;
  Column left = left_taps.load(columns, 0), middle = middle_taps.load(columns, 0), right;
  for (std::ptrdiff_t p = 0; p < pixels; ++p, to += pixel_bytes) {
    right = right_taps.load(columns, p);
    Columns::Sums sums[4];
    HWY_UNROLL(4)
    for (int i = 0; i < 4; ++i) sums[i] = Columns::load(block + i * Columns::kChannels);
    accumulate_column(sums, left, weights);
    accumulate_column(sums, middle, weights + kColumnBytes);
    accumulate_column(sums, right, weights + 2 * kColumnBytes);
    if constexpr (kExcess) {
      accumulate_column(sums, left, excess);
      accumulate_column(sums, middle, excess + kColumnBytes);
      accumulate_column(sums, right, excess + 2 * kColumnBytes);
    }
    columns.store(sums, scales, to, count);

    if (kShared == 2) {
      left = middle;
      middle = right;
    } else if (p + 1 < pixels) {
      left = kShared == 1 ? right : left_taps.load(columns, p + 1);
      middle = middle_taps.load(columns, p + 1);
    }
  }
}

// Columns that lie `distance` apart in a window are the same bytes in the next pixel's. Rows outside the picture, which
// do not move, always are.
bool columns_repeat(const DepthwiseRun& run, int distance) {
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column + distance < 3; ++column) {
      const int tap = 3 * row + column;
      if (run.taps[tap] + run.steps[tap] != run.taps[tap + distance]) return false;
    }
  return true;
}

// Whether the windows of neighbouring pixels are neighbouring bytes.
bool pixels_adjoin(const DepthwiseRun& run) {
  for (int tap = 0; tap < 9; ++tap)
    if (run.steps[tap] != 0 && run.steps[tap] != run.filters->channels) return false;
  return true;
}

void depthwise_3x3_blocks(const DepthwiseRun& run, int shared, int channels, std::size_t pixel_bytes) {
  const PackedFilters& filters = *run.filters;
  for (int channel = 0, b = 0; channel < channels; channel += Columns::kChannels, ++b) {
    const std::byte* block = filters.blocks + static_cast<std::size_t>(b) * filters.block_bytes;
    std::int32_t has_excess;  // behind weights and excess
    std::memcpy(&has_excess, block + 32 * Columns::kChannels, sizeof has_excess);
    const int count = std::min(Columns::kChannels, channels - channel);
    if (shared == 2)
      (has_excess ? &depthwise_3x3_block<2, true> : &depthwise_3x3_block<2, false>)(run, block, channel, count,
                                                                                    pixel_bytes);
    else if (shared == 1)
      (has_excess ? &depthwise_3x3_block<1, true> : &depthwise_3x3_block<1, false>)(run, block, channel, count,
                                                                                    pixel_bytes);
    else
      (has_excess ? &depthwise_3x3_block<0, true> : &depthwise_3x3_block<0, false>)(run, block, channel, count,
                                                                                    pixel_bytes);
  }
}

void depthwise_3x3(const DepthwiseRun& run) {
  const int channels = run.filters->channels;
  const auto pixel_bytes = static_cast<std::size_t>(channels);
  const int shared = run.pixels == 1 ? 0 : columns_repeat(run, 1) ? 2 : columns_repeat(run, 2) ? 1 : 0;
  const int together = Columns::kChannels / channels;  // pixels that make one block, where they lie side by side
  if (!pixels_adjoin(run) || together < 2 || Columns::kChannels % channels != 0) {
    depthwise_3x3_blocks(run, shared, channels, pixel_bytes);
    return;
  }
  std::ptrdiff_t steps[9];
  for (int tap = 0; tap < 9; ++tap) steps[tap] = together * run.steps[tap];
  DepthwiseRun wide = run;
  wide.steps = steps;
  wide.pixels = run.pixels / together;
  if (wide.pixels > 0)
    depthwise_3x3_blocks(wide, columns_repeat(wide, 2) ? 1 : 0, Columns::kChannels, Columns::kChannels);

  const std::uint8_t* taps[9];
  const int done = wide.pixels * together;
  for (int tap = 0; tap < 9; ++tap) taps[tap] = run.taps[tap] + done * run.steps[tap];
  DepthwiseRun rest = run;
  rest.taps = taps;
  rest.pixels = run.pixels - done;
  rest.output = run.output + static_cast<std::size_t>(done) * pixel_bytes;
  if (rest.pixels > 0) depthwise_3x3_blocks(rest, shared, channels, pixel_bytes);
}
