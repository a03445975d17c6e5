// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The table of devices: a device is one folder below backend/ and one row here. What the program and the errors say of
// devices is made from the rows.

#include <mobilenet/device.h>
#include <mobilenet/result.h>

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

}  // namespace mobilenet
