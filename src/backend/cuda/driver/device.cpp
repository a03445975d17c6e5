// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/driver/device.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "base/machine_memory.h"
#include "base/quoted.h"

namespace mobilenet::cuda {
namespace {

constexpr const char* kChoice = "MOBILENET_CUDA_DEVICE";

// Which of `count` GPUs the environment asks for.
Result<int> chosen_device(int count) {
  const char* const choice = std::getenv(kChoice);
  if (choice == nullptr || *choice == '\0') return 0;
  const std::string_view text = choice;
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number >= count)
    return failure(ErrorCode::invalid_argument, kChoice, " is ", quoted(text), ", but the GPUs are numbered 0 to ",
                   count - 1);
  return number;
}

}  // namespace

Result<Device> open_device() {
  Device opened;
  MOBILENET_TRY(opened.driver_, cuda::driver());
  const Driver& driver = *opened.driver_;
  int count = 0;
  MOBILENET_CUDA(driver, "counting GPUs", cuDeviceGetCount(&count));
  if (count == 0) return failure(ErrorCode::unsupported, "the NVIDIA driver finds no GPU");
  MOBILENET_TRY(opened.number_, chosen_device(count));
  CUdevice device = 0;
  MOBILENET_CUDA(driver, "opening the GPU", cuDeviceGet(&device, opened.number_));
  std::array<char, 256> name{};
  MOBILENET_CUDA(driver, "opening the GPU", cuDeviceGetName(name.data(), static_cast<int>(name.size()), device));
  opened.name_ = name.data();
  const auto attribute = [&](CUdevice_attribute which) {
    int value = 0;
    driver.cuDeviceGetAttribute(&value, which, device);
    return value;
  };
  opened.processors_ = attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  opened.own_capability_ = 10 * attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) +
                           attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  opened.shared_bytes_ = static_cast<std::size_t>(attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
  constexpr int kOldest = 75;  // whose matrix units multiply halves in the shape that the kernels ask for
  if (opened.own_capability_ < kOldest)
    return failure(ErrorCode::unsupported, "the GPU ", opened.name_, " is older (sm_", opened.own_capability_,
                   ") than this build computes on (sm_", kOldest, ")");
  opened.capability_ = std::min(opened.own_capability_, newest_kernels());
  MOBILENET_CUDA(driver, "opening the GPU", cuDevicePrimaryCtxRetain(&opened.context_, device));
  opened.modules_ = std::make_unique<Device::Modules>();
  // Whether the build has code for it at all.
  MOBILENET_TRY([[maybe_unused]] const CUfunction any, opened.kernel("elements", "unary"));
  return opened;
}

Result<const Device*> device() {
  // Never destroyed: what lies in its memory may outlive all statics.
  static const auto* const opened = new Result<Device>(open_device());
  if (!*opened) return opened->error();
  return &**opened;
}

Result<CUfunction> Device::kernel(const char* file, const char* name) const {
  const Current current(*this);
  const std::lock_guard lock(modules_->mutex);
  CUmodule& module = modules_->modules[file];
  if (module == nullptr) {
    const void* code = nullptr;
    for (const KernelFile& known : kernel_files())
      if (std::strcmp(known.name, file) == 0) code = known.code.data();
    MOBILENET_CUDA(*driver_, "loading kernels for " + name_, cuModuleLoadData(&module, code));
  }
  CUfunction& known_function = modules_->functions[{module, name}];
  if (known_function == nullptr) {
    CUfunction function = nullptr;
    MOBILENET_CUDA(*driver_, std::string("loading kernel ") + name, cuModuleGetFunction(&function, module, name));
    int fixed = 0;  // what the kernel has anyway
    MOBILENET_CUDA(*driver_, std::string("loading kernel ") + name,
                   cuFuncGetAttribute(&fixed, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function));
    MOBILENET_CUDA(*driver_, std::string("loading kernel ") + name,
                   cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                      static_cast<int>(shared_bytes_) - fixed));
    known_function = function;
  }
  return known_function;
}

Result<DeviceMemory> Device::memory() const {
  const Current current(*this);
  DeviceMemory memory;
  MOBILENET_CUDA(*driver_, "asking " + name_ + " for its memory", cuMemGetInfo(&memory.left, &memory.all));
  return memory;
}

Current::Current(const Device& device) : device_(device) { device.driver_->cuCtxPushCurrent(device.context_); }
Current::~Current() {
  CUcontext popped = nullptr;
  device_.driver_->cuCtxPopCurrent(&popped);
}

Result<DeviceBuffer> DeviceBuffer::allocate(const Device& device, std::size_t bytes) {
  DeviceBuffer buffer;
  if (bytes == 0) return buffer;
  const Current current(device);
  MOBILENET_CUDA(device.driver(), "taking " + in_bytes(bytes) + " of " + device.name(),
                 cuMemAlloc(&buffer.address_, bytes));
  buffer.device_ = &device;
  buffer.bytes_ = bytes;
  return buffer;
}
DeviceBuffer::~DeviceBuffer() {
  if (address_ == 0) return;
  const Current current(*device_);
  device_->driver().cuMemFree(address_);
}
DeviceBuffer::DeviceBuffer(DeviceBuffer&& other) noexcept
    : device_(other.device_), address_(std::exchange(other.address_, 0)), bytes_(std::exchange(other.bytes_, 0)) {}
DeviceBuffer& DeviceBuffer::operator=(DeviceBuffer&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Result<PinnedBuffer> PinnedBuffer::allocate(const Device& device, std::size_t bytes) {
  PinnedBuffer buffer;
  if (bytes == 0) return buffer;
  const Current current(device);
  void* data = nullptr;
  MOBILENET_CUDA(device.driver(), "taking " + in_bytes(bytes) + " of the host for copies",
                 cuMemHostAlloc(&data, bytes, 0));
  buffer.device_ = &device;
  buffer.data_ = static_cast<std::byte*>(data);
  buffer.bytes_ = bytes;
  std::memset(data, 0, bytes);
  return buffer;
}
PinnedBuffer::~PinnedBuffer() {
  if (data_ == nullptr) return;
  const Current current(*device_);
  device_->driver().cuMemFreeHost(data_);
}
PinnedBuffer::PinnedBuffer(PinnedBuffer&& other) noexcept
    : device_(other.device_), data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
PinnedBuffer& PinnedBuffer::operator=(PinnedBuffer&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Result<Stream> Stream::create(const Device& device) {
  const Current current(device);
  Stream stream;
  MOBILENET_CUDA(device.driver(), "making a stream", cuStreamCreate(&stream.stream_, CU_STREAM_NON_BLOCKING));
  stream.device_ = &device;
  return stream;
}
Stream::~Stream() {
  if (stream_ == nullptr) return;
  const Current current(*device_);
  device_->driver().cuStreamDestroy(stream_);
}

Result<Event> Event::create(const Device& device, Timing timing) {
  const Current current(device);
  Event event;
  MOBILENET_CUDA(device.driver(), "making an event",
                 cuEventCreate(&event.event_, timing == Timing::yes ? CU_EVENT_DEFAULT : CU_EVENT_DISABLE_TIMING));
  event.device_ = &device;
  return event;
}
Event::~Event() {
  if (event_ == nullptr) return;
  const Current current(*device_);
  device_->driver().cuEventDestroy(event_);
}

}  // namespace mobilenet::cuda
