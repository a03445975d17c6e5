// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Raw tensors of the caller into a network, and its outputs back: as the source framework shows them.

#include <algorithm>
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

// `as_stored`: whether the caller's tensor is laid out as the network's; another has to pass through the host.
Result<void> check_memory(const SessionState& state, std::string_view what, std::string_view name, Memory memory,
                          bool as_stored) {
  if (!state.backend->accepts(memory))
    return failure(ErrorCode::unsupported, state.source(), ": ", what, " ", name, " lies in ",
                   memory == Memory::host ? "host" : "device", " memory, which ", name_of(state.options.device),
                   " cannot reach");
  if (memory != Memory::host && !as_stored)
    return failure(ErrorCode::unsupported, state.source(), ": ", what, " ", name,
                   " lies in device memory; its axes, which the network has in another order, are put in order on the "
                   "host alone");
  return {};
}

bool is_as_stored(const SessionState& state, const Shape& input) {
  return state.model->loaded.spec.layout == SourceLayout::nhwc || input.rank() != 4;
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
  MOBILENET_CHECK(check_memory(state, "input", tensor.name, view.memory, is_as_stored(state, given)));
  return given;
}

Result<void> check_output(const SessionState& state, const EdgeTensor& output, const TensorBuffer& buffer) {
  if (buffer.bytes != output.bytes() || buffer.data == nullptr)
    return failure(ErrorCode::invalid_argument, state.source(), ": the buffer of output ", output.name(), " has ",
                   buffer.bytes, " bytes, its ", name_of(output.type()), " tensor needs ", output.bytes());
  return check_memory(state, "the buffer of output", output.name(), buffer.memory, output.is_as_stored());
}

// The one stream of all device memory of a run; null where none is named.
Result<void*> stream_of(const SessionState& state, std::span<const TensorView> inputs,
                        std::span<const TensorBuffer> outputs) {
  void* stream = nullptr;
  const auto is_another = [&stream](const auto& tensor) {
    if (tensor.memory == Memory::host || tensor.stream == nullptr) return false;
    if (stream == nullptr) stream = tensor.stream;
    return stream != tensor.stream;
  };
  if (std::any_of(inputs.begin(), inputs.end(), is_another) || std::any_of(outputs.begin(), outputs.end(), is_another))
    return failure(ErrorCode::invalid_argument, state.source(),
                   ": the tensors of a run belong to several streams; it runs on one");
  return stream;
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
  RunRequest request;
  MOBILENET_TRY(request.stream, stream_of(*this, inputs, outputs));

  // What the caller has as the network stores it is read from the caller's memory and written to it by the backend.
  Stopwatch watch;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorMemory& own = compiled->execution->inputs()[i];
    TensorMemory& given = compiled->given[i];
    given = own;
    const auto* from = static_cast<const std::byte*>(inputs[i].data);
    if (!is_as_stored(*this, own.shape)) {
      nchw_to_nhwc(from, own.data, own.shape, size_of(own.type));
      continue;
    }
    given.memory = inputs[i].memory;
    given.data = const_cast<std::byte*>(from);  // backends only read it
  }
  request.inputs = compiled->given;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    TensorMemory& bound = compiled->bound[i];
    bound = compiled->execution->outputs()[i];
    if (!compiled->edges[i].is_as_stored()) continue;
    bound.memory = outputs[i].memory;
    bound.data = static_cast<std::byte*>(outputs[i].data);
  }
  if (!outputs.empty()) request.outputs = compiled->bound;
  timing.preprocess = watch.lap();
  if (auto done = compiled->execution->run(request); !done) return at(source(), std::move(done).error());
  timing.network = watch.lap();
  last = compiled->execution.get();
  if (outputs.empty()) compiled->show_outputs();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (compiled->edges[i].is_as_stored()) continue;
    const TensorView shown = compiled->edges[i].show(compiled->execution->outputs()[i]);
    std::memcpy(outputs[i].data, shown.data, shown.bytes);
  }
  timing.postprocess = watch.lap();
  return compiled;
}

}  // namespace mobilenet
