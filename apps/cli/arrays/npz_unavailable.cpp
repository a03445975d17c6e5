// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arrays/npy.h"
#include "cli/arrays/npz.h"

// Stands in for npz.cpp in builds without libzip.

namespace mobilenet::cli {

NpzArray npz_array(const TensorView& tensor) { return {std::string(tensor.name), {}, {}, nullptr}; }

Result<void> write_npz(const Destination& destination, std::span<const NpzArray>) {
  return Error{ErrorCode::unsupported,
               destination.path.string() + ": this build has no .npz: it was made without libzip (Debian: libzip-dev)"};
}

}  // namespace mobilenet::cli
