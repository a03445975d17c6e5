// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The window of an operator over the maps of a node, for steps of any arithmetic.

#include "backend/cpu/kernels/window.h"
#include "backend/cpu/program/step.h"

namespace mobilenet::cpu {

// Of a node whose input and output are maps.
WindowGeometry window_geometry(const StepSource& source, const Node& node, const Window& window);

}  // namespace mobilenet::cpu
