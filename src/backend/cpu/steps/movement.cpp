// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/movement.h"

#include <array>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "network/movement.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kGrain = 32 * 1024;  // bytes; fewer are not worth another thread
constexpr std::ptrdiff_t kFilled = -1;     // an offset where nothing of the input lies

// Along one axis of the output, how far into the input each position lies, in bytes.
using Offsets = std::vector<std::ptrdiff_t>;

// A part of a line that lies together in the input, or is filled.
struct Segment {
  std::ptrdiff_t from = 0;  // or kFilled
  std::size_t bytes = 0;
};

// The output as lines of segments.
struct MoveStep {
  Place input, output;
  std::vector<Offsets> outer;  // axes before the line's, outermost first
  std::vector<Segment> line;
  std::size_t line_bytes = 0, lines = 1;  // the product of the outer extents
  StoredElement filler{};                 // an element
  std::size_t element = 1;                // bytes
  bool single_elements = false;           // every segment is one, as in a transposition

  std::ptrdiff_t offset_of(std::size_t index) const {
    std::ptrdiff_t offset = 0;
    for (std::size_t axis = outer.size(); axis-- > 0;) {
      const std::ptrdiff_t along = outer[axis][index % outer[axis].size()];
      if (along == kFilled) return kFilled;
      offset += along;
      index /= outer[axis].size();
    }
    return offset;
  }

  void fill(std::byte* to, std::size_t bytes) const {
    for (std::size_t i = 0; i < bytes; i += element) std::memcpy(to + i, filler.data(), element);
  }

  void copy_line(const std::byte* from, std::byte* to) const {
    for (const Segment& segment : line) {
      if (segment.from == kFilled)
        fill(to, segment.bytes);
      else
        std::memcpy(to, from + segment.from, segment.bytes);
      to += segment.bytes;
    }
  }

  template <class Element>
  void copy_elements(const std::byte* from, std::byte* to) const {
    for (const Segment& segment : line) {
      std::memcpy(to, from + segment.from, sizeof(Element));
      to += sizeof(Element);
    }
  }

  void run(RunContext& context) const {
    const std::byte* const from = context.at(input);
    std::byte* const to = context.at(output);
    context.for_parts(lines, 1 + kGrain / line_bytes, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const std::ptrdiff_t offset = offset_of(i);
        std::byte* const out = to + i * line_bytes;
        if (offset == kFilled)
          fill(out, line_bytes);
        else if (single_elements && element == sizeof(float))
          copy_elements<float>(from + offset, out);
        else if (single_elements && element == 1)
          copy_elements<std::byte>(from + offset, out);
        else
          copy_line(from + offset, out);
      }
    });
  }
};

// The runs of `bytes` each that begin at `offsets`, those together that lie together.
std::vector<Segment> segments_of(const Offsets& offsets, std::size_t bytes) {
  std::vector<Segment> segments;
  for (const std::ptrdiff_t offset : offsets) {
    const bool follows =
        !segments.empty() &&
        (offset == kFilled ? segments.back().from == kFilled
                           : segments.back().from != kFilled &&
                                 offset == segments.back().from + static_cast<std::ptrdiff_t>(segments.back().bytes));
    if (follows)
      segments.back().bytes += bytes;
    else
      segments.push_back({offset, bytes});
  }
  return segments;
}

template <class Moving>
Result<CompiledStep> compile_movement(const StepSource& source, const Moving& op, const StoredElement& filler = {}) {
  const Node& node = source.node(source.step.nodes.front());
  const Shape &in = source.shape(node.inputs[0]), &out = source.shape(node.output);
  const DataType type = source.tensor(node.output).type;
  if (source.tensor(node.inputs[0]).type != type)
    return failure(ErrorCode::unsupported, "its input and its output are of different types");
  MoveStep step;
  step.input = source.place(node.inputs[0]);
  step.output = source.place(node.output);
  step.element = size_of(type);
  step.filler = filler;
  std::array<std::ptrdiff_t, Shape::kMaxRank> strides{};  // of the input, in bytes
  auto stride = static_cast<std::ptrdiff_t>(step.element);
  for (int axis = in.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= in[axis];
  }
  std::vector<Offsets> axes;
  for (int axis = 0; axis < out.rank(); ++axis) {
    const int from = input_axis(op, axis);
    Offsets offsets;
    offsets.reserve(static_cast<std::size_t>(out[axis]));
    for (std::int64_t i = 0; i < out[axis]; ++i) {
      const std::int64_t position = input_position(op, axis, i, in[from], out[axis]);
      offsets.push_back(position == kNowhere ? kFilled : position * strides[static_cast<std::size_t>(from)]);
    }
    axes.push_back(std::move(offsets));
  }
  // From the last axis on, as long as a whole axis follows on what lies together already.
  step.line = {{0, step.element}};
  bool whole = true;
  while (whole && !axes.empty()) {
    step.line = segments_of(axes.back(), step.line[0].bytes);
    whole = step.line.size() == 1 && step.line[0].from == 0;
    axes.pop_back();
  }
  step.single_elements = step.line[0].from != kFilled;
  for (const Segment& segment : step.line) {
    step.line_bytes += segment.bytes;
    step.single_elements = step.single_elements && segment.from != kFilled && segment.bytes == step.element;
  }
  step.outer = std::move(axes);
  for (const Offsets& offsets : step.outer) step.lines *= offsets.size();
  return step_of(std::move(step));
}

template <class Moving>
Result<CompiledStep> compile(const StepSource& source) {
  return compile_movement(source, std::get<Moving>(source.node(source.step.nodes.front()).op));
}

}  // namespace

Result<CompiledStep> compile_transpose(const StepSource& source) { return compile<TransposeOp>(source); }
Result<CompiledStep> compile_slice(const StepSource& source) { return compile<SliceOp>(source); }
Result<CompiledStep> compile_tile(const StepSource& source) { return compile<TileOp>(source); }
Result<CompiledStep> compile_resize_nearest(const StepSource& source) { return compile<ResizeNearestOp>(source); }

Result<CompiledStep> compile_pad(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const auto& op = std::get<PadOp>(node.op);
  MOBILENET_TRY(const StoredElement filler, pad_element(op, source.tensor(node.inputs[0]), source.tensor(node.output)));
  return compile_movement(source, op, filler);
}

}  // namespace mobilenet::cpu
