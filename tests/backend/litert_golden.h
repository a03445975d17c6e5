// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// One-operator integer networks with the bytes that the real runtime (LiteRT with XNNPACK) answers. Written by
// make_litert_golden.py; every backend must give the same bytes.

#include <string>
#include <vector>

#include "backend/operator_cases.h"

namespace mobilenet::testing {

struct GoldenCase {
  std::string name;
  OperatorModel model;
  std::vector<OperatorOutput> expected;
};

std::vector<GoldenCase> golden_cases();

}  // namespace mobilenet::testing
