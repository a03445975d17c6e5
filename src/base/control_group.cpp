// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/control_group.h"

#include <fstream>
#include <string>
#include <utility>

namespace mobilenet {

std::vector<ControlGroup> control_groups_of(std::string_view line, std::string_view controller) {
  constexpr int kDeepest = 64;  // a path of the kernel's, but who knows
  const std::size_t first = line.find(':'), second = first == line.npos ? first : line.find(':', first + 1);
  if (second == line.npos) return {};
  const std::string controllers = ',' + std::string(line.substr(first + 1, second - first - 1)) + ',';
  const int version = controllers == ",," ? 2 : 1;
  if (version == 1 && controllers.find(',' + std::string(controller) + ',') == std::string::npos) return {};
  std::filesystem::path root = "/sys/fs/cgroup";
  if (version == 1) root /= controller;
  std::vector<ControlGroup> groups;
  std::filesystem::path path = std::filesystem::path(line.substr(second + 1)).relative_path();
  for (int depth = 0; depth < kDeepest && !path.empty(); ++depth, path = path.parent_path())
    groups.push_back({root / path, version});
  groups.push_back({std::move(root), version});
  return groups;
}

std::vector<ControlGroup> control_groups(std::string_view controller) {
  std::vector<ControlGroup> groups;
  std::ifstream list("/proc/self/cgroup");
  for (std::string line; std::getline(list, line);)
    for (ControlGroup& group : control_groups_of(line, controller)) groups.push_back(std::move(group));
  return groups;
}

}  // namespace mobilenet
