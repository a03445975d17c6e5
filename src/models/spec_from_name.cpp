// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// "mobilenet_v2:1.0:224:1000" in parts: the spec that the words of a name mean, or what is wrong with them.

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "models/models.h"
#include "models/registry.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

constexpr double kLeastMultiplier = 0.05, kMostMultiplier = 4;
constexpr int kLeastSize = 32, kMostSize = 4096;

// How many classes a head may have.
struct ClassLimits {
  int least, most;
};

ClassLimits limits_of(Head head) {
  switch (head) {
    case Head::classifier:
      return {0, 100000};
    case Head::detector:
      return {1, 10000};
    case Head::segmenter:
      return {2, kMostMaskClasses};
  }
  return {};
}

// The text up to the next colon, which is removed too.
std::string_view take_field(std::string_view& text) {
  const std::size_t colon = text.find(':');
  const std::string_view field = text.substr(0, colon);
  text = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  return field;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<ModelSpec> spec_from_name(std::string_view architecture) {
  const auto mistake = [&](const auto&... what) {
    return failure(ErrorCode::invalid_argument, "\"", architecture, "\": ", what...);
  };
  std::string_view rest = architecture;
  const std::string_view family = take_field(rest);
  const std::span<const ArchitectureRow> rows = architectures();
  const auto known =
      std::find_if(rows.begin(), rows.end(), [&](const ArchitectureRow& row) { return row.name == family; });
  if (known == rows.end()) {
    std::string names;
    for (const ArchitectureRow& row : rows)
      names += (names.empty() ? "" : row.name == rows.back().name ? " and " : ", ") + std::string(row.name);
    return mistake("unknown architecture \"", family, "\"; known are ", names,
                   ", as in mobilenet_v2:1.0:224 (name:depth multiplier:input size[:classes])");
  }
  const ClassLimits limits = limits_of(known->head);
  double multiplier = 1;
  int size = known->input_size, classes = known->classes;
  if (!rest.empty() && (!read_number(take_field(rest), multiplier) ||
                        !(multiplier >= kLeastMultiplier && multiplier <= kMostMultiplier)))
    return mistake("the depth multiplier must be a number from ", kLeastMultiplier, " to ", kMostMultiplier);
  if (!rest.empty() && (!read_number(take_field(rest), size) || size < kLeastSize || size > kMostSize))
    return mistake("the input size must be an integer from ", kLeastSize, " to ", kMostSize);
  if (!rest.empty() && (!read_number(take_field(rest), classes) || classes < limits.least || classes > limits.most))
    return mistake("the number of classes must be an integer from ", limits.least,
                   limits.least == 0 ? " (no classifier) to " : " to ", limits.most);
  if (!rest.empty()) return mistake("nothing may follow the number of classes");
  return published_spec(known->architecture, multiplier, size, classes);
}

}  // namespace mobilenet
