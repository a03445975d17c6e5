// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/huge_pages.h"

#include <sys/mman.h>

#include <memory>

namespace mobilenet {

void wish_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
  if (std::align(kHugePage, kHugePage, memory, bytes) != nullptr)
    ::madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
}

}  // namespace mobilenet
