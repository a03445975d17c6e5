// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "support/failing_allocator.h"

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace mobilenet::testing {
namespace {

std::atomic<bool> counting{false};
std::atomic<long> asked{0}, failing{0}, live{0};
std::atomic<Shortage> kind{Shortage::once};

bool fails_now() {
  if (!counting.load(std::memory_order_relaxed)) return false;
  const long number = asked.fetch_add(1, std::memory_order_relaxed) + 1;
  const long nth = failing.load(std::memory_order_relaxed);
  return nth > 0 && (number == nth || (number > nth && kind.load(std::memory_order_relaxed) == Shortage::lasting));
}

void* counted(void* block) {
  if (block != nullptr) live.fetch_add(1, std::memory_order_relaxed);
  return block;
}

}  // namespace

void begin_shortage(long nth, Shortage shortage) {
  failing.store(nth);
  kind.store(shortage);
  asked.store(0);
  counting.store(true);
}

long end_shortage() {
  counting.store(false);
  return asked.load();
}

long live_blocks() { return live.load(); }

}  // namespace mobilenet::testing

// glibc's own entry points, which do not pass through the symbols replaced here.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
void __libc_free(void* block);

using mobilenet::testing::counted;
using mobilenet::testing::fails_now;

void* malloc(std::size_t bytes) { return fails_now() ? nullptr : counted(__libc_malloc(bytes)); }
void* calloc(std::size_t count, std::size_t bytes) {
  return fails_now() ? nullptr : counted(__libc_calloc(count, bytes));
}
void* realloc(void* block, std::size_t bytes) {
  if (fails_now()) return nullptr;
  void* moved = __libc_realloc(block, bytes);
  return block == nullptr ? counted(moved) : moved;
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return fails_now() ? nullptr : counted(__libc_memalign(alignment, bytes));
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  return fails_now() ? nullptr : counted(__libc_memalign(alignment, bytes));
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  void* made = fails_now() ? nullptr : counted(__libc_memalign(alignment, bytes));
  if (made == nullptr) return ENOMEM;
  *block = made;
  return 0;
}
void free(void* block) {
  if (block == nullptr) return;
  mobilenet::testing::live.fetch_sub(1, std::memory_order_relaxed);
  __libc_free(block);
}
}
