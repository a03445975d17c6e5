// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A kernel made ready to be launched, but for the memory of those who will run it.

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "backend/cuda/driver/device.h"
#include "backend/cuda/kernels/arguments.h"

namespace mobilenet::cuda {

// Where something lies that a kernel reads or writes.
struct Place {
  enum class Kind {
    nothing,
    fixed,   // at an address: constants
    arena,   // so many bytes into an execution's arena
    input,   // wherever that input of the network lies in a run
    output,  // wherever that output of the run lies
    host,    // so many bytes into an execution's pinned memory for answers
    flag     // an execution's int in pinned memory that says whether something is no number
  };
  Kind kind = Kind::nothing;
  std::uint64_t at = 0;
};

struct Launch {
  std::string name, kind;  // of the last operator; "block", "convolution", ...
  CUfunction function = nullptr;
  std::array<unsigned, 3> grid{1, 1, 1};  // blocks
  unsigned threads = 256;                 // of a block
  unsigned shared_bytes = 0;
  unsigned cluster = 1;  // blocks along x that share their shared memory

  std::vector<std::byte> arguments;  // the struct that the kernel takes
  struct Field {
    std::size_t offset;  // of an Address in it
    Place place;
  };
  std::vector<Field> fields;
  std::vector<std::size_t> flags;  // offsets of Addresses where kernels tell that something is no number, if wanted

  template <class Arguments>
  void take(const Arguments& values) {
    static_assert(std::is_trivially_copyable_v<Arguments>);
    arguments.resize(sizeof values);
    std::memcpy(arguments.data(), &values, sizeof values);
  }
  void address(std::size_t field, const Place& place) { fields.push_back({field, place}); }
};

}  // namespace mobilenet::cuda

// launch.address of a field by its name.
#define MOBILENET_ADDRESS(launch, Arguments, field, place) (launch).address(offsetof(Arguments, field), place)
