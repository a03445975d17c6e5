// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// Rows of a 3 x 3 depthwise convolution, whatever its numbers are: text that a kernel file includes inside its
// namespace, once per target, behind
//
//   struct Numbers {
//     using Input, Output, Packed, Vector;
//     static constexpr int kLanes;                                        // of a Vector, and of a block of channels
//     static constexpr int kPixels;                                       // of a tile's row with stride 1, at most 7
//     static Vector set(float value);
//     static Vector load(const Input*);                                   // may read what lies behind the channels
//     static Vector load_packed(const Packed*);
//     static Vector multiply_add(Vector a, Vector b, Vector sum);         // a * b + sum
//     static int channels_to_write(int channels);                         // with those that are only filled up
//     static void store(Vector sum, Vector low, Vector high, Output*, int left);  // left: channels that there are
//   };

// Four pixels of two rows: eight sums, and every input vector is loaded once for up to six of them. With stride 1 more
// pixels share more, where there are registers: 7 divide the widths of networks for 224 x 224 pictures.
template <class Numbers, int kStride>
constexpr int kPixelsOfTile = kStride == 1 ? Numbers::kPixels : 4;

// The input vectors of a tile that lies inside the picture: pixel (i, j) from the first one of every row on.
template <class Input, int kInRows>
struct PixelsInside {
  const Input* rows[kInRows];
  std::ptrdiff_t step;  // from column to column

  HWY_INLINE const Input* at(int i, int j, int) const { return rows[i] + j * step; }
  HWY_INLINE void next(int lanes) {
    MOBILENET_UNROLL
    for (int i = 0; i < kInRows; ++i) rows[i] += lanes;
  }
};

// Of any tile: some may be zeros.
template <class Input, int kInRows, int kInColumns>
struct PixelsAnywhere {
  const Input* taps[kInRows][kInColumns];

  HWY_INLINE const Input* at(int i, int j, int c) const { return taps[i][j] + c; }
  HWY_INLINE void next(int) {}
};

// The sums of a tile for one block, of whose channels `left` exist.
template <class Numbers, int kRows, int kColumns>
HWY_INLINE void store_tile(const typename Numbers::Vector (&sums)[kRows][kColumns], typename Numbers::Vector low,
                           typename Numbers::Vector high, typename Numbers::Output* out, std::ptrdiff_t row_stride,
                           std::ptrdiff_t step, int left) {
  MOBILENET_UNROLL
  for (int r = 0; r < kRows; ++r) {
    MOBILENET_UNROLL
    for (int q = 0; q < kColumns; ++q) Numbers::store(sums[r][q], low, high, out + r * row_stride + q * step, left);
  }
}

// kRows rows of kColumns output pixels.
template <class Numbers, int kStride, int kRows, int kColumns, class Pixels>
void convolve_tile(const DepthwiseProblem& p, Pixels pixels, typename Numbers::Output* out) {
  using Vector = typename Numbers::Vector;
  constexpr int kInRows = (kRows - 1) * kStride + 3;
  constexpr int kInColumns = (kColumns - 1) * kStride + 3;
  const Vector low = Numbers::set(p.low), high = Numbers::set(p.high);
  const auto* packed = static_cast<const typename Numbers::Packed*>(p.packed);
  // Read once: as far as the compiler knows, `out` may lie in `p`.
  const std::ptrdiff_t out_step = p.dilation * p.out_pixel_stride, out_row_stride = p.out_row_stride;
  const int existing = p.channels, channels = Numbers::channels_to_write(existing);
  for (int c = 0; c < channels; c += Numbers::kLanes, packed += 10 * Numbers::kLanes) {
    Vector sums[kRows][kColumns], weights[9];
    const auto* bias = packed;
    MOBILENET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      MOBILENET_UNROLL
      for (int q = 0; q < kColumns; ++q) {
        sums[r][q] = Numbers::load_packed(bias);
#if HWY_ARCH_ARM
        asm("" : "+r"(bias));  // loaded for every sum: copies of a register would wait for the multipliers
#endif
      }
    }
    MOBILENET_UNROLL
    for (int t = 0; t < 9; ++t) weights[t] = Numbers::load_packed(packed + (1 + t) * Numbers::kLanes);
    MOBILENET_UNROLL
    for (int i = 0; i < kInRows; ++i) {
      MOBILENET_UNROLL
      for (int j = 0; j < kInColumns; ++j) {
        const Vector input = Numbers::load(pixels.at(i, j, c));
        MOBILENET_UNROLL
        for (int r = 0; r < kRows; ++r) {
          const int ky = i - r * kStride;
          MOBILENET_UNROLL
          for (int q = 0; q < kColumns; ++q) {
            const int kx = j - q * kStride;
            if (ky >= 0 && ky < 3 && kx >= 0 && kx < 3)
              sums[r][q] = Numbers::multiply_add(input, weights[ky * 3 + kx], sums[r][q]);
          }
        }
      }
    }
    pixels.next(Numbers::kLanes);
    if (existing - c >= Numbers::kLanes)
      store_tile<Numbers>(sums, low, high, out + c, out_row_stride, out_step, Numbers::kLanes);
    else
      store_tile<Numbers>(sums, low, high, out + c, out_row_stride, out_step, existing - c);
  }
}

// `x`: the first output pixel; its neighbours are `dilation` apart, so that they share taps.
template <class Numbers, int kStride, int kRows, int kColumns>
void tile_3x3(const DepthwiseProblem& p, const void* const* rows, int x, typename Numbers::Output* out) {
  using Input = typename Numbers::Input;
  constexpr int kInRows = (kRows - 1) * kStride + 3;
  constexpr int kInColumns = (kColumns - 1) * kStride + 3;
  const int first = x * kStride - p.pad_left;
  bool inside = first >= 0 && first + (kInColumns - 1) * p.dilation < p.width;
  for (int i = 0; i < kInRows; ++i) inside = inside && rows[i] != nullptr;
  if (inside) {
    PixelsInside<Input, kInRows> pixels;
    for (int i = 0; i < kInRows; ++i) pixels.rows[i] = static_cast<const Input*>(rows[i]) + first * p.pixel_stride;
    pixels.step = p.dilation * p.pixel_stride;
    return convolve_tile<Numbers, kStride, kRows, kColumns>(p, pixels, out);
  }
  PixelsAnywhere<Input, kInRows, kInColumns> pixels;
  for (int i = 0; i < kInRows; ++i)
    for (int j = 0; j < kInColumns; ++j) {
      const int column = first + j * p.dilation;
      const bool there = rows[i] != nullptr && column >= 0 && column < p.width;
      pixels.taps[i][j] = static_cast<const Input*>(there ? rows[i] : p.zeros) + (there ? column * p.pixel_stride : 0);
    }
  convolve_tile<Numbers, kStride, kRows, kColumns>(p, pixels, out);
}

template <class Numbers, int kStride, int kRows>
void rows_of_stride(const DepthwiseProblem& p, const void* const* rows, typename Numbers::Output* out) {
  constexpr int kPixels = kPixelsOfTile<Numbers, kStride>;
  using Tile = void (*)(const DepthwiseProblem&, const void* const*, int, typename Numbers::Output*);
  static constexpr auto kTiles = []<int... kLess>(std::integer_sequence<int, kLess...>) {
    return std::array<Tile, kPixels>{&tile_3x3<Numbers, kStride, kRows, kLess + 1>...};
  }
  (std::make_integer_sequence<int, kPixels>());
  for (int phase = 0; phase < p.dilation; ++phase)
    for (int x = phase; x < p.output_width; x += kPixels * p.dilation) {
      const int pixels = std::min(kPixels, (p.output_width - x + p.dilation - 1) / p.dilation);
      kTiles[static_cast<std::size_t>(pixels - 1)](p, rows, x, out + x * p.out_pixel_stride);
    }
}

template <class Numbers>
void rows_3x3(const DepthwiseProblem& p, const void* const* rows, int output_rows, void* output) {
  auto* out = static_cast<typename Numbers::Output*>(output);
  if (p.stride == 1)
    output_rows == 2 ? rows_of_stride<Numbers, 1, 2>(p, rows, out) : rows_of_stride<Numbers, 1, 1>(p, rows, out);
  else
    output_rows == 2 ? rows_of_stride<Numbers, 2, 2>(p, rows, out) : rows_of_stride<Numbers, 2, 1>(p, rows, out);
}
