// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/letter_case.h"
#include "base/text.h"

namespace mobilenet {
namespace {

constexpr std::size_t kLongest = 64;  // letters of a name that are compared
constexpr std::size_t kListed = 8;    // names that are listed when none is near

// Letters changed, added, left out, or swapped with the next one (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower_case(a[i - 1]) == lower_case(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower_case(a[i - 1]) == lower_case(b[j - 2]) &&
          lower_case(a[i - 2]) == lower_case(b[j - 1]))
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
  std::string_view nearest;
  std::size_t least = 1 + std::max<std::size_t>(1, name.size() / 3);  // a third of the letters may be wrong
  if (name.empty() || name.size() > kLongest) return nearest;
  for (const std::string_view candidate : known) {
    if (candidate.size() >= name.size() + least || candidate.size() + least <= name.size()) continue;
    if (const std::size_t wrong = distance(name, candidate); wrong < least) {
      least = wrong;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string instead_of(std::string_view name, std::span<const std::string_view> known) {
  if (known.empty()) return {};
  if (const std::string_view nearest = nearest_name(name, known); !nearest.empty())
    return text("; did you mean ", nearest, "?");
  std::string list = "; there are ";
  const std::size_t listed = known.size() <= kListed + 1 ? known.size() : kListed;
  for (std::size_t i = 0; i < listed; ++i) append(list, text(i == 0 ? "" : ", ", known[i]));
  if (listed < known.size()) append(list, text(" and ", known.size() - listed, " more"));
  return list;
}

}  // namespace mobilenet
