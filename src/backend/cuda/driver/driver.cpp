// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/driver/driver.h"

#include <dlfcn.h>

#include <string>

#include "base/error.h"
#include "base/machine_memory.h"
#include "base/text.h"

namespace mobilenet::cuda {
namespace {

#define MOBILENET_CUDA_NAME_INNER(name) #name
#define MOBILENET_CUDA_NAME(name) MOBILENET_CUDA_NAME_INNER(name)

std::string release(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

Result<Driver> load() {
  // Never closed: the driver keeps threads.
  void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return failure(ErrorCode::unsupported, "no NVIDIA driver on this machine (libcuda.so.1 is not found)");
  Driver found;
  if (void* const version = dlsym(library, "cuDriverGetVersion"); version != nullptr)
    reinterpret_cast<decltype(&::cuDriverGetVersion)>(version)(&found.version);
  if (found.version / 1000 < CUDA_VERSION / 1000)
    return failure(ErrorCode::unsupported, "the NVIDIA driver is for CUDA ", release(found.version),
                   ", this build needs one for CUDA ", release(CUDA_VERSION / 1000 * 1000), " or later");
#define MOBILENET_CUDA_FIND(name)                                                              \
  found.name = reinterpret_cast<decltype(&::name)>(dlsym(library, MOBILENET_CUDA_NAME(name))); \
  if (found.name == nullptr)                                                                   \
    return failure(ErrorCode::unsupported, "the NVIDIA driver has no ", MOBILENET_CUDA_NAME(name));
  MOBILENET_CUDA_FUNCTIONS(MOBILENET_CUDA_FIND)
#undef MOBILENET_CUDA_FIND
  MOBILENET_CUDA(found, "starting the NVIDIA driver", cuInit(0));
  return found;
}

}  // namespace

Result<const Driver*> driver() {
  static const auto* const loaded = new Result<Driver>(load());  // never destroyed, as the device
  if (!*loaded) return loaded->error();
  return &**loaded;
}

Error driver_error(const Driver& driver, CUresult result, std::string_view what) {
  const char *name = nullptr, *meaning = nullptr;
  driver.cuGetErrorName(result, &name);
  driver.cuGetErrorString(result, &meaning);
  const bool is_full = result == CUDA_ERROR_OUT_OF_MEMORY;
  std::size_t left = 0, all = 0;
  const bool is_known = is_full && driver.cuMemGetInfo(&left, &all) == CUDA_SUCCESS;
  return failure(is_full ? ErrorCode::out_of_memory : ErrorCode::unsupported, what, ": ",
                 name != nullptr ? name : "an unknown error of CUDA",
                 meaning != nullptr ? text(" (", meaning, ")") : std::string(),
                 is_known ? text("; the GPU has ", in_bytes(left), " of ", in_bytes(all), " free") : std::string());
}

}  // namespace mobilenet::cuda
