// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/program.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "backend/cpu/blocks/grouping.h"
#include "backend/cpu/blocks/row_chain.h"
#include "backend/cpu/program/batch.h"
#include "backend/cpu/program/compile_together.h"
#include "backend/cpu/program/operators.h"
#include "backend/cpu/program/step_runner.h"
#include "backend/host_request.h"
#include "base/error.h"
#include "base/machine_memory.h"
#include "base/text.h"

namespace mobilenet::cpu {
namespace {

// What Programs own and Executions share.
struct Code {
  std::shared_ptr<const CpuWeights> weights;
  const KernelSet* kernels = nullptr;
  Batch batch;
  Plan plan;                        // of a slice
  std::vector<CompiledStep> steps;  // one for each block
  std::vector<Edge> edges;          // inputs, then outputs
  std::vector<int> bindings;        // StepSource::bindings
  std::vector<Storage> storages;    // StepSource::storages
  int threads = 1;                  // CompileRequest::threads
  std::size_t max_bytes = 0;        // CompileRequest::max_bytes

  // Of the inputs and outputs of a batch; those of a single slice lie in the arena.
  std::size_t edge_bytes() const {
    std::size_t bytes = 0;
    if (batch.slices > 1)
      for (const Edge& edge : edges) bytes += padded_lines(edge.bytes * batch.slices);
    return bytes;
  }
};

// Of the arena of one slice, `more`, and the packed weights there are.
Result<void> check_memory(const Code& code, std::size_t more) {
  const std::size_t edges = code.edge_bytes();
  auto fits = mobilenet::check_memory(code.weights->network(), code.plan, code.weights->packed().bytes() + edges + more,
                                      code.max_bytes);
  if (fits || edges == 0) return fits;
  return at(text("a batch of ", code.batch.pictures, " pictures, whose inputs and outputs take ", in_bytes(edges)),
            std::move(fits).error());
}

class CpuExecution final : public Execution {
 public:
  CpuExecution(std::shared_ptr<const Code> code, const ExecutionOptions& options)
      : code_(std::move(code)),
        runner_(code_->steps, code_->edges, code_->plan.arena_bytes, code_->batch.slices,
                tensors_of_halves(code_->storages),
                {code_->threads, options.executor, std::chrono::microseconds(options.spin_us)}, options.profile),
        edges_(code_->edge_bytes()) {
    std::size_t place = 0;
    for (const Edge& edge : code_->edges) {
      memory_.push_back(edges_.size() > 0 ? edges_.data() + place : runner_.arena() + edge.place.offset);
      place += padded_lines(edge.bytes * code_->batch.slices);
    }
    inputs_ = tensor_memories(code_->plan.inputs, memory_);
    outputs_ = tensor_memories(code_->plan.outputs, std::span(memory_).subspan(inputs_.size()));
  }

  std::span<const TensorMemory> inputs() const override { return inputs_; }
  std::span<const TensorMemory> outputs() const override { return outputs_; }

  Result<Ticket> submit(const RunRequest& request) override {
    MOBILENET_CHECK(check_host_request(request, inputs_, outputs_));
    // A copy, since kernels read up to kReadPadding bytes past the end of an input, and behind the caller's may be
    // none.
    copy_tensors(inputs_, request.inputs);
    for (std::size_t i = 0; i < outputs_.size(); ++i)
      memory_[inputs_.size() + i] = request.outputs.empty() ? outputs_[i].data : request.outputs[i].data;
    keeps_numbers_ = runner_.run(memory_);
    return ++runs_;
  }
  // submit has done the work.
  Result<void> wait(Ticket) override {
    if (keeps_numbers_) return {};
    return failure(ErrorCode::bad_format, "numbers inside the network are too small for the halves that keep them");
  }

  std::span<const StepTime> step_times() const override { return runner_.step_times(); }

 private:
  std::vector<TensorMemory> tensor_memories(std::span<const TensorId> ids, std::span<std::byte* const> memory) const {
    std::vector<TensorMemory> tensors;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      TensorMemory tensor;
      tensor.tensor = ids[i];
      tensor.type = code_->weights->network().tensor(ids[i]).type;
      tensor.shape = shape_of(code_->batch.shapes, ids[i]);
      tensor.data = memory[i];
      tensor.bytes = static_cast<std::size_t>(tensor.shape.elements()) * size_of(tensor.type);
      tensors.push_back(tensor);
    }
    return tensors;
  }

  std::shared_ptr<const Code> code_;
  StepRunner runner_;
  AlignedBuffer edges_;
  std::vector<std::byte*> memory_;  // of every edge, in this run
  std::vector<TensorMemory> inputs_, outputs_;
  Ticket runs_ = 0;
  bool keeps_numbers_ = true;  // in the last run
};

class CpuProgram final : public Program {
 public:
  explicit CpuProgram(std::shared_ptr<const Code> code) : code_(std::move(code)) {}

  Result<std::unique_ptr<Execution>> open(const ExecutionOptions& options) const override {
    const std::size_t working =
        StepRunner::memory_bytes(code_->steps, code_->plan.arena_bytes, code_->batch.slices, code_->threads);
    MOBILENET_CHECK(check_memory(*code_, working - code_->plan.arena_bytes));
    try {
      return std::unique_ptr<Execution>(std::make_unique<CpuExecution>(code_, options));
    } catch (const std::bad_alloc&) {
      return failure(ErrorCode::out_of_memory, "no memory for ", working + code_->edge_bytes(),
                     " bytes of activations");
    }
  }

  std::string_view isa() const override { return code_->kernels->isa; }

 private:
  std::shared_ptr<const Code> code_;
};

StepSource source_of(const Code& code, const Step& step) {
  const CpuWeights& weights = *code.weights;
  return {weights.network(),   weights.parameters(), code.plan,         step,
          weights.precision(), *code.kernels,        &weights.packed(), code.max_bytes - code.plan.arena_bytes,
          code.bindings,       code.storages};
}

Result<CompiledStep> compile_block(const Code& code, const Block& block) {
  std::vector<CompiledStep> steps;
  for (const Step& step : block.steps) {
    MOBILENET_TRY(CompiledStep compiled, compile_step(source_of(code, step)));
    steps.push_back(std::move(compiled));
  }
  if (steps.size() == 1) return std::move(steps[0]);
  return row_chain(source_of(code, block.last()), block, std::move(steps));
}

// Whether node `index`, which no step of the plan has, could run by itself.
Result<void> check_unplanned(const Network& network, const Parameters& parameters, const Plan& plan, int index,
                             Precision precision, const KernelSet& kernels) {
  if (is_plain_reshape(network, network.node(index))) return {};
  const Step step = step_of_node(network, index);
  if (auto compiled = compile_step({network, parameters, plan, step, precision, kernels}); !compiled)
    return std::move(compiled).error();
  return {};
}

// The inputs and outputs of `plan`, and per tensor the binding by which steps find it in memory of the caller. An
// output that steps read again is copied: kernels read a little past the end of what they read, and there lies what
// other threads write. So is one that is another's memory by another name.
std::vector<Edge> make_edges(const Network& network, const Plan& plan, std::vector<int>& bindings) {
  const auto memory_of = [&](TensorId id) {
    return static_cast<std::size_t>(plan.memory[static_cast<std::size_t>(id)]);
  };
  constexpr int kNone = Place().binding;
  std::vector<int> of_memory(plan.memory.size(), kNone);
  std::vector<bool> is_read(plan.memory.size(), false);
  for (const Block& block : plan.blocks)
    for (const Step& step : block.steps)
      for (const TensorId input : step.inputs) is_read[memory_of(input)] = true;
  std::vector<Edge> edges;
  const auto add = [&](TensorId id, bool copied) {
    int& binding = of_memory[memory_of(id)];
    if (!copied) binding = static_cast<int>(edges.size());
    const std::size_t bytes = static_cast<std::size_t>(plan.shape(id).elements()) * size_of(network.tensor(id).type);
    edges.push_back({bytes, {plan.offset(id), binding}, copied});
  };
  for (const TensorId id : plan.inputs) add(id, false);
  for (const TensorId id : plan.outputs) add(id, is_read[memory_of(id)] || of_memory[memory_of(id)] != kNone);
  for (std::size_t i = 0; i < plan.memory.size(); ++i)
    bindings.push_back(of_memory[memory_of(static_cast<TensorId>(i))]);
  return edges;
}

}  // namespace

Result<std::shared_ptr<const Program>> compile_program(std::shared_ptr<const CpuWeights> weights,
                                                       const CompileRequest& request) {
  auto code = std::make_shared<Code>();
  code->weights = std::move(weights);
  code->threads = std::max(1, request.threads);
  code->max_bytes = request.max_bytes;
  MOBILENET_TRY(code->kernels, pick_kernels());
  const Network& network = code->weights->network();
  const Parameters& parameters = code->weights->parameters();
  const Precision precision = code->weights->precision();
  MOBILENET_TRY(code->batch, batch_of(network, parameters, request.input_shapes, code->threads));
  const bool apart = code->batch.slices >= static_cast<std::size_t>(code->threads);  // each on one thread
  const CpuGrouping grouping(apart ? 1 : code->threads, *code->kernels, precision);
  MOBILENET_TRY(code->plan, make_plan(network, std::move(code->batch.slice_shapes), request.outputs, grouping));
  code->edges = make_edges(network, code->plan, code->bindings);
  MOBILENET_CHECK(check_memory(*code, 0));
  code->storages = choose_storage(code->plan, [&](const Step& step) { return source_of(*code, step); });
  const std::vector<Block>& blocks = code->plan.blocks;
  MOBILENET_TRY(code->steps, compile_together({code->threads, request.executor}, blocks.size(),
                                              [&](std::size_t b) { return compile_block(*code, blocks[b]); }));
  std::vector<bool> planned(network.nodes.size(), false);
  for (const Block& block : blocks)
    for (const Step& step : block.steps)
      for (const int node : step.nodes) planned[static_cast<std::size_t>(node)] = true;
  for (std::size_t n = 0; n < planned.size(); ++n)
    if (!planned[n])
      MOBILENET_CHECK(check_unplanned(network, parameters, code->plan, static_cast<int>(n), precision, *code->kernels));
  return std::shared_ptr<const Program>(std::make_shared<CpuProgram>(std::move(code)));
}

}  // namespace mobilenet::cpu
