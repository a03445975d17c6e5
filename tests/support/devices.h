// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

#include <mobilenet/device.h>

#include <vector>

namespace mobilenet::testing {

// Those that this build has: what holds for one must hold for a new one, too.
inline std::vector<Device> every_device() {
  std::vector<Device> all;
  for (const DeviceInfo& info : devices()) all.push_back(info.device);
  return all;
}

}  // namespace mobilenet::testing
