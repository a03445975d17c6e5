// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/registry.h"

#include "backend/backend.h"
#include "backend/cpu/kernels/kernel_set.h"
#include "backend/cpu/program/cpu_backend.h"
#ifdef MOBILENET_WITH_CUDA
#include "backend/cuda/program/cuda_backend.h"
#endif
#include "backend/reference/reference_backend.h"

namespace mobilenet {
namespace {

Result<const Backend*> cpu() {
  if (auto kernels = cpu::pick_kernels(); !kernels) return std::move(kernels).error();
  return &cpu::cpu_backend();
}

Result<const Backend*> reference() { return &reference_backend(); }

constexpr std::array kDevices{
    DeviceRow{{Device::cpu, "cpu", "fast"}, &cpu},
#ifdef MOBILENET_WITH_CUDA
    DeviceRow{{Device::cuda, "cuda", "a GPU of NVIDIA"}, &cuda::cuda_backend},
#endif
    DeviceRow{{Device::reference, "reference", "plain and slow, the truth that tests compare with"}, &reference}};

constexpr std::array kInfos = infos_of(kDevices);

}  // namespace

std::span<const DeviceRow> device_rows() { return kDevices; }
std::span<const DeviceInfo> devices() { return kInfos; }
std::span<const std::string_view> cpu_instruction_sets() { return cpu::runnable_isas(); }

}  // namespace mobilenet
