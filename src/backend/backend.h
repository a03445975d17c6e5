// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The one interface between the library and what computes. Virtual calls happen per load, per compile and per batch,
// never per operator.
//
//   ModelGraph --pack--> Weights                     once per device and precision, shared by every Program
//   Weights + CompileRequest --compile--> Program    once a shape; cheap; immutable, shared by every Execution
//   Program --open--> Execution                      one caller's memory and command stream
//   Execution + RunRequest --submit, wait--> tensors or answers, every frame

#include <mobilenet/device.h>
#include <mobilenet/tensor.h>
#include <mobilenet/threads.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/ends.h"
#include "network/model_graph.h"
#include "network/network.h"
#include "network/precision.h"

namespace mobilenet {

struct StepTime;  // session.h

// Where one tensor of a run lies. Whose memory it is, says who hands it out.
struct TensorMemory {
  TensorId tensor = kNoTensor;
  DataType type = DataType::f32;
  Shape shape;
  Memory memory = Memory::host;
  std::byte* data = nullptr;
  std::size_t bytes = 0;
};

// All that may differ from frame to frame; nothing here compiles anything anew.
struct RunRequest {
  // One per image of the batch, where the program has the picture end or the answer end. Pixels are the caller's until
  // submit returns; those in memory of the device until wait does, or submit failed.
  std::span<const PictureCall> pictures = {};
  // In the order of Network::inputs, in memory of the caller or of Execution::inputs, that is only read, as it lies
  // where the backend can, and of kinds that it accepts; empty: what was written to Execution::inputs.
  std::span<const TensorMemory> inputs = {};
  // The same in the order of CompileRequest::outputs, written; empty: Execution::outputs.
  std::span<const TensorMemory> outputs = {};
  // The caller's command stream (CUstream), on which inputs were written and outputs may be; null: the execution's own.
  // Host backends have none.
  void* stream = nullptr;
};

using Ticket = std::uint64_t;

class Execution {
 public:
  virtual ~Execution() = default;
  // The execution's own memory, in the order of Network::inputs; of the host, but for a claimed picture end, since the
  // session writes to it. What is written there before submit survives a run.
  virtual std::span<const TensorMemory> inputs() const = 0;
  // The same in the order of CompileRequest::outputs, of the host but for a claimed answer end: valid after wait until
  // the next submit.
  virtual std::span<const TensorMemory> outputs() const = 0;

  // Starts one run; wait returns when it is done, or says why it failed: a device was lost, or (bad_format) the scores
  // that a claimed answer end reads are not numbers; in f16 those of any output, whose numbers may have been too large;
  // in bf16 some tensor inside a block has none but numbers that are too small for halves.
  // One run at a time per Execution; a CPU backend does the work in submit. Neither allocates.
  virtual Result<Ticket> submit(const RunRequest& request) = 0;
  virtual Result<void> wait(Ticket ticket) = 0;
  Result<void> run(const RunRequest& request = {}) {
    auto ticket = submit(request);
    return ticket ? wait(*ticket) : Result<void>(std::move(ticket).error());
  }

  // Of the last run, where the program has the answer end: valid until the next submit.
  virtual RawAnswers answers() const { return {}; }
  // Of the last run, when ExecutionOptions::profile was set.
  virtual std::span<const StepTime> step_times() const { return {}; }
};

struct ExecutionOptions {
  bool profile = false;
  // As in SessionOptions; for backends that compute on threads.
  Executor* executor = nullptr;
  int spin_us = kUsualSpin;
};

class Program {
 public:
  virtual ~Program() = default;
  virtual Result<std::unique_ptr<Execution>> open(const ExecutionOptions& options) const = 0;
  virtual std::string_view isa() const = 0;
};

// Converted constants. What is inside belongs to the backend that packed them, and keeps alive what it refers to.
class Weights {
 public:
  virtual ~Weights() = default;
};

struct CompileRequest {
  std::vector<Shape> input_shapes;  // in the order of Network::inputs
  std::vector<TensorId> outputs;
  int threads = 1;  // that compile, and that each Execution computes with; how steps form blocks depends on it
  // Of the memory of an Execution and of the model's packed weights together.
  std::size_t max_bytes = std::numeric_limits<std::size_t>::max();
  Ends ends = {};  // those that the backend claimed, no others
  // As in SessionOptions, for the time of the call: who compiles is no part of what is compiled.
  Executor* executor = nullptr;

  // Whether both get the same Program.
  bool operator==(const CompileRequest& other) const {
    return input_shapes == other.input_shapes && outputs == other.outputs && threads == other.threads &&
           max_bytes == other.max_bytes && ends == other.ends;
  }
};

// Which ends a backend computes itself.
struct Claims {
  bool picture = false;
  bool answer = false;
};

class Backend {
 public:
  virtual ~Backend() = default;
  // What it computes on, as hardware_of() says.
  virtual std::string hardware() const { return {}; }
  // Which of several devices of its kind that is.
  virtual int number() const { return 0; }
  // The precision to pack and compute in where a session asked for `asked`: the device's policy of what is fastest and
  // keeps the answers. As it stands, that of the network's own tensors, and an error where another was asked for.
  virtual Result<Precision> choose(const Network& network, Precision asked) const {
    return own_precision(network, asked);
  }
  // Fails, with the node's name, where an operator cannot run on the device, whatever the shapes.
  virtual Result<void> supports(const ModelGraph& graph) const = 0;
  // `precision`: what choose() said.
  virtual Result<std::shared_ptr<const Weights>> pack(std::shared_ptr<const ModelGraph> graph,
                                                      Precision precision) const = 0;
  // Whether inputs, outputs and pictures of a RunRequest may lie in such memory, each apart; pictures only where the
  // backend claimed their end.
  virtual bool accepts(Memory memory) const { return memory == Memory::host; }
  // Of `ends`, what compile would take along for this network.
  virtual Claims claims([[maybe_unused]] const Network& network, [[maybe_unused]] const Ends& ends) const { return {}; }
  // Fails, with the node's name, when the backend cannot run a node of the network, whether the wanted tensors need it
  // or not: what can be compiled once can be compiled for any other tensors. Fails, too, beyond `max_bytes`.
  virtual Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const Weights> weights,
                                                         const CompileRequest& request) const = 0;
};

// The process's backends; they live forever. An error says why a device cannot be used (MOBILENET_CPU_ISA names an
// instruction set that cannot run here, for example).
Result<const Backend*> backend_for(Device device);

}  // namespace mobilenet
