// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/isa.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>

#include "backend/cpu/kernels/targets.h"
#include "base/error.h"

#if HWY_ARCH_X86
#include <cpuid.h>
#endif

namespace mobilenet::cpu {
namespace {

#if HWY_ARCH_X86

struct CpuidRegisters {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

CpuidRegisters cpuid(std::uint32_t leaf) {
  CpuidRegisters r;
  if (!__get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx)) return {};
  return r;
}

constexpr std::uint32_t bits(std::initializer_list<int> positions) {
  std::uint32_t mask = 0;
  for (const int position : positions) mask |= std::uint32_t{1} << position;
  return mask;
}

constexpr bool all(std::uint32_t value, std::uint32_t mask) { return (value & mask) == mask; }

// The vector registers that the operating system saves; 0 when it says nothing about them.
std::uint32_t saved_registers(bool has_xgetbv) {
  if (!has_xgetbv) return 0;
  std::uint32_t low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

bool runs_here(Isa isa) {
  const CpuidRegisters basic = cpuid(1), features = cpuid(7), extended = cpuid(0x80000001);
  const std::uint32_t saved = saved_registers(all(basic.ecx, bits({27})));  // OSXSAVE
  const bool sse4 = all(basic.ecx, bits({9, 19, 20}));                      // SSSE3, SSE4.1, SSE4.2
  const bool avx2 = sse4 && all(saved, bits({1, 2})) &&                     // XMM, YMM
                    all(basic.ecx, bits({12, 28, 29})) &&                   // FMA, AVX, F16C
                    all(features.ebx, bits({3, 5, 8})) &&                   // BMI1, AVX2, BMI2
                    all(extended.ecx, bits({5}));                           // LZCNT
  const bool avx512 = avx2 && all(saved, bits({5, 6, 7})) &&                // masks, ZMM
                      all(features.ebx, bits({16, 17, 28, 30, 31}));        // F, DQ, CD, BW, VL
  const bool vnni = avx512 && all(features.ecx, bits({1, 6, 11}));          // VBMI, VBMI2, VNNI
  switch (isa) {
    case Isa::sse2:
      return true;
    case Isa::sse4:
      return sse4;
    case Isa::avx2:
      return avx2;
    case Isa::avx512:
      return avx512;
    case Isa::avx512_vnni:
      return vnni;
    case Isa::neon:
      return false;
  }
  return false;
}

constexpr Isa kBestFirst[] = {Isa::avx512_vnni, Isa::avx512, Isa::avx2, Isa::sse4, Isa::sse2};

// A build with -march=... leaves out what that machine never needs.
constexpr bool compiled_in(Isa isa) {
  switch (isa) {
    case Isa::sse2:
      return (HWY_TARGETS & HWY_SCALAR) != 0;
    case Isa::sse4:
      return (HWY_TARGETS & HWY_SSE4) != 0;
    case Isa::avx2:
      return (HWY_TARGETS & HWY_AVX2) != 0;
    case Isa::avx512:
    case Isa::avx512_vnni:
      return (HWY_TARGETS & HWY_AVX3) != 0;
    case Isa::neon:
      return false;
  }
  return false;
}

#elif HWY_ARCH_ARM_A64

constexpr Isa kBestFirst[] = {Isa::neon};
bool runs_here(Isa isa) { return isa == Isa::neon; }  // part of every AArch64 processor
constexpr bool compiled_in(Isa isa) { return isa == Isa::neon; }

#else
#error "No kernels for this processor: x86-64 and 64-bit ARM only"
#endif

constexpr Isa kAll[] = {Isa::sse2, Isa::sse4, Isa::avx2, Isa::avx512, Isa::avx512_vnni, Isa::neon};

}  // namespace

std::string_view name_of(Isa isa) {
  switch (isa) {
    case Isa::sse2:
      return "sse2";
    case Isa::sse4:
      return "sse4";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::avx512_vnni:
      return "avx512_vnni";
    case Isa::neon:
      return "neon";
  }
  return "unknown";
}

std::span<const Isa> runnable_isas() {
  struct List {
    std::array<Isa, std::size(kBestFirst)> isas{};  // no vector: to ask needs no memory
    std::size_t count = 0;
  };
  static const List runnable = [] {
    List list;
    for (const Isa isa : kBestFirst)
      if (compiled_in(isa) && runs_here(isa)) list.isas[list.count++] = isa;
    // A build for a newer machine than this one would have stopped at its first instruction; keep the promise anyway.
    if (list.count == 0) list.isas[list.count++] = kBestFirst[std::size(kBestFirst) - 1];
    return list;
  }();
  return std::span(runnable.isas).first(runnable.count);
}

Result<Isa> pick_isa() {
  const char* forced = std::getenv("MOBILENET_CPU_ISA");
  if (forced == nullptr || *forced == '\0') return runnable_isas().front();
  for (const Isa isa : runnable_isas())
    if (name_of(isa) == forced) return isa;
  std::string choices;
  for (const Isa isa : runnable_isas()) choices.append(choices.empty() ? "" : ", ").append(name_of(isa));
  for (const Isa isa : kAll)
    if (name_of(isa) == forced)
      return failure(ErrorCode::unsupported, "MOBILENET_CPU_ISA=", forced, " cannot run on this machine, which runs ",
                     choices);
  return failure(ErrorCode::invalid_argument, "MOBILENET_CPU_ISA=", forced,
                 " is not an instruction set; this machine runs ", choices);
}

}  // namespace mobilenet::cpu
