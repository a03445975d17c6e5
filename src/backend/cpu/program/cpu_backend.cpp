// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/cpu_backend.h"

#include <new>

#include "backend/cpu/program/operators.h"
#include "backend/cpu/program/program.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

class CpuBackend final : public Backend {
 public:
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
