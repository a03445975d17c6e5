// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/program.h"

#include <mobilenet/session.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

#include "backend/cpu/blocks/grouping.h"
#include "backend/cpu/blocks/row_chain.h"
#include "backend/cpu/program/compile_together.h"
#include "backend/cpu/program/operators.h"
#include "base/error.h"
#include "base/thread_pool.h"

namespace mobilenet::cpu {
namespace {

// What Programs own and Executions share.
struct Code {
  std::shared_ptr<const CpuWeights> weights;
  const KernelSet* kernels = nullptr;
  Plan plan;
  std::vector<CompiledStep> steps;  // one for each block
  std::size_t scratch_bytes = 0;    // of one thread
  int threads = 1;                  // CompileRequest::threads
  std::size_t max_bytes = 0;        // CompileRequest::max_bytes
};

class CpuExecution final : public Execution {
 public:
  CpuExecution(std::shared_ptr<const Code> code, const ExecutionOptions& options)
      : code_(std::move(code)),
        steps_(code_->steps),
        threads_(code_->threads),
        arena_(code_->plan.arena_bytes),
        scratch_(code_->scratch_bytes * static_cast<std::size_t>(threads_)),
        inputs_(tensor_memories(code_->plan.inputs)),
        outputs_(tensor_memories(code_->plan.outputs)) {
    std::size_t shared_loops = 0;
    for (const CompiledStep& step : steps_) shared_loops += static_cast<std::size_t>(step.shared_loops);
    loops_ = std::vector<SharedLoop>(shared_loops);
    ThreadPool::shared().reserve(threads_);
    if (!options.profile) return;
    for (const CompiledStep& step : steps_) times_.push_back({step.name, step.kind, 0});
  }

  std::span<const TensorMemory> inputs() const override { return inputs_; }
  std::span<const TensorMemory> outputs() const override { return outputs_; }

  Result<Ticket> submit(const RunRequest& request) override {
    for (std::size_t i = 0; i < request.inputs.size(); ++i)
      std::memcpy(inputs_[i].data, request.inputs[i].data, inputs_[i].bytes);
    Team team = ThreadPool::shared().acquire(threads_);
    for (SharedLoop& loop : loops_) loop.reset();
    team.run([&](int member) { run_steps(team, member); });
    for (std::size_t i = 0; i < request.outputs.size(); ++i)
      std::memcpy(request.outputs[i].data, outputs_[i].data, outputs_[i].bytes);
    return ++runs_;
  }
  Result<void> wait(Ticket) override { return {}; }  // submit has done the work

  std::span<const StepTime> step_times() const override { return times_; }

 private:
  using Clock = std::chrono::steady_clock;

  // What every member of the team does. Steps whose work is done are passed by: a member may come late.
  void run_steps(Team& team, int member) {
    RunContext context;
    context.arena = arena_.data();
    context.scratch = scratch_.data() + static_cast<std::size_t>(member) * code_->scratch_bytes;
    context.members = team.size();
    context.loops = context.open = loops_.data();
    context.spin = team.spin();
    const bool timed = member == 0 && !times_.empty();
    auto before = timed ? Clock::now() : Clock::time_point();
    SharedLoop* loops = loops_.data();
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const CompiledStep& step = steps_[i];
      if (member > 0 && team.gives_up()) return;
      step.run(step.arguments.get(), context);
      context.finish();
      context.loops = context.open = loops += step.shared_loops;
      if (timed) before = take_time(i, before);
    }
  }

  Clock::time_point take_time(std::size_t step, Clock::time_point before) {
    const auto after = Clock::now();
    times_[step].milliseconds = std::chrono::duration<double, std::milli>(after - before).count();
    return after;
  }

  std::vector<TensorMemory> tensor_memories(std::span<const TensorId> ids) {
    std::vector<TensorMemory> tensors;
    for (const TensorId id : ids) {
      const auto i = static_cast<std::size_t>(id);
      TensorMemory tensor;
      tensor.tensor = id;
      tensor.type = code_->weights->network().tensors[i].type;
      tensor.shape = code_->plan.shapes[i];
      tensor.data = arena_.data() + code_->plan.offsets[i];
      tensor.bytes = static_cast<std::size_t>(tensor.shape.elements()) * size_of(tensor.type);
      tensors.push_back(tensor);
    }
    return tensors;
  }

  std::shared_ptr<const Code> code_;
  std::span<const CompiledStep> steps_;
  const int threads_;
  AlignedBuffer arena_, scratch_;
  std::vector<SharedLoop> loops_;
  std::vector<TensorMemory> inputs_, outputs_;
  std::vector<StepTime> times_;
  Ticket runs_ = 0;
};

class CpuProgram final : public Program {
 public:
  explicit CpuProgram(std::shared_ptr<const Code> code) : code_(std::move(code)) {}

  Result<std::unique_ptr<Execution>> open(const ExecutionOptions& options) const override {
    const std::size_t scratch = code_->scratch_bytes * static_cast<std::size_t>(code_->threads);
    MOBILENET_CHECK(check_memory(code_->weights->network(), code_->plan, code_->weights->packed().bytes() + scratch,
                                 code_->max_bytes));
    try {
      return std::unique_ptr<Execution>(std::make_unique<CpuExecution>(code_, options));
    } catch (const std::bad_alloc&) {
      return failure(ErrorCode::out_of_memory, "no memory for ", code_->plan.arena_bytes, " bytes of activations");
    }
  }

  std::string_view isa() const override { return code_->kernels->isa; }

 private:
  std::shared_ptr<const Code> code_;
};

Result<CompiledStep> compile_block(const Code& code, const Block& block) {
  const CpuWeights& weights = *code.weights;
  const auto source = [&](const Step& step) {
    return StepSource{
        weights.network(),   weights.parameters(), code.plan,         step,
        weights.precision(), *code.kernels,        &weights.packed(), code.max_bytes - code.plan.arena_bytes};
  };
  std::vector<CompiledStep> steps;
  for (const Step& step : block.steps) {
    MOBILENET_TRY(CompiledStep compiled, compile_step(source(step)));
    steps.push_back(std::move(compiled));
  }
  if (steps.size() == 1) return std::move(steps[0]);
  return row_chain(source(block.last()), block, std::move(steps));
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
  const CpuGrouping grouping(request.threads);
  MOBILENET_TRY(code->plan, make_plan(network, parameters, request.input_shapes, request.outputs, grouping));
  MOBILENET_CHECK(check_memory(network, code->plan, 0, request.max_bytes));
  const std::vector<Block>& blocks = code->plan.blocks;
  MOBILENET_TRY(code->steps, compile_together(request.threads, blocks.size(),
                                              [&](std::size_t b) { return compile_block(*code, blocks[b]); }));
  for (const CompiledStep& step : code->steps) code->scratch_bytes = std::max(code->scratch_bytes, step.scratch_bytes);
  std::vector<bool> planned(network.nodes.size(), false);
  for (const Block& block : blocks)
    for (const Step& step : block.steps)
      for (const int node : step.nodes) planned[static_cast<std::size_t>(node)] = true;
  for (std::size_t n = 0; n < planned.size(); ++n)
    if (!planned[n])
      MOBILENET_CHECK(check_unplanned(network, parameters, code->plan, static_cast<int>(n), precision, *code->kernels));
  // Threads write only their own cache lines.
  code->scratch_bytes = (code->scratch_bytes + kAlignment - 1) / kAlignment * kAlignment;
  return std::shared_ptr<const Program>(std::make_shared<CpuProgram>(std::move(code)));
}

}  // namespace mobilenet::cpu
