// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <charconv>

#include "base/error.h"
#include "models/models.h"

namespace mobilenet {
namespace {

constexpr double kLeastMultiplier = 0.05, kMostMultiplier = 4;
constexpr int kLeastSize = 32, kMostSize = 4096;
constexpr int kMostClasses = 100000;

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
  if (family != "mobilenet_v1" && family != "mobilenet_v2")
    return mistake("unknown architecture \"", family,
                   "\"; known are mobilenet_v1 and mobilenet_v2, as in mobilenet_v2:1.0:224 "
                   "(name:depth multiplier:input size[:classes])");
  double multiplier = 1;
  int size = 224, classes = 1001;
  if (!rest.empty() && (!read_number(take_field(rest), multiplier) ||
                        !(multiplier >= kLeastMultiplier && multiplier <= kMostMultiplier)))
    return mistake("the depth multiplier must be a number from ", kLeastMultiplier, " to ", kMostMultiplier);
  if (!rest.empty() && (!read_number(take_field(rest), size) || size < kLeastSize || size > kMostSize))
    return mistake("the input size must be an integer from ", kLeastSize, " to ", kMostSize);
  if (!rest.empty() && (!read_number(take_field(rest), classes) || classes < 0 || classes > kMostClasses))
    return mistake("the number of classes must be an integer from 0 (no classifier) to ", kMostClasses);
  if (!rest.empty()) return mistake("nothing may follow the number of classes");
  return family == "mobilenet_v1" ? mobilenet_v1_spec(multiplier, size, classes)
                                  : mobilenet_v2_spec(multiplier, size, classes);
}

}  // namespace mobilenet
