// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/conversion.h"

#include "base/error.h"
#include "network/conversion.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kGrain = 16 * 1024;  // numbers; fewer are not worth another thread

struct CastStep {
  Place input, output;
  std::size_t count = 0;
};

template <class From, class To>
void run_cast(const CastStep& step, RunContext& context) {
  const auto* from = reinterpret_cast<const From*>(context.at(step.input));
  auto* to = reinterpret_cast<To*>(context.at(step.output));
  context.for_parts(step.count, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) to[i] = cast_number<To>(from[i]);
  });
}

}  // namespace

Result<CompiledStep> compile_cast(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const DataType from = source.tensor(node.inputs[0]).type, to = source.tensor(node.output).type;
  const CastStep step{source.place(node.inputs[0]), source.place(node.output),
                      static_cast<std::size_t>(source.shape(node.output).elements())};
  CompiledStep compiled;
  const bool known = with_number_types(
      from, to, [&]<class From, class To>(From, To) { compiled = step_of<&run_cast<From, To>>(step); });
  if (known) return compiled;
  return failure(ErrorCode::unsupported, "cannot cast ", name_of(from), " to ", name_of(to));
}

}  // namespace mobilenet::cpu
