// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The instructions of sm_90a: products by warpgroups, whose operands both lie in shared memory, and copies of many
// bytes at once, whose end a barrier in shared memory tells.

#include <cstdint>

#include "backend/cuda/kernels/matrix.cuh"

namespace mobilenet::cuda {

// --- Barriers of copies -----------------------------------------------------------------------------------------

// Each of its phases ends with one arrival (expect_bytes) and the bytes that that one names.
__device__ inline void make_barrier(std::uint64_t* barrier) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared_address(barrier)) : "memory");
}
// Behind all make_barrier, and before threads of the cluster meet: copies then find the barriers.
__device__ inline void end_of_barriers() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }

__device__ inline void expect_bytes(std::uint64_t* barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
               : "memory");
}

// Until the phase of that parity has ended; phases are 0, 1, 0, ...
__device__ inline void wait_for_bytes(std::uint64_t* barrier, int parity) {
  std::uint32_t done = 0;
  while (done == 0)
    asm volatile(
        "{\n\t"
        ".reg .pred ended;\n\t"
        "mbarrier.try_wait.parity.shared::cta.b64 ended, [%1], %2;\n\t"
        "selp.u32 %0, 1, 0, ended;\n\t"
        "}"
        : "=r"(done)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
}

// Whole 16 bytes, into the same place of every block of a cluster whose bit is set, each of whose barriers counts them.
__device__ inline void copy_bulk(void* to, const void* from, int bytes, std::uint64_t* barrier) {
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                   shared_address(to)),
               "l"(from), "r"(bytes), "r"(shared_address(barrier))
               : "memory");
}
__device__ inline void copy_bulk_to_all(void* to, const void* from, int bytes, std::uint64_t* barrier,
                                        std::uint16_t blocks) {
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%0], [%1], %2, [%3], "
      "%4;" ::"r"(shared_address(to)),
      "l"(from), "r"(bytes), "r"(shared_address(barrier)), "h"(blocks)
      : "memory");
}

// What this thread has written to shared memory, copy_16's that were waited for too, is there for products once threads
// have met: they read by another way than loads.
__device__ inline void show_to_products() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// Half of meet_cluster each: a thread goes on between them.
__device__ inline void arrive_at_cluster() { asm volatile("barrier.cluster.arrive.relaxed.aligned;" ::: "memory"); }
__device__ inline void wait_for_cluster() { asm volatile("barrier.cluster.wait.aligned;" ::: "memory"); }

// --- Products ---------------------------------------------------------------------------------------------------

// An operand: rows of 64 halves along the depth, 128 bytes each, of which eight make a piece of 1024 bytes, aligned to
// that; the eighths of a row (16 bytes) lie at places that are their number ^ (row % 8), so that reading a column of
// eighths meets all banks. 16 halves further along the depth: 32 bytes, 2 of a description's units.
__device__ inline std::uint64_t operand(std::uint32_t address) {
  constexpr std::uint64_t kIgnored = 1, kPiece = 1024 / 16, kSwizzle128 = 1;
  return (address & 0x3ffff) >> 4 | kIgnored << 16 | kPiece << 32 | kSwizzle128 << 62;
}

// Before products that follow other uses of their sums.
__device__ inline void begin_products() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ inline void end_of_products() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
// Until at most kPending groups of products are under way.
template <int kPending>
__device__ inline void wait_for_products() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}
// Behind wait_for_products<0>: the compiler reads the sums no earlier.
template <int kSums>
__device__ inline void hold_sums(float (&sums)[kSums]) {
#pragma unroll
  for (int i = 0; i < kSums; ++i) asm volatile("" : "+f"(sums[i])::"memory");
}

// sums[64 x columns] += rows[64 x 16] columns[columns x 16]^T, of a warpgroup; 2 x kSums columns. Lane l of warp w has
// in sums[4 n + 2 i + j] row 16 (w % 4) + l / 4 + 8 i of column 8 n + 2 (l % 4) + j.
#define MOBILENET_TEN(t) \
  "%" #t "0, %" #t "1, %" #t "2, %" #t "3, %" #t "4, %" #t "5, %" #t "6, %" #t "7, %" #t "8, %" #t "9, "
#define MOBILENET_SUMS_8(i)                                                                          \
  "+f"(sums[i]), "+f"(sums[(i) + 1]), "+f"(sums[(i) + 2]), "+f"(sums[(i) + 3]), "+f"(sums[(i) + 4]), \
      "+f"(sums[(i) + 5]), "+f"(sums[(i) + 6]), "+f"(sums[(i) + 7])
#define MOBILENET_SUMS_64(i)                                                                              \
  MOBILENET_SUMS_8(i), MOBILENET_SUMS_8((i) + 8), MOBILENET_SUMS_8((i) + 16), MOBILENET_SUMS_8((i) + 24), \
      MOBILENET_SUMS_8((i) + 32), MOBILENET_SUMS_8((i) + 40), MOBILENET_SUMS_8((i) + 48), MOBILENET_SUMS_8((i) + 56)
__device__ inline void multiply_64(float (&sums)[64], std::uint64_t rows, std::uint64_t columns) {
  asm volatile(
      "{\n\t"
      ".reg .pred add;\n\t"
      "setp.eq.u32 add, 0, 0;\n\t"
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, " MOBILENET_TEN(1) MOBILENET_TEN(2) MOBILENET_TEN(3) MOBILENET_TEN(4)
          MOBILENET_TEN(5) "%60, %61, %62, %63}, %64, %65, add, 1, 1, 0, 0;\n\t"
      "}"
      : MOBILENET_SUMS_64(0)
      : "l"(rows), "l"(columns));
}
__device__ inline void multiply_64(float (&sums)[128], std::uint64_t rows, std::uint64_t columns) {
  asm volatile(
      "{\n\t"
      ".reg .pred add;\n\t"
      "setp.eq.u32 add, 0, 0;\n\t"
      "wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, " MOBILENET_TEN(1) MOBILENET_TEN(2) MOBILENET_TEN(3) MOBILENET_TEN(4)
          MOBILENET_TEN(5) MOBILENET_TEN(6) MOBILENET_TEN(7) MOBILENET_TEN(8) MOBILENET_TEN(9) MOBILENET_TEN(10)
              MOBILENET_TEN(11) "%120, %121, %122, %123, %124, %125, %126, %127}, %128, %129, add, 1, 1, 0, 0;\n\t"
      "}"
      : MOBILENET_SUMS_64(0), MOBILENET_SUMS_64(64)
      : "l"(rows), "l"(columns));
}
#undef MOBILENET_TEN
#undef MOBILENET_SUMS_8
#undef MOBILENET_SUMS_64

}  // namespace mobilenet::cuda
