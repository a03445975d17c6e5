// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/aligned_buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/huge_pages.h"

namespace mobilenet {
namespace {

// How many bytes from the beginning may lie in huge pages. What the last one wastes counts as memory that the process
// takes: it may be a thirty-second part.
std::size_t in_huge_pages(std::size_t bytes) {
  const std::size_t up = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  return up - bytes <= bytes / 32 ? up : up - kHugePage;
}

void* allocate(std::size_t space, std::size_t mapped) {
  if (mapped == 0) return std::calloc(space, 1);
  void* const memory = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

AlignedBuffer::AlignedBuffer(std::size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  const std::size_t used = bytes + kReadPadding, huge = in_huge_pages(used);
  const std::size_t alignment = huge > 0 ? kHugePage : kAlignment;
  std::size_t space = std::max(used, huge) + alignment;
  void* start = allocate(space, huge > 0 ? space : 0);
  if (start == nullptr) throw std::bad_alloc();
  memory_ = {start, {huge > 0 ? space : 0}};
  data_ = static_cast<std::byte*>(std::align(alignment, used, start, space));
  if (huge > 0) wish_huge_pages(data_, huge);
}

void AlignedBuffer::Free::operator()(void* memory) const {
  if (mapped > 0)
    ::munmap(memory, mapped);
  else
    std::free(memory);
}

}  // namespace mobilenet
