// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/device.h>

#include <array>
#include <cstddef>

#include "backend/backend.h"
#include "backend/cpu/kernels/kernel_set.h"
#include "backend/cpu/program/cpu_backend.h"
#include "backend/reference/reference_backend.h"

namespace mobilenet {
namespace {

template <class Value>
struct Name {
  Value value;
  std::string_view name;
};

constexpr std::array kDevices{Name<Device>{Device::cpu, "cpu"}, Name<Device>{Device::reference, "reference"}};
constexpr std::array kPrecisions{Name<Precision>{Precision::automatic, "automatic"},
                                 Name<Precision>{Precision::source, "source"}, Name<Precision>{Precision::f32, "f32"},
                                 Name<Precision>{Precision::int8, "int8"}};

template <class Value, std::size_t kCount>
std::string_view find_name(const std::array<Name<Value>, kCount>& names, Value value) {
  for (const auto& entry : names)
    if (entry.value == value) return entry.name;
  return "?";
}

template <class Value, std::size_t kCount>
std::optional<Value> find_value(const std::array<Name<Value>, kCount>& names, std::string_view name) {
  for (const auto& entry : names)
    if (entry.name == name) return entry.value;
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Device device) { return find_name(kDevices, device); }
std::string_view name_of(Precision precision) { return find_name(kPrecisions, precision); }
std::optional<Device> device_from_name(std::string_view name) { return find_value(kDevices, name); }
std::optional<Precision> precision_from_name(std::string_view name) { return find_value(kPrecisions, name); }

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

Result<const Backend*> backend_for(Device device) {
  switch (device) {
    case Device::cpu:
      if (auto kernels = cpu::pick_kernels(); !kernels) return std::move(kernels).error();
      return &cpu::cpu_backend();
    case Device::reference:
      return &reference_backend();
  }
  return Error{ErrorCode::invalid_argument, "unknown device"};
}

}  // namespace mobilenet
