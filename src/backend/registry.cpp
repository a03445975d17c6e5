// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/registry.h"

#include <array>

#include "backend/backend.h"
#include "backend/cpu/kernels/kernel_set.h"
#include "backend/cpu/program/cpu_backend.h"
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
    DeviceRow{{Device::reference, "reference", "plain and slow, the truth that tests compare with"}, &reference}};

}  // namespace

std::span<const DeviceRow> device_rows() { return kDevices; }

std::span<const std::string_view> cpu_instruction_sets() {
  struct List {
    std::array<std::string_view, 8> names{};  // no vector: to ask needs no memory
    std::size_t count = 0;
  };
  static const List list = [] {
    List all;
    for (const cpu::KernelSet& kernels : cpu::runnable_kernels()) all.names.at(all.count++) = kernels.isa;
    return all;
  }();
  return std::span(list.names).first(list.count);
}

}  // namespace mobilenet
