// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Names of classes as they are compared with those of a model.

#include <string>
#include <string_view>

namespace mobilenet::evaluation {

// Lower case, without blanks and marks, so that "Traffic light" is "traffic_light".
inline std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '-') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain;
}

}  // namespace mobilenet::evaluation
