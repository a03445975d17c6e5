// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/machine_memory.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

namespace mobilenet {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// Of a file of one number; "max" and files that are not there are no limit.
std::uint64_t number_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  return file >> number ? number : kNoLimit;
}

// The tightest limit of this process's group and those above it. /proc/self/cgroup has one line a hierarchy,
// "0::/path" of version 2 or "4:memory:/path" of version 1. In a container the path may be another one's, so the root
// is asked too.
std::uint64_t group_limit() {
  std::uint64_t limit = kNoLimit;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const bool second = line.starts_with("0::");
    if (!second && line.find(":memory:") == std::string::npos) continue;
    const std::filesystem::path root = second ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    const char* const file = second ? "memory.max" : "memory.limit_in_bytes";
    std::filesystem::path path = root / std::filesystem::path(line.substr(line.rfind(':') + 1)).relative_path();
    for (; path != root && path.has_relative_path(); path = path.parent_path())
      limit = std::min(limit, number_in(path / file));
    limit = std::min(limit, number_in(root / file));
  }
  return limit;
}

}  // namespace

std::string in_bytes(std::size_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{" bytes", " KB", " MB", " GB", " TB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) amount /= 1024, ++unit;
  std::array<char, 32> digits;
  const int decimals = unit == 0 || amount >= 100 ? 0 : 1;
  char* const end =
      std::to_chars(digits.data(), digits.data() + digits.size(), amount, std::chars_format::fixed, decimals).ptr;
  return std::string(digits.data(), end).append(kUnits[unit]);
}

std::size_t usable_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), page_bytes = ::sysconf(_SC_PAGESIZE);
  const std::uint64_t machine = pages > 0 && page_bytes > 0
                                    ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes)
                                    : std::uint64_t{1} << 30;
  return static_cast<std::size_t>(std::min(machine, group_limit()));
}

}  // namespace mobilenet
