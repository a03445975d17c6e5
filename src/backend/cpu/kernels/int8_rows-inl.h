// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// What the integer matrix products of quads share, whatever their vectors are: rows made unsigned, and the shift of the
// filters taken back. Included behind the vectors, int8_avx512-inl.h or int8_avx2-inl.h, once a file.

namespace mobilenet::cpu {
namespace {

inline std::size_t flipped_stride(int depth) {
  return (static_cast<std::size_t>(depth) + kVectorBytes - 1) / kVectorBytes * kVectorBytes;
}

inline std::size_t sums_bytes(int row_count) {
  return (static_cast<std::size_t>(row_count) * sizeof(std::int32_t) + kVectorBytes - 1) / kVectorBytes * kVectorBytes;
}

inline std::int32_t sum_of_bytes(const std::uint8_t* row, int depth) {
  const Integers ones = same_i8(1);
  Integers sum = same_i8(0);
  int d = 0;
  for (; d + kVectorBytes <= depth; d += kVectorBytes) accumulate_quads(sum, load_unaligned(row + d), ones);
  if (d < depth) accumulate_quads(sum, load_bytes(row + d, depth - d), ones);
  return sum_of_lanes(sum);
}

// The task's rows as unsigned bytes, flipped_stride apart, in `out`, which it returns.
inline const std::uint8_t* flip_rows(const MatmulTask& task, std::uint8_t* out) {
  const Integers flip = same_i8(static_cast<char>(task.flip));
  const std::size_t stride = flipped_stride(task.filters->depth);
  for (int r = 0; r < task.row_count; ++r) {
    const std::uint8_t* row = task.rows + static_cast<std::size_t>(r) * task.row_stride;
    for (std::size_t d = 0; d < stride; d += kVectorBytes)
      store(exclusive_or(load_unaligned(row + d), flip), out + static_cast<std::size_t>(r) * stride + d);
  }
  return out;
}

// What is added to every sum of a row because the filters hold weight + shift. Wraps around like the sums themselves: a
// depth above 65,793 can leave 32 bits.
inline void find_corrections(const PackedFilters& filters, const std::uint8_t* rows, std::size_t stride, int count,
                             std::int32_t* corrections) {
  for (int r = 0; r < count; ++r) {
    corrections[r] = 0;
    if (filters.shift == 0) continue;
    const std::int32_t sum = sum_of_bytes(rows + static_cast<std::size_t>(r) * stride, filters.depth);
    corrections[r] =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(-filters.shift) * static_cast<std::uint32_t>(sum));
  }
}

}  // namespace
}  // namespace mobilenet::cpu
