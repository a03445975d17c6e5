// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

#include <mobilenet/device.h>

#include <iostream>
#include <vector>

namespace mobilenet::testing {

// Those that this build has and this machine runs: what holds for one must hold for a new one, too. A device that is
// left out is named, with the reason.
inline std::vector<Device> every_device() {
  std::vector<Device> all;
  for (const DeviceInfo& info : devices()) {
    if (const auto hardware = hardware_of(info.device))
      all.push_back(info.device);
    else
      std::cout << "[  SKIPPED ] device " << info.name << ": " << hardware.error().message << '\n';
  }
  return all;
}

}  // namespace mobilenet::testing
