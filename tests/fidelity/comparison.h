// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Comparing numbers, and running whole models on the expected inputs.

#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "fidelity/checks.h"
#include "support/framework_tensors.h"
#include "support/test_data.h"

namespace mobilenet::testing {

inline std::string scientific(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1e", value);
  return text;
}

// Pictures of one expected top-5 table: name, and the source's classes and scores, best first.
struct ExpectedAnswer {
  std::string picture;
  std::vector<int> classes;
  std::vector<double> scores;
};
std::vector<ExpectedAnswer> read_expected_answers(const std::filesystem::path& csv);

// The same top-1 as expected, where classes whose expected scores tie with the best count as equal.
bool same_best(const ExpectedAnswer& expected, int index);

}  // namespace mobilenet::testing
