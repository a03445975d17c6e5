// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/execution.h"

#include <mobilenet/session.h>

#include <cstring>
#include <optional>
#include <utility>

#include "backend/cuda/ends/answer_run.h"
#include "backend/cuda/ends/picture_upload.h"
#include "backend/cuda/program/graph.h"
#include "backend/not_numbers.h"
#include "base/error.h"

namespace mobilenet::cuda {
namespace {

constexpr std::uintptr_t kDeviceAlignment = 16;  // kernels read and write so many bytes at once

Result<void> check_tensors(std::string_view what, std::span<const TensorMemory> given,
                           std::span<const TensorMemory> own) {
  if (given.empty()) return {};
  if (given.size() != own.size())
    return failure(ErrorCode::invalid_argument, "a run with memory for ", given.size(), " ", what, "s of ", own.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i].data == nullptr || given[i].bytes != own[i].bytes)
      return failure(ErrorCode::invalid_argument, what, " ", i + 1, " of a run has memory of ", given[i].bytes,
                     " bytes, its tensor takes ", own[i].bytes);
    const auto address = reinterpret_cast<std::uintptr_t>(given[i].data);
    if (given[i].memory == Memory::device && address % kDeviceAlignment != 0)
      return failure(ErrorCode::invalid_argument, what, " ", i + 1,
                     " of a run lies at an address of the GPU that is no ", "multiple of ", kDeviceAlignment);
  }
  return {};
}

class CudaExecution final : public Execution {
 public:
  CudaExecution(std::shared_ptr<const Code> code, const ExecutionOptions& options)
      : code_(std::move(code)), device_(code_->weights->device()), profile_(options.profile) {}

  Result<void> open(const ExecutionOptions& options) {
    const Plan& plan = code_->plan;
    MOBILENET_TRY(arena_, DeviceBuffer::allocate(device_, std::max<std::size_t>(code_->storage.arena_bytes, 1)));
    MOBILENET_TRY(stream_, Stream::create(device_));
    MOBILENET_TRY(done_, Event::create(device_, Event::Timing::no));
    own_.arena = arena_.address();
    std::size_t bytes = 0;
    for (const TensorId id : plan.inputs) {
      own_.inputs.push_back(own_.arena + plan.offset(id));
      inputs_.push_back(memory_of(id));
      bytes += next_aligned(inputs_.back().bytes);
    }
    if (code_->pictures) {
      // Made on the device.
      inputs_[0].memory = Memory::device;
      inputs_[0].data = as_pointer(own_.inputs[0]);
      bytes = 0;
      MOBILENET_TRY(pictures_, PictureUpload::create(device_, *code_->pictures,
                                                     own_.arena + code_->pictures->arguments_at, options));
    }
    for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
      own_.outputs.push_back(own_.arena + code_->storage.output_offsets[i]);
      outputs_.push_back(memory_of(plan.outputs[i]));
      if (!answers_end()) {
        bytes += next_aligned(outputs_.back().bytes);
        continue;
      }
      outputs_.back().memory = Memory::device;
      outputs_.back().data = as_pointer(own_.outputs.back());
    }
    if (answers_end()) {
      MOBILENET_CHECK(answer_.open(device_, code_->answer, own_.arena));
      own_.host = answer_.host();
    }
    if (code_->has_flag) {
      MOBILENET_TRY(flag_, PinnedBuffer::allocate(device_, sizeof(std::int32_t)));
      own_.flag = reinterpret_cast<Address>(flag_.data());
    }
    MOBILENET_TRY(host_, PinnedBuffer::allocate(device_, bytes));
    std::byte* at = host_.data();
    for (std::vector<TensorMemory>* tensors : {&inputs_, &outputs_})
      for (TensorMemory& tensor : *tensors)
        if (tensor.memory == Memory::host) tensor.data = std::exchange(at, at + next_aligned(tensor.bytes));
    now_ = wanted_ = own_;
    copies_.resize(outputs_.size());
    MOBILENET_CHECK(graph_.make(device_, code_->launches, own_));
    if (!profile_) return {};
    for (std::size_t i = 0; i <= code_->launches.size(); ++i) {
      MOBILENET_TRY(Event event, Event::create(device_, Event::Timing::yes));
      marks_.push_back(std::move(event));
    }
    for (const Launch& launch : code_->launches) times_.push_back({launch.name, launch.kind, 0});
    return {};
  }

  ~CudaExecution() override {
    if (done_.get() == nullptr) return;
    const Current current(device_);
    device_.driver().cuEventSynchronize(done_.get());  // of a run that nobody waited for
  }
  CudaExecution(const CudaExecution&) = delete;
  CudaExecution& operator=(const CudaExecution&) = delete;

  std::span<const TensorMemory> inputs() const override { return inputs_; }
  std::span<const TensorMemory> outputs() const override { return outputs_; }
  RawAnswers answers() const override { return answer_.answers(); }
  std::span<const StepTime> step_times() const override { return times_; }

  Result<Ticket> submit(const RunRequest& request) override {
    MOBILENET_CHECK(check_tensors("input", request.inputs, inputs_));
    MOBILENET_CHECK(check_tensors("output", request.outputs, outputs_));
    if (pictures_ && !request.inputs.empty())
      return failure(ErrorCode::invalid_argument, "a run of pictures with an input beside them");
    const Current current(device_);
    const Driver& driver = device_.driver();
    const auto stream = request.stream != nullptr ? static_cast<CUstream>(request.stream) : stream_.get();
    // What is left of a run on another stream uses the same memory.
    if (stream != last_stream_ && last_stream_ != nullptr)
      MOBILENET_CUDA(driver, "running the network on the GPU", cuEventSynchronize(done_.get()));
    last_stream_ = stream;
    auto begun = begin(request, stream);
    const CUresult marked = driver.cuEventRecord(done_.get(), stream);
    // Who gets an error has memory back that kernels may have begun to read or write.
    if (!begun) driver.cuEventSynchronize(done_.get());
    MOBILENET_CHECK(std::move(begun));
    if (marked != CUDA_SUCCESS) return driver_error(driver, marked, "running the network on the GPU");
    return ++ticket_;
  }

  Result<void> wait(Ticket) override {
    const Current current(device_);
    const Driver& driver = device_.driver();
    MOBILENET_CUDA(driver, "running the network on the GPU", cuEventSynchronize(done_.get()));
    if (code_->has_flag && *reinterpret_cast<const std::int32_t*>(flag_.data()) != 0) return not_numbers(0, 1);
    for (std::size_t i = 0; i < outputs_.size(); ++i)
      if (copies_[i] != nullptr && copies_[i] != outputs_[i].data)
        std::memcpy(copies_[i], outputs_[i].data, outputs_[i].bytes);
    for (std::size_t i = 0; i < times_.size(); ++i) {
      float milliseconds = 0;
      driver.cuEventElapsedTime(&milliseconds, marks_[i].get(), marks_[i + 1].get());
      times_[i].milliseconds = static_cast<double>(milliseconds);
    }
    return answers_end() ? answer_.finish() : Result<void>();
  }

 private:
  bool answers_end() const { return code_->answer.kind != AnswerCode::Kind::none; }

  TensorMemory memory_of(TensorId id) const {
    const Tensor& tensor = code_->weights->network().tensor(id);
    const Shape& shape = code_->plan.shape(id);
    return {id,           tensor.type, shape,
            Memory::host, nullptr,     static_cast<std::size_t>(shape.elements()) * mobilenet::size_of(tensor.type)};
  }

  // Puts all of a run on the stream.
  Result<void> begin(const RunRequest& request, CUstream stream) {
    const Driver& driver = device_.driver();
    if (pictures_) MOBILENET_CHECK(pictures_->send(request.pictures, stream));
    for (std::size_t i = 0; i < inputs_.size() && !pictures_; ++i) {
      wanted_.inputs[i] = own_.inputs[i];
      if (!request.inputs.empty() && request.inputs[i].memory == Memory::device) {
        wanted_.inputs[i] = reinterpret_cast<Address>(request.inputs[i].data);
        continue;
      }
      const TensorMemory& own = inputs_[i];
      if (!request.inputs.empty() && request.inputs[i].data != own.data)
        std::memcpy(own.data, request.inputs[i].data, own.bytes);
      MOBILENET_CUDA(driver, "copying an input to the GPU",
                     cuMemcpyHtoDAsync(own_.inputs[i], own.data, own.bytes, stream));
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const bool on_device = !request.outputs.empty() && request.outputs[i].memory == Memory::device;
      wanted_.outputs[i] = on_device ? reinterpret_cast<Address>(request.outputs[i].data) : own_.outputs[i];
      copies_[i] = on_device || request.outputs.empty() ? nullptr : request.outputs[i].data;
      if (answers_end() && copies_[i] != nullptr)
        return failure(ErrorCode::unsupported, "what an answer is made of stays on the GPU");
    }
    if (wanted_.inputs != now_.inputs || wanted_.outputs != now_.outputs) {
      now_.inputs.clear();  // unknown, should the move fail in the middle
      MOBILENET_CHECK(graph_.move(wanted_));
      now_.inputs = wanted_.inputs, now_.outputs = wanted_.outputs;
    }
    if (code_->has_flag) std::memset(flag_.data(), 0, sizeof(std::int32_t));
    if (answers_end()) MOBILENET_CHECK(answer_.begin(request.pictures, stream));
    MOBILENET_CHECK(profile_ ? run_each(stream) : graph_.run(stream));
    if (answers_end()) MOBILENET_CHECK(answer_.end(stream));
    for (std::size_t i = 0; i < outputs_.size(); ++i)
      if (!answers_end() && now_.outputs[i] == own_.outputs[i])
        MOBILENET_CUDA(driver, "copying an output from the GPU",
                       cuMemcpyDtoHAsync(outputs_[i].data, own_.outputs[i], outputs_[i].bytes, stream));
    return {};
  }

  // Launch by launch, with an event between.
  Result<void> run_each(CUstream stream) {
    const Driver& driver = device_.driver();
    for (std::size_t i = 0; i < code_->launches.size(); ++i) {
      MOBILENET_CUDA(driver, "measuring", cuEventRecord(marks_[i].get(), stream));
      MOBILENET_CHECK(graph_.launch(i, stream));
    }
    MOBILENET_CUDA(driver, "measuring", cuEventRecord(marks_.back().get(), stream));
    return {};
  }

  const std::shared_ptr<const Code> code_;
  const Device& device_;
  const bool profile_;
  DeviceBuffer arena_;
  PinnedBuffer host_;  // inputs, then outputs
  PinnedBuffer flag_;
  Stream stream_;
  Event done_;                      // behind the last run
  CUstream last_stream_ = nullptr;  // of it
  // Of the host, but for what is made of pictures and for outputs behind which an answer is.
  std::vector<TensorMemory> inputs_, outputs_;
  Addresses own_, now_, wanted_;           // the execution's; those of the graph; those of a run
  std::vector<std::byte*> copies_;         // per output, where the caller wants it on the host
  std::optional<PictureUpload> pictures_;  // where the program has the picture end
  LaunchGraph graph_;
  AnswerRun answer_;
  std::vector<Event> marks_;  // before each launch, and after the last; empty without profiling
  std::vector<StepTime> times_;
  Ticket ticket_ = 0;
};

}  // namespace

Result<std::unique_ptr<Execution>> open_execution(std::shared_ptr<const Code> code, const ExecutionOptions& options) {
  auto execution = std::make_unique<CudaExecution>(std::move(code), options);
  MOBILENET_CHECK(execution->open(options));
  return std::unique_ptr<Execution>(std::move(execution));
}

}  // namespace mobilenet::cuda
