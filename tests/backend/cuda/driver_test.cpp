// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What errors of the driver become. Needs no GPU: the driver is one of this file.

#include "backend/cuda/driver/driver.h"

#include <gtest/gtest.h>

namespace mobilenet::testing {
namespace {

CUresult name_of_result(CUresult result, const char** name) {
  *name = result == CUDA_ERROR_OUT_OF_MEMORY ? "FULL" : "OTHER";
  return CUDA_SUCCESS;
}
CUresult meaning_of_result(CUresult, const char** meaning) {
  *meaning = "what it means";
  return CUDA_SUCCESS;
}
CUresult some_memory(std::size_t* left, std::size_t* all) {
  *left = std::size_t{6} << 20;
  *all = std::size_t{80} << 30;
  return CUDA_SUCCESS;
}
CUresult no_context(std::size_t*, std::size_t*) { return CUDA_ERROR_INVALID_CONTEXT; }

TEST(CudaDriver, SaysHowMuchMemoryIsLeftWhereThatIsLacking) {
  cuda::Driver driver;
  driver.cuGetErrorName = &name_of_result;
  driver.cuGetErrorString = &meaning_of_result;
  driver.cuMemGetInfo = &some_memory;
  const Error full = cuda::driver_error(driver, CUDA_ERROR_OUT_OF_MEMORY, "taking 7.5 MB of it");
  EXPECT_EQ(full.code, ErrorCode::out_of_memory);
  EXPECT_EQ(full.message, "taking 7.5 MB of it: FULL (what it means); the GPU has 6.0 MB of 80.0 GB free");
  driver.cuMemGetInfo = &no_context;
  EXPECT_EQ(cuda::driver_error(driver, CUDA_ERROR_OUT_OF_MEMORY, "opening").message, "opening: FULL (what it means)");
  const Error other = cuda::driver_error(driver, CUDA_ERROR_UNKNOWN, "waiting");
  EXPECT_EQ(other.code, ErrorCode::unsupported);
  EXPECT_EQ(other.message, "waiting: OTHER (what it means)");
}

}  // namespace
}  // namespace mobilenet::testing
