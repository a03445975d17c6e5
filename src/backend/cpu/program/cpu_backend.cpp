// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/cpu_backend.h"

#include <new>

#include "backend/cpu/kernels/kernel_set.h"
#include "backend/cpu/program/operators.h"
#include "backend/cpu/program/program.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

class CpuBackend final : public Backend {
 public:
  std::string hardware() const override {
    const auto kernels = pick_kernels();
    return kernels ? std::string((*kernels)->isa) : std::string();
  }

  Result<Precision> choose(const Network& network, Precision asked) const override {
    if (computes_in_integers(network)) return own_precision(network, asked);
    MOBILENET_TRY(const KernelSet* kernels, pick_kernels());
    if (asked == Precision::automatic && kernels->bf16x3_gemm != nullptr) return Precision::bf16x3;
    if (asked == Precision::bf16x3) {
      if (kernels->bf16x3_gemm != nullptr) return asked;
      return failure(ErrorCode::unsupported, "precision bf16x3 was asked for, which pays with AMX only; here runs ",
                     kernels->isa);
    }
    if (asked == Precision::bf16) {
      if (kernels->bf16_gemm != nullptr) return asked;
      return failure(ErrorCode::unsupported, "precision bf16 was asked for, but ", kernels->isa,
                     " has no products of bf16; AVX-512 with BF16, AMX and ARM with BF16 have");
    }
    return own_precision(network, asked);
  }

  Result<void> supports(const ModelGraph& graph) const override { return check_operators(graph.network); }

  Result<std::shared_ptr<const Weights>> pack(std::shared_ptr<const ModelGraph> graph,
                                              Precision precision) const override {
    // Packed when a program first needs them, in the layout of its instruction set.
    return std::shared_ptr<const Weights>(std::make_shared<CpuWeights>(std::move(graph), precision));
  }

  Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const Weights> weights,
                                                 const CompileRequest& request) const override {
    try {
      return compile_program(std::static_pointer_cast<const CpuWeights>(std::move(weights)), request);
    } catch (const std::bad_alloc&) {
      return failure(ErrorCode::out_of_memory, "no memory for the packed weights");
    }
  }
};

}  // namespace

const Backend& cpu_backend() {
  static const CpuBackend backend;
  return backend;
}

}  // namespace mobilenet::cpu
