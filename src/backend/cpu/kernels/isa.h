// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The instruction sets that the kernels are compiled for, and which of them this machine runs. Each kernel file is
// compiled once per entry (Highway's foreach_target) and hands out its table by Isa.

#include <mobilenet/result.h>

#include <span>
#include <string_view>

namespace mobilenet::cpu {

// avx2 has FMA; avx512 is F, BW, CD, DQ and VL; avx512_vnni is Ice Lake, Zen 4 and later.
enum class Isa { sse2, sse4, avx2, avx512, avx512_vnni, neon };

std::string_view name_of(Isa isa);  // "avx2", ...

// Compiled in and able to run here, best first; never empty.
std::span<const Isa> runnable_isas();

// The best, or the one that MOBILENET_CPU_ISA names; an error when that name is unknown or cannot run here.
Result<Isa> pick_isa();

}  // namespace mobilenet::cpu
