// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Raw tensors of the caller into a network, and its outputs back: as the source framework shows them.

#include <array>
#include <cstring>

#include "api/session_state.h"
#include "base/error.h"
#include "base/stopwatch.h"

namespace mobilenet {
namespace {

constexpr std::size_t kMostInputs = 8;

Shape shape_of(const TensorView& view) {
  Shape shape;
  if (view.shape.size() <= Shape::kMaxRank)
    for (const std::int64_t axis : view.shape) shape.push_back(axis);
  return shape;
}

// Host backends are all that there is.
Error not_on_the_host(const SessionState& state, std::string_view what, std::string_view name) {
  return failure(ErrorCode::unsupported, state.source(), ": ", what, " ", name, " lies in device memory, which ",
                 name_of(state.options.device), " cannot reach");
}

// The shape, in the order of the network, of input `index`; fails where it is not what the network takes.
Result<Shape> checked_input(const SessionState& state, std::size_t index, const TensorView& view) {
  const Network& network = state.network();
  const SourceLayout layout = state.model->loaded.spec.layout;
  const Tensor& tensor = state.tensor(network.inputs[index]);
  const Shape expected = input_shape(network, index, stored_batch(network), state.height, state.width);
  Shape given = shape_of(view);
  if (given.rank() == 4 && layout == SourceLayout::nchw) given = {given[0], given[2], given[3], given[1]};
  bool fits = given.rank() == expected.rank() && view.type == tensor.type && given.rank() > 0;
  for (int axis = 0; fits && axis < given.rank(); ++axis) {
    const bool free = axis == 0 || (expected.rank() == 4 && axis < 3 && !network.fixed_size);
    // Free extents are bounded so that their product fits 64 bits.
    fits = free ? given[axis] > 0 && given[axis] < (std::int64_t{1} << 15) : given[axis] == expected[axis];
    if (axis == 0) fits = (fits || given[0] == expected[0]) && given[0] % expected[0] == 0;
  }
  if (!fits) {
    Shape asked;
    for (const std::int64_t axis : framework_shape(expected, layout)) asked.push_back(axis);
    return failure(ErrorCode::invalid_argument, state.source(), ": input ", tensor.name, " takes ",
                   name_of(tensor.type), " ", to_string(asked),
                   stored_batch(network) == 1 ? " (the batch is free" : " (the batch is a multiple of that",
                   !network.fixed_size                            ? ", height and width too"
                   : state.model->loaded.sizes == InputSizes::own ? ""
                                                                  : "; height and width are the session's, --size",
                   "), got ", name_of(view.type), " ", to_string(shape_of(view)));
  }
  const std::size_t bytes = static_cast<std::size_t>(given.elements()) * size_of(tensor.type);
  if (view.bytes != bytes || view.data == nullptr)
    return failure(ErrorCode::invalid_argument, state.source(), ": input ", tensor.name, " has ", view.bytes,
                   " bytes, its shape needs ", bytes);
  if (view.memory != Memory::host) return not_on_the_host(state, "input", tensor.name);
  return given;
}

Result<void> check_output(const SessionState& state, const EdgeTensor& output, const TensorBuffer& buffer) {
  if (buffer.bytes != output.bytes() || buffer.data == nullptr)
    return failure(ErrorCode::invalid_argument, state.source(), ": the buffer of output ", output.name(), " has ",
                   buffer.bytes, " bytes, its ", name_of(output.type()), " tensor needs ", output.bytes());
  if (buffer.memory != Memory::host) return not_on_the_host(state, "the buffer of output", output.name());
  return {};
}

}  // namespace

Result<Compiled*> SessionState::run_tensors(std::span<const TensorView> inputs, std::span<const TensorBuffer> outputs) {
  if (inputs.size() != network().inputs.size())
    return failure(ErrorCode::invalid_argument, source(), ": takes ", network().inputs.size(), " input tensors, got ",
                   inputs.size());
  std::array<Shape, kMostInputs> shapes;
  if (inputs.size() > shapes.size()) return failure(ErrorCode::unsupported, "more than ", shapes.size(), " inputs");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    MOBILENET_TRY(shapes.at(i), checked_input(*this, i, inputs[i]));
  }
  MOBILENET_TRY(Compiled* const compiled, compiled_for(Task::run, std::span(shapes.data(), inputs.size())));
  for (std::size_t i = 0; i < outputs.size(); ++i) MOBILENET_CHECK(check_output(*this, compiled->edges[i], outputs[i]));

  Stopwatch watch;
  const SourceLayout layout = model->loaded.spec.layout;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorMemory& to = compiled->execution->inputs()[i];
    const auto* from = static_cast<const std::byte*>(inputs[i].data);
    if (layout == SourceLayout::nchw && to.shape.rank() == 4)
      nchw_to_nhwc(from, to.data, to.shape, size_of(to.type));
    else
      std::memcpy(to.data, from, to.bytes);
  }
  timing.preprocess = watch.lap();
  // What the caller sees as the network stores it is written to the caller's memory at once.
  RunRequest request;
  bool bound = !outputs.empty();
  for (const EdgeTensor& edge : compiled->edges) bound = bound && edge.is_as_stored();
  if (bound) {
    for (std::size_t i = 0; i < outputs.size(); ++i) compiled->bound[i].data = static_cast<std::byte*>(outputs[i].data);
    request.outputs = compiled->bound;
  }
  if (auto done = compiled->execution->run(request); !done) return at(source(), std::move(done).error());
  timing.network = watch.lap();
  last = compiled->execution.get();
  if (!bound) compiled->show_outputs();
  for (std::size_t i = 0; !bound && i < outputs.size(); ++i)
    std::memcpy(outputs[i].data, compiled->views[i].data, outputs[i].bytes);
  timing.postprocess = watch.lap();
  return compiled;
}

}  // namespace mobilenet
