// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/half.h"

#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace mobilenet {
namespace {

void one_by_one(const std::byte* halves, std::size_t begin, std::size_t count, float* floats) {
  for (std::size_t i = begin; i < count; ++i) {
    std::uint16_t half;
    std::memcpy(&half, halves + i * sizeof(half), sizeof(half));
#if defined(__aarch64__)
    floats[i] = std::bit_cast<__fp16>(half);  // FCVT, of which the compiler makes vectors
#else
    floats[i] = half_to_float(half);
#endif
  }
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) std::size_t by_f16c(const std::byte* halves, std::size_t count, float* floats) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(floats + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(halves + 2 * i))));
  return i;
}

bool has_f16c() {  // clang 14 does not know the name in __builtin_cpu_supports()
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __builtin_cpu_supports("avx") && __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}
#endif

}  // namespace

void floats_of_halves(const std::byte* halves, std::size_t count, float* floats) {
  std::size_t done = 0;
#if defined(__x86_64__)
  static const bool known = has_f16c();
  if (known) done = by_f16c(halves, count, floats);
#endif
  one_by_one(halves, done, count, floats);
}

}  // namespace mobilenet
