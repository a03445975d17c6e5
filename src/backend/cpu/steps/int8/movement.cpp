// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Concatenation of integers of 8 or 16 bits.

#include <cstring>
#include <vector>

#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

// One input of a concatenation: runs of `run` bytes, each to its place within the output's run.
struct ConcatPart {
  ByteTable table{};
  bool rescales = false;
  Place input;
  std::size_t run = 0;
  std::size_t place = 0;
};

constexpr std::size_t kConcatGrain = 128 * 1024;  // bytes; fewer are not worth another thread

struct Concat {
  std::vector<ConcatPart> parts;
  Place output;
  std::size_t output_run = 0, runs = 0;

  void run(RunContext& context) const {
    context.for_parts(runs, 1 + kConcatGrain / output_run, [&](std::size_t begin, std::size_t end) {
      for (const ConcatPart& part : parts)
        for (std::size_t i = begin; i < end; ++i) {
          const std::uint8_t* from = bytes_at(context, part.input) + i * part.run;
          std::uint8_t* to = bytes_at(context, output) + i * output_run + part.place;
          if (!part.rescales) {
            std::memcpy(to, from, part.run);
            continue;
          }
          for (std::size_t j = 0; j < part.run; ++j) to[j] = part.table[from[j]];
        }
    });
  }
};

}  // namespace

// The runtime rescales what lies under another scale in bytes, and only there.
Result<CompiledStep> compile_integer_concat(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const auto& op = std::get<ConcatOp>(node.op);
  const Shape& shape = source.shape(node.output);
  const std::size_t element = size_of(source.tensor(node.output).type);
  const auto run_of = [&](const Shape& of) {
    std::size_t bytes = element;
    for (int axis = op.axis; axis < of.rank(); ++axis) bytes *= static_cast<std::size_t>(of[axis]);
    return bytes;
  };
  Concat concat;
  concat.output = source.place(node.output);
  concat.output_run = run_of(shape);
  concat.runs = static_cast<std::size_t>(shape.elements()) * element / concat.output_run;
  std::size_t place = 0;
  for (const TensorId id : node.inputs) {
    if (source.tensor(id).is_constant()) return failure(ErrorCode::unsupported, "joining constants of integers");
    ConcatPart part;
    if (element == 1) {
      MOBILENET_TRY(part.table, concat_table(source.tensor(id), source.tensor(node.output)));
      for (std::size_t byte = 0; byte < part.table.size(); ++byte)
        if (part.table[byte] != byte) part.rescales = true;
    }
    part.input = source.place(id);
    part.run = run_of(source.shape(id));
    part.place = place;
    place += part.run;
    concat.parts.push_back(part);
  }
  return step_of(std::move(concat));
}

}  // namespace mobilenet::cpu
