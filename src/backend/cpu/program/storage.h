// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How the numbers of float tensors lie in memory. Inputs, outputs and most of what lies between are floats. In bf16 the
// tensors inside a block are narrower: what a matrix product clamps and a depthwise convolution reads is kept in halves
// (11 bits, where bf16 has 8), and what that leaves for the next product is rounded to bf16 once, not again for every
// product that reads it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "plan/plan.h"

namespace mobilenet::cpu {

struct StepSource;

enum class Storage {
  f32,
  f16,  // pixels of halves
  bf16  // pixels of bf16_row_bytes(channels): filled up with zeros, as a matrix product reads them
};

// From pixel to pixel. Never more than those of floats take, for as many channels as halves are chosen for.
std::ptrdiff_t pixel_bytes(Storage storage, std::int64_t channels);

// Per tensor. `source`: of a step of the plan.
std::vector<Storage> choose_storage(const Plan& plan, const std::function<StepSource(const Step&)>& source);

std::size_t tensors_of_halves(std::span<const Storage> storages);
// Which of them a tensor is; negative: none.
int halves_index(std::span<const Storage> storages, TensorId id);

// Halves below 2^-14 (6.1e-5) have fewer bits the smaller they are, and none below 2^-25: a tensor that has no larger
// one is not the network's any more, and nothing that follows would show it. Who writes halves looks until there is
// one, which in usual networks is one of the first few. So a whole tensor of zeros is taken for one that is lost, too.
struct NormalHalves {
  int index = -1;  // halves_index(); negative: the tensor is none of halves

  // Of `count` halves that were written. `seen`: RunContext::normal_halves; members may come together.
  void look(std::atomic<bool>* seen, const void* halves, std::int64_t count) const {
    if (index >= 0 && !seen[index].load(std::memory_order_relaxed) && has_normal(halves, count))
      seen[index].store(true, std::memory_order_relaxed);
  }

 private:
  static bool has_normal(const void* halves, std::int64_t count);
};

}  // namespace mobilenet::cpu
