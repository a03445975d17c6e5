// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What backends ask of a request that compute on the host, in threads of the caller's process.

#include <mobilenet/result.h>

#include <cstring>
#include <span>
#include <string_view>

#include "backend/backend.h"
#include "base/error.h"

namespace mobilenet {

// Fails where tensors of the caller are not as many or as large as the execution's own, or lie elsewhere than on the
// host. `what`: "input" or "output".
inline Result<void> check_host_tensors(std::string_view what, std::span<const TensorMemory> given,
                                       std::span<const TensorMemory> own) {
  if (given.empty()) return {};
  if (given.size() != own.size())
    return failure(ErrorCode::invalid_argument, "a run with memory for ", given.size(), " ", what, "s of ", own.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i].memory != Memory::host)
      return failure(ErrorCode::unsupported, what, " ", i + 1, " of a run lies in device memory");
    if (given[i].data == nullptr || given[i].bytes != own[i].bytes)
      return failure(ErrorCode::invalid_argument, what, " ", i + 1, " of a run has memory of ", given[i].bytes,
                     " bytes, its tensor takes ", own[i].bytes);
  }
  return {};
}

// Fails, too, where a command stream is given.
inline Result<void> check_host_request(const RunRequest& request, std::span<const TensorMemory> inputs,
                                       std::span<const TensorMemory> outputs) {
  if (request.stream != nullptr) return failure(ErrorCode::unsupported, "a host has no command stream to run on");
  MOBILENET_CHECK(check_host_tensors("input", request.inputs, inputs));
  return check_host_tensors("output", request.outputs, outputs);
}

// Copies tensors into others of their sizes, but for those that are the same memory; none where `from` is empty.
inline void copy_tensors(std::span<const TensorMemory> to, std::span<const TensorMemory> from) {
  for (std::size_t i = 0; i < from.size(); ++i)
    if (to[i].data != from[i].data) std::memcpy(to[i].data, from[i].data, to[i].bytes);
}

}  // namespace mobilenet
