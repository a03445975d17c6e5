// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Two operands under one output, as a loop over runs: within a run an operand either walks along or stands still.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "backend/cpu/program/run_context.h"
#include "network/shape.h"

namespace mobilenet::cpu {

struct Broadcast {
  struct Axis {
    std::size_t extent = 1, a_step = 0, b_step = 0;  // of operands, in elements
  };
  std::vector<Axis> outer;  // before the run, outermost first
  std::size_t runs = 1;     // the product of their extents
  std::size_t run = 1;      // elements
  bool a_walks = true, b_walks = true;

  struct Offsets {
    std::size_t a = 0, b = 0;
  };
  Offsets offsets(std::size_t index) const {
    Offsets at;
    for (std::size_t i = outer.size(); i-- > 0; index /= outer[i].extent) {
      at.a += index % outer[i].extent * outer[i].a_step;
      at.b += index % outer[i].extent * outer[i].b_step;
    }
    return at;
  }
};

// `out` is broadcast(a, b).
Broadcast broadcast_loop(const Shape& a, const Shape& b, const Shape& out);

// compute(a, b) of each element of the run whose operands begin at `a` and `b`.
template <class T, class Compute>
void compute_run(const Broadcast& loop, const T* a, const T* b, T* out, const Compute& compute) {
  if (loop.a_walks && loop.b_walks) {
    for (std::size_t i = 0; i < loop.run; ++i) out[i] = compute(a[i], b[i]);
  } else if (loop.a_walks) {
    const T other = *b;
    for (std::size_t i = 0; i < loop.run; ++i) out[i] = compute(a[i], other);
  } else {
    const T other = *a;
    for (std::size_t i = 0; i < loop.run; ++i) out[i] = compute(other, b[i]);
  }
}

// work(loop, begin of a, begin of b, begin of the output) for every run, on all members; where there is but one, for
// parts of it, `loop` being the part's.
template <class Work>
void for_runs(RunContext& context, const Broadcast& loop, std::size_t grain, const Work& work) {
  if (loop.runs == 1) {
    context.for_parts(loop.run, grain, [&](std::size_t begin, std::size_t end) {
      Broadcast part = loop;
      part.run = end - begin;
      work(part, loop.a_walks ? begin : 0, loop.b_walks ? begin : 0, begin);
    });
    return;
  }
  context.for_parts(loop.runs, 1 + grain / loop.run, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Broadcast::Offsets at = loop.offsets(i);
      work(loop, at.a, at.b, i * loop.run);
    }
  });
}

}  // namespace mobilenet::cpu
