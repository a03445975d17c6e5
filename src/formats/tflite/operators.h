// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// An operator of a .tflite graph becomes a Node of a Network; several where the Network has simpler ones for it; none
// where it only renames a constant, computes a shape that is fixed anyway, or goes into the operator behind it.

#include <mobilenet/result.h>

#include <vector>

#include "formats/tflite/model_file.h"
#include "formats/tflite/tensor_table.h"
#include "network/network.h"

namespace mobilenet::tflite {

// Fails where operators of the file's graph are of kinds, or versions of them, that no reader takes: with all of them,
// counted.
Result<void> check_kinds(const ModelFile& file);

// Appends operator `index` of the file's graph. The message names the operator, its kind and its output.
Result<void> append_operator(const ModelFile& file, int index, TensorTable& tensors, Network& network);

}  // namespace mobilenet::tflite
