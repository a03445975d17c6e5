// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Every tensor of a file finds its place in the network, or is left out with a word, or is refused by its name.

#include <mobilenet/result.h>

#include "formats/weights/convention.h"
#include "formats/weights/wrapped_names.h"

namespace mobilenet {

// Weights under their canonical names, as types that the network reads. Beside what the convention names, one layer
// that is called like a last layer is the classifier of a network that has none. Adds to the file's decisions.
Result<NamedWeights> name_weights(const Convention& convention, Recognition recognition, Unwrapped& file);

}  // namespace mobilenet
