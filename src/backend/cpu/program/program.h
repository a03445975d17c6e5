// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A network compiled for the CPU: the plan's steps as CompiledSteps, run one after the other in one arena.

#include <memory>
#include <utility>

#include "backend/backend.h"
#include "backend/cpu/program/batch.h"
#include "backend/cpu/program/step.h"
#include "plan/plan.h"

namespace mobilenet::cpu {

class CpuWeights final : public Weights {
 public:
  CpuWeights(std::shared_ptr<const ModelGraph> graph, Precision precision)
      : graph_(std::move(graph)),
        precision_(precision),
        // Panels end with zeros, and each has its bias.
        packed_(static_cast<std::size_t>(weight_bytes(graph_->parameters)) / 32 * 33) {}
  const Network& network() const { return graph_->network; }
  const Parameters& parameters() const { return graph_->parameters; }
  Precision precision() const { return precision_; }
  PackedCache& packed() const { return packed_; }

 private:
  const std::shared_ptr<const ModelGraph> graph_;
  const Precision precision_;
  mutable PackedCache packed_;
};

// Throws std::bad_alloc when memory for the packed weights is missing.
Result<std::shared_ptr<const Program>> compile_program(std::shared_ptr<const CpuWeights> weights,
                                                       const CompileRequest& request);

}  // namespace mobilenet::cpu
