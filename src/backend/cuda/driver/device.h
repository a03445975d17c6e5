// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The GPU that the process computes on, and what is made on it.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "backend/cuda/driver/driver.h"

namespace mobilenet::cuda {

// A file of kernels, compiled into this binary for every kind of GPU that it was built for.
struct KernelFile {
  const char* name;
  std::span<const std::byte> code;
};
std::span<const KernelFile> kernel_files();  // made by the build
int newest_kernels();                        // the newest GPU among those, as in sm_90: later ones run its code

struct DeviceMemory {
  std::size_t left = 0, all = 0;  // bytes

  std::size_t used() const { return all - left; }
};

class Device {
 public:
  const Driver& driver() const { return *driver_; }
  const std::string& name() const { return name_; }           // "NVIDIA H100 80GB HBM3"
  int number() const { return number_; }                      // as the driver counts GPUs
  int processors() const { return processors_; }              // streaming multiprocessors
  int capability() const { return capability_; }              // of the code that runs, at most the GPU's; 90: sm_90
  int own_capability() const { return own_capability_; }      // of the GPU
  std::size_t shared_bytes() const { return shared_bytes_; }  // that one block of threads may have

  // A kernel by its file and name; loaded when it is first asked for, allowed all shared memory of a block.
  Result<CUfunction> kernel(const char* file, const char* name) const;

  // Of all processes together. The driver takes 2 MB or more at a time, which allocations smaller than that share.
  Result<DeviceMemory> memory() const;

 private:
  friend Result<Device> open_device();
  friend class Current;
  struct Modules {
    std::mutex mutex;
    std::map<std::string, CUmodule, std::less<>> modules;
    std::map<std::pair<CUmodule, std::string>, CUfunction> functions;
  };
  const Driver* driver_ = nullptr;
  CUcontext context_ = nullptr;  // the primary one, which other libraries of the process share
  std::string name_;
  int number_ = 0, processors_ = 0, capability_ = 0, own_capability_ = 0;
  std::size_t shared_bytes_ = 0;
  std::unique_ptr<Modules> modules_;
};

// The process's GPU: the first, or that which the environment variable MOBILENET_CUDA_DEVICE numbers. It lives forever.
Result<const Device*> device();

// Makes the device's context the thread's own, for a scope: before any call of the driver that is not of Driver alone.
class Current {
 public:
  explicit Current(const Device& device);
  ~Current();
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  const Device& device_;
};

// An address of the device, which is a number to the driver, as callers hold it.
inline std::byte* as_pointer(CUdeviceptr address) {
  return reinterpret_cast<std::byte*>(address);  // NOLINT(performance-no-int-to-ptr)
}

// Where something begins in memory of the device that lies behind `bytes`.
constexpr std::size_t next_aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

// Memory of the device; freed with it.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  ~DeviceBuffer();
  DeviceBuffer(DeviceBuffer&& other) noexcept;
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept;
  // Aligned to 256 bytes; what lies in it is not said.
  static Result<DeviceBuffer> allocate(const Device& device, std::size_t bytes);
  CUdeviceptr address() const { return address_; }
  std::size_t bytes() const { return bytes_; }

 private:
  const Device* device_ = nullptr;
  CUdeviceptr address_ = 0;
  std::size_t bytes_ = 0;
};

// Memory of the host that the device copies from and to without the processor; zero at first.
class PinnedBuffer {
 public:
  PinnedBuffer() = default;
  ~PinnedBuffer();
  PinnedBuffer(PinnedBuffer&& other) noexcept;
  PinnedBuffer& operator=(PinnedBuffer&& other) noexcept;
  static Result<PinnedBuffer> allocate(const Device& device, std::size_t bytes);
  std::byte* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  const Device* device_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

class Stream {
 public:
  Stream() = default;
  ~Stream();
  Stream(Stream&& other) noexcept : device_(other.device_), stream_(std::exchange(other.stream_, nullptr)) {}
  Stream& operator=(Stream&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(stream_, other.stream_);
    return *this;
  }
  // Waits for no other stream.
  static Result<Stream> create(const Device& device);
  CUstream get() const { return stream_; }

 private:
  const Device* device_ = nullptr;
  CUstream stream_ = nullptr;
};

class Event {
 public:
  Event() = default;
  ~Event();
  Event(Event&& other) noexcept : device_(other.device_), event_(std::exchange(other.event_, nullptr)) {}
  Event& operator=(Event&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(event_, other.event_);
    return *this;
  }
  enum class Timing { no, yes };
  static Result<Event> create(const Device& device, Timing timing);
  CUevent get() const { return event_; }

 private:
  const Device* device_ = nullptr;
  CUevent event_ = nullptr;
};

}  // namespace mobilenet::cuda
