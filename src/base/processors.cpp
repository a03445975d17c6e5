// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/processors.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <thread>
#include <vector>

#include "base/control_group.h"

#if defined(__linux__)
#include <sched.h>
#include <unistd.h>
#endif

namespace mobilenet {
namespace {

std::string first_line(const std::filesystem::path& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

#if defined(__linux__)

// Per processor, a number that processors of one core share. Sysfs is read once: cores do not move.
const std::vector<int>& cores_of_processors() {
  static const std::vector<int> cores = [] {
    std::vector<std::string> siblings;
    std::vector<int> numbers;
    const long configured = std::min<long>(sysconf(_SC_NPROCESSORS_CONF), CPU_SETSIZE);
    for (int cpu = 0; cpu < configured; ++cpu) {
      std::string list =
          first_line("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
      if (list.empty()) list = std::to_string(cpu);
      const auto known = std::find(siblings.begin(), siblings.end(), list);
      numbers.push_back(static_cast<int>(known - siblings.begin()));
      if (known == siblings.end()) siblings.push_back(std::move(list));
    }
    return numbers;
  }();
  return cores;
}

int allowed_cores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  // The main thread's number is the process's; where that thread has ended, the caller's affinity must do.
  if (sched_getaffinity(getpid(), sizeof(mask), &mask) != 0 && sched_getaffinity(0, sizeof(mask), &mask) != 0) return 0;
  const std::vector<int>& cores = cores_of_processors();
  std::set<int> seen;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &mask))
      seen.insert(static_cast<std::size_t>(cpu) < cores.size() ? cores[static_cast<std::size_t>(cpu)]
                                                               : CPU_SETSIZE + cpu);
  return static_cast<int>(seen.size());
}

// The smallest quota of the process's control groups; 0: none.
int allowed_by_quota() {
  int least = 0;
  for (const auto& [folder, version] : control_groups("cpu")) {
    const int quota = quota_of(version == 2 ? first_line(folder / "cpu.max")
                                            : first_line(folder / "cpu.cfs_quota_us") + ' ' +
                                                  first_line(folder / "cpu.cfs_period_us"));
    if (quota > 0) least = least == 0 ? quota : std::min(least, quota);
  }
  return least;
}

#else

int allowed_cores() { return 0; }
int allowed_by_quota() { return 0; }

#endif

}  // namespace

int quota_of(std::string_view cpu_max) {
  std::int64_t quota = 0, period = 0;
  const char* const begin = cpu_max.data();
  const char* const end = begin + cpu_max.size();
  const auto first = std::from_chars(begin, end, quota);
  if (first.ec != std::errc() || first.ptr == end) return 0;  // "max", or nothing
  const auto second = std::from_chars(first.ptr + 1, end, period);
  if (second.ec != std::errc() || quota <= 0 || period <= 0) return 0;  // version 1 says -1
  return static_cast<int>(std::min<std::int64_t>((quota - 1) / period + 1, std::numeric_limits<int>::max()));
}

int physical_cores() {
  int cores = allowed_cores();
  if (cores == 0) cores = static_cast<int>(std::thread::hardware_concurrency());
  if (const int quota = allowed_by_quota(); quota > 0) cores = std::min(cores, quota);
  return std::max(cores, 1);
}

}  // namespace mobilenet
