// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Architectures with random weights, for tests of whole networks.

#include "models/models.h"

namespace mobilenet::testing {

struct NetworkCase {
  const char* architecture;
  int height, width, batch;
};

struct RandomNetwork {
  RandomWeights weights;
  Network network;
};

inline RandomNetwork random_network(const char* architecture) {
  RandomNetwork random;
  const ModelSpec spec = spec_from_name(architecture).value();
  random.weights = random_weights(spec);
  random.network = build_network(spec, random.weights.parameters, random.weights.index).value();
  return random;
}

}  // namespace mobilenet::testing
