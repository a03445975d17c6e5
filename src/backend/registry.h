// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The table of devices: a device is one folder below backend/ and one row here. What the program and the errors say of
// devices is made from the rows.

#include <mobilenet/device.h>
#include <mobilenet/result.h>

#include <array>
#include <cstddef>
#include <span>

namespace mobilenet {

class Backend;

struct DeviceRow {
  DeviceInfo info;
  // The process's backend, which lives forever. An error says why the device cannot be used here (MOBILENET_CPU_ISA
  // names an instruction set that cannot run, for example).
  Result<const Backend*> (*backend)();
};

std::span<const DeviceRow> device_rows();

// What devices() says of a table; no vector, so that to ask needs no memory.
template <std::size_t kCount>
constexpr std::array<DeviceInfo, kCount> infos_of(const std::array<DeviceRow, kCount>& rows) {
  std::array<DeviceInfo, kCount> infos;
  for (std::size_t i = 0; i < kCount; ++i) infos[i] = rows[i].info;
  return infos;
}

}  // namespace mobilenet
