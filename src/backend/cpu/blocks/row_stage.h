// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A step that can compute a few rows of its output at a time, in whatever type its tensors have. The steps of a block
// run as such stages, with only the rows that the next one still needs in memory: a whole inverted residual then stays
// in the cache.

#include <atomic>
#include <cstddef>
#include <functional>

namespace mobilenet::cpu {

// Rows of one picture: all of them (count = height), or a ring of the last `count`.
struct Rows {
  std::byte* first = nullptr;
  std::ptrdiff_t row_bytes = 0;
  int count = 0;

  template <class Element>
  Element* row(int y) const {
    return reinterpret_cast<Element*>(first + (y % count) * row_bytes);
  }
};

// Picture `image` of the batch that begins at `batch`.
inline Rows picture_rows(std::byte* batch, std::ptrdiff_t image, int height, std::ptrdiff_t row_bytes) {
  return {batch + image * height * row_bytes, row_bytes, height};
}

// What a stage is asked for: rows begin..end of the output for one picture. Between which rows of the input they lie is
// said by the step's RowGeometry.
//   in        rows input_begin(begin)..input_end(end) are valid until the call returns; the others may hold anything.
//   residual  rows begin..end are valid likewise; `first` is null where the step adds none.
//   out       the stage writes rows begin..end, whole, and nothing beside them. A row stays valid until the next stage
//             is asked for rows whose input begins past it; then another takes its place in the ring.
//   scratch   RowStage::scratch_bytes of this thread, at a multiple of 64; what it holds is lost between calls.
// Only `out` and `scratch` are written. Up to kReadPadding bytes past the end of a row may be read, never used.
struct RowCall {
  Rows in, residual, out;
  int begin = 0, end = 0;
  std::byte* scratch = nullptr;
  std::atomic<bool>* normal_halves = nullptr;  // RunContext's
};

struct RowStage {
  void (*run)(const void* arguments, const RowCall& call) = nullptr;  // arguments: CompiledStep's; null: no stage
  int rows_at_once = 1;  // the most rows of a call, and as many of every call but the last of a picture's part
  std::size_t scratch_bytes = 0;
};

// A stage that runs kRun(arguments, call).
template <class Arguments, auto kRun>
RowStage row_stage_of(std::size_t scratch_bytes, int rows_at_once = 1) {
  return {
      [](const void* stored, const RowCall& call) { std::invoke(kRun, *static_cast<const Arguments*>(stored), call); },
      rows_at_once, scratch_bytes};
}

}  // namespace mobilenet::cpu
