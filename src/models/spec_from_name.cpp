// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.h"
#include "models/architectures.h"
#include "models/models.h"

namespace mobilenet {
namespace {

constexpr double kLeastMultiplier = 0.05, kMostMultiplier = 4;
constexpr int kLeastSize = 32, kMostSize = 4096;

constexpr std::array kKnown{Architecture::mobilenet_v1,
                            Architecture::mobilenet_v2,
                            Architecture::ssd_mobilenet_v1,
                            Architecture::ssd_mobilenet_v2,
                            Architecture::ssdlite_mobilenet_v2,
                            Architecture::deeplab_mobilenet_v2,
                            Architecture::deeplab_v3plus_mobilenet_v2};

// What a name leaves out, and how many classes its head may have.
struct Usual {
  int size, classes, least_classes, most_classes;
};

Usual usual_of(Architecture architecture) {
  if (architecture == Architecture::ssdlite_mobilenet_v2) return {320, 90, 1, 10000};
  if (is_detector(architecture)) return {300, 90, 1, 10000};
  if (is_segmenter(architecture)) return {513, 21, 2, 256};
  return {224, 1001, 0, 100000};
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
  const auto known =
      std::find_if(kKnown.begin(), kKnown.end(), [&](Architecture candidate) { return name_of(candidate) == family; });
  if (known == kKnown.end()) {
    std::string names;
    for (const Architecture candidate : kKnown)
      names += (names.empty() ? "" : candidate == kKnown.back() ? " and " : ", ") + std::string(name_of(candidate));
    return mistake("unknown architecture \"", family, "\"; known are ", names,
                   ", as in mobilenet_v2:1.0:224 (name:depth multiplier:input size[:classes])");
  }
  const Usual usual = usual_of(*known);
  double multiplier = 1;
  int size = usual.size, classes = usual.classes;
  if (!rest.empty() && (!read_number(take_field(rest), multiplier) ||
                        !(multiplier >= kLeastMultiplier && multiplier <= kMostMultiplier)))
    return mistake("the depth multiplier must be a number from ", kLeastMultiplier, " to ", kMostMultiplier);
  if (!rest.empty() && (!read_number(take_field(rest), size) || size < kLeastSize || size > kMostSize))
    return mistake("the input size must be an integer from ", kLeastSize, " to ", kMostSize);
  if (!rest.empty() &&
      (!read_number(take_field(rest), classes) || classes < usual.least_classes || classes > usual.most_classes))
    return mistake("the number of classes must be an integer from ", usual.least_classes,
                   usual.least_classes == 0 ? " (no classifier) to " : " to ", usual.most_classes);
  if (!rest.empty()) return mistake("nothing may follow the number of classes");
  if (is_detector(*known)) return ssd_spec(*known, multiplier, size, classes);
  if (is_segmenter(*known)) return deeplab_spec(*known, multiplier, size, classes);
  return *known == Architecture::mobilenet_v1 ? mobilenet_v1_spec(multiplier, size, classes)
                                              : mobilenet_v2_spec(multiplier, size, classes);
}

}  // namespace mobilenet
