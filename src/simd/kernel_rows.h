// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Lists of kernels: a row per instruction set, best first, of which a machine runs some and MOBILENET_CPU_ISA forces
// one.
// A Row has at least
//
//   std::string_view isa;           // its name, as MOBILENET_CPU_ISA takes it
//   bool (*runs_here)() = nullptr;  // null: this build has no code for it

#include <array>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <string_view>

namespace mobilenet {

template <class Row, std::size_t kCount>
struct RunnableRows {
  std::array<Row, kCount> rows;  // no vector: to ask needs no memory
  std::size_t count = 0;

  std::span<const Row> all() const { return std::span(rows).first(count); }
};

// The rows that this machine runs, in their order; never empty.
template <class Row, std::size_t kCount>
RunnableRows<Row, kCount> find_runnable(const Row (&best_first)[kCount]) {
  RunnableRows<Row, kCount> found;
  const Row* last = nullptr;
  for (const Row& row : best_first) {
    if (row.runs_here == nullptr) continue;
    last = &row;
    if (row.runs_here()) found.rows[found.count++] = row;
  }
  // A build for a newer machine than this one would have stopped at its first instruction; keep the promise anyway.
  if (found.count == 0) found.rows[found.count++] = *last;
  return found;
}

// What MOBILENET_CPU_ISA says; empty where it says nothing.
inline std::string_view forced_isa() {
  const char* const forced = std::getenv("MOBILENET_CPU_ISA");
  return forced == nullptr ? "" : forced;
}

template <class Row>
const Row* row_of(std::span<const Row> rows, std::string_view isa) {
  for (const Row& row : rows)
    if (row.isa == isa) return &row;
  return nullptr;
}

// For kernels of the host, whatever the device: the best, or those that MOBILENET_CPU_ISA names where they run here.
// What else it says is the CPU backend's to refuse.
template <class Row>
const Row& best_or_forced(std::span<const Row> runnable) {
  const Row* const forced = row_of(runnable, forced_isa());
  return forced != nullptr ? *forced : runnable.front();
}

// The usual row: one table of kernels.
template <class Table>
struct KernelRow {
  std::string_view isa;
  bool (*runs_here)() = nullptr;
  const Table* kernels = nullptr;
};

}  // namespace mobilenet
