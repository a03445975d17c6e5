// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Compiling the Steps and Blocks of a plan into launches.

#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "backend/cuda/program/launch.h"
#include "backend/cuda/program/weights.h"
#include "base/error.h"
#include "plan/folded_layer.h"
#include "plan/plan.h"

namespace mobilenet::cuda {

// How an element of the network's type is stored where nothing makes halves of it. Fails for types that the device does
// not compute with.
Result<Stored> stored_as(const Tensor& tensor);
std::size_t size_of(Stored type);

// Whether a tensor is one of the network's inputs, under whatever name: those stay floats.
bool is_given(const PlanView& plan, TensorId id);

// All that compiling may look at, and what it makes.
struct StepSource {
  const CudaWeights& weights;
  const Plan& plan;
  std::span<const Stored> stored;  // per tensor
  std::span<const Place> places;   // per tensor
  std::vector<Launch>& launches;
  std::size_t& arena_bytes;  // of an execution

  const Network& network() const { return weights.network(); }
  const Parameters& parameters() const { return weights.parameters(); }
  const Device& device() const { return weights.device(); }
  const Node& node(int index) const { return network().node(index); }
  const Tensor& tensor(TensorId id) const { return network().tensor(id); }
  const Shape& shape(TensorId id) const { return plan.shape(id); }
  // How a kernel finds a tensor: of constants their real numbers as floats.
  Stored type_of(TensorId id) const;
  Result<Place> place_of(TensorId id) const;
  // Memory that only the launches of one step use.
  Place scratch(std::size_t bytes) const;
  std::vector<float> constant(TensorId id) const { return constant_values(network(), parameters(), id); }

  Result<CUfunction> kernel(const char* file, const char* name) const { return device().kernel(file, name); }
};

// A launch of one thread for each of `count`, up to what fills the device some times over.
Result<Launch> launch_for(const StepSource& source, const char* file, const char* name, std::int64_t count);

// Adds a launch whose arguments name an input and an output.
template <class Arguments>
Result<void> put_launch(const StepSource& source, const Arguments& arguments, Launch launch, TensorId input,
                        TensorId output) {
  launch.take(arguments);
  MOBILENET_TRY(const Place from, source.place_of(input));
  MOBILENET_TRY(const Place to, source.place_of(output));
  MOBILENET_ADDRESS(launch, Arguments, input, from);
  MOBILENET_ADDRESS(launch, Arguments, output, to);
  source.launches.push_back(std::move(launch));
  return {};
}

// Launches of one kernel, along x, as one of the kernel for bundles of them.
template <class Arguments>
Launch bundle_of(std::span<const Launch> layers, CUfunction function) {
  Launch launch = layers.front();
  launch.function = function;
  launch.grid = {0, 1, 1};
  launch.fields.clear(), launch.flags.clear();
  Bundle<Arguments> arguments{};
  for (const Launch& layer : layers) {
    const auto i = static_cast<std::size_t>(arguments.count++);
    const std::size_t own = offsetof(Bundle<Arguments>, layers) + i * sizeof(Arguments);
    std::memcpy(&arguments.layers[i], layer.arguments.data(), sizeof(Arguments));
    for (const Launch::Field& field : layer.fields) launch.address(own + field.offset, field.place);
    for (const std::size_t flag : layer.flags) launch.flags.push_back(own + flag);
    launch.grid[0] += layer.grid[0];
    arguments.first_blocks[i + 1] = static_cast<std::int32_t>(launch.grid[0]);
  }
  launch.take(arguments);
  return launch;
}

// Images, and the extents of maps, as most arguments have them.
template <class Arguments>
void take_maps(const Shape& in, const Shape& out, Arguments& arguments) {
  arguments.images = static_cast<std::int32_t>(in[0]);
  arguments.in_height = static_cast<std::int32_t>(in[1]), arguments.in_width = static_cast<std::int32_t>(in[2]);
  if (out.rank() != 4) return;
  arguments.out_height = static_cast<std::int32_t>(out[1]), arguments.out_width = static_cast<std::int32_t>(out[2]);
}

// The kernel's view of what a layer does last.
Ending ending_of(Activation activation);
WindowArguments window_arguments(const Window& window, const Shape& in);
// Of what a convolution or dense layer writes: `pixels` of so many channels, stored in this type.
OutputPlace output_place(const Part& part, std::int64_t pixels, int channels, Stored type);

// Numbers as bytes, and weights rounded to halves.
template <std::ranges::contiguous_range Numbers>
std::vector<std::byte> bytes_of(const Numbers& values) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}
std::vector<std::byte> halves_of(std::span<const float> values);
// With zeros up to a multiple of 16, as kernels read biases.
std::vector<float> in_whole_16(std::vector<float> values);
// A table that is found by what it holds.
Result<Place> packed_table(const StepSource& source, std::vector<std::int64_t> table);

// One per family of operators; `step` begins with such an operator.
using CompileStep = Result<void> (*)(const StepSource& source, const Step& step);
Result<void> compile_convolution(const StepSource& source, const Step& step);  // convolution and dense
// The blocks of threads that the Step takes in a bundle of matrix products, in halves; 0: it cannot be in one.
std::int64_t blocks_in_bundle(const PlanView& plan, const Step& step);
// As one launch: such Steps, or the depthwise convolutions of blocks.
Result<void> compile_bundle(const StepSource& source, std::span<const Step> bundle);
Result<void> compile_depthwise(const StepSource& source, const Step& step);
Result<void> compile_transposed(const StepSource& source, const Step& step);
Result<void> compile_unary(const StepSource& source, const Step& step);  // activation, unary, quantize, cast, reshape
Result<void> compile_binary(const StepSource& source, const Step& step);
Result<void> compile_batch_norm(const StepSource& source, const Step& step);
Result<void> compile_rows(const StepSource& source, const Step& step);  // softmax, log softmax, L2, argmax
Result<void> compile_movement(const StepSource& source, const Step& step);
Result<void> compile_concat(const StepSource& source, const Step& step);
Result<void> compile_pool(const StepSource& source, const Step& step);
Result<void> compile_reduction(const StepSource& source, const Step& step);
Result<void> compile_resize(const StepSource& source, const Step& step);
Result<void> compile_detection_operator(const StepSource& source, const Step& step);  // ends/detections.cpp

// By the operator that a step begins with; fails with the operator's name.
Result<const CompileStep*> compiler_of(const Network& network, const Node& node);

}  // namespace mobilenet::cuda
