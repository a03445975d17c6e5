// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "simd/cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <cstdint>
#include <initializer_list>

namespace mobilenet {
namespace {

struct CpuidRegisters {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

CpuidRegisters cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0) {
  CpuidRegisters r;
  if (!__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx)) return {};
  return r;
}

constexpr std::uint32_t bits(std::initializer_list<int> positions) {
  std::uint32_t mask = 0;
  for (const int position : positions) mask |= std::uint32_t{1} << position;
  return mask;
}

constexpr bool all(std::uint32_t value, std::uint32_t mask) { return (value & mask) == mask; }

struct Processor {
  bool is_intel = cpuid(0).ebx == 0x756e6547;  // "Genu"
  CpuidRegisters basic = cpuid(1);
  CpuidRegisters more = cpuid(7);  // eax: of how many further leaves
  CpuidRegisters still_more = more.eax >= 1 ? cpuid(7, 1) : CpuidRegisters();
  CpuidRegisters extended = cpuid(0x80000001);
  std::uint32_t saved = saved_registers();

  // The vector registers that the operating system saves; 0 when it says nothing about them.
  std::uint32_t saved_registers() const {
    if (!all(basic.ecx, bits({27}))) return 0;  // OSXSAVE
    std::uint32_t low = 0, high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
  }
};

// Asked once: under a hypervisor a CPUID takes 3.5 us or more, and a list of kernels made a hundred and fifty of them.
const Processor& processor() {
  static const Processor asked;
  return asked;
}

bool multiplies_bf16() { return has_avx512_vnni() && all(processor().still_more.eax, bits({5})); }

// Linux keeps the tiles' 8 KB from processes that have not asked for them.
bool may_use_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

}  // namespace

bool has_sse2() { return true; }  // part of x86-64

bool has_sse4() { return all(processor().basic.ecx, bits({9, 19, 20})); }  // SSSE3, SSE4.1, SSE4.2

bool has_avx2() {
  return has_sse4() && all(processor().saved, bits({1, 2})) &&  // XMM, YMM
         all(processor().basic.ecx, bits({12, 28, 29})) &&      // FMA, AVX, F16C
         all(processor().more.ebx, bits({3, 5, 8})) &&          // BMI1, AVX2, BMI2
         all(processor().extended.ecx, bits({5}));              // LZCNT
}

bool has_avx_vnni() { return has_avx2() && all(processor().still_more.eax, bits({4})); }

bool has_avx512() {
  return has_avx2() && all(processor().saved, bits({5, 6, 7})) &&  // masks, ZMM
         all(processor().more.ebx, bits({16, 17, 28, 30, 31}));    // F, DQ, CD, BW, VL
}

bool has_avx512_vnni() { return has_avx512() && all(processor().more.ecx, bits({1, 6, 11})); }  // VBMI, VBMI2, VNNI

bool has_avx512_bf16() { return !processor().is_intel && multiplies_bf16(); }

bool has_avx512_fp16() { return multiplies_bf16() && all(processor().more.edx, bits({23})); }

bool has_amx() {
  return multiplies_bf16() && all(processor().saved, bits({17, 18})) &&  // tiles and their configuration
         all(processor().more.edx, bits({22, 24, 25})) &&                // BF16, TILE, INT8
         may_use_tiles();
}

}  // namespace mobilenet

#elif defined(__aarch64__)
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>

#include <cstddef>
#endif

namespace mobilenet {
namespace {

// Where systems say it. Linux: a bit of AT_HWCAP or AT_HWCAP2, by number because old headers lack the names.
struct Feature {
  [[maybe_unused]] unsigned long linux_word;
  [[maybe_unused]] int linux_bit;
  [[maybe_unused]] const char* apple;
};

constexpr unsigned long kHwcap = 16, kHwcap2 = 26;
constexpr Feature kDotProd{kHwcap, 20, "hw.optional.arm.FEAT_DotProd"};  // ASIMDDP
constexpr Feature kHalves{kHwcap, 10, "hw.optional.arm.FEAT_FP16"};      // ASIMDHP
constexpr Feature kI8mm{kHwcap2, 13, "hw.optional.arm.FEAT_I8MM"};
constexpr Feature kBf16{kHwcap2, 14, "hw.optional.arm.FEAT_BF16"};

// What another system does not say, it has not.
bool machine_has([[maybe_unused]] const Feature& feature) {
#if defined(__linux__)
  return (getauxval(feature.linux_word) >> feature.linux_bit & 1) != 0;
#elif defined(__APPLE__)
  int value = 0;
  std::size_t bytes = sizeof value;
  return sysctlbyname(feature.apple, &value, &bytes, nullptr, 0) == 0 && value != 0;
#else
  return false;
#endif
}

}  // namespace

bool has_neon() { return true; }  // part of AArch64

bool has_neon_dot() { return machine_has(kDotProd); }

bool has_neon_fp16() { return machine_has(kHalves); }

bool has_neon_i8mm() { return machine_has(kI8mm); }

bool has_neon_bf16() { return machine_has(kBf16); }

}  // namespace mobilenet

#else
#error "No kernels for this processor: x86-64 and 64-bit ARM only"
#endif
