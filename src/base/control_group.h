// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where Linux keeps the limits of this process: the folders of its control groups.

#include <filesystem>
#include <string_view>
#include <vector>

namespace mobilenet {

struct ControlGroup {
  std::filesystem::path folder;
  int version = 2;  // 1 or 2: they name their files differently
};

// The groups that `controller` ("cpu", "memory") limits this process by, from its own up to the root of each hierarchy;
// inside a container the path may be another one's, and the root is all that can be seen. Folders need not exist.
std::vector<ControlGroup> control_groups(std::string_view controller);

// The same of one line of /proc/self/cgroup, "0::/path" of version 2 or "4:cpu,cpuacct:/path" of version 1.
std::vector<ControlGroup> control_groups_of(std::string_view line, std::string_view controller);

}  // namespace mobilenet
