// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The functions of NVIDIA's driver, found in its own library at run time, so that one binary runs with and without a
// GPU. Nothing else of CUDA is linked.

#include <cuda.h>
#include <mobilenet/result.h>

#include <string_view>

#if CUDA_VERSION < 13000
#error "cuda.h of CUDA 13 or later is needed"
#endif

namespace mobilenet::cuda {

// clang-format off
// Those that the backend calls. The names are macros of cuda.h, which stand for the version that it declares.
#define MOBILENET_CUDA_FUNCTIONS(X) \
  X(cuInit) X(cuDriverGetVersion) X(cuDeviceGetCount) X(cuDeviceGet) X(cuDeviceGetName) \
  X(cuDeviceGetAttribute) X(cuDevicePrimaryCtxRetain) X(cuCtxPushCurrent) X(cuCtxPopCurrent) \
  X(cuModuleLoadData) X(cuModuleGetFunction) X(cuFuncGetAttribute) X(cuFuncSetAttribute) \
  X(cuMemAlloc) X(cuMemFree) X(cuMemGetInfo) X(cuPointerGetAttributes) \
  X(cuMemHostAlloc) X(cuMemFreeHost) X(cuMemcpyHtoD) X(cuMemcpyHtoDAsync) X(cuMemcpyDtoHAsync) \
  X(cuStreamCreate) X(cuStreamDestroy) X(cuStreamWaitEvent) \
  X(cuStreamSynchronize) X(cuStreamBeginCapture) X(cuStreamEndCapture) X(cuStreamGetCaptureInfo) \
  X(cuEventCreate) X(cuEventDestroy) X(cuEventRecord) X(cuEventSynchronize) X(cuEventElapsedTime) \
  X(cuLaunchKernelEx) X(cuGraphInstantiate) X(cuGraphLaunch) X(cuGraphDestroy) \
  X(cuGraphExecDestroy) X(cuGraphExecKernelNodeSetParams) X(cuGetErrorName) X(cuGetErrorString)
// clang-format on

struct Driver {
#define MOBILENET_CUDA_FIELD(name) decltype(&::name) name = nullptr;
  MOBILENET_CUDA_FUNCTIONS(MOBILENET_CUDA_FIELD)
#undef MOBILENET_CUDA_FIELD
  int version = 0;  // 13000: CUDA 13.0
};

// Loaded and initialised once. The error says why there is none: no driver, too old a one, no GPU.
Result<const Driver*> driver();

// out_of_memory where the GPU has none left, else unsupported; "copying the input: CUDA_ERROR_... (what it means)", and
// of a lack of memory how much the GPU of the thread's context has left.
Error driver_error(const Driver& driver, CUresult result, std::string_view what);

}  // namespace mobilenet::cuda

// Returns the Error from the enclosing function: MOBILENET_CUDA(driver, "starting the driver", cuInit(0)).
#define MOBILENET_CUDA(driver, what, call)                             \
  do {                                                                 \
    if (const CUresult called = (driver).call; called != CUDA_SUCCESS) \
      return ::mobilenet::cuda::driver_error(driver, called, what);    \
  } while (false)
