// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators that move bytes: concatenation and padding.

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

struct Pad {
  WindowGeometry geometry;
  std::uint8_t zero = 0;
  Place input, output;

  void run(RunContext& context) const {
    const WindowGeometry& g = geometry;
    context.for_each(static_cast<std::size_t>(g.batch * g.output_height), [&](std::size_t row) {
      const auto line = static_cast<std::int64_t>(row);
      const auto line_bytes = static_cast<std::size_t>(g.output_width * g.output_channels);
      std::uint8_t* to = bytes_at(context, output) + row * line_bytes;
      std::memset(to, zero, line_bytes);
      const std::int64_t y = line % g.output_height - g.pad_top;
      if (y < 0 || y >= g.input_height) return;
      const std::int64_t image = line / g.output_height;
      std::memcpy(to + g.pad_left * g.output_channels,
                  bytes_at(context, input) + (image * g.input_height + y) * g.input_width * g.input_channels,
                  static_cast<std::size_t>(g.input_width * g.input_channels));
    });
  }
};

}  // namespace

Result<CompiledStep> compile_int8_concat(const StepSource& source, const Node& node, const ConcatOp& op) {
  const Shape& shape = source.shape(node.output);
  const auto run_of = [&](const Shape& of) {
    std::size_t bytes = 1;
    for (int axis = op.axis; axis < of.rank(); ++axis) bytes *= static_cast<std::size_t>(of[axis]);
    return bytes;
  };
  Concat concat;
  concat.output = source.place(node.output);
  concat.output_run = run_of(shape);
  concat.runs = static_cast<std::size_t>(shape.elements()) / concat.output_run;
  std::size_t place = 0;
  for (const TensorId id : node.inputs) {
    ConcatPart part;
    MOBILENET_TRY(part.table, concat_table(source.tensor(id), source.tensor(node.output)));
    for (std::size_t byte = 0; byte < part.table.size(); ++byte)
      if (part.table[byte] != byte) part.rescales = true;
    part.input = source.place(id);
    part.run = run_of(source.shape(id));
    part.place = place;
    place += part.run;
    concat.parts.push_back(part);
  }
  return step_of(std::move(concat));
}

Result<CompiledStep> compile_int8_pad(const StepSource& source, const Node& node, const PadOp& op) {
  MOBILENET_TRY(const AffineType type, shared_affine_type(source.tensor(node.inputs[0]), source.tensor(node.output)));
  Pad pad;
  pad.geometry = window_geometry(source, node, Window{});
  pad.geometry.pad_top = op.top;
  pad.geometry.pad_left = op.left;
  pad.zero = static_cast<std::uint8_t>(type.zero_point);
  pad.input = source.place(node.inputs[0]);
  pad.output = source.place(node.output);
  return step_of(std::move(pad));
}

}  // namespace mobilenet::cpu
