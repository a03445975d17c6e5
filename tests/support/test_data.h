// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Finds the real weights, pictures and expected outputs: $MOBILENET_TEST_DATA, else ../shared/data beside the checkout.
// Tests that need them begin with MOBILENET_NEEDS_TEST_DATA() and are skipped with a visible reason without.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace mobilenet::testing {

inline std::optional<std::filesystem::path> test_data() {
  const char* variable = std::getenv("MOBILENET_TEST_DATA");
  const std::filesystem::path path =
      variable ? std::filesystem::path(variable) : std::filesystem::path(MOBILENET_SOURCE_DIR) / "../shared/data";
  if (!std::filesystem::is_directory(path / "models")) return std::nullopt;
  return path;
}

}  // namespace mobilenet::testing

#define MOBILENET_NEEDS_TEST_DATA()       \
  if (!::mobilenet::testing::test_data()) \
  GTEST_SKIP() << "needs the real weights and pictures: set MOBILENET_TEST_DATA to their folder (docs/fidelity.md)"
