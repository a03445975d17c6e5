// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/program.h"

#include <algorithm>
#include <new>

#include "backend/cuda/program/bundles.h"
#include "backend/cuda/program/code.h"
#include "backend/cuda/program/execution.h"
#include "backend/cuda/program/joined.h"
#include "backend/cuda/program/step.h"
#include "backend/cuda/steps/block.h"
#include "backend/cuda/steps/half_sums.h"
#include "base/error.h"
#include "plan/repeated_pixel.h"

namespace mobilenet::cuda {
namespace {

class CudaGrouping final : public Grouping {
 public:
  CudaGrouping(const CudaWeights& weights, BlockTilings& tilings)
      : precision_(weights.precision()), parameters_(weights.parameters()), tilings_(tilings) {}
  std::size_t alignment() const override { return 256; }
  bool renames(const PlanView& plan, const Node& node) const override {
    return is_plain_reshape(plan.network(), node) || enlarges_a_bias(plan, node);
  }
  int next_node(const PlanView& plan, std::span<const int> nodes) const override {
    const Node& first = plan.node(nodes.front());
    if (!std::holds_alternative<ConcatOp>(first.op)) return next_of_convolution(plan, nodes);
    return nodes.size() == 1 ? next_of_pixel(plan, first) : next_of_convolution(plan, nodes.subspan(1));
  }
  void arrange(const PlanView& plan, std::vector<Step>& steps, std::vector<TensorId>& memory) const override {
    join_in_place(plan, steps, memory);
    if (precision_ != Precision::f16) return;
    // What fills the device by itself gains nothing.
    const int processors = tilings_.device().processors();
    const auto find = [&](std::size_t first) {
      BundleLayer layer{.steps = block_size(plan, first)};  // two: a depthwise convolution and a projection
      if (layer.steps <= 2) layer.blocks = blocks_in_bundle(plan, steps[first + layer.steps - 1]);
      if (layer.steps == 2 && !adds_in_halves(plan.network(), parameters_, block_layers(plan, first)->depthwise))
        layer.blocks = 0;
      if (layer.blocks > processors) layer.blocks = 0;
      return layer;
    };
    bundle_parts(steps, memory, find, kMostBundled, std::int64_t{kBundleBlocksHeld} * processors);
  }
  std::size_t block_size(const PlanView& plan, std::size_t first) const override {
    if (precision_ != Precision::f16) return 1;
    const std::span<const Step> steps = plan.steps().subspan(first);
    if (const int bundle = steps.front().bundle; bundle >= 0) {
      const auto is_other = [&](const Step& step) { return step.bundle != bundle; };
      return static_cast<std::size_t>(std::find_if(steps.begin(), steps.end(), is_other) - steps.begin());
    }
    const auto layers = block_layers(plan, first);
    const auto is_bundled = [](const Step& step) { return step.bundle >= 0; };
    if (layers && std::ranges::any_of(steps.first(layers->steps), is_bundled)) return 1;
    return layers && tilings_.pays(block_shape(plan.network(), parameters_, plan.shapes(), *layers)) ? layers->steps
                                                                                                     : 1;
  }

 private:
  // The convolution that takes a repeated pixel of this concatenation as a bias of each picture; kNoNode: there is
  // none.
  static int next_of_pixel(const PlanView& plan, const Node& concat) {
    const auto join = repeated_pixel(plan.network(), plan.shapes(), concat);
    if (!join || plan.only_reader(join->pixel) == kNoNode) return kNoNode;
    const int next = next_of_repeated_pixel(plan, concat);
    // Kernels read the biases of eight channels at once.
    return next != kNoNode && plan.shape(plan.node(next).output)[3] % 8 == 0 ? next : kNoNode;
  }
  // Whether such a convolution alone reads what a resize makes of a pixel: the larger map is the pixel's memory then.
  static bool enlarges_a_bias(const PlanView& plan, const Node& node) {
    if (!std::holds_alternative<ResizeBilinearOp>(node.op) || !plan.network().is_activation(node.inputs[0]))
      return false;
    const int reader = plan.only_reader(node.output);
    if (reader == kNoNode) return false;
    const auto join = repeated_pixel(plan.network(), plan.shapes(), plan.node(reader));
    return join && join->pixel == node.output && next_of_pixel(plan, plan.node(reader)) != kNoNode;
  }

  const Precision precision_;
  const Parameters& parameters_;
  BlockTilings& tilings_;
};

Result<void> compile_step(const StepSource& source, const Step& step) {
  const std::string& name = source.node(step.nodes.back()).name;
  MOBILENET_TRY(const CompileStep* const compile, compiler_of(source.network(), source.node(step.nodes.front())));
  if (auto compiled = (*compile)(source, step); !compiled) return at(name, std::move(compiled).error());
  return {};
}

Result<void> compile_block(const StepSource& source, const Block& block, BlockTilings& tilings) {
  MOBILENET_TRY(const BlockLayers layers, layers_of(source.network(), source.plan, block));
  const std::optional<BlockTiling>& tiling =
      tilings.of(block_shape(source.network(), source.parameters(), source.plan.shapes, layers));
  if (!tiling) return failure(ErrorCode::unsupported, "no tile of the block fits into shared memory");
  return compile_block(source, layers, *tiling);
}

bool has_place(const Launch& launch, const Place& place) {
  return std::ranges::any_of(launch.fields, [&](const Launch::Field& field) {
    return field.place.kind == place.kind && field.place.at == place.at;
  });
}

// Looks for what is no number, as numbers become that halves do not hold, in a tensor of floats that is there: whoever
// writes it does while it has the numbers, where its kernel can; else a launch reads them again.
Result<void> check_numbers(const StepSource& source, TensorId id) {
  const Stored type = source.type_of(id);
  if (type != Stored::f32 && type != Stored::f16) return {};
  MOBILENET_TRY(const Place place, source.place_of(id));
  // Those that only read it, or another tensor that lay there, are asked, too: one that cannot costs a launch.
  std::vector<Launch*> users;
  for (Launch& launch : source.launches)
    if (has_place(launch, place)) users.push_back(&launch);
  const auto can_look = [](const Launch* launch) { return !launch->flags.empty(); };
  if (type == Stored::f32 && !users.empty() && std::ranges::all_of(users, can_look)) {
    for (Launch* const launch : users)
      for (const std::size_t flag : launch->flags) launch->address(flag, {Place::Kind::flag});
    return {};
  }
  UnaryArguments arguments{};
  arguments.in_type = type;
  arguments.count = source.shape(id).elements();
  MOBILENET_TRY(Launch launch, launch_for(source, "elements", "find_not_numbers", arguments.count));
  launch.take(arguments);
  MOBILENET_ADDRESS(launch, UnaryArguments, input, place);
  MOBILENET_ADDRESS(launch, UnaryArguments, output, (Place{Place::Kind::flag}));
  launch.name = source.tensor(id).name;
  launch.kind = "check";
  source.launches.push_back(std::move(launch));
  return {};
}

// Whether the Step's output may not show that an input is no number.
bool hides_not_numbers(const StepSource& source, const Step& step) {
  return source.tensor(step.output).type != DataType::f32 ||
         std::holds_alternative<DetectionPostProcessOp>(source.node(step.nodes.front()).op);
}

Result<void> compile_steps(const StepSource& source, BlockTilings& tilings) {
  for (const Block& block : source.plan.blocks) {
    if (source.weights.precision() == Precision::f16 && hides_not_numbers(source, block.last()))
      for (const TensorId input : block.last().inputs) MOBILENET_CHECK(check_numbers(source, input));
    const std::size_t before = source.launches.size();
    const bool is_bundle = block.steps.front().bundle >= 0;
    const std::string& name = source.node((is_bundle ? block.steps.front() : block.last()).nodes.back()).name;
    if (is_bundle) {
      if (auto compiled = compile_bundle(source, block.steps); !compiled) return at(name, std::move(compiled).error());
    } else if (block.steps.size() > 1) {
      if (auto compiled = compile_block(source, block, tilings); !compiled)
        return at(name, std::move(compiled).error());
    } else {
      MOBILENET_CHECK(compile_step(source, block.last()));
    }
    for (std::size_t i = before; i < source.launches.size(); ++i) {
      source.launches[i].name = is_bundle ? name + " and " + std::to_string(block.steps.size() - 1) + " others" : name;
      source.launches[i].kind = block.steps.size() > 1 && !is_bundle
                                    ? "block"
                                    : std::string(kind_of(source.node(block.last().nodes.front()).op));
    }
  }
  return {};
}

// Outputs whose tensors lie elsewhere.
Result<void> copy_outputs(const StepSource& source, const TensorStorage& storage) {
  for (std::size_t i = 0; i < source.plan.outputs.size(); ++i) {
    if (!storage.copied[i]) continue;
    const TensorId id = source.plan.outputs[i];
    UnaryArguments arguments{};
    arguments.in_type = source.type_of(id);
    MOBILENET_TRY(arguments.out_type, stored_as(source.tensor(id)));
    arguments.count = source.shape(id).elements();
    arguments.function = arguments.in_type == Stored::i32 || arguments.in_type == Stored::i64 ? UnaryFunction::cast
                                                                                              : UnaryFunction::copy;
    MOBILENET_TRY(Launch launch, launch_for(source, "elements", "unary", arguments.count));
    launch.take(arguments);
    MOBILENET_TRY(const Place input, source.place_of(id));
    MOBILENET_ADDRESS(launch, UnaryArguments, input, input);
    MOBILENET_ADDRESS(launch, UnaryArguments, output, (Place{Place::Kind::output, i}));
    launch.name = source.tensor(id).name;
    launch.kind = "output";
    source.launches.push_back(std::move(launch));
  }
  return {};
}

class CudaProgram final : public Program {
 public:
  explicit CudaProgram(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
  Result<std::unique_ptr<Execution>> open(const ExecutionOptions& options) const override {
    try {
      return open_execution(code_, options);
    } catch (const std::bad_alloc&) {
      return failure(ErrorCode::out_of_memory, "no memory for a run on the GPU");
    }
  }
  std::string_view isa() const override { return code_->weights->device().name(); }

 private:
  const std::shared_ptr<const Code> code_;
};

}  // namespace

Result<std::shared_ptr<const Program>> compile_program(std::shared_ptr<const CudaWeights> weights,
                                                       const CompileRequest& request) {
  auto code = std::make_shared<Code>();
  code->weights = std::move(weights);
  const Network& network = code->weights->network();
  MOBILENET_TRY(std::vector<Shape> shapes, infer_shapes(network, code->weights->parameters(), request.input_shapes));
  BlockTilings tilings(code->weights->device());
  const CudaGrouping grouping(*code->weights, tilings);
  MOBILENET_TRY(code->plan, make_plan(network, std::move(shapes), request.outputs, grouping));
  MOBILENET_TRY(code->storage, store_tensors(network, code->plan, code->weights->precision()));
  const StepSource source{*code->weights,       code->plan,     code->storage.stored,
                          code->storage.places, code->launches, code->storage.arena_bytes};
  if (request.ends.picture) {
    MOBILENET_TRY(code->pictures, compile_picture_end(source, *request.ends.picture, request.threads, code->storage));
  }
  const auto beside = [&] { return code->storage.arena_bytes - code->plan.arena_bytes; };
  MOBILENET_CHECK(check_memory(network, code->plan, beside() + code->weights->packed_bytes(), request.max_bytes));
  MOBILENET_CHECK(compile_steps(source, tilings));
  MOBILENET_CHECK(copy_outputs(source, code->storage));
  MOBILENET_TRY(code->answer, compile_answer(source, request.ends.answer));
  if (code->weights->precision() == Precision::f16 && code->answer.kind == AnswerCode::Kind::none)
    for (const TensorId output : code->plan.outputs) MOBILENET_CHECK(check_numbers(source, output));
  code->has_flag =
      std::ranges::any_of(code->launches, [](const Launch& launch) { return has_place(launch, {Place::Kind::flag}); });
  MOBILENET_CHECK(check_memory(network, code->plan, beside() + code->weights->packed_bytes(), request.max_bytes));
  return std::shared_ptr<const Program>(std::make_shared<CudaProgram>(std::move(code)));
}

}  // namespace mobilenet::cuda
