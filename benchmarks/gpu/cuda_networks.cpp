// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// cuda_networks FILE [options]: a network on the GPU alone, inputs and outputs in its memory: the mean time of a run in
// bursts of runs one after the other, between two events, as JSON. benchmarks/compare/gpu.py compares it with PyTorch.
//
//   --batch N          pictures (1)
//   --precision NAME   f16 (default) or f32
//   --rounds N         bursts (5)
//   --input FILE       raw float32 of the batch; noise without
//   --output FILE      writes all outputs, float32, one after the other, or the masks
//   --task segment     of a segmenter the masks of pictures of the input's size, which then travel to the host
//   --profile          every launch by itself, to standard error

#include <mobilenet/session.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "backend/cuda/driver/device.h"
#include "backend/cuda/program/cuda_backend.h"
#include "base/file_bytes.h"
#include "formats/formats.h"

namespace {

using namespace mobilenet;  // NOLINT: a program of one file

struct Options {
  std::string file, input, output, precision = "f16", task = "run";
  int batch = 1, rounds = 5;
  bool profile = false;
};

[[noreturn]] void fail(const std::string& message) {
  std::cerr << "cuda_networks: " << message << '\n';
  std::exit(1);
}

template <class T>
T need(Result<T> result) {
  if (!result) fail(result.error().message);
  return *std::move(result);
}
void need(const Result<void>& result) {
  if (!result) fail(result.error().message);
}

Options options_of(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const auto next = [&]() -> std::string { return i + 1 < count ? words[++i] : (fail("a value after " + word), ""); };
    if (word == "--batch")
      options.batch = std::atoi(next().c_str());
    else if (word == "--rounds")
      options.rounds = std::atoi(next().c_str());
    else if (word == "--precision")
      options.precision = next();
    else if (word == "--input")
      options.input = next();
    else if (word == "--output")
      options.output = next();
    else if (word == "--task")
      options.task = next();
    else if (word == "--profile")
      options.profile = true;
    else
      options.file = word;
  }
  if (options.file.empty() || options.batch < 1) fail("a file is needed, and a batch of at least 1");
  return options;
}

LoadedModel load(const std::string& path) {
  const auto bytes = need(FileBytes::read(path));
  SourceFile file;
  file.name = path;
  file.path = path;
  file.bytes = bytes->bytes();
  file.owner = bytes;
  return need(load_model(file));
}

// Microseconds of a run, the mean of a burst.
double burst(const cuda::Device& device, Execution& execution, const RunRequest& request, int runs) {
  const cuda::Driver& driver = device.driver();
  const cuda::Current current(device);
  const cuda::Event begin = need(cuda::Event::create(device, cuda::Event::Timing::yes));
  const cuda::Event end = need(cuda::Event::create(device, cuda::Event::Timing::yes));
  const auto stream = static_cast<CUstream>(request.stream);
  driver.cuEventRecord(begin.get(), stream);
  Ticket last = 0;
  for (int i = 0; i < runs; ++i) last = need(execution.submit(request));
  driver.cuEventRecord(end.get(), stream);
  need(execution.wait(last));
  driver.cuEventSynchronize(end.get());
  float milliseconds = 0;
  driver.cuEventElapsedTime(&milliseconds, begin.get(), end.get());
  return static_cast<double>(milliseconds) * 1000 / runs;
}

}  // namespace

int main(int count, char** words) {
  const Options options = options_of(count, words);
  const LoadedModel model = load(options.file);
  const Network& network = model.network();
  const cuda::Device& device = *need(cuda::device());
  const Backend& backend = *need(cuda::cuda_backend());
  const Precision precision = options.precision == "f32" ? Precision::f32 : Precision::f16;
  need(backend.supports(*model.graph));

  CompileRequest request;
  for (const TensorId id : network.inputs) {
    Shape shape = network.tensor(id).shape;
    shape[0] = options.batch;
    request.input_shapes.push_back(shape);
  }
  request.outputs = network.outputs;
  const bool segments = options.task == "segment";
  std::vector<PictureCall> pictures;
  if (segments) {
    if (network.mask_logits == kNoTensor) fail("--task segment is for a segmenter");
    request.outputs = {network.mask_logits};
    request.ends.answer = MaskEnd{network.mask_logits, model.spec.segmentation, false};
    const int height = static_cast<int>(request.input_shapes[0][1]),
              width = static_cast<int>(request.input_shapes[0][2]);
    ImageView picture;
    picture.width = width, picture.height = height;
    pictures.assign(static_cast<std::size_t>(options.batch),
                    {picture, {{0, width, width, 0, width, 0}, {0, height, height, 0, height, 0}}});
  }
  const auto program = need(backend.compile(need(backend.pack(model.graph, precision)), request));
  const auto execution = need(program->open({.profile = options.profile}));
  const cuda::Stream stream = need(cuda::Stream::create(device));

  std::vector<cuda::DeviceBuffer> buffers;
  std::vector<TensorMemory> inputs(execution->inputs().begin(), execution->inputs().end());
  std::vector<TensorMemory> outputs(execution->outputs().begin(), execution->outputs().end());
  const auto on_device = [&](TensorMemory& tensor) {
    buffers.push_back(need(cuda::DeviceBuffer::allocate(device, tensor.bytes)));
    tensor.data = cuda::as_pointer(buffers.back().address());
    tensor.memory = Memory::device;
  };
  std::ifstream given(options.input, std::ios::binary);
  std::mt19937 random(1);
  for (TensorMemory& tensor : inputs) {
    std::vector<float> values(tensor.bytes / sizeof(float));
    if (!options.input.empty()) {
      given.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(tensor.bytes));
      if (!given) fail(options.input + ": too short for a batch of " + std::to_string(options.batch));
    } else {
      std::uniform_real_distribution<float> noise(-1, 1);
      for (float& value : values) value = noise(random);
    }
    on_device(tensor);
    const cuda::Current current(device);
    device.driver().cuMemcpyHtoD(buffers.back().address(), values.data(), tensor.bytes);
  }
  for (TensorMemory& tensor : outputs) on_device(tensor);
  RunRequest run{.pictures = pictures, .inputs = inputs, .outputs = outputs, .stream = stream.get()};
  need(execution->run(run));

  if (!options.output.empty()) {
    std::ofstream file(options.output, std::ios::binary);
    if (segments)
      for (const RawMask& mask : execution->answers().masks)
        file.write(reinterpret_cast<const char*>(mask.classes.data()),
                   static_cast<std::streamsize>(mask.classes.size()));
    for (const TensorMemory& tensor : outputs) {
      if (segments) break;
      std::vector<std::byte> bytes(tensor.bytes);
      const cuda::Current current(device);
      device.driver().cuMemcpyDtoHAsync(bytes.data(), reinterpret_cast<CUdeviceptr>(tensor.data), tensor.bytes,
                                        stream.get());
      device.driver().cuStreamSynchronize(stream.get());
      file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    if (!file) fail("cannot write " + options.output);
  }
  if (options.profile) {
    for (int i = 0; i < 5; ++i) need(execution->run(run));
    for (const StepTime& time : execution->step_times())
      std::fprintf(stderr, "%9.2f us  %-18.*s %.*s\n", time.milliseconds * 1000, static_cast<int>(time.kind.size()),
                   time.kind.data(), static_cast<int>(time.name.size()), time.name.data());
    return 0;
  }
  // Bursts of some 50 ms, after two that warm up.
  const double first = burst(device, *execution, run, 3);
  const int runs = std::clamp(static_cast<int>(50000 / first), 5, 1000);
  burst(device, *execution, run, runs);
  std::printf("{\"device\": \"%s\", \"microseconds\": [", device.name().c_str());
  for (int i = 0; i < options.rounds; ++i)
    std::printf("%s%.3f", i == 0 ? "" : ", ", burst(device, *execution, run, runs));
  std::printf("]}\n");
}
