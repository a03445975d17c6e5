// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/waits.h"

#include <algorithm>

#include "base/aligned_buffer.h"

namespace mobilenet::cpu {
namespace {

// Bytes of the arena, or of a binding.
struct Range {
  int binding = -1;
  std::size_t begin = 0, end = 0;
};

using Ranges = std::vector<Range>;

bool meet(const Ranges& a, const Ranges& b) {
  return std::any_of(a.begin(), a.end(), [&](const Range& x) {
    return std::any_of(b.begin(), b.end(),
                       [&](const Range& y) { return x.binding == y.binding && x.begin < y.end && y.begin < x.end; });
  });
}

void append(Ranges& to, const Ranges& more) { to.insert(to.end(), more.begin(), more.end()); }

}  // namespace

std::vector<bool> blocks_that_wait(const Network& network, const Plan& plan, std::span<const int> bindings) {
  const auto add = [&](Ranges& ranges, TensorId id, std::size_t padding) {
    if (id == kNoTensor || plan.offset(id) == kNotInArena) return;
    const int binding = bindings[static_cast<std::size_t>(id)];
    const std::size_t begin = binding < 0 ? plan.offset(id) : 0;
    const std::size_t bytes = static_cast<std::size_t>(plan.shape(id).elements()) * size_of(network.tensor(id).type);
    ranges.push_back({binding, begin, begin + bytes + padding});
  };
  std::vector<bool> waits;
  Ranges open_reads, open_writes;
  for (const Block& block : plan.blocks) {
    Ranges reads, writes;
    for (const Step& step : block.steps) {
      for (const TensorId input : step.inputs) add(reads, input, kReadPadding);  // kernels read past the end
      add(writes, step.output, 0);
      for (const TensorId output : step.extra_outputs) add(writes, output, 0);
    }
    waits.push_back(meet(reads, open_writes) || meet(writes, open_reads) || meet(writes, open_writes));
    if (waits.back()) open_reads.clear(), open_writes.clear();
    append(open_reads, reads);
    append(open_writes, writes);
  }
  return waits;
}

}  // namespace mobilenet::cpu
