// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

#include <gtest/gtest.h>

#include "backend/cuda/program/cuda_backend.h"

namespace mobilenet::testing {

// Tests of a GPU, which say why there is none.
class OnGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    auto found = cuda::cuda_backend();
    if (!found) GTEST_SKIP() << found.error().message;
    backend_ = *found;
  }
  const Backend& gpu() const { return *backend_; }

 private:
  const Backend* backend_ = nullptr;
};

}  // namespace mobilenet::testing
