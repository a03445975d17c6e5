// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Runs pillow_oracle.py: every kind of file, and many sizes and crops, byte for byte against the installed Pillow.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

// A Python that has Pillow: $MOBILENET_PYTHON, the checkout's own environment, or the system's; empty without.
std::string python_with_pillow() {
  const char* variable = std::getenv("MOBILENET_PYTHON");
  for (const std::string& python : {std::string(variable ? variable : ""),
                                    std::string(MOBILENET_SOURCE_DIR "/.venv/bin/python"), std::string("python3")})
    if (!python.empty() && std::system(("'" + python + "' -c 'import PIL' >/dev/null 2>&1").c_str()) == 0)
      return python;
  return {};
}

TEST(Pillow, AgreesByteForByte) {
  const std::string python = python_with_pillow();
  if (python.empty()) GTEST_SKIP() << "needs a Python with Pillow: set MOBILENET_PYTHON to it";
  const std::string command =
      "'" + python + "' '" MOBILENET_SOURCE_DIR "/tests/preprocess/pillow_oracle.py' '" PROBE "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

}  // namespace
