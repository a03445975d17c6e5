// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the numbers of a network's output mean, by the operators that made them.

#include "network/network.h"

namespace mobilenet {

enum class RowKind {
  probabilities,  // a softmax or a sigmoid has been applied, alone or fused into a layer
  logits,         // of a layer of weights without an activation: probabilities are still to be made
  other,          // a pooled map, what a ReLU leaves, an input: no scores
};

// Looks behind operators that only move numbers, change their type, or join parts of one kind.
RowKind row_kind(const Network& network, TensorId tensor);

}  // namespace mobilenet
