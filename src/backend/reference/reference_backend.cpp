// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/reference/reference_backend.h"

#include <mobilenet/session.h>

#include <chrono>
#include <new>

#include "backend/host_request.h"
#include "backend/reference/int16.h"
#include "backend/reference/operators.h"
#include "base/aligned_buffer.h"
#include "base/error.h"
#include "network/quantized_arithmetic.h"
#include "plan/plan.h"

namespace mobilenet {
namespace {

Result<reference::Operator> prepare_node(const Network& network, const Parameters& parameters, const Node& node) {
  const reference::NodeView view{network, parameters, node};
  auto prepared = reference::computes_int16(view)
                      ? reference::prepare_int16(view)
                      : std::visit([&](const auto& op) { return reference::prepare(op, view); }, node.op);
  if (prepared) return prepared;
  Error error = std::move(prepared).error();
  return at(node.name, {error.code, std::string(kind_of(node.op)) + ": " + error.message});
}

Result<std::vector<reference::Operator>> prepare_nodes(const ModelGraph& graph) {
  std::vector<reference::Operator> operators;
  operators.reserve(graph.network.nodes.size());
  for (const Node& node : graph.network.nodes) {
    MOBILENET_TRY(reference::Operator prepared, prepare_node(graph.network, graph.parameters, node));
    operators.push_back(std::move(prepared));
  }
  return operators;
}

struct ReferenceWeights final : Weights {
  std::shared_ptr<const ModelGraph> graph;
  std::vector<reference::Operator> operators;  // one per node
};

// What all Executions of a Program share.
struct Compiled {
  std::shared_ptr<const ReferenceWeights> weights;
  Plan plan;
};

class ReferenceExecution final : public Execution {
 public:
  ReferenceExecution(std::shared_ptr<const Compiled> compiled, const ExecutionOptions& options)
      : compiled_(std::move(compiled)), arena_(compiled_->plan.arena_bytes) {
    const Plan& plan = compiled_->plan;
    const Network& network = compiled_->weights->graph->network;
    for (const TensorId id : plan.inputs) inputs_.push_back(tensor_memory(id));
    for (const TensorId id : plan.outputs) outputs_.push_back(tensor_memory(id));
    for (const Block& block : plan.blocks)  // of one step of one node each
      for (const int index : block.last().nodes) {
        const Node& node = network.node(index);
        Call call;
        call.run = &compiled_->weights->operators[static_cast<std::size_t>(index)];
        for (const TensorId input : node.inputs) call.inputs.push_back(operand(input));
        call.data = address(node.output);
        for (const TensorId output : node.extra_outputs) call.extra_outputs.push_back(address(output));
        call.shape = plan.shape(node.output);
        calls_.push_back(std::move(call));
        if (options.profile) times_.push_back({node.name, kind_of(node.op), 0});
      }
  }

  std::span<const TensorMemory> inputs() const override { return inputs_; }
  std::span<const TensorMemory> outputs() const override { return outputs_; }
  std::span<const StepTime> step_times() const override { return times_; }

  Result<Ticket> submit(const RunRequest& request) override {
    using Clock = std::chrono::steady_clock;
    MOBILENET_CHECK(check_host_request(request, inputs_, outputs_));
    copy_tensors(inputs_, request.inputs);
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      const Call& call = calls_[i];
      const Clock::time_point start = Clock::now();
      (*call.run)({call.inputs, call.data, call.shape, call.extra_outputs, compiled_->plan.batch});
      if (!times_.empty())
        times_[i].milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    }
    if (!request.outputs.empty()) copy_tensors(request.outputs, outputs_);
    return ++ticket_;
  }
  Result<void> wait(Ticket) override { return {}; }

 private:
  struct Call {
    const reference::Operator* run = nullptr;
    std::vector<reference::Operand> inputs;
    std::byte* data = nullptr;
    Shape shape;
    std::vector<std::byte*> extra_outputs;
  };

  std::byte* address(TensorId id) {
    const std::size_t offset = compiled_->plan.offset(id);
    return offset == kNotInArena ? nullptr : arena_.data() + offset;
  }

  reference::Operand operand(TensorId id) {
    if (id == kNoTensor) return {};
    return {address(id), compiled_->plan.shape(id)};
  }

  TensorMemory tensor_memory(TensorId id) {
    const Tensor& tensor = compiled_->weights->graph->network.tensor(id);
    const Shape& shape = compiled_->plan.shape(id);
    return {id,           tensor.type, shape,
            Memory::host, address(id), static_cast<std::size_t>(shape.elements()) * size_of(tensor.type)};
  }

  std::shared_ptr<const Compiled> compiled_;
  AlignedBuffer arena_;
  std::vector<TensorMemory> inputs_, outputs_;
  std::vector<Call> calls_;
  std::vector<StepTime> times_;  // per call; empty without profiling
  Ticket ticket_ = 0;
};

class ReferenceProgram final : public Program {
 public:
  explicit ReferenceProgram(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  Result<std::unique_ptr<Execution>> open(const ExecutionOptions& options) const override {
    try {
      return std::unique_ptr<Execution>(std::make_unique<ReferenceExecution>(compiled_, options));
    } catch (const std::bad_alloc&) {
      return failure(ErrorCode::out_of_memory, "no memory for the ", compiled_->plan.arena_bytes,
                     " bytes of intermediate results");
    }
  }

  std::string_view isa() const override { return "scalar"; }

 private:
  std::shared_ptr<const Compiled> compiled_;
};

class ReferenceBackend final : public Backend {
 public:
  std::string hardware() const override { return "scalar"; }

  Result<void> supports(const ModelGraph& graph) const override {
    MOBILENET_TRY([[maybe_unused]] const auto prepared, prepare_nodes(graph));
    return {};
  }

  Result<std::shared_ptr<const Weights>> pack(std::shared_ptr<const ModelGraph> graph, Precision) const override {
    auto weights = std::make_shared<ReferenceWeights>();
    MOBILENET_TRY(weights->operators, prepare_nodes(*graph));
    weights->graph = std::move(graph);
    return std::shared_ptr<const Weights>(std::move(weights));
  }

  Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const Weights> weights,
                                                 const CompileRequest& request) const override {
    auto compiled = std::make_shared<Compiled>();
    compiled->weights = std::static_pointer_cast<const ReferenceWeights>(std::move(weights));
    const ModelGraph& graph = *compiled->weights->graph;
    MOBILENET_TRY(std::vector<Shape> shapes, infer_shapes(graph.network, graph.parameters, request.input_shapes));
    MOBILENET_TRY(compiled->plan, make_plan(graph.network, std::move(shapes), request.outputs, Grouping()));
    MOBILENET_CHECK(check_memory(graph.network, compiled->plan, 0, request.max_bytes));
    return std::shared_ptr<const Program>(std::make_shared<ReferenceProgram>(std::move(compiled)));
  }
};

}  // namespace

const Backend& reference_backend() {
  static const ReferenceBackend backend;
  return backend;
}

}  // namespace mobilenet
