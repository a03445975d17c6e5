// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a model computes, whole: its operators and the constants that they read. It does not change once it is loaded,
// so that whoever refers to its bytes, as packed weights may, shares it.

#include "network/network.h"

namespace mobilenet {

struct ModelGraph {
  Network network;
  Parameters parameters;
};

}  // namespace mobilenet
