// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where a session computes, and in which arithmetic. Of several GPUs the environment variable MOBILENET_CUDA_DEVICE
// chooses by number; the first is 0.

#include <mobilenet/export.h>
#include <mobilenet/result.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mobilenet {

enum class Device {
  cpu,        // vectorised kernels, the instruction set chosen at run time
  cuda,       // a GPU of NVIDIA, where the build has kernels for it and the machine a driver
  automatic,  // of a session: a GPU where one is there and can run the model in the asked precision, else the processor
  reference,  // plain loops in double or exact integers: the truth that tests compare with
};

enum class Precision {
  automatic,  // for classes, boxes and masks the fastest that keeps them: `source`, or for float weights bf16x3 where
              // the processor has AMX, and f16 on a GPU; for raw tensors and features `source`
  source,     // the file's own: f32 for float weights, exact integers for quantised graphs
  f32,
  f16,  // float weights: products of numbers of 11 significant bits, sums in f32, and what lies between layers in f16
  bf16x3,  // float weights: products of numbers that are the sum of two bf16 and so keep 16 significant bits; sums and
           // what lies between layers in f32
  bf16,    // float weights: products of numbers rounded to 8 significant bits; sums and what lies between layers in f32
  int8,    // exact integers: bytes, and numbers of 16 bits where the file has them
};

struct DeviceInfo {
  Device device = Device::cpu;
  std::string_view name;      // "cpu"
  std::string_view sentence;  // what it is for, without a full stop
};
// Those that this build has; `automatic` is none of them.
MOBILENET_API std::span<const DeviceInfo> devices();
// What a device computes on here: "avx512_bf16", "NVIDIA H100 80GB HBM3"; or why it cannot: no driver, no GPU. Of
// `cuda` the first time takes some hundred milliseconds, in which the driver starts.
MOBILENET_API Result<std::string> hardware_of(Device device);

struct PrecisionInfo {
  Precision precision = Precision::automatic;
  std::string_view name;      // "automatic"
  std::string_view sentence;  // what it is, without a full stop
};
// All that there are, whether or not a device has them for a network.
MOBILENET_API std::span<const PrecisionInfo> precisions();

MOBILENET_API std::string_view name_of(Device device);        // "cpu", "cuda", "automatic", "reference"
MOBILENET_API std::string_view name_of(Precision precision);  // "automatic", "source", "f32", ...
MOBILENET_API std::optional<Device> device_from_name(std::string_view name);
MOBILENET_API std::optional<Precision> precision_from_name(std::string_view name);

// Instruction sets that this build has kernels for and this machine can run, best first ("avx512", "avx2", ...).
// The environment variable MOBILENET_CPU_ISA=NAME forces one; a name that cannot run makes sessions fail.
MOBILENET_API std::span<const std::string_view> cpu_instruction_sets();

}  // namespace mobilenet
