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

#include "base/control_group.h"

namespace mobilenet {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// Of a file of one number; "max" and files that are not there are no limit.
std::uint64_t number_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  return file >> number ? number : kNoLimit;
}

// The tightest limit of this process's groups.
std::uint64_t group_limit() {
  std::uint64_t limit = kNoLimit;
  for (const ControlGroup& group : control_groups("memory"))
    limit = std::min(limit, number_in(group.folder / (group.version == 2 ? "memory.max" : "memory.limit_in_bytes")));
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
