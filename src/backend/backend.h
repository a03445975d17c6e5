// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The one interface between the library and what computes. Virtual calls happen per load, per compile and per batch,
// never per operator.
//
//   Network + Parameters --pack--> Weights            once per device and precision, shared by every Program
//   Weights + shapes + wanted tensors --compile--> Program   once a shape; cheap; shared by every Execution
//   Program --open--> Execution                       one caller's memory and command stream

#include <mobilenet/device.h>
#include <mobilenet/session.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "network/network.h"
#include "plan/plan.h"

namespace mobilenet {

// Memory of one tensor of an Execution that the host may read or write between runs.
struct HostTensor {
  TensorId tensor = kNoTensor;
  DataType type = DataType::f32;
  Shape shape;
  std::byte* data = nullptr;
  std::size_t bytes = 0;
};

class Execution {
 public:
  virtual ~Execution() = default;
  // The caller writes the inputs, in the order of Network::inputs, before submit; they survive a run.
  virtual std::span<const HostTensor> inputs() const = 0;
  // Valid after wait until the next submit, in the order of CompileRequest::outputs.
  virtual std::span<const HostTensor> outputs() const = 0;

  // Starts one run and returns its ticket; wait blocks until it is done. One run at a time per Execution; a CPU
  // backend may do the work in either. Neither allocates.
  virtual std::uint64_t submit() = 0;
  virtual void wait(std::uint64_t ticket) = 0;
  void run() { wait(submit()); }

  // Of the last run, when ExecutionOptions::profile was set.
  virtual std::span<const StepTime> step_times() const { return {}; }
};

struct ExecutionOptions {
  int threads = 1;
  bool profile = false;
};

class Program {
 public:
  virtual ~Program() = default;
  virtual Result<std::unique_ptr<Execution>> open(const ExecutionOptions& options) const = 0;
  virtual std::string_view isa() const = 0;
};

// Converted constants. What is inside belongs to the backend that packed them.
class Weights {
 public:
  virtual ~Weights() = default;
};

struct CompileRequest {
  std::vector<Shape> input_shapes;  // in the order of Network::inputs
  std::vector<TensorId> outputs;
  // Of the memory of an Execution and of the model's packed weights together.
  std::size_t max_bytes = std::numeric_limits<std::size_t>::max();
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  // `network` and `parameters` must outlive the Weights and every Program made from them.
  virtual Result<std::shared_ptr<const Weights>> pack(const Network& network, const Parameters& parameters,
                                                      Precision precision) const = 0;
  // Fails, with the node's name, when the backend cannot run a node of the network, whether the wanted tensors need it
  // or not: what can be compiled once can be compiled for any other tensors. Fails, too, beyond `max_bytes`.
  virtual Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const Weights> weights,
                                                         const CompileRequest& request) const = 0;
};

// The process's backends; they live forever. An error says why a device cannot be used (MOBILENET_CPU_ISA names an
// instruction set that cannot run here, for example).
Result<const Backend*> backend_for(Device device);

}  // namespace mobilenet
