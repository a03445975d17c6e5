// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

#include <memory>

#include "backend/backend.h"

namespace mobilenet {

// Weights that hold a copy of the network and of the views of its parameters.
inline Result<std::shared_ptr<const Weights>> packed(const Backend& backend, const Network& network,
                                                     const Parameters& parameters, Precision precision) {
  return backend.pack(std::make_shared<const ModelGraph>(ModelGraph{network, parameters}), precision);
}

}  // namespace mobilenet
