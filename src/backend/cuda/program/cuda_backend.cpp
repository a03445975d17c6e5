// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/cuda_backend.h"

#include <new>

#include "backend/cuda/ends/answer.h"
#include "backend/cuda/ends/picture_end.h"
#include "backend/cuda/program/program.h"
#include "backend/cuda/program/step.h"
#include "base/error.h"
#include "plan/grouping.h"

namespace mobilenet::cuda {
namespace {

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(const Device& device) : device_(device) {}

  std::string hardware() const override { return device_.name(); }
  int number() const override { return device_.number(); }

  Result<Precision> choose(const Network& network, Precision asked) const override {
    if (computes_in_integers(network))
      return failure(ErrorCode::unsupported,
                     "its operators compute in integers, which the GPU does not do bit for bit; the device cpu does");
    if (asked == Precision::automatic || asked == Precision::f16) return Precision::f16;
    return own_precision(network, asked);
  }

  Result<void> supports(const ModelGraph& graph) const override {
    for (const Node& node : graph.network.nodes)
      if (!is_plain_reshape(graph.network, node)) {
        MOBILENET_TRY([[maybe_unused]] const auto compile, compiler_of(graph.network, node));
      }
    return {};
  }

  Result<std::shared_ptr<const Weights>> pack(std::shared_ptr<const ModelGraph> graph,
                                              Precision precision) const override {
    // Packed when a program first needs them.
    return std::shared_ptr<const Weights>(std::make_shared<CudaWeights>(std::move(graph), precision, device_));
  }

  bool accepts(Memory) const override { return true; }

  Claims claims(const Network& network, const Ends& ends) const override {
    return {.picture = ends.picture && computes(*ends.picture, network), .answer = claims_answer(network, ends.answer)};
  }

  Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const Weights> weights,
                                                 const CompileRequest& request) const override {
    try {
      return compile_program(std::static_pointer_cast<const CudaWeights>(std::move(weights)), request);
    } catch (const std::bad_alloc&) {
      return failure(ErrorCode::out_of_memory, "no memory for the packed weights");
    }
  }

 private:
  const Device& device_;
};

}  // namespace

Result<const Backend*> cuda_backend() {
  MOBILENET_TRY(const Device* const found, device());
  static const auto* const backend = new CudaBackend(*found);
  return backend;
}

}  // namespace mobilenet::cuda
