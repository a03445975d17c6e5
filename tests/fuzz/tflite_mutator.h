// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Changes a .tflite file as a graph, so that what comes out is mostly a FlatBuffer that the verifier accepts.

#include <cstddef>
#include <cstdint>

namespace mobilenet::fuzz {

// In place; returns the new size, or 0 where the bytes are no such file or the change does not fit `most`.
std::size_t mutate_tflite(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed);

}  // namespace mobilenet::fuzz
